"""Where each object lands, and its cursor, which moves in the transaction of what was landed."""

import json
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, Engine, Row, Table, and_, select, update
from sqlalchemy.sql import ColumnElement

from hub.config import Settings
from hub.connectors.contract import ObjectSpec
from hub.mappings.schema import ObjectMapping
from hub.models.database import reading
from hub.models.operations import ops_cursor
from hub.models.runs import Run
from hub.models.sources import SOURCES
from hub.sync.fingerprint import HASHED_BY
from hub.sync.shapes import Drift


@dataclass(frozen=True)
class Target:
    """Where one object of one system lands.

    `volatile` are the fields that can change without the record appearing in an increment,
    `drifted` what is not as the mapping's contract (`on_drift`) accepts it. `keyed_by` is the field
    without which a record is none of our business: in a partner's own system, the hub's key.
    `remapped`: other fields are asked for than when the object was last read.
    """

    system: str
    object: str
    mapping: ObjectMapping
    volatile: tuple[str, ...] = ()
    drifted: tuple[Drift, ...] = ()
    keyed_by: str | None = None
    remapped: bool = False

    @property
    def table(self) -> Table:
        return SOURCES[self.mapping.source]

    @property
    def reading(self) -> str:
        """How what is told is read: two mappings that differ here make different rows of it."""
        keys = {"pull", "values", *(["include"] if self.mapping.include.pull else [])}
        return json.dumps(self.mapping.model_dump(mode="json", include=keys), sort_keys=True)

    @property
    def volatile_pulled(self) -> list[str]:
        """The volatile fields that are only pulled, sorted."""
        return sorted(set(self.volatile) - set(self.mapping.told_fields))

    @property
    def spec(self) -> ObjectSpec:
        return ObjectSpec(self.object, self.mapping.all_fields)


def target_in(settings: Settings, system: str, obj: str) -> Target:
    """Where an object of a configured system lands."""
    mapping = settings.mappings[system][obj]
    is_partners = settings.systems[system].role == "partner"
    return Target(system, obj, mapping, keyed_by=_key_of(mapping) if is_partners else None)


def _key_of(mapping: ObjectMapping) -> str | None:
    """The field of the hub's key. Registrations come without one, and a line of a partner's file
    that lacks it is at fault."""
    columns = {column: field for field, column in mapping.pull.items()}
    if mapping.registrations is not None or "origin" in columns:
        return None
    return columns.get("hub_key")


def stored_cursor(engine: Engine, target: Target) -> str | None:
    """The landed cursor, or None when there is none or the mapping asks for other fields now."""
    row = _stored(engine, target)
    if row is None or row.fields_hash != _fields_hash(target):
        return None
    return str(row.cursor)


def is_remapped(engine: Engine, target: Target) -> bool:
    """Whether the object was read by a mapping that asked for other fields."""
    row = _stored(engine, target)
    return row is not None and row.fields_hash != _fields_hash(target)


def _stored(engine: Engine, target: Target) -> Row[str, str] | None:
    query = select(ops_cursor.c.cursor, ops_cursor.c.fields_hash).where(_of(target))
    with reading(engine) as conn:
        return conn.execute(query).first()


def move_cursor(conn: Connection, target: Target, run: Run, cursor: str) -> None:
    state = {
        "cursor": cursor,
        "fields_hash": _fields_hash(target),
        "run": run.number,
        "at": run.started_at,
    }
    if conn.execute(update(ops_cursor).where(_of(target)).values(**state)).rowcount == 0:
        conn.execute(
            ops_cursor.insert().values(system=target.system, object=target.object, **state)
        )


def forget_cursor(conn: Connection, target: Target) -> None:
    """The next pull asks for everything again."""
    conn.execute(ops_cursor.delete().where(_of(target)))


def _of(target: Target) -> ColumnElement[bool]:
    return and_(ops_cursor.c.system == target.system, ops_cursor.c.object == target.object)


def _fields_hash(target: Target) -> str:
    told = ",".join(target.mapping.told_fields)
    return blake2b(f"{target.reading}|{told}|{HASHED_BY}".encode(), digest_size=16).hexdigest()
