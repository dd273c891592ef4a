"""What was undone stays undone: the hub does not write the same value again by itself.

That ends when the hub has another value for the field and writes it, when it is lifted, or when an
undo of the undo writes it after all. Until then each undo holds what it took back: the hub may want
a later value than the last undo found there. A record whose making was undone is not made again
until that is lifted.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from hub.models import bulk
from hub.models.frames import frame_schema
from hub.models.identity import identity_alias
from hub.models.operations import UNDO, ops_change, ops_plan, ops_undone
from hub.models.runs import Run
from hub.models.sources import MERGED, SOURCES
from hub.sync.changes import PlannedChange

WHOLE = ""
"""In place of a field: it is the making of the record that was undone."""
EDITED, AS_BEFORE, CHILDREN = "edited_since", "as_before", "has_children"
"""Codes of what an undo leaves alone: somebody has edited it since, or put it back already, or
other records hang on it."""


@dataclass(frozen=True)
class Undone:
    """What was undone in one object: (record id, field, value), and hub ids of records."""

    values: frozenset[tuple[str, str, str | None]] = frozenset()
    records: frozenset[str] = frozenset()

    def left(self, changes: Iterable[PlannedChange]) -> Iterator[PlannedChange]:
        """The changes without what was undone."""
        if not self.values and not self.records:
            yield from changes
            return
        for change in changes:
            if change.op == "create":
                if change.hub_id not in self.records:
                    yield change
                continue
            fields = {
                name: cell
                for name, cell in change.fields.items()
                if (str(change.record_id), name, cell["after"]) not in self.values
            }
            if fields:
                yield replace(change, fields=fields)


def undone_in(conn: Connection, system: str, obj: str, source: str) -> Undone:
    """What is held of an object whose rows are in the source table `source`. It follows records
    that were merged, and hub ids that were."""
    table, c = SOURCES[source], ops_undone.c
    merged = and_(
        table.c.system == c.system,
        table.c.object == c.object,
        table.c.record_id == c.subject,
        table.c.gone == MERGED,
    )
    query = (
        select(
            func.coalesce(table.c.merged_into, c.subject).label("record_id"),
            func.coalesce(identity_alias.c.hub_id, c.hub_id).label("hub_id"),
            *(c.field, c.value),
        )
        .select_from(ops_undone)
        .outerjoin(table, merged)
        .outerjoin(identity_alias, identity_alias.c.old_id == c.hub_id)
        .where(c.system == system, c.object == obj, c.lifted_run.is_(None))
    )
    rows = conn.execute(query).all()
    return Undone(
        frozenset((row.record_id, row.field, row.value) for row in rows if row.field != WHOLE),
        frozenset(row.hub_id for row in rows if row.field == WHOLE),
    )


def lift(conn: Connection, run: Run, targets: Sequence[str]) -> int:
    """Let the hub write again what these undo plans, or changes of them, took back; returns how
    many fields and records."""
    plans = [target for target in targets if "/" not in target]
    changes = [target for target in targets if "/" in target]
    named = or_(ops_undone.c.plan.in_(plans), ops_undone.c.change.in_(changes))
    lifted = update(ops_undone).where(named, ops_undone.c.lifted_run.is_(None))
    return conn.execute(lifted.values(lifted_run=run.number)).rowcount


# -- around the applying of a plan ---------------------------------------------------------------


def remember(conn: Connection, run: Run, plan: str) -> None:
    """Note what an undo is about to take back, before anything of it is sent: of a process killed
    half-way, the next sync writes nothing again. What somebody edited since, or put back by hand,
    is not written over either. Of what puts back a value that an undo took away there is nothing to
    note: it was no value of the hub's. Does nothing for other plans."""
    if not _is_undo(conn, plan):
        return
    rows = [
        row
        for row in _changes(conn, plan, ("pending", "skipped"))
        if row.outcome == "pending" or row.code in (EDITED, AS_BEFORE)
    ]
    noted = {"plan": plan, "run": run.number, "at": run.started_at, "lifted_run": None}
    taken = [{**place, **noted} for row in rows for place in _taken_back(row)]
    put_back = [place for row in rows for place in _written(row)]
    with _staged(conn, taken) as stage, _staged(conn, put_back) as again:
        there = select(stage.c.field).where(_same(stage)).exists()
        conn.execute(delete(ops_undone).where(there, ops_undone.c.lifted_run.is_not(None)))
        names = [column.name for column in ops_undone.columns]
        known = select(ops_undone.c.field).where(_same(stage), _same_value(stage)).exists()
        redone = (
            select(again.c.field)
            .join_from(again, ops_undone, _same(again) & _same_value(again))
            .join(ops_change, ops_change.c.id == ops_undone.c.change)
            .where(_same(stage), ops_change.c.outcome == "applied")
            .exists()
        )
        new = select(*(stage.c[name] for name in names)).where(~known, ~redone)
        conn.execute(ops_undone.insert().from_select(names, new))


