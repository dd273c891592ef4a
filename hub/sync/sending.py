"""A stored change as a connector takes it: what it refers to is found, or it is not sent and says
why."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, select

from hub.config import ObjectMapping
from hub.connectors.contract import REMOVALS, Change, Outcome
from hub.models import bulk
from hub.models.operations import ops_change
from hub.sync.changes import REFERENCE


def made_for(
    conn: Connection, plan: str, system: str, rows: Sequence[Row[Any]]
) -> dict[tuple[str, str], str]:
    """(system, hub id) → record id, of the records that these rows refer to and this plan made."""
    wanted = {
        value.removeprefix(REFERENCE)
        for row in rows
        if REFERENCE in row.fields
        for cell in json.loads(row.fields).values()
        if (value := cell["after"]) is not None and value.startswith(REFERENCE)
    }
    if not wanted:
        return {}
    c = ops_change.c
    with bulk.staged(conn, pl.DataFrame({"hub_id": sorted(wanted)}), ops_change) as asked:
        query = select(c.hub_id, c.record_id).where(
            *(c.plan == plan, c.system == system, c.op == "create"),
            *(c.outcome.in_(("applied", "skipped")), c.record_id.is_not(None)),
            c.hub_id.in_(select(asked.c.hub_id)),
        )
        return {(system, row.hub_id): row.record_id for row in conn.execute(query)}


def to_send(
    row: Row[Any],
    mapping: ObjectMapping,
    made: Mapping[tuple[str, str], str],
    survivors: Mapping[str, str],
    compares: bool,
) -> Change | None:
    """The stored change as the connector takes it; None while a record it refers to is missing,
    and for the delete of a record that lives on in another one."""
    cells = json.loads(row.fields)
    if row.op in REMOVALS:
        if row.record_id in survivors:
            return None
        # What a made record hangs on was planned as a reference; no CRM says it like that.
        before = {
            name: cell["before"]
            for name, cell in cells.items()
            if not (cell["before"] or "").startswith(REFERENCE)
        }
        return Change(
            row.id, row.object, row.op, {}, row.record_id, before=before, compare=compares
        )
    fields: dict[str, str | None] = {}
    for name, cell in cells.items():
        value = cell["after"]
        if value is not None and value.startswith(REFERENCE):
            value = made.get((row.system, value.removeprefix(REFERENCE)))
            if value is None:
                return None
        fields[name] = value
    key = None
    if row.op == "create" and mapping.push is not None and mapping.push.create is not None:
        name = mapping.push.create.key
        key = (name, str(fields.pop(name)))
    before = {name: cell["before"] for name, cell in cells.items()}
    record_id = survivors.get(row.record_id, row.record_id)
    return Change(row.id, row.object, row.op, fields, record_id, key, before, compares)


def unsent(row: Row[Any]) -> Outcome:
    """What becomes of a change that `to_send` gave nothing for."""
    if row.op in REMOVALS:
        said = "the record was merged into another one, which is not the hub's to delete"
        return Outcome(row.id, "stale", row.record_id, "merged", said)
    said = "the record it hangs on is not made"
    return Outcome(row.id, "pending", code="waiting", message=said)
