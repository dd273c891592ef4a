"""What a steward names: a hub id, or one record as SYSTEM/OBJECT/RECORD."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select

from hub.errors import HubError
from hub.identity.among import given_ids
from hub.identity.ids import Row
from hub.identity.mentions import ROW, Entity
from hub.identity.model import Scored
from hub.identity.store import Store
from hub.models.identity import identity_alias, identity_event

ENTITIES: tuple[Entity, ...] = ("company", "contact")
JUDGED: tuple[Scored, ...] = (*ENTITIES, "deal")
"""What stewards judge two of."""
_PREFIXES: dict[str, Entity] = {"co_": "company", "pa_": "company", "ct_": "contact"}


@dataclass(frozen=True)
class Side:
    """One side of a judgement: `rows` are the records it may be bound to, in order.

    `hub_id` is the living id, None for a record that is gone. `whole`: a hub id was named.
    """

    asked: str
    rows: tuple[Row, ...]
    hub_id: str | None
    whole: bool


def written(row: Row) -> str:
    """A record as it is named on the command line."""
    return "/".join(row)


def parsed(name: str) -> Row | None:
    """The record that `name` spells, None for a hub id. Raises HubError if it is neither."""
    if name[:3] in _PREFIXES and "/" not in name:
        return None
    system, _, rest = name.partition("/")
    kind, _, record_id = rest.partition("/")
    if not (system and kind and record_id):
        raise HubError(
            f"'{name}' is neither a hub id nor a record.",
            remedy="name a hub id (co_00000001, ct_00000001) or a record (SYSTEM/OBJECT/RECORD)",
        )
    return system, kind, record_id


class Directory:
    """What a set of names stands for, all of it looked up at once."""

    def __init__(self, conn: Connection, names: Iterable[str]) -> None:
        self._conn = conn
        rows, ids = [], []
        for name in set(names):
            try:
                row = parsed(name)
            except HubError:
                continue  # told when it is asked for
            if row is None:
                ids.append(name.replace("pa_", "co_", 1))
            else:
                rows.append(row)
        self._known: dict[Entity, dict[Row, str | None]] = {
            entity: self._records(entity, rows) for entity in ENTITIES
        }
        self._living = self._heirs(ids)
        self._members: dict[str, tuple[Row, ...]] = self._rows_of(set(self._living.values()))

    def pair(self, a: str, b: str, entity: Entity | None) -> tuple[Entity, Side, Side]:
        """Both sides of a judgement. Raises HubError naming what is wrong with which name."""
        shared = self._entities(a) & self._entities(b)
        if entity is not None:
            shared &= {entity}
        if not shared:
            raise HubError(
                f"'{a}' and '{b}' do not both speak of a {entity or 'company, or of a person'}.",
                remedy="name two companies, or two persons",
            )
        if len(shared) > 1:
            raise HubError(
                f"'{a}' and '{b}' both speak of a company and of a person.",
                remedy="say which is meant: --entity company or --entity contact",
            )
        [found] = shared
        left, right = self._side(a, found), self._side(b, found)
        _told_apart(found, left, right)
        return found, left, right

    def _entities(self, name: str) -> set[Entity]:
        row = parsed(name)
        if row is None:
            return {_PREFIXES[name[:3]]}
        entities = {entity for entity in ENTITIES if row in self._known[entity]}
        if not entities:
            raise HubError(
                f"No record {name} has been matched.",
                remedy="correct the name (see `crosswalk`), or run `hub plan` if it is new",
            )
        return entities

    def _side(self, name: str, entity: Entity) -> Side:
        row = parsed(name)
        if row is not None:
            return Side(name, (row,), self._known[entity][row], whole=False)
        hub_id = self._living.get(name.replace("pa_", "co_", 1))
        if hub_id is None:
            raise HubError(
                f"No {entity} has ever had the id {name}.",
                remedy=f"look it up in the table `{entity}`",
            )
        rows = self._members.get(hub_id, ())
        if not rows:
            raise HubError(
                f"All records of {name} are gone.", remedy="name a record: SYSTEM/OBJECT/RECORD"
            )
        return Side(name, rows, hub_id, whole=True)

    def _records(self, entity: Entity, rows: Collection[Row]) -> dict[Row, str | None]:
        frame = pl.DataFrame(list(rows), schema=dict.fromkeys(ROW, pl.String), orient="row")
        store = Store(self._conn, entity, 0)
        known: dict[Row, str | None] = dict.fromkeys(store.mentions(frame).select(ROW).iter_rows())
        known.update({(s, o, r): hub_id for s, o, r, hub_id in store.ids_of(frame).iter_rows()})
        return known

    def _heirs(self, ids: Collection[str]) -> dict[str, str]:
        e, a = identity_event.c, identity_alias.c
        with given_ids(self._conn, ids) as given:
            issued = set(
                self._conn.scalars(select(e.hub_id).where(e.hub_id.in_(given), e.kind == "mint"))
            )
            moved = {
                row.old_id: row.hub_id
                for row in self._conn.execute(select(a.old_id, a.hub_id).where(a.old_id.in_(given)))
            }
        return {hub_id: moved.get(hub_id, hub_id) for hub_id in sorted(issued)}

    def _rows_of(self, ids: Collection[str]) -> dict[str, tuple[Row, ...]]:
        found: dict[str, list[Row]] = {}
        for entity in ENTITIES:
            mine = [hub_id for hub_id in ids if _PREFIXES[hub_id[:3]] == entity]
            for s, o, r, hub_id in Store(self._conn, entity, 0).rows_of(mine).iter_rows():
                found.setdefault(hub_id, []).append((s, o, r))
        return {hub_id: tuple(sorted(rows)) for hub_id, rows in found.items()}


def _told_apart(entity: Entity, a: Side, b: Side) -> None:
    if a.rows == b.rows or (a.whole and b.whole and a.hub_id == b.hub_id):
        listed = ", ".join(map(written, a.rows[:5])) + (" …" if len(a.rows) > 5 else "")
        raise HubError(
            f"'{a.asked}' and '{b.asked}' name the same {entity}.",
            remedy=f"name two of its records: {listed}" if len(a.rows) > 1 else "name another one",
        )
