"""What is unusual about a change, and how much: so that a plan shows the largest surprises first.

The rule, change by change: it meets a record that says the same already (50, see
`hub.sync.duplicates`); it moves an amount by half or more (40); it empties fields (30, and 1 more
for each); it cannot be sent (20). A change that is none of these weighs 0. Whole objects, kinds and
fields are held against the plans before: see `unusual`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from statistics import median

from hub.mappings.schema import PushRule
from hub.models.base import Money
from hub.sync.changes import PlannedChange
from hub.sync.columns import PUSHED

AMOUNT, EMPTIED, UNSENT = "amount_moved", "fields_emptied", "not_sent"
_MOVED = Decimal("0.5")
_WEIGHTS = {AMOUNT: 40, EMPTIED: 30, UNSENT: 20}
_TIMES = 3
_LEAST = 20


def amounts_of(push: PushRule) -> frozenset[str]:
    """The outside fields that hold an amount of money."""
    columns = PUSHED[push.entity]
    return frozenset(
        name
        for name, rule in push.all_fields.items()
        if rule.column in columns and isinstance(columns[rule.column].type, Money)
    )


def weighed(change: PlannedChange, amounts: Collection[str]) -> PlannedChange:
    """The change with notes of what is unusual about it, and their weight."""
    found = list(_found(change, amounts))
    if not found:
        return change
    weight = sum(_WEIGHTS[code] for code, _ in found) + len(change.emptied)
    notes = [{"code": code, "message": message} for code, message in found]
    return replace(change, notes=(*change.notes, *notes), weight=change.weight + weight)


def _found(change: PlannedChange, amounts: Collection[str]) -> Iterator[tuple[str, str]]:
    if change.refusal is not None:
        yield UNSENT, change.refusal.message
    if change.emptied:
        yield EMPTIED, f"empties {', '.join(change.emptied)}"
    for name in sorted(amounts & change.fields.keys()):
        cell = change.fields[name]
        share = _moved(cell["before"], cell["after"])
        if share is not None and abs(share) >= _MOVED:
            yield AMOUNT, f"{name} from {cell['before']} to {cell['after']}: {share:+.0%}"


def _moved(before: str | None, after: str | None) -> Decimal | None:
    """By which part of itself an amount moves; None where that says nothing."""
    try:
        was, becomes = Decimal(before or ""), Decimal(after or "")
    except InvalidOperation:
        return None
    return (becomes - was) / abs(was) if was and was.is_finite() and becomes.is_finite() else None


Figures = Mapping[str, Mapping[str, int]]
"""`SYSTEM/OBJECT` → kind of change, or field → how many."""


def unusual(now: Figures, before: Collection[Figures]) -> list[str]:
    """What this plan has that those before it had not, or much less of, the largest first.

    A kind or field is unusual when no plan before had any of it, and when there are more than three
    times as many as in the median plan that had some, and at least twenty. What an object has for
    the first time is told in one line. Without plans before nothing is.
    """
    if not before:
        return []
    found = []
    for where, names in now.items():
        new = []
        for name, number in names.items():
            usual = [n for plan in before if (n := plan.get(where, {}).get(name, 0))]
            if number and not usual:
                new.append((number, name))
            elif number >= _LEAST and number > _TIMES * median(usual):
                often = f"usually about {median(usual):,.0f}"
                found.append((number, f"{where}: {number:,} × {name}, {often}"))
        if new:
            found.append((max(new)[0], f"{where}: {_counted(new)}, for the first time"))
    return [text for _, text in sorted(found, key=lambda each: (-each[0], each[1]))]


def _counted(names: Collection[tuple[int, str]]) -> str:
    ordered = sorted(names, key=lambda each: (-each[0], each[1]))
    return ", ".join(f"{number:,} × {name}" for number, name in ordered)
