"""Taking records away: archived in batches of 100, or erased, which only contacts can be."""

from collections.abc import Iterator, Sequence

from hub.connectors.contract import Change, Operation, Outcome
from hub.connectors.hubspot.client import Portal
from hub.connectors.hubspot.faults import NotThere, RequestRefused, row_rule
from hub.connectors.outcomes import rejected

ROWS_PER_CALL = 100
_CONTACTS = frozenset({"contacts", "contact", "0-1"})


def removal_calls(obj: str, rows: int, op: Operation) -> int:
    """The fewest calls that take so many records away."""
    return rows if _one_by_one(obj, op) else -(-rows // ROWS_PER_CALL)


def removed(portal: Portal, group: Sequence[Change]) -> Iterator[Outcome]:
    """The outcomes of deletes and erases of one object. Both may be sent twice."""
    there = [change for change in group if change.record_id]
    for change in group:
        if not change.record_id:
            yield rejected(change, "no_record", "a delete without a record id.", "sync again")
    if _one_by_one(group[0].object, group[0].op):
        for change in there:
            yield _erased(portal, change)
        return
    for start in range(0, len(there), ROWS_PER_CALL):
        chunk = there[start : start + ROWS_PER_CALL]
        portal.calls.minimum += 1
        yield from _archived(portal, chunk)


def _one_by_one(obj: str, op: Operation) -> bool:
    return op == "erase" and obj in _CONTACTS


def _archived(portal: Portal, chunk: Sequence[Change]) -> Iterator[Outcome]:
    try:
        portal.batch_archive(chunk[0].object, [str(change.record_id) for change in chunk])
    except RequestRefused as refused:
        for change in chunk:
            yield _refused(change, refused)
        return
    for change in chunk:
        yield Outcome(change.id, "applied", change.record_id)


def _erased(portal: Portal, change: Change) -> Outcome:
    portal.calls.minimum += 1
    try:
        portal.purge_contact(str(change.record_id))
    except NotThere:
        return Outcome(change.id, "applied", change.record_id)
    except RequestRefused as refused:
        return _refused(change, refused)
    return Outcome(change.id, "applied", change.record_id)


def _refused(change: Change, refused: RequestRefused) -> Outcome:
    status, remedy = row_rule(refused.fault.code)
    fault = refused.fault
    return Outcome(change.id, status, change.record_id, fault.code, fault.said, remedy)
