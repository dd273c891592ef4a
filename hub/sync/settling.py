"""Agreements renewed: a field that was changed in its system and says by now what it should is
agreed on as it stands."""

from typing import Any

import polars as pl
from sqlalchemy import Connection, Table, bindparam, select, update

from hub.config import Settings
from hub.mappings.schema import ObjectMapping, PushRule
from hub.models import bulk
from hub.models.identity import crosswalk
from hub.models.sources import SOURCES
from hub.policy.settings import Policy
from hub.sync.agreed import MEANT, agreed_text, agreed_values, told_values
from hub.sync.cells import compare
from hub.sync.desired import DESIRED


def settle_agreements(conn: Connection, settings: Settings, policy: Policy) -> None:
    """Look at the few records of which something was changed in their system, and renew what is
    agreed of the fields that say what they should."""
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            if mapping.push is None or not mapping.push.fields:
                continue
            rows = _changed_there(conn, system, obj, mapping, mapping.push.entity)
            if rows.is_empty():
                continue
            ids = rows.select(pl.col("hub_id").alias("id")).unique()
            desired = DESIRED[mapping.push.entity](conn, ids, policy)
            _renew(conn, system, obj, mapping, rows.join(desired, on="hub_id"))


def _changed_there(
    conn: Connection, system: str, obj: str, mapping: ObjectMapping, entity: str
) -> pl.DataFrame:
    table = SOURCES[mapping.source]
    query = (
        select(
            *(crosswalk.c.hub_id, table.c.record_id, table.c.told, table.c.agreed),
            *(table.c[column].label(MEANT + column) for column in mapping.shared.values()),
        )
        .join_from(crosswalk, table, _same_record(table))
        .where(
            crosswalk.c.entity == entity,
            table.c.system == system,
            table.c.object == obj,
            table.c.agreed.is_not(None),
        )
    )
    return bulk.read(conn, query)


def _same_record(table: Table) -> Any:
    return (
        (crosswalk.c.system == table.c.system)
        & (crosswalk.c.object == table.c.object)
        & (crosswalk.c.record_id == table.c.record_id)
    )


def _renew(
    conn: Connection, system: str, obj: str, mapping: ObjectMapping, rows: pl.DataFrame
) -> None:
    renewed = []
    for row in rows.iter_rows(named=True):
        told = told_values(row["told"])
        same = compare(mapping, _judged_alone(mapping), row).same
        agreed = agreed_values(row["told"], row["agreed"])
        text = agreed_text(told, {**agreed, **{name: told.get(name) for name in same}})
        if text != row["agreed"]:
            renewed.append({"record": row["record_id"], "text": text})
    if renewed:
        table = SOURCES[mapping.source]
        conn.execute(
            update(table)
            .where(
                table.c.system == system,
                table.c.object == obj,
                table.c.record_id == bindparam("record"),
            )
            .values(agreed=bindparam("text")),
            renewed,
        )


def _judged_alone(mapping: ObjectMapping) -> PushRule:
    """The fields whose value does not hang on the id of another record."""
    push = mapping.push or PushRule(entity=mapping.source)
    fields = {name: rule for name, rule in push.fields.items() if rule.ref is None}
    return push.model_copy(update={"fields": fields})
