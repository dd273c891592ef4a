"""What an ingest job does with its rows: batches the platform cuts, chunks of 200 within them.

Each row goes through the same rules as a REST write. What a batch has committed stays, whatever
becomes of the job afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.bulk.csvtext import UnreadableUploadError, read_upload
from sandbox.salesforce.bulk.jobs import Job
from sandbox.salesforce.collections import upsert_one
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.finding import owned_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.recycle import delete, purge
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.values import UnreadableError
from sandbox.salesforce.writes import Writer, create, update

CHUNK = 200
NULL = "#N/A"


@dataclass(frozen=True)
class _Column:
    """One column of the upload: a field, or a parent's key as in `Account.Hub_Company_Key__c`."""

    name: str
    field: Field
    parent_key: str | None = None


def process_batch(org: Org, job: Job, upload: bytes) -> None:
    """Do the next batch; the job ends with its last one, or with what breaks it."""
    try:
        heading, rows = read_upload(upload, job.delimiter, job.line_ending)
        job.names, job.total = tuple(heading), len(rows)
        columns = _columns(org.sobject(job.object), job, heading)
    except UnreadableUploadError as error:
        jobs.move(org, job, "Failed", str(error))
        return
    if org.bulk_batches.used(org.now()) >= org.switches.daily_bulk_batches:
        jobs.move(org, job, "Failed", "ExceededQuota : DailyBulkApiBatches limit exceeded")
        return
    org.bulk_batches.spend(org.now())
    start, most = job.processed, org.switches.bulk_fail_after_rows
    batch = rows[start : start + org.switches.bulk_batch_rows]
    if most is not None:
        batch = batch[: max(0, most - start)]
    with org.store.transaction():
        for first in range(0, len(batch), CHUNK):
            _chunk(org, job, columns, batch[first : first + CHUNK], start + first)
    job.processed = start + len(batch)
    if most is not None and job.processed >= most and job.processed < job.total:
        jobs.move(org, job, "Failed", "InternalServerError : Unable to process the batch")
    elif job.processed >= job.total:
        jobs.move(org, job, "JobComplete")


def _columns(sobject: SObject, job: Job, heading: Sequence[str]) -> list[_Column]:
    if job.operation in ("delete", "hardDelete") and [n.lower() for n in heading] != ["id"]:
        raise UnreadableUploadError(
            "InvalidBatch : The 'delete' batch must contain only ids"
        )  # fmt: skip
    columns = [_column(sobject, name) for name in heading]
    needed = job.key_field if job.operation == "upsert" else "Id"
    given = {column.name.lower() for column in columns}
    if job.operation != "insert" and str(needed).lower() not in given:
        raise UnreadableUploadError(f"InvalidBatch : Field name not found : {needed}")
    return columns


def _column(sobject: SObject, name: str) -> _Column:
    relationship, dot, key = name.partition(".")
    field = sobject.parent_field(relationship) if dot else sobject.field(name)
    if field is None:
        raise UnreadableUploadError(f"InvalidBatch : Field name not found : {name}")
    return _Column(name, field, key or None)


def _chunk(
    org: Org, job: Job, columns: list[_Column], rows: Sequence[Sequence[str]], first: int
) -> None:
    keys = _keys(job, columns, rows)
    written: list[tuple[str, int, str, str, str]] = []
    for place, row in enumerate(rows):
        try:
            if keys[place] and keys.count(keys[place]) > 1:
                raise ApiError(
                    "DUPLICATE_VALUE",
                    f"Duplicate external id specified: {keys[place]}",
                    [str(job.key_field)],
                )
            record, created = _row(org, job, columns, row)
            note = "true" if created else "false"
            written.append((job.id, first + place, "successful", record, note))
        except ApiError as error:
            job.failed += 1
            record = _id_of(job, columns, row)
            written.append((job.id, first + place, "failed", record, _told(error)))
    org.store.db.executemany("INSERT INTO _job_row VALUES (?,?,?,?,?)", written)


def _keys(job: Job, columns: list[_Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """The keys of an upsert, to find those given twice; nothing for other operations."""
    if job.operation != "upsert":
        return [""] * len(rows)
    at = next(n for n, c in enumerate(columns) if c.name.lower() == str(job.key_field).lower())
    return [row[at].strip().casefold() if at < len(row) else "" for row in rows]


def _row(
    org: Org, job: Job, columns: list[_Column], cells: Sequence[str]
) -> tuple[str, bool]:  # fmt: skip
    """Write one row; its record and whether that is new."""
    sobject = org.sobject(job.object)
    if len(cells) != len(columns):
        raise ApiError(
            "INVALID_CSV_ROW", f"row has {len(cells)} columns, the header {len(columns)}"
        )
    body = _body(columns, cells)
    writer = Writer(org, job.created_by, assign=job.assignment_rule is not None)
    try:
        if job.operation == "insert":
            return create(writer, sobject, body), True
        if job.operation == "upsert":
            field = sobject.field(str(job.key_field))
            if field is None:
                raise ApiError("INVALID_FIELD", f"No such column '{job.key_field}'")
            given = {name.lower(): value for name, value in body.items()}
            key = str(given.get(field.name.lower()) or "").strip()
            result = upsert_one(writer, sobject, field, key, body)
            return str(result["id"]), result["created"] is True
        return _by_id(writer, sobject, job.operation, body), False
    except UnreadableError as error:
        name = error.field.name
        raise ApiError(
            "INVALID_TYPE_ON_FIELD_IN_RECORD",
            f"{error.field.label}: value not of required type: {body.get(name)}",
            [name],
        ) from None


def _by_id(writer: Writer, sobject: SObject, operation: str, body: Mapping[str, object]) -> str:
    given = next((str(v) for name, v in body.items() if name.lower() == "id" and v), "")
    if not given:
        raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    record = owned_id(sobject, given)
    if operation == "update":
        changes = {name: value for name, value in body.items() if name.lower() != "id"}
        update(writer, sobject, record, changes)
    else:
        delete(writer, sobject, record)
        if operation == "hardDelete":
            purge(writer.org, sobject, record)
    return record


def _body(columns: list[_Column], cells: Sequence[str]) -> dict[str, object]:
    """Empty means leave it, `#N/A` means null."""
    body: dict[str, object] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell == "":
            continue
        if column.parent_key is None:
            body[column.field.name] = _value(column.field, cell)
        elif cell == NULL:
            body[column.field.name] = None
        else:
            body[str(column.field.relationship)] = {column.parent_key: cell}
    return body


def _value(field: Field, cell: str) -> object:
    if cell == NULL:
        return None
    if field.type == "boolean" and cell in ("0", "1"):
        return cell == "1"
    return cell


def _id_of(job: Job, columns: list[_Column], cells: Sequence[str]) -> str:
    if job.operation == "insert":
        return ""
    return next(
        (cell for column, cell in zip(columns, cells, strict=False) if column.name.lower() == "id"),
        "",
    )


def _told(error: ApiError) -> str:
    """`CODE:message:fields --`, as `sf__Error` spells it."""
    if error.code == "NOT_FOUND":
        error = ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    fields = f"{','.join(error.fields)} " if error.fields else ""
    return f"{error.code}:{error.message}:{fields}--"
