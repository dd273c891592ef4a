"""What the records of an object were last seen to say, and how they name one another."""

from contextlib import AbstractContextManager

import polars as pl
from sqlalchemy import Connection, Exists, Table, exists, select

from hub.golden.scope import on_key
from hub.mappings.schema import ObjectMapping, PushRule
from hub.models import bulk
from hub.models.identity import crosswalk
from hub.models.sources import MERGED, SOURCES
from hub.sync.agreed import MEANT
from hub.sync.cells import record_column
from hub.sync.changes import REFERENCE


def said_of(
    conn: Connection,
    system: str,
    obj: str,
    mapping: ObjectMapping,
    entity: str,
    hub_ids: pl.Series,
) -> pl.DataFrame:
    """hub_id, record_id, told, agreed, gone of those of the ids' records in effect that the hub may
    write if it sees them; and what their shared fields mean, as `meant:COLUMN`."""
    table = SOURCES[mapping.source]
    query = (
        select(
            *(crosswalk.c.hub_id, table.c.record_id),
            *(table.c.told, table.c.agreed, table.c.gone),
            *(table.c[column].label(MEANT + column) for column in mapping.shared.values()),
        )
        .join_from(crosswalk, table, on_key(table, entity))
        .where(
            table.c.system == system,
            table.c.object == obj,
            table.c.is_deleted.is_(False),
        )
    )
    if "is_converted" in table.c:
        # A converted lead is read-only in its CRM.
        query = query.where(table.c.is_converted.is_not(True))
    with _staged_ids(conn, hub_ids) as wanted:
        return bulk.read(conn, query.where(crosswalk.c.hub_id == wanted.c.hub_id))


def _staged_ids(conn: Connection, hub_ids: pl.Series) -> AbstractContextManager[Table]:
    distinct = hub_ids.drop_nulls().unique()
    return bulk.staged(conn, pl.DataFrame({"hub_id": distinct}), crosswalk)


def _merged_away(table: Table) -> Exists:
    """Whether a crosswalk entry is that of a record which another one has taken over."""
    return exists().where(
        table.c.system == crosswalk.c.system,
        table.c.object == crosswalk.c.object,
        table.c.record_id == crosswalk.c.record_id,
        table.c.gone == MERGED,
    )


def with_references(
    conn: Connection, system: str, desired: pl.DataFrame, push: PushRule
) -> pl.DataFrame:
    """`desired` with the record ids, in this system, of the hub ids that `ref` fields hold.

    A hub id with several records there stands for the smallest; one with none yet, but which this
    plan creates in an earlier object, stands as a `hub:` reference until apply knows better.
    """
    for rule in (r for r in push.all_fields.values() if r.ref is not None):
        entity = str(rule.column).removesuffix("_id")
        with _staged_ids(conn, desired[str(rule.column)]) as wanted:
            records = bulk.read(
                conn,
                select(crosswalk.c.hub_id, crosswalk.c.record_id).where(
                    crosswalk.c.system == system,
                    crosswalk.c.object == rule.ref,
                    crosswalk.c.entity == entity,
                    crosswalk.c.hub_id == wanted.c.hub_id,
                    ~_merged_away(SOURCES[entity]),
                ),
            )
        smallest = records.group_by("hub_id").agg(pl.col("record_id").min())
        name = record_column(rule)
        desired = desired.join(
            smallest.rename({"hub_id": str(rule.column), "record_id": name}),
            on=str(rule.column),
            how="left",
        )
        if rule.column == "contact_id":
            desired = desired.with_columns(
                pl.coalesce(name, pl.concat_str(pl.lit(REFERENCE), str(rule.column))).alias(name)
            )
    return desired
