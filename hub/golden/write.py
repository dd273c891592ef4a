"""Writing golden rows: only what differs, the earlier state kept in the table's history."""

import polars as pl
from sqlalchemy import Connection, Table, exists, literal, or_, select, update
from sqlalchemy.sql import ColumnElement, Select

from hub.models import bulk
from hub.models.base import UtcTime
from hub.models.golden import HISTORIES
from hub.models.runs import Run


def write(conn: Connection, table: Table, rows: pl.DataFrame, run: Run) -> int:
    """Insert or update golden rows by id; returns how many are new or differ.

    A row that is the same already is not touched, not even its `run`. The version it replaces is
    closed in `*_history` at the run's moment.
    """
    if not rows.height:
        return 0
    with bulk.staged(conn, rows.with_columns(run=pl.lit(run.number)), table) as stage:
        differing = _differing(stage, table)
        history = HISTORIES.get(table.name)
        if history is None:
            return bulk.merge(conn, table, stage)
        ids = bulk.read(conn, differing)
        if not ids.height:
            return 0
        bulk.merge(conn, table, stage)
    with bulk.staged(conn, ids, table) as changed:
        _close(conn, history, changed, run)
        _open(conn, table, history, changed, run)
    return ids.height


def remove(conn: Connection, table: Table, ids: pl.DataFrame, run: Run) -> int:
    """Delete golden rows (frame with an `id` column); their history ends at the run's moment."""
    if not ids.height:
        return 0
    with bulk.staged(conn, ids.select("id"), table) as gone:
        history = HISTORIES.get(table.name)
        if history is not None:
            _close(conn, history, gone, run)
        return bulk.remove(conn, table, gone, ("id",))


def _differing(stage: Table, table: Table) -> Select[tuple[str]]:
    compared = [c.name for c in stage.columns if c.name not in ("id", "run")]
    differs: list[ColumnElement[bool]] = [table.c[n].is_distinct_from(stage.c[n]) for n in compared]
    joined = stage.outerjoin(table, table.c.id == stage.c.id)
    return select(stage.c.id).select_from(joined).where(or_(table.c.id.is_(None), *differs))


def _close(conn: Connection, history: Table, ids: Table, run: Run) -> None:
    listed = exists().where(ids.c.id == history.c.id)
    same_moment = history.c.valid_from == run.started_at
    conn.execute(history.delete().where(listed, same_moment))
    conn.execute(
        update(history).where(listed, history.c.valid_to.is_(None)).values(valid_to=run.started_at)
    )


def _open(conn: Connection, table: Table, history: Table, ids: Table, run: Run) -> None:
    names = [c.name for c in table.columns]
    rows = select(*(table.c[n] for n in names), literal(run.started_at, UtcTime)).where(
        table.c.id == ids.c.id
    )
    conn.execute(history.insert().from_select([*names, "valid_from"], rows))
