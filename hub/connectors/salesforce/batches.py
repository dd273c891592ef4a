"""Writing up to 200 rows a call by sObject Collections, and what to do when a call does not work.

Rows that somebody else has locked are tried again, in smaller and smaller groups one after the
other. A call that fails as a whole is split until the rows stand alone that make it fail.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec
from requests import Response

from hub.connectors.contract import REMOVALS
from hub.connectors.outcomes import LeftOpen, left_open
from hub.connectors.resending import delivered
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.faults import LOCKED, ServerBusy
from hub.connectors.salesforce.records import Row, RowAnswer, refused
from hub.errors import StopSync, SystemUnreachable

ROWS_PER_CALL = 200
FAILS_ALONE = "fails_alone"
_GROUPS = (ROWS_PER_CALL, 50, 10, 10)
"""Rows to a call in the first attempt and in each one after a lock."""
_LOCK_PAUSE_SECONDS = 0.5
# Failing so often without one success is no matter of single rows.
_FUTILE = 20

_ENCODER = msgspec.json.Encoder(decimal_format="number")

There = Callable[[Sequence[Row]], Mapping[str, str]]
"""Change id → record id, of the rows whose records say already what is to be written."""


def write_in_batches(
    org: Org, rows: Sequence[Row], headers: Mapping[str, str], there: There
) -> Iterator[tuple[Row, RowAnswer]]:
    """An answer to each row. All have the same object, operation and key field. After an answer
    that was lost only those are sent again that are not `there`."""
    for start in range(0, len(rows), ROWS_PER_CALL):
        waiting = rows[start : start + ROWS_PER_CALL]
        for attempt, size in enumerate(_GROUPS, start=1):
            locked = []
            for begin in range(0, len(waiting), size):
                for row, answer in _answered(org, waiting[begin : begin + size], headers, there):
                    if answer.code == LOCKED and attempt < len(_GROUPS):
                        locked.append(row)
                    else:
                        yield row, answer
            if not locked:
                break
            waiting = locked
            org.patience.sleep(attempt * _LOCK_PAUSE_SECONDS)


def _answered(
    org: Org, rows: Sequence[Row], headers: Mapping[str, str], there: There
) -> Iterator[tuple[Row, RowAnswer]]:
    try:
        answers = _delivered(org, rows, headers, there)
    except (SystemUnreachable, StopSync) as err:
        if not _may_be_a_row(err):
            raise
        if isinstance(err, SystemUnreachable):
            with left_open(f"{len(rows)} changes"):
                org.get("/services/data/")  # If this is not answered either, no row is to blame.
        yield from _split(org, rows, headers, there, err)
        return
    yield from answers


def _split(
    org: Org, rows: Sequence[Row], headers: Mapping[str, str], there: There, error: Exception
) -> Iterator[tuple[Row, RowAnswer]]:
    """Halve what fails. Good rows land; those that fail by themselves are answered so."""
    todo = deque([rows])
    failures, landed, first = 0, False, True
    while todo:
        part = todo.popleft()
        if not first:
            try:
                answers = _delivered(org, part, headers, there, attempts=2)
            except (SystemUnreachable, StopSync) as err:
                failures += 1
                if not _may_be_a_row(err) or (failures > _FUTILE and not landed):
                    raise
                error = err
            else:
                landed = True
                yield from answers
                continue
        first = False
        if len(part) == 1:
            yield part[0], refused(FAILS_ALONE, f"the call fails on this row ({error}).")
        else:
            half = len(part) // 2
            todo.extendleft((part[half:], part[:half]))


def _may_be_a_row(err: Exception) -> bool:
    """Whether one row could make the whole call fail so: a server that is busy, a refused login or
    a missing field is not of a row's making, and what may have been written is not refused."""
    if isinstance(err, LeftOpen | ServerBusy):
        return False
    return isinstance(err, SystemUnreachable) or type(err) is StopSync


def _delivered(
    org: Org,
    rows: Sequence[Row],
    headers: Mapping[str, str],
    there: There,
    attempts: int | None = None,
) -> list[tuple[Row, RowAnswer]]:
    usual = org.patience.attempts
    made = delivered(
        rows,
        lambda some: _sent(org, some, headers, attempts),
        there,
        lambda row: row.change.id,
        replace(org.patience, attempts=min(attempts or usual, usual)),
    )
    found = [
        (row, RowAnswer(success=True, id=made.found[row.change.id]))
        for row in rows
        if row.change.id in made.found
    ]
    return [*found, *zip(made.sent, made.answer or [], strict=True)]


def _sent(
    org: Org, rows: Sequence[Row], headers: Mapping[str, str], attempts: int | None
) -> list[RowAnswer]:
    change = rows[0].change
    path = "composite/sobjects"
    if change.op in REMOVALS:
        return _removed(org, rows, attempts)
    if change.op == "create" and change.key is not None:
        path = f"{path}/{change.object}/{change.key[0]}"
    body = _ENCODER.encode({"allOrNone": False, "records": [_record(row) for row in rows]})
    response = org.write("PATCH", path, body, headers, attempts=attempts, replay=False)
    return _read(org, rows, response)


def _removed(org: Org, rows: Sequence[Row], attempts: int | None) -> list[RowAnswer]:
    """Sent again when nobody answers: what is in the recycle bin already says so."""
    ids = ",".join(str(row.change.record_id) for row in rows)
    path = f"composite/sobjects?ids={ids}&allOrNone=false"
    return _read(org, rows, org.write("DELETE", path, b"", {}, attempts=attempts))


def _read(org: Org, rows: Sequence[Row], response: Response) -> list[RowAnswer]:
    try:
        answers = msgspec.json.decode(response.content, type=list[RowAnswer])
    except msgspec.MsgspecError as err:
        raise _unclear(org, "cannot be read") from err
    if len(answers) != len(rows):
        raise _unclear(org, f"has {len(answers)} rows for {len(rows)} changes")
    return answers


def _record(row: Row) -> dict[str, object]:
    change = row.change
    own = {"id": change.record_id} if change.op == "update" else {}
    return {"attributes": {"type": change.object}, **own, **row.values}


def _unclear(org: Org, how: str) -> LeftOpen:
    """The rows may have been written, but nobody can say which."""
    return LeftOpen(
        f"{org.system}: the answer to a write {how}.",
        remedy="the next sync reads what came of it",
    )
