"""Lineage: for each golden value, the source row it came from and the rule that chose it."""

import polars as pl
from sqlalchemy import Connection, Table, exists

from hub.models import bulk
from hub.models.golden import lineage
from hub.models.runs import Run


def write_lineage(
    conn: Connection, entity: str, chosen: pl.DataFrame, ids: pl.DataFrame, run: Run
) -> None:
    """Replace the lineage of `ids` (frame with `hub_id`) by `chosen` where it differs.

    `chosen`: hub_id, field, system, object, record_id, rule.
    """
    rows = chosen.rename({"hub_id": "id"}).with_columns(
        entity=pl.lit(entity), run=pl.lit(run.number)
    )
    with bulk.staged(conn, rows, lineage, index=("id", "field")) as stage:
        bulk.merge(conn, lineage, stage)
        _forget(conn, entity, ids, stage)


def _forget(conn: Connection, entity: str, ids: pl.DataFrame, kept: Table) -> None:
    """Drop the lineage of fields that have no value any more."""
    with bulk.staged(conn, ids.rename({"hub_id": "id"}), lineage) as listed:
        still = (kept.c.id == lineage.c.id) & (kept.c.field == lineage.c.field)
        conn.execute(
            lineage.delete().where(
                lineage.c.entity == entity,
                exists().where(lineage.c.id == listed.c.id),
                ~exists().where(still),
            )
        )
