"""`hub schema`: the fields of each object as last seen, what changed, and accepting it."""

from typing import Any

from sqlalchemy import Connection, func, select

from hub.commands.warehouse import Workplace
from hub.config import Settings
from hub.errors import HubError
from hub.models.database import exclusive, reading
from hub.models.operations import ops_schema, ops_schema_event
from hub.sync import drift
from hub.sync.shapes import decoded
from hub.sync.targets import Target

_LATEST = 200


def listing(place: Workplace) -> dict[str, Any]:
    """Objects with what their contract holds back, and the latest events, newest first."""
    with reading(place.engine) as conn:
        seen = {(r.system, r.object): r for r in conn.execute(select(ops_schema))}
        return {
            "objects": [
                _object(conn, place.settings, system, obj, seen[(system, obj)])
                for system, objects in place.settings.mappings.items()
                for obj in objects
                if (system, obj) in seen
            ],
            "events": _events(conn),
            "events_total": conn.scalar(select(func.count()).select_from(ops_schema_event)),
        }


def accept(place: Workplace, name: str | None) -> dict[str, Any]:
    """Hold `SYSTEM/OBJECT` to its fields as they are. Raises HubError for a name of nothing."""
    system, _, obj = (name or "").partition("/")
    known = place.settings.mappings.get(system, {})
    if obj not in known:
        names = [f"{s}/{o}" for s, objects in place.settings.mappings.items() for o in objects]
        raise HubError(
            f"No mapped object is named '{name or ''}'.", remedy=f"use one of: {', '.join(names)}"
        )
    with exclusive(place.engine):
        settled = drift.accept(place.engine, system, obj)
    return {"system": system, "object": obj, "accepted": settled}


def _object(
    conn: Connection, settings: Settings, system: str, obj: str, row: Any
) -> dict[str, Any]:
    mapping = settings.mappings[system][obj]
    target = drift.as_known(conn, Target(system, obj, mapping))
    return {
        "system": system,
        "object": obj,
        "fields": len(decoded(row.fields)),
        "mapped": len(mapping.named_fields),
        "on_drift": mapping.on_drift,
        "held": [str(found) for found in target.drifted],
        "since": row.at.isoformat(),
    }


def _events(conn: Connection) -> list[dict[str, Any]]:
    query = select(ops_schema_event).order_by(ops_schema_event.c.id.desc()).limit(_LATEST)
    return [{**row._asdict(), "at": row.at.isoformat()} for row in conn.execute(query)]
