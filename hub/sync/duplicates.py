"""Records that a create would run into: those which say the same already, as last seen there."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl
from sqlalchemy import Connection, Text, cast, func, select

from hub.mappings.schema import ObjectMapping
from hub.models import bulk
from hub.models.sources import SOURCES
from hub.sync.changes import PlannedChange

DUPLICATE = "duplicate"
WEIGHT = 50

_LIKENESS: dict[str, tuple[tuple[str, ...], ...]] = {
    "company": (("hub_key",), ("name", "website")),
    "contact": (("hub_key",), ("email",)),
    "lead": (("hub_key",), ("email",)),
    "opportunity": (("hub_key",), ("name", "company_record_id")),
}
"""Source table → the columns that two records of one thing have in common."""
_SAID = {"hub_key": "key of the hub", "company_record_id": "company"}


def with_duplicates(
    conn: Connection, mapping: ObjectMapping, changes: Sequence[PlannedChange]
) -> list[PlannedChange]:
    """`changes` of one object, each create with a note per record it would run into."""
    creates = [change for change in changes if change.op == "create"]
    met: dict[str, dict[str, str]] = {}
    for columns in _LIKENESS.get(mapping.source, ()):
        for hub_id, record_id in _alike(conn, mapping, columns, creates):
            met.setdefault(hub_id, {}).setdefault(record_id, _words(columns))
    return [_noted(change, met.get(change.hub_id, {})) for change in changes]


def _noted(change: PlannedChange, met: Mapping[str, str]) -> PlannedChange:
    if change.op != "create" or not met:
        return change
    notes = [
        {
            "code": DUPLICATE,
            "message": f"{change.object} {record_id} has the same {alike} already",
            "record_id": record_id,
        }
        for record_id, alike in met.items()
    ]
    return replace(change, notes=(*change.notes, *notes), weight=change.weight + WEIGHT)


def _alike(
    conn: Connection,
    mapping: ObjectMapping,
    columns: tuple[str, ...],
    creates: Sequence[PlannedChange],
) -> list[tuple[str, str]]:
    """(hub id of a create, record that says the same in these columns), upper and lower case
    alike."""
    fields = {column: name for name, column in mapping.pull.items() if column in columns}
    if len(fields) < len(columns):
        return []
    rows = [
        (change.hub_id, *said)
        for change in creates
        if all(said := [_after(change, fields[column]) for column in columns])
    ]
    if not rows:
        return []
    table = SOURCES[mapping.source]
    system, obj = creates[0].system, creates[0].object
    wanted = pl.DataFrame(rows, schema=["hub_id", *columns], orient="row")
    first = columns[0]
    lowered = {c: func.lower(cast(table.c[c], Text)) for c in columns}
    with bulk.staged(conn, wanted.select(first).unique(), table, index=(first,)) as stage:
        query = select(table.c.record_id, *lowered.values()).where(
            table.c.system == system,
            table.c.object == obj,
            table.c.is_deleted.is_(False),
            lowered[first] == stage.c[first],
        )
        found = [(row.record_id, tuple(row)[1:]) for row in conn.execute(query)]
    by_values: dict[tuple[str, ...], list[str]] = {}
    for record_id, values in found:
        by_values.setdefault(tuple(values), []).append(record_id)
    return [
        (hub_id, record_id)
        for hub_id, *said in rows
        for record_id in sorted(by_values.get(tuple(said), ()))
    ]


def _after(change: PlannedChange, name: str) -> str:
    value = change.fields[name]["after"] if name in change.fields else None
    return str(value).lower() if value is not None else ""


def _words(columns: tuple[str, ...]) -> str:
    return " and ".join(_SAID.get(column, column.replace("_", " ")) for column in columns)
