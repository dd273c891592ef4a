"""Query jobs: a snapshot of a statement's answer, fetched as pages of CSV."""

import base64
import binascii

from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.bulk.csvtext import cell_sql
from sandbox.salesforce.bulk.jobs import Job
from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.soql.flat import Flat, check_flat, compile_flat
from sandbox.salesforce.soql.parser import parse


def create(org: Org, call: Call) -> Reply:
    job = jobs.new_job(org, call, "query", ("query", "queryAll"))
    if org.bulk_queries.used(org.now()) >= org.switches.daily_bulk_query_jobs:
        raise ApiError("LIMIT_EXCEEDED", "ExceededQuota : DailyBulkV2QueryJobs limit exceeded")
    job.object = parse(job.query).source
    if org.switches.bulk_forbidden_soql == "refuse":
        job.object = _compiled(org, job).source
    org.bulk_queries.spend(org.now())
    jobs.put(org, job)
    return Reply(body=jobs.description(job, progress=False))


def _compiled(org: Org, job: Job) -> Flat:
    query = parse(job.query)
    check_flat(query)
    return compile_flat(org.context(include_deleted=job.operation == "queryAll"), query)


def show(org: Org, call: Call) -> Reply:
    """Asking about a job is what moves it on: first it starts, later it ends."""
    job = jobs.find(org, call, "query")
    if job.state == "UploadComplete":
        _start(org, job)
    elif job.state == "InProgress":
        job.polls += 1
        if job.polls >= org.switches.bulk_polls and org.age(job.created_at) >= (
            org.switches.bulk_seconds
        ):
            job.processed = job.total
            jobs.move(org, job, "JobComplete")
        else:
            jobs.put(org, job)
    return Reply(body=jobs.description(job))


def _start(org: Org, job: Job) -> None:
    """The answer is fixed here, whatever happens to the records until the client has read it."""
    if org.switches.bulk_query_failure is not None:
        jobs.move(org, job, "Failed", org.switches.bulk_query_failure)
        return
    try:
        flat = _compiled(org, job)
    except ApiError as error:
        jobs.move(org, job, "Failed", f"{error.code}: {error.message}")
        return
    table = jobs.result_table(job.id)
    columns = ", ".join(f'"{_column(at)}"' for at in range(len(flat.fields)))
    org.store.db.execute(f'CREATE TABLE "{table}" ({columns})')
    org.store.db.execute(f'INSERT INTO "{table}" {flat.statement.sql}', flat.statement.params)
    job.total = org.store.db.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0]
    job.object, job.names = flat.source, flat.names
    job.types = tuple(field.type for field in flat.fields)
    jobs.move(org, job, "InProgress")


def _column(at: int) -> str:
    """A column of a result's table: by its place, for a statement may name a field twice."""
    return f"c{at}"


def patch(org: Org, call: Call) -> Reply:
    job = jobs.find(org, call, "query")
    if call.json_object().get("state") != "Aborted":
        raise jobs.wrong_state(org, "A query job can only be set to Aborted")
    jobs.abort(org, job)
    return Reply(body=jobs.description(job))


def delete(org: Org, call: Call) -> Reply:
    return jobs.remove(org, jobs.find(org, call, "query"))


def show_all(org: Org, _call: Call) -> Reply:
    return jobs.listed(org, "query")


def results(org: Org, call: Call) -> Reply:
    """One page; every page starts with the heading, and the last one's locator is `null`."""
    job = jobs.find(org, call, "query")
    if job.version != call.version:
        raise jobs.wrong_state(org, f"The job was created with API version {job.version}.0", 409)
    if job.state != "JobComplete":
        raise jobs.wrong_state(org, f"Job {job.id} has no results in state {job.state}")
    offset = _offset(call.query.get("locator", ""), job)
    table, suffix = jobs.table_of(org, job), org.switches.bulk_datetime_suffix
    kinds = enumerate(job.types)
    line = table.line_sql([cell_sql(kind, f'"{_column(at)}"', suffix) for at, kind in kinds])
    number, lines = org.store.db.execute(
        f"SELECT count(*), group_concat(line, '') FROM (SELECT {line} AS line "
        f'FROM "{jobs.result_table(job.id)}" WHERE rowid > ? ORDER BY rowid LIMIT ?)',
        (offset, _page_size(org, call)),
    ).fetchone()
    end = offset + number
    headers = {
        "Sforce-NumberOfRecords": str(number),
        "Sforce-Locator": _locator(end) if end < job.total else "null",
    }
    text = table.line(job.names) + (lines or "")
    return Reply(csv=text.encode(), headers=headers, rows=number)


def _page_size(org: Org, call: Call) -> int:
    asked = call.query.get("maxRecords", "")
    most = org.switches.bulk_page_rows
    if not asked:
        return most
    if not asked.isdigit() or int(asked) == 0:
        raise ApiError("INVALID_REQUEST", f"maxRecords has to be a positive number: {asked}")
    return min(int(asked), most)


def _locator(offset: int) -> str:
    return base64.urlsafe_b64encode(str(offset).encode()).decode().rstrip("=")


def _offset(locator: str, job: Job) -> int:
    if not locator:
        return 0
    try:
        text = base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    if not text.isdigit() or not 0 < int(text) < job.total:
        raise ApiError("INVALID_QUERY_LOCATOR", f"invalid locator: {locator}")
    return int(text)


ROUTES = (
    Route("POST", "jobs/query", create),
    Route("GET", "jobs/query", show_all),
    Route("GET", "jobs/query/{job}", show),
    Route("PATCH", "jobs/query/{job}", patch),
    Route("DELETE", "jobs/query/{job}", delete),
    Route("GET", "jobs/query/{job}/results", results),
)
