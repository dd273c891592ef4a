"""Entities that one record stands for: which of them a run touches."""

import polars as pl
from sqlalchemy import Connection, Table, select, union

from hub.golden.scope import KEY, moved, on_key
from hub.models import bulk
from hub.models.identity import crosswalk


def changed_rows(conn: Connection, table: Table, since: int) -> pl.DataFrame:
    """Source rows changed after run `since`, deleted ones among them."""
    return bulk.read(conn, select(table).where(table.c.run > since))


def touched_singles(
    conn: Connection, entity: str, table: Table, since: int, *, follows: tuple[str, ...] = ()
) -> pl.DataFrame:
    """`hub_id` of rows that changed after `since`, or whose own company or person did.

    `follows` names the entities under which the same source row is known too.
    """
    own = select(crosswalk.c.hub_id).where(on_key(table, entity), table.c.run > since)
    twin = crosswalk.alias("twin")
    followed = [
        select(crosswalk.c.hub_id).where(
            crosswalk.c.entity == entity,
            twin.c.entity == other,
            twin.c.run > since,
            *(crosswalk.c[k] == twin.c[k] for k in KEY),
        )
        for other in follows
    ]
    found = union(own, *followed).subquery()
    return bulk.read(conn, select(found.c.hub_id))


def touched_by_reference(
    conn: Connection, entity: str, table: Table, since: int, column: str, referred: str = "company"
) -> pl.DataFrame:
    """`hub_id` of rows whose `column` names a record that got another hub id, or left, after
    `since`: a record of the entity `referred`, by its id within the system."""
    queries = [
        select(crosswalk.c.hub_id).where(
            on_key(table, entity),
            when,
            rows.c.system == table.c.system,
            rows.c.record_id == table.c[column],
        )
        for rows, when in moved(referred, since)
    ]
    found = union(*queries).subquery()
    return bulk.read(conn, select(found.c.hub_id))
