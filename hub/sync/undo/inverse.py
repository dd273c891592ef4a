"""The inverse of what was written to one record, held against what the record says now."""

from collections.abc import Collection, Mapping
from typing import Literal

from hub.checks.laws import ERASED
from hub.config import ObjectMapping
from hub.connectors.contract import RESERVED
from hub.sync.acceptance import Refusal
from hub.sync.changes import REFERENCE, Cells, PlannedChange
from hub.sync.undo.now import Now, Said
from hub.sync.undo.written import Written
from hub.sync.undone import AS_BEFORE, CHILDREN, EDITED

GONE = "gone_since"
LEFT, NO_CREATE = "left_by_setting", "no_create_rule"
_BY_HAND = "nothing is written; put it right by hand in the CRM if it should be as before"

Creates = Literal["archive", "leave"]


Record = tuple[str, str, str]
"""System, object, record id."""
Children = Mapping[str, list[tuple[str, str]]]
"""Record id → (object, id) of the records that name it."""


def inverse(
    one: Written,
    now: Now,
    mapping: ObjectMapping,
    leaving: Collection[Record],
    told: Mapping[str, Said],
    children: Children,
    *,
    creates: Creates,
) -> list[PlannedChange]:
    """What takes the writing back, and what of it is left alone, with a refusal each.

    `leaving`: records that go in the same undo, and so hold no other one. `told`: made record →
    what it said when it was first read. `creates`: what becomes of records that were made.
    """
    if one.erased:
        return [_left(one, one.record_id, {}, ERASED, "the person it was about has been erased.")]
    if one.op == "delete":
        return [_made_again(one, mapping)]
    record_id = now.end(one.record_id)
    said = now.rows.get(record_id)
    if said is None:
        cells = _cells(one, {name: ours for name, (_, ours) in one.fields.items()})
        message = "the record has been deleted since, or is not shown any more."
        return [_left(one, record_id, cells, GONE, message)] if one.sure else []
    if one.was_made:
        return [_unmade(one, record_id, said, leaving, told, children, creates)]
    return _put_back(one, record_id, said)


def _put_back(one: Written, record_id: str, said: Said) -> list[PlannedChange]:
    back, left, same = {}, {}, {}
    for name, (before, ours) in one.fields.items():
        now, cell = said.get(name) or None, {"wrote": ours or None}
        if now == (before or None):
            same[name] = {**_cell(one, now, before), **cell}
        elif now == (ours or None) and name in said:
            back[name] = _cell(one, now, before)
        else:
            left[name] = {**_cell(one, now, before), **cell}
    changes = []
    if back:
        changes.append(_change(one, "update", record_id, back))
    if left and one.sure:
        parts = [
            f"{name} was {cell['after'] or 'empty'}, the hub wrote "
            f"{cell['wrote'] or 'nothing'}, it is {cell['before'] or 'empty'} now"
            for name, cell in left.items()
        ]
        changes.append(_left(one, record_id, left, EDITED, f"{'; '.join(parts)}."))
    if same and one.sure:
        message = f"{', '.join(same)}: as before already."
        changes.append(_left(one, record_id, same, AS_BEFORE, message))
    return changes


def _unmade(
    one: Written,
    record_id: str,
    said: Said,
    leaving: Collection[Record],
    told: Mapping[str, Said],
    children: Children,
    creates: Creates,
) -> PlannedChange:
    """The delete of a record that the hub made, unless somebody has made it theirs. What it says
    that the hub never wrote stands in the change, too: it would go, and must not have changed."""
    cells: Cells = {
        name: {"before": ours, "after": None, "why": _why(one)}
        for name, (_, ours) in one.fields.items()
    }
    if creates == "leave":
        message = "the hub made this record, and `undo.creates` says to leave such records."
        return _left(one, record_id, cells, LEFT, message, op="delete")
    if record_id != one.record_id:
        message = f"the record was merged into {record_id}, which is not the hub's to delete."
        return _left(one, record_id, cells, EDITED, message, op="delete")
    edited = _edited(one, said, told.get(one.record_id, {}))
    if edited:
        return _left(one, record_id, cells, EDITED, f"{'; '.join(edited)}.", op="delete")
    others = [
        f"{obj} {child}"
        for obj, child in children.get(one.record_id, [])
        if (one.system, obj, child) not in leaving
    ]
    if others:
        message = f"other records name it: {', '.join(others[:5])}."
        return _left(one, record_id, cells, CHILDREN, message, op="delete")
    others_say: Cells = {
        name: {"before": value or None, "after": None, "why": _why(one), "only_read": True}
        for name, value in said.items()
        if name not in one.fields and name not in RESERVED
    }
    return _change(one, "delete", record_id, cells | others_say)


def _edited(one: Written, said: Said, first: Said) -> list[str]:
    """What somebody changed about a record that the hub made."""
    expected = {
        **{name: value for name, value in first.items() if name in said},
        **{
            name: ours
            for name, (_, ours) in one.fields.items()
            if name in said and not (ours or "").startswith(REFERENCE)
        },
    }
    return [
        f"{name} was {value or 'empty'}, it is {said[name] or 'empty'} now"
        for name, value in expected.items()
        if (value or None) != (said[name] or None)
    ]


def _made_again(one: Written, mapping: ObjectMapping) -> PlannedChange:
    """The create of a record that an undo deleted; it will have another id."""
    cells = {
        name: {"before": None, "after": before, "why": _why(one)}
        for name, (before, _) in one.fields.items()
        if before is not None
    }
    create = mapping.push.create if mapping.push is not None else None
    if create is None or create.key not in cells:
        message = "the record was deleted, and the mapping does not say how to make one."
        return _left(one, one.record_id, cells, NO_CREATE, message, op="create")
    return PlannedChange(one.system, one.object, "create", None, one.hub_id, cells)


def _cells(one: Written, now: Mapping[str, str | None]) -> Cells:
    return {name: _cell(one, now[name], before) for name, (before, _) in one.fields.items()}


def _cell(one: Written, now: str | None, before: str | None) -> dict[str, str | None]:
    return {"before": now, "after": before or None, "why": _why(one)}


def _why(one: Written) -> str:
    return f"undo of {', '.join(one.changes)}"


def _change(one: Written, op: str, record_id: str, cells: Cells) -> PlannedChange:
    return PlannedChange(one.system, one.object, op, record_id, one.hub_id, cells)


def _left(
    one: Written, record_id: str, cells: Cells, code: str, message: str, op: str = "update"
) -> PlannedChange:
    refusal = Refusal(message, _BY_HAND, code, "skip")
    return PlannedChange(one.system, one.object, op, record_id, one.hub_id, cells, refusal)
