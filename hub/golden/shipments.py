"""Golden shipments: what the vendor shipped to a distributor, or took back, line by line."""

import polars as pl
from sqlalchemy import Connection

from hub.golden.minting import mint
from hub.golden.scope import members
from hub.golden.singles import changed_rows, touched_singles
from hub.golden.write import remove, write
from hub.models.golden import shipment
from hub.models.runs import Run
from hub.models.sources import src_shipment


def unify_shipments(conn: Connection, run: Run, since: int) -> int:
    """Rebuild the shipments touched after run `since`; returns how many were written."""
    fresh = changed_rows(conn, src_shipment, since).filter(~pl.col("is_deleted"))
    unkeyed = fresh.with_columns(hub_key=pl.lit(None, pl.String))
    mint(conn, "shipment", "sh", unkeyed, shipment, run)
    ids = touched_singles(conn, "shipment", src_shipment, since)
    if not ids.height:
        return 0
    rows = members(conn, "shipment", src_shipment, ids)
    golden = rows.with_columns(
        pl.col("ship_date").dt.strftime("%Y-%m").alias("period"),
        sku=pl.coalesce("sku", "gtin", "distributor_sku"),
    ).rename({"hub_id": "id"})
    gone = ids.rename({"hub_id": "id"}).join(golden, on="id", how="anti")
    written = write(conn, shipment, golden, run)
    remove(conn, shipment, gone, run)
    return written
