"""A change as somebody reads it: its fields by the reason for which they are written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hub.sync.changes import REFERENCE, Cells


@dataclass(frozen=True)
class Told:
    """A field in words; `origin` is empty where its reason names the same one for all."""

    field: str
    before: str | None
    after: str | None
    origin: str


@dataclass(frozen=True)
class Reason:
    """Fields that are written for the same reason."""

    why: str
    origin: str
    fields: tuple[Told, ...]


def reasons(fields: Cells, names: Mapping[str, str]) -> list[Reason]:
    """The fields of a change, those of one reason together, in the order of the fields."""
    order = list(dict.fromkeys(cell["why"] for cell in fields.values()))
    by_why = sorted(fields.items(), key=lambda each: order.index(each[1]["why"]))
    grouped = groupby(by_why, key=lambda each: str(each[1]["why"]))
    return [_reason(why, list(cells), names) for why, cells in grouped]


def _reason(why: str, cells: list[tuple[str, dict[str, Any]]], names: Mapping[str, str]) -> Reason:
    origins = {_origin(cell) for _, cell in cells}
    common = origins.pop() if len(origins) == 1 else ""
    return Reason(why, common, tuple(_told(cells, common, names)))


def _told(
    cells: list[tuple[str, dict[str, Any]]], common: str, names: Mapping[str, str]
) -> Iterator[Told]:
    for name, cell in cells:
        after = _said(cell["after"], names)
        yield Told(name, cell["before"], after, "" if common else _origin(cell))


def _origin(cell: Mapping[str, Any]) -> str:
    """The row behind a value, and the rule that chose it."""
    row, rule = cell.get("source"), cell.get("rule")
    if row:
        return f"from {row['system']}/{row['object']}/{row['record_id']} ({rule})"
    return f"by rule: {rule}" if rule else ""


def _said(value: str | None, names: Mapping[str, str]) -> str | None:
    """A record that is made before this one is named, as its id there is not known yet."""
    if value is None or not value.startswith(REFERENCE):
        return value
    hub_id = value.removeprefix(REFERENCE)
    called = names.get(hub_id)
    return f"{called} ({hub_id}), made first" if called else f"{hub_id}, made first"
