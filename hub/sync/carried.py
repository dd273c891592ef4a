"""Keys of ours in CRM records that are not (any more) the id of what the record stands for.

When two companies or persons turn out to be one, a record may carry the id that lost; when they
part, the id of the other. The next plan sets that right. A key is unique in its object, so of
several records of one thing one carries the id; an older id of it on another record stays, because
it leads there.
"""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import polars as pl
from sqlalchemy import Connection, select

from hub.golden.scope import on_key
from hub.identity.links import standing_ids
from hub.identity.mentions import Entity
from hub.mappings.schema import ObjectMapping
from hub.models import bulk
from hub.models.identity import crosswalk
from hub.models.sources import SOURCES
from hub.sync.changes import PlannedChange


def stale_keys(
    conn: Connection, system: str, obj: str, mapping: ObjectMapping, ids: pl.DataFrame
) -> Iterator[PlannedChange]:
    """What sets the keys right of the records of `ids`; first those that let go of an id."""
    field = mapping.carried_key
    if field is None:
        return
    entity = cast(Entity, mapping.source)
    rows = _carriers(conn, system, obj, entity, ids)
    stale = [row for row in rows if row["hub_key"] != row["hub_id"]]
    if not stale:
        return
    answers = standing_ids(conn, entity, [row["hub_key"] for row in stale])
    taken = _taken(conn, system, obj, entity, [row["hub_id"] for row in stale])
    stale.sort(key=lambda row: (answers.get(row["hub_key"]) == row["hub_id"], row["record_id"]))
    for row in stale:
        key, own, record_id = row["hub_key"], row["hub_id"], row["record_id"]
        at_home = answers.get(key) == own
        after = None if own in taken else own
        if after is None and at_home:
            continue
        if taken.get(key) == record_id:
            del taken[key]
        if after is not None:
            taken[own] = record_id
        why = (
            f"{key} has become {own}" if at_home else f"the record stands for {own}, not for {key}"
        )
        fields = {field: {"before": key, "after": after, "why": why}}
        yield PlannedChange(system, obj, "update", record_id, own, fields)


def in_one(
    keys: Iterable[PlannedChange], others: Iterable[PlannedChange]
) -> Iterator[PlannedChange]:
    """Both, the keys first; what is to be said of one record is one change."""
    by_record = {change.record_id: change for change in keys}
    rest = []
    for change in others:
        known = by_record.get(change.record_id) if change.op == "update" else None
        if known is None:
            rest.append(change)
        else:
            known.fields.update(change.fields)
    yield from by_record.values()
    yield from rest


def _carriers(
    conn: Connection, system: str, obj: str, entity: Entity, ids: pl.DataFrame
) -> list[dict[str, Any]]:
    """record_id, hub_id, hub_key of the records of `ids` that carry a key and can be written to."""
    table = SOURCES[entity]
    query = (
        select(table.c.record_id, crosswalk.c.hub_id, table.c.hub_key)
        .join_from(crosswalk, table, on_key(table, entity))
        .where(
            *(table.c.system == system, table.c.object == obj, table.c.hub_key.is_not(None)),
            *(table.c.is_deleted.is_(False), table.c.gone.is_(None)),
        )
    )
    with bulk.staged(conn, ids.select(pl.col("id").alias("hub_id")).unique(), crosswalk) as wanted:
        found = bulk.read(conn, query.where(crosswalk.c.hub_id == wanted.c.hub_id))
    return found.to_dicts()


def _taken(
    conn: Connection, system: str, obj: str, entity: Entity, hub_ids: list[str]
) -> dict[str, str]:
    """Which of these ids a record of the object carries → that record."""
    table = SOURCES[entity]
    with bulk.staged(conn, pl.DataFrame({"hub_key": hub_ids}).unique(), table) as wanted:
        query = select(table.c.hub_key, table.c.record_id).where(
            *(table.c.system == system, table.c.object == obj, table.c.is_deleted.is_(False)),
            table.c.hub_key == wanted.c.hub_key,
        )
        return {row.hub_key: row.record_id for row in conn.execute(query)}
