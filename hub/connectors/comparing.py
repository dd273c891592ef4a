"""Whether a record may be written as planned: what it says just before, and what the plan knew."""

from collections.abc import Mapping

from hub.connectors.contract import Change, Operation, Outcome

COMPARED: frozenset[Operation] = frozenset(("update", "delete"))
"""What is held against its record first, where the change asks for it. A create is an upsert by the
hub's own key, and who is to be erased goes whatever the record says."""
PLAN_ANEW = "the next sync plans anew"


def compared_fields(change: Change) -> list[str]:
    """The outside fields that decide: those that an update writes; of a delete all that the plan
    knew of the record, since all of it would go."""
    return list(change.before if change.op == "delete" else change.fields)


def changed_there(change: Change, now: Mapping[str, str | None]) -> Outcome | None:
    """Stale, when the record says in one of these fields neither what the plan knew nor what is to
    be written; None otherwise. `now`: outside field → canonical text; what it does not tell (a
    link, a field that is hidden by now) is not compared."""
    changed = [
        f"{name} was {change.before.get(name) or 'empty'}, is {now[name] or 'empty'}"
        for name in compared_fields(change)
        if name in now and (now[name] or None) not in _expected(change, name)
    ]
    if not changed:
        return None
    return Outcome(
        change.id,
        "stale",
        change.record_id,
        "changed_there",
        f"somebody changed the record since the plan was made: {'; '.join(changed)}.",
        PLAN_ANEW,
    )


def says(now: Mapping[str, str | None], fields: Mapping[str, str | None]) -> bool:
    """Whether a record says all of these fields already."""
    return all(
        name in now and (now[name] or None) == (after or None) for name, after in fields.items()
    )


def _expected(change: Change, name: str) -> set[str | None]:
    known = {change.before.get(name) or None}
    return known | {change.fields[name] or None} if name in change.fields else known
