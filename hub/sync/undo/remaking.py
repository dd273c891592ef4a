"""Records that an undo makes again: what they hang on has its record id by now, or gets one in the
same undo."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from hub.config import Settings
from hub.models.identity import crosswalk
from hub.models.sources import MERGED, SOURCES
from hub.sync.changes import REFERENCE, PlannedChange


def with_records(
    conn: Connection, settings: Settings, changes: Sequence[PlannedChange]
) -> list[PlannedChange]:
    """The changes with references (`hub:ID`) turned into record ids, but for those to records that
    one of the changes makes."""
    making = {(change.system, change.hub_id) for change in changes if change.op == "create"}
    return [
        _resolved(conn, settings, change, making) if change.op == "create" else change
        for change in changes
    ]


def _resolved(
    conn: Connection, settings: Settings, change: PlannedChange, making: set[tuple[str, str]]
) -> PlannedChange:
    push = settings.mappings[change.system][change.object].push
    rules = {
        **(push.create.fields if push and push.create else {}),
        **(push.fields if push else {}),
    }
    fields = dict(change.fields)
    for name, cell in change.fields.items():
        rule, value = rules.get(name), cell["after"] or ""
        hub_id = value.removeprefix(REFERENCE)
        if rule is None or rule.ref is None or not value.startswith(REFERENCE):
            continue
        if (change.system, hub_id) in making:
            continue
        record = _record(conn, change.system, rule.ref, hub_id, settings)
        if record is not None:
            fields[name] = {**cell, "after": record}
    return replace(change, fields=fields)


def _record(conn: Connection, system: str, obj: str, hub_id: str, settings: Settings) -> str | None:
    """The smallest id of the records there that stand for a hub id and are in effect."""
    table = SOURCES[settings.mappings[system][obj].source]
    return conn.scalar(
        select(crosswalk.c.record_id)
        .join(
            table,
            (table.c.system == crosswalk.c.system)
            & (table.c.object == crosswalk.c.object)
            & (table.c.record_id == crosswalk.c.record_id),
        )
        .where(
            crosswalk.c.hub_id == hub_id,
            crosswalk.c.system == system,
            crosswalk.c.object == obj,
            table.c.gone.is_distinct_from(MERGED),
        )
        .order_by(crosswalk.c.record_id)
    )
