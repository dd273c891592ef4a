"""Lineage: for each golden value, the source row it came from and the rule that chose it."""

import polars as pl
from sqlalchemy import Connection, select

from hub.models import bulk
from hub.models.golden import lineage
from hub.models.runs import Run

_KEY = ("id", "field")
_TOLD = ("system", "object", "record_id", "rule")


def write_lineage(
    conn: Connection, entity: str, chosen: pl.DataFrame, ids: pl.DataFrame, run: Run
) -> None:
    """Replace the lineage of `ids` (frame with `hub_id`) by `chosen` where it differs.

    `chosen`: hub_id, field, system, object, record_id, rule.
    """
    before = _before(conn, entity, ids)
    rows = chosen.rename({"hub_id": "id"}).with_columns(
        entity=pl.lit(entity), run=pl.lit(run.number)
    )
    bulk.insert(conn, lineage, rows.join(before, on=_KEY, how="anti"))
    differs = pl.any_horizontal(pl.col(n) != pl.col(f"{n}_before") for n in _TOLD)
    moved = rows.join(before, on=_KEY, suffix="_before").filter(differs)
    if moved.height:
        with bulk.staged(conn, moved, lineage) as stage:
            bulk.merge(conn, lineage, stage)
    gone = before.join(rows, on=_KEY, how="anti")
    if gone.height:
        key = gone.select(*_KEY, entity=pl.lit(entity))
        with bulk.staged(conn, key, lineage) as stage:
            bulk.remove(conn, lineage, stage, ("entity", *_KEY))


def _before(conn: Connection, entity: str, ids: pl.DataFrame) -> pl.DataFrame:
    wanted = [lineage.c[name] for name in (*_KEY, *_TOLD)]
    with bulk.staged(conn, ids.rename({"hub_id": "id"}), lineage) as listed:
        query = select(*wanted).where(lineage.c.entity == entity, lineage.c.id == listed.c.id)
        return bulk.read(conn, query)
