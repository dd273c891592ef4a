"""What records say just before they are updated, where a system can be asked for them by id."""

from collections.abc import Sequence

from hub.connectors.contract import RECORD_ID, Change, Outcome
from hub.connectors.outcomes import already
from hub.connectors.rest.finding import Finder

_REMEDY = "the next sync plans anew"


def moved_on(finder: Finder, size: int, changes: Sequence[Change]) -> dict[str, Outcome]:
    """Outcomes by change id of what is not to be sent: stale, for the records of one object that
    have gone or say something else than planned on; applied, for those that say all of it already.
    A single field that says already what is to be written is as good as unchanged."""
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
        return Outcome(
            *(change.id, "stale", change.record_id, "gone", "the record is not there any more."),
            "the next sync reads what became of it",
        )
    for name, after in change.fields.items():
        said, expected = now[name] or None, change.before.get(name) or None
        if said not in {expected, after or None}:
            message = f"{name} says '{said or ''}' now, not '{expected or ''}' as when planned."
            return Outcome(change.id, "stale", change.record_id, "changed_there", message, _REMEDY)
    if all((now[name] or None) == (after or None) for name, after in change.fields.items()):
        return already(change)
    return None
