"""What one record should say, field by field, beside what it says: the cells of a change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from hub.connectors.text import canonical_number
from hub.mappings.schema import CreateRule, ObjectMapping, PushField, PushRule
from hub.sync.agreed import MEANT, agreed_values, told_values
from hub.sync.changes import Cells


@dataclass(frozen=True)
class Comparison:
    """The cells to write; those left as somebody made them, for their rule is `flag`; and the
    fields that say what they should."""

    write: Cells = field(default_factory=dict)
    leave: Cells = field(default_factory=dict)
    same: tuple[str, ...] = ()


def compare(mapping: ObjectMapping, push: PushRule, row: Mapping[str, Any]) -> Comparison:
    """`row`: the desired columns and `why`, and of the record `told`, `agreed` and what it means.

    Where a field that somebody changed in its system is written again, the reason says so.
    """
    told, agreed = told_values(row["told"]), agreed_values(row["told"], row["agreed"])
    write, leave, same = Cells(), Cells(), []
    for name, rule in push.fields.items():
        before, after, known = told.get(name), value_of(rule, row), agreed.get(name)
        if before == after or _means_the_same(mapping, name, row):
            same.append(name)
        elif after is None and rule.blank_out == "keep":
            continue
        elif before == known:
            write[name] = {"before": before, "after": after, "why": row["why"]}
        else:
            changed = f"changed there from {_shown(known)} to {_shown(before)}"
            into = leave if rule.drift == "flag" else write
            into[name] = {"before": before, "after": after, "why": f"{row['why']}; {changed}"}
    return Comparison(write, leave, tuple(same))


def _means_the_same(mapping: ObjectMapping, name: str, row: Mapping[str, Any]) -> bool:
    """Another way of writing the same, such as `Germany` where the hub keeps DE."""
    column = mapping.shared.get(name)
    return column is not None and bool(row[MEANT + column] == row[column])


def _shown(value: str | None) -> str:
    return "empty" if value is None else f"'{value}'"


def create_cells(push: PushRule, create: CreateRule, row: Mapping[str, Any]) -> Cells:
    """The cells of a new record."""
    values = {name: value_of(rule, row) for name, rule in push.all_fields.items()}
    values.setdefault(create.key, row["hub_id"])
    return {
        name: {"before": None, "after": value, "why": row["why"]}
        for name, value in values.items()
        if value is not None
    }


def value_of(rule: PushField, row: Mapping[str, Any]) -> str | None:
    """What a field should say, of a row of desired columns."""
    if rule.value is not None:
        return rule.value
    if rule.ref is not None:
        referenced = row[record_column(rule)]
        return None if referenced is None else str(referenced)
    text = canonical(row[str(rule.column)])
    if text is None or not rule.map:
        return text
    return rule.map.get(text)


def record_column(rule: PushField) -> str:
    """The column of a desired row that holds the record id a `ref` field stands for."""
    return f"{rule.column}@{rule.ref}"


def canonical(value: Any) -> str | None:
    """A desired value as the text a CRM would be told: ISO dates, plain decimals, true/false."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        # As the connectors write what they are told: 1500.00 is 1500.
        return canonical_number(str(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
