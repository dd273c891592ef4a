"""What all bulk jobs share: their record in the store, their description, their life and death."""

import hashlib
from typing import Literal

import msgspec

from sandbox.salesforce.bulk.csvtext import DELIMITERS, LINE_ENDINGS, Table
from sandbox.salesforce.calls import Call, Reply
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org

Kind = Literal["query", "ingest"]
State = Literal["Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted"]

FINISHED = ("JobComplete", "Failed", "Aborted")


class Job(msgspec.Struct, kw_only=True):
    """One job. `polls` counts how often its owner has asked since it started; `names` and `types`
    describe the columns of a query's result."""

    id: str
    kind: Kind
    operation: str
    object: str
    created_by: str
    created_at: str
    changed_at: str
    state: State
    version: int
    line_ending: str
    delimiter: str
    query: str = ""
    key_field: str | None = None
    assignment_rule: str | None = None
    uploaded: bool = False
    polls: int = 0
    total: int = 0
    processed: int = 0
    failed: int = 0
    error: str | None = None
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class _Given(msgspec.Struct, rename="camel"):
    operation: str
    object: str = ""
    query: str = ""
    content_type: str = "CSV"
    line_ending: str = "LF"
    column_delimiter: str = "COMMA"
    external_id_field_name: str | None = None
    assignment_rule_id: str | None = None


def new_job(org: Org, call: Call, kind: Kind, operations: tuple[str, ...]) -> Job:
    """The job a creation request asks for, checked but not stored."""
    try:
        given = msgspec.convert(call.json_object(), _Given)
    except msgspec.ValidationError as error:
        raise ApiError("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None
    for value, allowed, name in (
        (given.operation, operations, "operation"),
        (given.line_ending, LINE_ENDINGS, "lineEnding"),
        (given.column_delimiter, DELIMITERS, "columnDelimiter"),
        (given.content_type, ("CSV",), "contentType"),
    ):
        if value not in allowed:
            raise ApiError("INVALIDJOB", f"InvalidJob : {value} is not a valid {name}")
    now = org.stamp()
    return Job(
        id=org.store.next_id("750"), kind=kind, operation=given.operation, object=given.object,
        created_by=call.user_id, created_at=now, changed_at=now,
        state="Open" if kind == "ingest" else "UploadComplete", version=call.version,
        line_ending=given.line_ending, delimiter=given.column_delimiter, query=given.query,
        key_field=given.external_id_field_name, assignment_rule=given.assignment_rule_id,
    )  # fmt: skip


def put(org: Org, job: Job) -> None:
    org.store.db.execute(
        "INSERT OR REPLACE INTO _job VALUES (?,?,?)", (job.id, job.kind, msgspec.json.encode(job))
    )


def find(org: Org, call: Call, kind: Kind) -> Job:
    """The job of the path; a 15-character id will do."""
    row = org.store.db.execute(
        "SELECT body FROM _job WHERE substr(id, 1, 15) = ? AND kind = ?",
        (call.params["job"][:15], kind),
    ).fetchone()
    if row is None:
        raise not_found()
    return msgspec.json.decode(row[0], type=Job)


def listed(org: Org, kind: Kind) -> Reply:
    """All jobs of a kind, the oldest first."""
    rows = org.store.db.execute("SELECT body FROM _job WHERE kind = ? ORDER BY id", (kind,))
    found = [description(msgspec.json.decode(row[0], type=Job)) for row in rows]
    return Reply(body={"done": True, "records": found, "nextRecordsUrl": None}, rows=len(found))


def description(job: Job, *, progress: bool = True) -> dict[str, object]:
    """The JSON of a job: short on creation, with its progress afterwards."""
    body: dict[str, object] = {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": job.created_at,
        "systemModstamp": job.changed_at,
        "state": job.state,
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": float(job.version),
        "lineEnding": job.line_ending,
        "columnDelimiter": job.delimiter,
    }
    if job.kind == "ingest":
        body["contentUrl"] = f"services/data/v{job.version}.0/jobs/ingest/{job.id}/batches"
    for name, value in (
        ("externalIdFieldName", job.key_field),
        ("assignmentRuleId", job.assignment_rule),
        ("errorMessage", job.error),
    ):
        if value is not None:
            body[name] = value
    return body | _progress(job) if progress else body


def _progress(job: Job) -> dict[str, object]:
    body: dict[str, object] = {
        "jobType": "V2Query" if job.kind == "query" else "V2Ingest",
        "numberRecordsProcessed": job.processed,
        "retries": 0,
        "totalProcessingTime": 10 * job.polls,
    }
    if job.kind == "query":
        return {**body, "isPkChunkingSupported": True}
    return {
        **body,
        "numberRecordsFailed": job.failed,
        "apiActiveProcessingTime": 10 * job.polls,
        "apexProcessingTime": 0,
    }


def wrong_state(org: Org, message: str, status: int = 400) -> ApiError:
    return ApiError(org.switches.bulk_state_code, message, status=status)


def move(org: Org, job: Job, state: State, error: str | None = None) -> None:
    job.state, job.changed_at, job.error = state, org.stamp(), error
    put(org, job)


def abort(org: Org, job: Job) -> None:
    """Works until the job is finished; what was committed by then stays."""
    if job.state in FINISHED:
        raise wrong_state(org, f"Aborting already {job.state} Job not allowed")
    move(org, job, "Aborted")


def remove(org: Org, job: Job) -> Reply:
    """Forget a job and its data; one that still runs or waits for its upload stays."""
    if job.state in ("Open", "InProgress"):
        raise wrong_state(org, f"Deleting a Job in state {job.state} not allowed")
    _drop(org, job.id)
    return Reply(status=204)


def _drop(org: Org, job: str) -> None:
    db = org.store.db
    db.execute(f'DROP TABLE IF EXISTS "{result_table(job)}"')
    for table in ("_job_upload", "_job_row"):
        db.execute(f"DELETE FROM {table} WHERE job = ?", (job,))
    db.execute("DELETE FROM _job WHERE id = ?", (job,))


def clear(org: Org) -> None:
    """Forget all jobs."""
    for (job,) in org.store.db.execute("SELECT id FROM _job").fetchall():
        _drop(org, job)


def result_table(job: str) -> str:
    return f"_result_{job}"


def table_of(org: Org, job: Job) -> Table:
    return Table(job.delimiter, job.line_ending, quotes_nulls=org.switches.bulk_quotes_nulls)


def shuffle_seed(org: Org, job: Job) -> int:
    """Result rows come in no order a client could rely on, but in the same one each time."""
    text = f"{org.switches.order_seed}:{job.id}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])
