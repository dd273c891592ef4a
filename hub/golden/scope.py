"""What each entity's unify takes: the ids whose evidence changed since its watermark."""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, FromClause, Table, and_, select, union
from sqlalchemy.sql import ColumnElement, Select

from hub.models import bulk
from hub.models.identity import crosswalk, identity_event, identity_mention

KEY = ("system", "object", "record_id")


def touched(
    conn: Connection,
    entity: str,
    sources: tuple[Table, ...],
    since: int,
    more: Sequence[Select[tuple[str]]] = (),
) -> pl.DataFrame:
    """Frame with `hub_id`: ids whose members, or whose members' source rows, changed after `since`.

    `more` adds ids by other queries with a `hub_id` column.
    """
    queries = [
        select(crosswalk.c.hub_id).where(crosswalk.c.entity == entity, crosswalk.c.run > since),
        select(identity_event.c.hub_id).where(
            identity_event.c.entity == entity, identity_event.c.run > since
        ),
        select(identity_event.c.other_id).where(
            identity_event.c.entity == entity,
            identity_event.c.run > since,
            identity_event.c.other_id.is_not(None),
        ),
        *(
            select(crosswalk.c.hub_id).where(on_key(table, entity), table.c.run > since)
            for table in sources
        ),
        *more,
    ]
    found = union(*queries).subquery()
    return bulk.read(conn, select(found.c.hub_id))


def on_key(table: Table, entity: str) -> ColumnElement[bool]:
    """A source row and its crosswalk entry."""
    return and_(crosswalk.c.entity == entity, *(crosswalk.c[k] == table.c[k] for k in KEY))


def ids_of(conn: Connection, entity: str, records: pl.DataFrame) -> pl.DataFrame:
    """KEY + hub_id of records (KEY) that are known as the entity."""
    with bulk.staged(conn, records.select(KEY).unique(), crosswalk) as wanted:
        query = select(*(crosswalk.c[k] for k in KEY), crosswalk.c.hub_id).where(
            crosswalk.c.entity == entity, *(crosswalk.c[k] == wanted.c[k] for k in KEY)
        )
        return bulk.read(conn, query)


class Moved(NamedTuple):
    """Source keys (`rows` has KEY columns) under the condition `when`."""

    rows: FromClause
    when: ColumnElement[bool]


def moved(entity: str, since: int) -> tuple[Moved, Moved]:
    """Rows of an entity that got another hub id, and rows that left, after run `since`.

    Whoever refers to such a row refers to something else now.
    """
    given, gone = crosswalk.alias(), identity_mention.alias()
    return (
        Moved(given, and_(given.c.entity == entity, given.c.run > since)),
        Moved(gone, and_(gone.c.entity == entity, gone.c.run > since, gone.c.profile.is_(None))),
    )


def members(conn: Connection, entity: str, table: Table, ids: pl.DataFrame) -> pl.DataFrame:
    """All living source rows of `table` that belong to the given ids, with their `hub_id`."""
    with bulk.staged(conn, ids, crosswalk) as wanted:
        query = (
            select(crosswalk.c.hub_id, *table.columns)
            .join_from(crosswalk, table, on_key(table, entity))
            .where(crosswalk.c.hub_id == wanted.c.hub_id, table.c.is_deleted.is_(False))
        )
        return bulk.read(conn, query)


def references(
    conn: Connection, entity: str, rows: pl.DataFrame, obj: str | pl.Expr, record_id: str, name: str
) -> pl.DataFrame:
    """`rows` with column `name`: the hub id that (system, `obj`, `record_id`) stands for, or null.

    `obj` is the referenced object: a name, or an expression over `rows`.
    """
    target = pl.lit(obj) if isinstance(obj, str) else obj
    keyed = rows.with_columns(target.alias("__object"))
    records = keyed.select("system", object="__object", record_id=record_id).drop_nulls()
    found = ids_of(conn, entity, records)
    found = found.rename({"object": "__object", "record_id": record_id, "hub_id": name})
    return keyed.join(found, on=["system", "__object", record_id], how="left").drop("__object")
