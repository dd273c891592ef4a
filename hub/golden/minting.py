"""Ids for things that one record of one system stands for: leads, deals, POS lines.

They are not matched by likeness, only recognised: a record that carries the hub's own key back is
the thing that key was issued for.
"""

import polars as pl
from sqlalchemy import Connection, Table, select

from hub.erasure.issuing import take_ids
from hub.golden.scope import KEY, ids_of
from hub.models import bulk
from hub.models.identity import crosswalk
from hub.models.runs import Run


def mint(
    conn: Connection, entity: str, prefix: str, rows: pl.DataFrame, golden: Table, run: Run
) -> pl.DataFrame:
    """`rows` (source key, `hub_key`) with their `hub_id`; new ids are issued in key order."""
    keys = list(KEY)
    known = ids_of(conn, entity, rows)
    unknown = rows.join(known, on=keys, how="anti").sort(keys)
    if not unknown.height:
        return rows.join(known, on=keys)
    recognised = _recognised(conn, unknown, golden)
    fresh = recognised.filter(pl.col("hub_id").is_null())
    ids = take_ids(conn, entity, prefix, fresh.height)
    minted = fresh.with_columns(pl.Series("hub_id", ids, dtype=pl.String))
    added = pl.concat(
        [recognised.filter(pl.col("hub_id").is_not_null()), minted], how="vertical_relaxed"
    ).select(*keys, "hub_id", entity=pl.lit(entity), run=pl.lit(run.number))
    bulk.insert(conn, crosswalk, added)
    return rows.join(pl.concat([known, added.select(known.columns)]), on=keys)


def _recognised(conn: Connection, unknown: pl.DataFrame, golden: Table) -> pl.DataFrame:
    """`unknown` with `hub_id` where its hub_key is an id of a living golden row."""
    told = unknown.select(pl.col("hub_key").alias("id")).drop_nulls().unique()
    with bulk.staged(conn, told, golden) as keys:
        living = bulk.read(conn, select(golden.c.id).where(golden.c.id == keys.c.id))
    hub_id = living.select(pl.col("id").alias("hub_key"), pl.col("id").alias("hub_id"))
    return unknown.join(hub_id, on="hub_key", how="left", maintain_order="left")