def settle(conn: Connection, run: Run, plan: str) -> None:
    """After a plan was applied: forget what an undo did not take back after all, and end what has
    been written since, be it something else or, by an undo of the undo, the same again."""
    if conn.scalar(select(exists().where(ops_undone.c.lifted_run.is_(None)))) is not True:
        return
    left = _changes(conn, plan, ("rejected", "stale"))
    with _staged(conn, [place for row in left for place in _taken_back(row)]) as stage:
        there = select(stage.c.field).where(_same(stage)).exists()
        conn.execute(delete(ops_undone).where(there, ops_undone.c.plan == plan))
    is_undo = _is_undo(conn, plan)
    done = _changes(conn, plan, ("applied",))
    with _staged(conn, [place for row in done for place in _written(row)]) as stage:
        again = or_(ops_undone.c.field == WHOLE, _same_value(stage))
        there = select(stage.c.field).where(_same(stage), *([again] if is_undo else [])).exists()
        ended = update(ops_undone).where(there, ops_undone.c.lifted_run.is_(None))
        conn.execute(ended.values(lifted_run=run.number))


_KEY = ("system", "object", "subject", "field")


def _is_undo(conn: Connection, plan: str) -> bool:
    return conn.scalar(select(ops_plan.c.kind).where(ops_plan.c.plan == plan)) == UNDO


def _staged(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> AbstractContextManager[Table]:
    schema = frame_schema(ops_undone)
    columns = {name: [row.get(name) for row in rows] for name in schema}
    return bulk.staged(conn, pl.DataFrame(columns, schema=schema), ops_undone, index=_KEY)


def _same(stage: Table) -> ColumnElement[bool]:
    return and_(*(stage.c[name] == ops_undone.c[name] for name in _KEY))


def _same_value(stage: Table) -> ColumnElement[bool]:
    return ops_undone.c.value.is_not_distinct_from(stage.c.value)


def _taken_back(row: Row[Any]) -> list[dict[str, str | None]]:
    """Where a change of an undo takes something back, with what it takes: what stands there, or
    `wrote`, what the hub had written there. A made record that was edited stays."""
    if row.op == "delete":
        return [_place(row, WHOLE, None)] if row.code != EDITED else []
    if row.op == "create":
        return []
    cells = json.loads(row.fields)
    return [_place(row, n, cell.get("wrote", cell["before"])) for n, cell in cells.items()]


def _written(row: Row[Any]) -> list[dict[str, str | None]]:
    if row.op == "create":
        return [_place(row, WHOLE, None)]
    if row.op == "delete":
        return []
    return [_place(row, name, cell["after"]) for name, cell in json.loads(row.fields).items()]


def _place(row: Row[Any], name: str, value: str | None) -> dict[str, str | None]:
    """A value is held by its record, the making of a record by its hub id."""
    return {
        "system": row.system,
        "object": row.object,
        "subject": row.hub_id if name == WHOLE else row.record_id,
        "field": name,
        "hub_id": row.hub_id,
        "value": value,
        "change": row.id,
    }


def _changes(conn: Connection, plan: str, outcomes: Sequence[str]) -> list[Row[Any]]:
    query = select(ops_change).where(ops_change.c.plan == plan, ops_change.c.outcome.in_(outcomes))
    return list(conn.execute(query.order_by(ops_change.c.seq)))
