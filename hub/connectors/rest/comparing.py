"""What records say just before a write, where a system can be asked for them by id."""

from collections.abc import Sequence

from hub.connectors.comparing import changed_there, says
from hub.connectors.contract import RECORD_ID, Change, Outcome
from hub.connectors.outcomes import already
from hub.connectors.rest.finding import Finder


def moved_on(finder: Finder, size: int, changes: Sequence[Change]) -> dict[str, Outcome]:
    """Outcomes by change id of the updates and deletes of one object that are not to be sent:
    stale, where the record says something else than planned on, and of updates where it is gone;
    applied, where it says all of it already."""
    ids = list(dict.fromkeys(change.record_id or "" for change in changes))
    now = {
        row[RECORD_ID]: row
        for start in range(0, len(ids), size)
        for batch in finder.named(ids[start : start + size])
        for row in batch.rows.iter_rows(named=True)
    }
    judged = [_judged(change, now.get(change.record_id or "")) for change in changes]
    return {found.change_id: found for found in judged if found is not None}


def _judged(change: Change, now: dict[str, str | None] | None) -> Outcome | None:
    if now is None:
        if change.op == "delete":
            return None
        return Outcome(
            *(change.id, "stale", change.record_id, "gone", "the record is not there any more."),
            "the next sync reads what became of it",
        )
    moved = changed_there(change, now)
    if moved is None and change.op == "update" and says(now, change.fields):
        return already(change)
    return moved
