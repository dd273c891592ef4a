"""Values of the warehouse that a field, as its system describes it, cannot hold whole."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Connection, String, Text, func, select

from hub.connectors.contract import FieldShape
from hub.mappings.schema import ObjectMapping
from hub.sync.columns import PUSHED
from hub.sync.lint.faults import Fault
from hub.sync.lint.names import field_key

RULE = "too_long"
_SHOWN = 40


def measured_faults(
    conn: Connection,
    system: str,
    obj: str,
    mapping: ObjectMapping,
    shapes: Mapping[str, FieldShape],
) -> Iterator[Fault]:
    """Texts that are longer than the field they are written to, counted, with an example."""
    push = mapping.push
    if push is None:
        return
    for field, rule in push.all_fields.items():
        length = shapes[field].length if field in shapes else None
        if length is None or rule.column is None or rule.ref is not None or rule.map:
            continue
        column = PUSHED[push.entity][rule.column]
        if isinstance(column.type, (String, Text)):
            within = "push.fields" if field in push.fields else "push.create.fields"
            at = f"mappings.{system}.{obj}.{field_key(mapping, field, within)}"
            yield from _too_long(conn, at, field, column, length)


def _too_long(
    conn: Connection, at: str, field: str, column: Column[Any], length: int
) -> Iterator[Fault]:
    longer = func.length(column) > length
    count = conn.scalar(select(func.count()).select_from(column.table).where(longer)) or 0
    if not count:
        return
    key = column.table.c.id
    longest = conn.execute(
        select(key, column).where(longer).order_by(func.length(column).desc(), key)
    ).first()
    known = conn.scalar(select(func.count()).select_from(column.table).where(column.is_not(None)))
    assert longest is not None  # noqa: S101 - there are some
    shown = longest[1][:_SHOWN] + ("…" if len(longest[1]) > _SHOWN else "")
    yield Fault(
        RULE,
        at,
        f"{count} of {known} values of {column.table.name}.{column.name} are longer than the "
        f"{length} characters of {field}, such as '{shown}' ({len(longest[1])}, {longest[0]}).",
        "make the field longer, write to another one, or shorten the values at their source",
    )
