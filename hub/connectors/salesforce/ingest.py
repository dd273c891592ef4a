"""Writing many rows by an ingest job of Bulk API 2.0.

A job is made, gets one upload, is closed, and is asked about until it has ended; that costs the
same few calls for any number of rows. Its results come in no order: each is tied to its row by
record id or key, and a result that belongs to no row, or a second one, settles nothing.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import polars as pl

from hub.connectors.contract import REMOVALS
from hub.connectors.outcomes import left_open
from hub.connectors.paging import text_frame
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.cost import POLLS
from hub.connectors.salesforce.jobs import JobRefused, JobState, ended
from hub.connectors.salesforce.records import NULL_CELL, Row, RowAnswer, refused
from hub.errors import StopSync, SystemUnreachable

UNPROCESSED = "unprocessed"
# 150 MB are allowed after base64, which makes four bytes of three.
_LARGEST_UPLOAD = 100 * 1024 * 1024
_JSON = {"Content-Type": "application/json"}
_CSV = {"Content-Type": "text/csv; charset=UTF-8"}


def ingest_calls(op: str) -> int:
    """Make, upload, close, look twice; and, where records were made, ask which."""
    return 3 + POLLS + (op == "create")


def write_by_job(org: Org, rows: Sequence[Row]) -> Iterator[tuple[Row, RowAnswer]]:
    """An answer to each row; rows that the job never came to are answered UNPROCESSED.

    All rows have the same object, operation and key field, and no two the same identity. Raises
    JobRefused when the org takes no such job, before anything was written.
    """
    if not rows:
        return
    upload = _upload(rows)
    if len(upload) > _LARGEST_UPLOAD and len(rows) > 1:
        half = len(rows) // 2
        yield from write_by_job(org, rows[:half])
        yield from write_by_job(org, rows[half:])
        return
    path, state = _run(org, rows, upload)
    with left_open(path):
        answers = _answers(org, path, state, rows)
    if not answers and state.state != "JobComplete":
        raise JobRefused(
            f"{org.system}: job {state.id} ended {state.state} ({state.errorMessage}).",
            remedy="set `bulk: never` for this system",
        )
    missing = refused(UNPROCESSED, f"job {state.id} ended {state.state} before this row.")
    for row in rows:
        yield row, answers.get(row.identity, missing)


def _upload(rows: Sequence[Row]) -> bytes:
    """An empty cell leaves a field as it is, so a null has a word of its own."""
    first = rows[0].change
    own = ["Id"] if first.op != "create" else []
    names = list(dict.fromkeys([*own, *(name for row in rows for name in row.texts)]))
    table = text_frame(names, [[_cell(row, name) for row in rows] for name in names])
    return table.write_csv(quote_style="non_numeric", null_value="").encode()


def _cell(row: Row, name: str) -> str | None:
    if name == "Id" and row.change.op != "create":
        return row.change.record_id
    if name not in row.texts:
        return None
    return row.texts[name] or NULL_CELL


def _run(org: Org, rows: Sequence[Row], upload: bytes) -> tuple[str, JobState]:
    """Make the job, feed it and wait for its end.

    A step repeated for want of an answer may be refused because it had been taken. So a refusal is
    believed only if the job turns out not to be on its way.
    """
    change = rows[0].change
    job: dict[str, str] = {"object": change.object, "operation": "update", "lineEnding": "LF"}
    if change.op in REMOVALS:
        job["operation"] = "delete"
    elif change.op == "create" and change.key is not None:
        job |= {"operation": "upsert", "externalIdFieldName": change.key[0]}
    try:
        made = org.write("POST", "jobs/ingest", msgspec.json.encode(job), _JSON)
    except StopSync as err:
        if type(err) is not StopSync:
            raise
        raise JobRefused(err.message, remedy=err.remedy) from err
    path = f"jobs/ingest/{msgspec.json.decode(made.content, type=JobState).id}"
    try:
        org.write("PUT", f"{path}/batches", upload, _CSV)
    except StopSync as err:
        if type(err) is not StopSync:
            raise
    try:
        org.write("PATCH", path, b'{"state":"UploadComplete"}', _JSON)
    except StopSync:
        state = msgspec.json.decode(org.get(path).content, type=JobState)
        if state.state == "Open":
            raise
    with left_open(path):
        return path, ended(org, path)


def _answers(org: Org, path: str, state: JobState, rows: Sequence[Row]) -> Mapping[str, RowAnswer]:
    """Answers by identity; those that the counts already tell are not asked for."""
    complete = state.state == "JobComplete" and state.numberRecordsProcessed == len(rows)
    by_id = rows[0].change.op != "create"
    expected = {row.identity for row in rows}
    answers: dict[str, RowAnswer] = {}
    if state.numberRecordsFailed or not complete:
        org.calls.minimum += 1
        for identity, result in _results(org, f"{path}/failedResults", rows[0]):
            code, _, said = str(result["sf__Error"] or "").partition(":")
            message, _, fields = said.rpartition(":")
            named = [name for name in fields.removesuffix("--").strip().split(",") if name]
            answer = refused(code, message, named)
            _settle(org, path, answers, expected, identity, answer)
    if complete and by_id and len(answers) == state.numberRecordsFailed:
        landed = RowAnswer(success=True)
        return {**dict.fromkeys(expected, landed), **answers}
    if not complete or len(answers) < len(rows):
        for identity, result in _results(org, f"{path}/successfulResults", rows[0]):
            answer = RowAnswer(success=True, id=result["sf__Id"])
            _settle(org, path, answers, expected, identity, answer)
    return answers


def _settle(
    org: Org,
    path: str,
    answers: dict[str, RowAnswer],
    expected: set[str],
    identity: str,
    answer: RowAnswer,
) -> None:
    if identity not in expected or identity in answers:
        raise SystemUnreachable(
            f"{org.system}: {path} answers about '{identity}', which was "
            + ("answered already." if identity in answers else "not sent."),
            remedy="the next sync reads what came of it",
        )
    answers[identity] = answer


def _results(org: Org, path: str, first: Row) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Results with the identity of the row each echoes."""
    body = org.get(path).content
    table = pl.read_csv(body, infer_schema=False, null_values=[""]) if body else pl.DataFrame()
    change = first.change
    key = change.key[0] if change.op == "create" and change.key is not None else "Id"
    for result in table.iter_rows(named=True):
        told = str(result.get(key) or "")
        yield (told.casefold() if change.op == "create" else told[:15]), result
