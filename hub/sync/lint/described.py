"""What would be lost between a field as its system describes it and the column it is mapped to."""

from collections.abc import Iterator, Mapping

from sqlalchemy import Date, Integer, Numeric

from hub.checks.codes import code_list
from hub.checks.convert import is_country
from hub.connectors.contract import FieldShape
from hub.mappings.schema import ObjectMapping, PushField
from hub.models.base import Money
from hub.models.sources import SOURCES
from hub.sync.columns import PUSHED
from hub.sync.lint.faults import Fault
from hub.sync.lint.names import field_key

LOSSY, UNTOLD = "lossy_types", "unknown_choice"
_SEVERAL = frozenset(("partner_territories", "territories"))
"""Columns that hold several values, `;` between."""

Shapes = Mapping[str, FieldShape]


def described_faults(
    system: str, obj: str, mapping: ObjectMapping, shapes: Shapes
) -> Iterator[Fault]:
    """What is lost when the fields, as described, are read or written. Fields that are not
    described are not judged."""
    key = f"mappings.{system}.{obj}"
    for field, column in mapping.pull.items():
        if field in shapes:
            at = f"{key}.{field_key(mapping, field, 'pull')}"
            yield from _read(at, mapping, column, shapes[field])
    push = mapping.push
    if push is None:
        return
    created = push.create.fields if push.create is not None else {}
    for within, rules in (("push.create.fields", created), ("push.fields", push.fields)):
        for field, rule in rules.items():
            if field in shapes and rule.column is not None and rule.ref is None:
                at = f"{key}.{field_key(mapping, field, within)}"
                yield from _written(at, push.entity, rule, shapes[field])


def _read(at: str, mapping: ObjectMapping, column: str, shape: FieldShape) -> Iterator[Fault]:
    kind = SOURCES[mapping.source].c[column].type
    allowed = code_list(SOURCES[mapping.source].name, column)
    if shape.kind == "datetime" and isinstance(kind, Date):
        said = f"{shape.name} is a time, {column} a day: the time of day is not read."
        yield Fault(LOSSY, at, said, "nothing, where the day is enough", "warning")
    if shape.kind == "number" and shape.scale and isinstance(kind, Integer):
        said = f"{shape.name} keeps {shape.scale} decimals, {column} none: such rows would wait in"
        yield _lossy(at, f"{said} quarantine.")
    if shape.kind == "choices" and allowed is not None and column not in _SEVERAL:
        said = f"{shape.name} takes several values, {column} one: rows with several would wait in"
        yield _lossy(at, f"{said} quarantine.")
    if shape.choices is None:
        return
    values = mapping.values.get(column, {})
    unknown = [value for value in values if value not in shape.choices]
    if unknown and shape.restricted:
        yield Fault(
            UNTOLD,
            at,
            f"{shape.name} has no choice '{unknown[0]}', which is translated.",
            "take it out, or correct its spelling",
            "warning",
        )
    untold = [c for c in shape.choices if allowed and values.get(c, c) not in allowed]
    if untold:
        yield Fault(
            UNTOLD,
            at,
            f"nothing says what '{untold[0]}' of {shape.name} means: rows with it would wait in "
            "quarantine.",
            f"translate it in `values` into one of: {', '.join(allowed or ())}",
            "warning",
        )


def _written(at: str, entity: str, rule: PushField, shape: FieldShape) -> Iterator[Fault]:
    name = str(rule.column)
    column = PUSHED[entity][name]
    decimals = column.type.scale if isinstance(column.type, (Money, Numeric)) else None
    if shape.kind == "number" and decimals and shape.scale is not None and shape.scale < decimals:
        said = f"{name} has {decimals} decimals, {shape.name} keeps {shape.scale}: it is rounded,"
        yield _lossy(at, f"{said} and written again in each sync.")
    if shape.kind == "choice" and name in _SEVERAL:
        yield _lossy(at, f"{name} holds several values, {shape.name} takes one.")
    if rule.map or shape.choices is None or not shape.restricted:
        return
    allowed = code_list(column.table.name, column.name)
    refused = [code for code in allowed or () if code not in shape.choices]
    free = allowed is None and name != "currency" and not is_country(name)
    if free and name not in _SEVERAL:
        said = f"{name} is free text, {shape.name} takes its own choices only: others are refused."
        yield _lossy(at, said, "translate with `map`, or write to a text field")
    elif refused:
        said = f"{shape.name} has no choice '{refused[0]}': {name} would be refused."
        yield _lossy(at, said, "translate with `map`, or add the choice (`hub provision`)")


def _lossy(at: str, message: str, remedy: str = "") -> Fault:
    return Fault(LOSSY, at, message, remedy or "map a field of the same kind")
