"""Golden stock lines: what a distributor counted of a product on a day, per branch."""

import polars as pl
from sqlalchemy import Connection

from hub.golden.context import Context
from hub.golden.minting import mint
from hub.golden.products import with_products
from hub.golden.scope import members, references
from hub.golden.singles import changed_rows, touched_singles
from hub.golden.write import remove, write
from hub.models.golden import inventory_line
from hub.models.runs import Run
from hub.models.sources import src_inventory_line


def unify_inventory_lines(conn: Connection, context: Context, run: Run, since: int) -> int:
    """Rebuild the stock lines touched after run `since`; returns how many were written."""
    fresh = changed_rows(conn, src_inventory_line, since).filter(~pl.col("is_deleted"))
    unkeyed = fresh.with_columns(hub_key=pl.lit(None, pl.String))
    mint(conn, "inventory_line", "iv", unkeyed, inventory_line, run)
    ids = touched_singles(conn, "inventory_line", src_inventory_line, since)
    if not ids.height:
        return 0
    rows = members(conn, "inventory_line", src_inventory_line, ids)
    told = references(conn, "report", rows, "report", "report_record_id", "report_id")
    told = with_products(told.with_columns(day="as_of_date"), context.catalogue.products)
    golden = told.with_columns(
        pl.col("system").alias("distributor"),
        pl.col("as_of_date").dt.strftime("%Y-%m").alias("period"),
    ).rename({"hub_id": "id"})
    gone = ids.rename({"hub_id": "id"}).join(golden, on="id", how="anti")
    written = write(conn, inventory_line, golden, run)
    remove(conn, inventory_line, gone, run)
    return written
