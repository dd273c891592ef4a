"""Rows of records that are gone: deleted, or merged into another one, followed to the end."""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Column, Connection, ScalarSelect, Table, select, update

from hub.checks.convert import blank_to_null
from hub.connectors.contract import MERGED_INTO, RECORD_ID
from hub.models import bulk
from hub.models.runs import Run
from hub.models.sources import DELETED, MERGED
from hub.sync.targets import Target


def mark_gone(conn: Connection, target: Target, run: Run, gone: pl.DataFrame) -> None:
    """Mark the rows of `gone` (record_id, merged_into) as deleted or merged.

    Call when the rows of the same batch that are there have been stored: a survivor that came back
    is then the end of its merges.
    """
    if not gone.height:
        return
    table = target.table
    here = (table.c.system == target.system, table.c.object == target.object)
    told = gone.select(RECORD_ID, blank_to_null(pl.col(MERGED_INTO)).alias(MERGED_INTO))
    ends = _ends_of_merges(conn, target, dict(told.drop_nulls().iter_rows()))
    marked = told.with_columns(
        pl.col(RECORD_ID).replace_strict(ends, default=None, return_dtype=pl.String).alias("end")
    ).select(
        RECORD_ID,
        pl.col("end").alias(MERGED_INTO),
        gone=pl.when(pl.col("end").is_null()).then(pl.lit(DELETED)).otherwise(pl.lit(MERGED)),
    )
    with bulk.staged(conn, marked, table, index=[RECORD_ID]) as stage:

        def said(column: str, of: Column[str]) -> ScalarSelect[str]:
            return select(stage.c[column]).where(stage.c.record_id == of).scalar_subquery()

        conn.execute(
            update(table)
            .where(*here, table.c.record_id.in_(select(stage.c.record_id)))
            .values(
                is_deleted=True,
                gone=said("gone", table.c.record_id),
                merged_into=said(MERGED_INTO, table.c.record_id),
                run=run.number,
            )
        )
        _stir_losers(conn, target, run, stage)
        merged = select(stage.c.record_id).where(stage.c.merged_into.is_not(None))
        conn.execute(
            update(table)
            .where(*here, table.c.merged_into.in_(merged))
            .values(merged_into=said(MERGED_INTO, table.c.merged_into), run=run.number)
        )


def come_back(conn: Connection, target: Target, run: Run, record_ids: pl.DataFrame) -> None:
    """Records (frame with record_id) that were gone are there again, and their losers with them."""
    if not record_ids.height:
        return
    with bulk.staged(conn, record_ids.select(RECORD_ID), target.table) as stage:
        _stir_losers(conn, target, run, stage)


def _stir_losers(conn: Connection, target: Target, run: Run, survivors: Table) -> None:
    """What was merged into these records stands and falls with them: it has changed, too."""
    table = target.table
    conn.execute(
        update(table)
        .where(
            table.c.system == target.system,
            table.c.object == target.object,
            table.c.merged_into.in_(select(survivors.c.record_id)),
        )
        .values(run=run.number)
    )


def _ends_of_merges(conn: Connection, target: Target, told: Mapping[str, str]) -> dict[str, str]:
    """Loser → the record at the end of all merges, those known from before included."""
    if not told:
        return {}
    table = target.table
    survivors = pl.DataFrame({RECORD_ID: list(told.values())}, schema={RECORD_ID: pl.String})
    with bulk.staged(conn, survivors.unique(), table) as stage:
        known = conn.execute(
            select(table.c.record_id, table.c.merged_into).where(
                table.c.system == target.system,
                table.c.object == target.object,
                table.c.record_id == stage.c.record_id,
                table.c.merged_into.is_not(None),
            )
        )
        steps = {**{row.record_id: row.merged_into for row in known}, **told}
    ends = {}
    for loser, survivor in told.items():
        passed, end = {loser}, survivor
        while end in steps and end not in passed:
            passed.add(end)
            end = steps[end]
        ends[loser] = end
    return ends
