"""Golden POS lines: each reported sale, its reseller and end customer as central companies."""

import polars as pl
from sqlalchemy import Connection, Table, delete, exists, select
from sqlalchemy.sql import ColumnElement

from hub.golden.entries import book
from hub.golden.minting import mint
from hub.golden.scope import members, references
from hub.golden.singles import changed_rows, touched_by_reference, touched_singles
from hub.golden.write import remove, write
from hub.models import bulk
from hub.models.golden import pos_line
from hub.models.runs import Run
from hub.models.sources import src_pos_line


def unify_pos_lines(conn: Connection, run: Run, since: int) -> int:
    """Rebuild the POS lines touched after run `since`; returns how many were written."""
    changed = changed_rows(conn, src_pos_line, since)
    fresh = changed.filter(~pl.col("is_deleted")).with_columns(
        hub_key=pl.lit(None, dtype=pl.String)
    )
    mint(conn, "pos_line", "ps", fresh, pos_line, run)
    ids = touched_singles(conn, "pos_line", src_pos_line, since)
    for column in ("reseller_record_id", "end_customer_record_id"):
        moved = touched_by_reference(conn, "pos_line", src_pos_line, since, column)
        ids = pl.concat([ids, moved])
    ids = ids.unique()
    if not ids.height:
        return 0
    rows = members(conn, "pos_line", src_pos_line, ids)
    rows = references(
        conn, "company", rows, "reseller", "reseller_record_id", "reseller_company_id"
    )
    rows = references(
        conn, "company", rows, "end_customer", "end_customer_record_id", "end_customer_company_id"
    )
    rows = references(conn, "report", rows, "report", "report_record_id", "report_id")
    golden = rows.with_columns(
        pl.col("system").alias("distributor"),
        pl.coalesce("period_end", "report_date").dt.strftime("%Y-%m").alias("period"),
        sku=pl.coalesce("sku", "gtin", "distributor_sku"),
        amount=pl.coalesce(
            pl.col("amount"),
            (pl.col("unit_price") * pl.col("quantity").cast(pl.Decimal(15, 0)))
            .round(2, mode="half_away_from_zero")
            .cast(pl.Decimal(15, 2)),
        ),
    ).rename({"hub_id": "id"})
    ids = ids.rename({"hub_id": "id"})
    if conn.scalar(select(pos_line.c.id).limit(1)) is not None:
        _leave_other_periods(conn, golden)
    written = write(conn, pos_line, golden, run)
    remove(conn, pos_line, ids.join(golden, on="id", how="anti"), run)
    book(conn, run, ids, golden)
    return written


def _leave_other_periods(conn: Connection, lines: pl.DataFrame) -> None:
    """A line that moved to another period is no longer in the one before."""
    with bulk.staged(conn, lines.select("id", "period"), pos_line) as stage:
        conn.execute(delete(pos_line).where(_elsewhere(stage)))


def _elsewhere(stage: Table) -> ColumnElement[bool]:
    return exists().where(stage.c.id == pos_line.c.id, stage.c.period != pos_line.c.period)
