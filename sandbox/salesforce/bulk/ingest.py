"""Ingest jobs: one upload, processed batch by batch as the client asks how far it is."""

from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.bulk.batches import process_batch
from sandbox.salesforce.bulk.csvtext import read_upload
from sandbox.salesforce.bulk.jobs import Job
from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org

_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")


def create(org: Org, call: Call) -> Reply:
    job = jobs.new_job(org, call, "ingest", _OPERATIONS)
    sobject = org.schema.get(job.object)
    if sobject is None:
        raise ApiError("INVALIDENTITY", f"InvalidEntity : Entity '{job.object}' is not supported")
    if (job.operation == "upsert") != (job.key_field is not None):
        raise ApiError("INVALIDJOB", "InvalidJob : externalIdFieldName is for upsert, and needed")
    if job.key_field is not None:
        key = sobject.field(job.key_field)
        if key is None or not (key.external_id or key.id_lookup):
            raise ApiError("INVALIDJOB", f"InvalidJob : Invalid external ID field {job.key_field}")
    job.object = sobject.name
    jobs.put(org, job)
    return Reply(body=jobs.description(job, progress=False))


def upload(org: Org, call: Call) -> Reply:
    """Exactly one upload, while the job is open."""
    job = jobs.find(org, call, "ingest")
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "text/csv":
        raise ApiError("CLIENTINPUTERROR", f"ClientInputError : not a CSV upload: {kind}")
    if job.state != "Open" or job.uploaded:
        raise jobs.wrong_state(org, f"Found multiple uploads or a closed Job: {job.id}")
    encoded = (len(call.body) + 2) // 3 * 4
    raw_limit, encoded_limit = org.switches.bulk_raw_bytes, org.switches.bulk_encoded_bytes
    if len(call.body) > raw_limit or encoded > encoded_limit:
        raise ApiError(
            "EXCEEDED_MAX_SIZE_REQUEST",
            f"An upload is limited to {raw_limit} bytes, {encoded_limit} after encoding",
        )
    org.store.db.execute("INSERT INTO _job_upload VALUES (?,?)", (job.id, call.body))
    job.uploaded = True
    jobs.put(org, job)
    return Reply(status=201)


def patch(org: Org, call: Call) -> Reply:
    job = jobs.find(org, call, "ingest")
    wanted = call.json_object().get("state")
    if wanted == "Aborted":
        jobs.abort(org, job)
    elif wanted == "UploadComplete" and job.state == "Open":
        jobs.move(org, job, "UploadComplete")
    else:
        raise jobs.wrong_state(org, f"Job cannot go from {job.state} to {wanted}")
    return Reply(body=jobs.description(job))


def show(org: Org, call: Call) -> Reply:
    """Asking about a closed job moves it on: it starts, then one batch is done each time."""
    job = jobs.find(org, call, "ingest")
    if job.state == "UploadComplete":
        jobs.move(org, job, "InProgress")
    elif job.state == "InProgress":
        job.polls += 1
        waited = org.age(job.created_at) >= org.switches.bulk_seconds
        if waited and job.polls >= org.switches.bulk_polls:
            process_batch(org, job, upload_of(org, job))
        jobs.put(org, job)
    return Reply(body=jobs.description(job))


def upload_of(org: Org, job: Job) -> bytes:
    row = org.store.db.execute("SELECT body FROM _job_upload WHERE job = ?", (job.id,)).fetchone()
    return b"" if row is None else bytes(row[0])


def delete(org: Org, call: Call) -> Reply:
    return jobs.remove(org, jobs.find(org, call, "ingest"))


def show_all(org: Org, _call: Call) -> Reply:
    return jobs.listed(org, "ingest")


def successful(org: Org, call: Call) -> Reply:
    return _outcome(org, call, "successful", ("sf__Id", "sf__Created"))


def failed(org: Org, call: Call) -> Reply:
    return _outcome(org, call, "failed", ("sf__Id", "sf__Error"))


def unprocessed(org: Org, call: Call) -> Reply:
    return _outcome(org, call, None, ())


def _outcome(org: Org, call: Call, outcome: str | None, added: tuple[str, ...]) -> Reply:
    """Input rows that ended so, with what became of them in front; their order means nothing."""
    job = jobs.find(org, call, "ingest")
    if job.state not in jobs.FINISHED:
        raise jobs.wrong_state(org, f"Job {job.id} has no results in state {job.state}")
    heading: list[str] = []
    given: list[list[str]] = []
    if job.names:
        heading, given = read_upload(upload_of(org, job), job.delimiter, job.line_ending)
    seed = jobs.shuffle_seed(org, job)
    found = org.store.db.execute(
        "SELECT place, record, note FROM _job_row WHERE job = ? AND outcome IS ? "
        "ORDER BY (place * 2654435761 + ?) % 4294967291",
        (job.id, outcome, seed),
    ).fetchall()
    if outcome is None:
        done = {place for (place,) in org.store.db.execute(
            "SELECT place FROM _job_row WHERE job = ?", (job.id,)
        )}  # fmt: skip
        found = [(place, "", "") for place in range(len(given)) if place not in done]
        found.sort(key=lambda row: (row[0] * 2_654_435_761 + seed) % 4_294_967_291)
    rows = [[record, note][: len(added)] + _padded(given[place], len(heading))
            for place, record, note in found]  # fmt: skip
    table = jobs.table_of(org, job)
    text = "".join(map(table.line, [[*added, *heading], *rows]))
    return Reply(csv=text.encode(), rows=len(rows))


def _padded(row: list[str], width: int) -> list[str]:
    return (row + [""] * width)[:width]


ROUTES = (
    Route("POST", "jobs/ingest", create),
    Route("GET", "jobs/ingest", show_all),
    Route("GET", "jobs/ingest/{job}", show),
    Route("PATCH", "jobs/ingest/{job}", patch),
    Route("DELETE", "jobs/ingest/{job}", delete),
    Route("PUT", "jobs/ingest/{job}/batches", upload),
    Route("GET", "jobs/ingest/{job}/successfulResults", successful),
    Route("GET", "jobs/ingest/{job}/failedResults", failed),
    Route("GET", "jobs/ingest/{job}/unprocessedRecords", unprocessed),
)
