"""Records in their tables: one table an object type, one column a property.

Moments are integers (epoch milliseconds), everything else is the text of the wire, so that reading
is a plain SELECT and searching can use indices. Knows nothing of validation or of HTTP.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.hubspot.catalog import Catalog
from sandbox.hubspot.db import Database
from sandbox.hubspot.schema import OBJECT_TYPES, ObjectType, Property
from sandbox.hubspot.times import iso

Raw = str | int | None
Wire = dict[str, object]

_SAFE_NAME = re.compile(r"[a-z][a-z0-9_]*")
_HEAD = ("id", "created", "updated", "archived_at")
_FIRST_ID = 18_000_000_001
_PAIRS = 45
_PAGES = 1_024


@dataclass(frozen=True, slots=True)
class Shape:
    """A choice of properties, ready to select and to print. The first are `kind.always`."""

    names: tuple[str, ...]
    select: str
    moments: tuple[int, ...]
    """Where among the names the moments are that must be printed as such."""
    printed: str
    """The same selection, its properties but the first few as JSON objects of some each."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the write path sees it: raw values of the properties it asked for."""

    id: int
    created: int
    updated: int
    archived_at: int | None
    values: Mapping[str, Raw]


class Records:
    """Reads and writes of single tables. Callers hold the lock, and a transaction to write."""

    def __init__(self, db: Database, catalog: Catalog, portal_id: int) -> None:
        self._db = db
        self._catalog = catalog
        self._portal_id = portal_id
        self._shapes: dict[tuple[str, tuple[str, ...]], Shape] = {}
        self._shapes_version = -1
        self._pages: dict[tuple[object, ...], list[tuple[int, str]]] = {}
        self._pages_of: tuple[int, ...] = ()

    # Tables and columns

    def create_tables(self) -> None:
        """Tables for every object type, with a column for each property known by now."""
        for kind in OBJECT_TYPES:
            columns = [
                f'"p_{p.name}" {_affinity(p)}'
                for p in self._catalog.all_properties(kind)
                if p.name not in kind.always
            ]
            head = ", ".join(["created INTEGER, updated INTEGER, archived_at INTEGER", *columns])
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {table(kind)} (id INTEGER PRIMARY KEY, {head})"
            )
            self._db.execute(
                f"CREATE TABLE IF NOT EXISTS {lag_table(kind)} (seq INTEGER PRIMARY KEY, "
                f"visible_at INTEGER, everywhere INTEGER, absent INTEGER, id INTEGER, {head})"
            )
            self._add(lag_table(kind), "everywhere INTEGER DEFAULT 0")
            # With archived_at in it, the index alone answers counts over a window of time.
            for name, key in (("modified", "updated, archived_at"), ("created", "created, id")):
                self._db.execute(
                    f"CREATE INDEX IF NOT EXISTS {table(kind)}_{name} ON {table(kind)} ({key}) "
                    "WHERE archived_at IS NULL"
                )
            self._db.execute(
                f"CREATE INDEX IF NOT EXISTS {table(kind)}_archived ON {table(kind)} (id) "
                "WHERE archived_at IS NOT NULL"
            )

    def add_column(self, kind: ObjectType, definition: Property) -> None:
        """Make room for a property; the kept properties are columns of every table already."""
        if definition.name in kind.always or not _SAFE_NAME.fullmatch(definition.name):
            return
        for name in (table(kind), lag_table(kind)):
            self._add(name, f"p_{definition.name} {_affinity(definition)}")

    def _add(self, name: str, added: str) -> None:
        """Give a table a column that it may have already."""
        present = {row[1] for row in self._db.execute(f"PRAGMA table_info({name})")}
        if added.split()[0] not in present:
            self._db.execute(f"ALTER TABLE {name} ADD COLUMN {added}")

    # Shapes

    def shape(self, kind: ObjectType, names: Iterable[str]) -> Shape:
        """The known ones of `names` plus those that always come along."""
        wanted = tuple(names)
        if self._shapes_version != self._catalog.version:
            self._shapes.clear()
            self._shapes_version = self._catalog.version
        shape = self._shapes.get((kind.name, wanted))
        if shape is None:
            shape = self._shapes[(kind.name, wanted)] = self._make_shape(kind, wanted)
        return shape

    def _make_shape(self, kind: ObjectType, wanted: Sequence[str]) -> Shape:
        names = [
            name
            for name in dict.fromkeys(wanted)
            if name not in kind.always and self._catalog.property(kind, name) is not None
        ]
        types = [self._type(kind, name) for name in names]
        head = len(kind.always)
        return Shape(
            names=(*kind.always, *names),
            select=", ".join([*_HEAD, *(column(kind, name) for name in names)]),
            moments=tuple(n for n, type in enumerate(types, head) if type == "datetime"),
            printed=", ".join([*_HEAD, *_json_objects(kind, dict(zip(names, types, strict=True)))]),
        )

    def _type(self, kind: ObjectType, name: str) -> str:
        definition = self._catalog.property(kind, name)
        return definition.type if definition is not None else ""

    def render(self, kind: ObjectType, shape: Shape, row: Sequence[Raw]) -> Wire:
        """A selected row as the wire shows it: strings and nulls only inside `properties`."""
        archived_at = row[3]
        record_id, created, updated = str(row[0]), iso(int(row[1] or 0)), iso(int(row[2] or 0))
        values = [created, updated, record_id, *row[4:]]
        for position in shape.moments:
            moment = values[position]
            if isinstance(moment, int):
                values[position] = iso(moment)
        wire: Wire = {
            "id": record_id,
            "properties": dict(zip(shape.names, values, strict=True)),
            "createdAt": created,
            "updatedAt": updated,
            "archived": archived_at is not None,
        }
        if archived_at is not None:
            wire["archivedAt"] = iso(int(archived_at))
        wire["url"] = f"{self._url(kind)}{record_id}"
        return wire

    def _url(self, kind: ObjectType) -> str:
        """Where the app shows the records of a kind, up to the id of each."""
        return f"https://app.hubspot.com/contacts/{self._portal_id}/record/{kind.type_id}/"

    # Reading

    def page(
        self, source: str, kind: ObjectType, shape: Shape, after: int, limit: int, *, archived: bool
    ) -> list[Wire]:
        """Records of a source (the table, or a view of it) above `after`, in the order of ids."""
        rows = self._above(source, shape.select, after, limit, archived=archived)
        return [self.render(kind, shape, row) for row in rows]

    def printed(
        self, source: str, kind: ObjectType, shape: Shape, after: int, limit: int, *, archived: bool
    ) -> list[tuple[int, str]]:
        """The same records, each with its id and as JSON: the quick way to a long list, of which a
        page that is asked for again before anything was written is kept."""
        written = self._db.written()
        if written != self._pages_of or len(self._pages) == _PAGES:
            self._pages.clear()
            self._pages_of = written
        asked = (source, shape.printed, after, limit, archived)
        page = self._pages.get(asked)
        if page is None:
            rows = self._above(source, shape.printed, after, limit, archived=archived)
            page = self._pages[asked] = [(row[0], self._print(kind, row)) for row in rows]
        return page

    def _print(self, kind: ObjectType, row: Sequence[Any]) -> str:
        number, born, changed, gone, *told = row
        created_name, updated_name, id_name = kind.always
        created, updated = iso(born or 0), iso(changed or 0)
        more = "".join([f",{part[1:-1]}" for part in told])
        state = "false" if gone is None else f'true,"archivedAt":"{iso(gone)}"'
        return (
            f'{{"id":"{number}","properties":{{"{created_name}":"{created}",'
            f'"{updated_name}":"{updated}","{id_name}":"{number}"{more}}},'
            f'"createdAt":"{created}","updatedAt":"{updated}",'
            f'"archived":{state},"url":"{self._url(kind)}{number}"}}'
        )

    def _above(
        self, source: str, selected: str, after: int, limit: int, *, archived: bool
    ) -> Iterable[Sequence[Any]]:
        state = "NOT NULL" if archived else "NULL"
        return self._db.execute(
            f"SELECT {selected} FROM {source} "
            f"WHERE id > ? AND archived_at IS {state} ORDER BY id LIMIT ?",
            (after, limit),
        )

    def fetch(
        self,
        source: str,
        kind: ObjectType,
        shape: Shape,
        ids: Sequence[int],
        *,
        archived: bool | None = False,
    ) -> dict[int, Wire]:
        """Those of `ids` that are in a source, alive or archived as asked (None: either)."""
        marks = ", ".join("?" * len(ids))
        state = {None: "", False: "AND archived_at IS NULL", True: "AND archived_at IS NOT NULL"}
        rows = self._db.execute(
            f"SELECT {shape.select} FROM {source} WHERE id IN ({marks}) {state[archived]}", ids
        )
        return {row[0]: self.render(kind, shape, row) for row in rows}

    def stored(self, kind: ObjectType, record_id: int, names: Sequence[str] = ()) -> Stored | None:
        """The raw values of a record, archived ones included."""
        columns = "".join(f", {column(kind, name)}" for name in names)
        row = self._db.execute(
            f"SELECT id, created, updated, archived_at{columns} FROM {table(kind)} WHERE id = ?",
            (record_id,),
        ).fetchone()
        if row is None:
            return None
        return Stored(row[0], row[1], row[2], row[3], dict(zip(names, row[4:], strict=True)))

    def alive(self, kind: ObjectType, record_id: int) -> bool:
        row = self._db.execute(
            f"SELECT 1 FROM {table(kind)} WHERE id = ? AND archived_at IS NULL", (record_id,)
        ).fetchone()
        return row is not None

    # Writing

    def next_id(self, kind: ObjectType) -> int:
        return self._db.next_value(f"id:{kind.name}", _FIRST_ID)

    def insert(self, kind: ObjectType, record_id: int, at: int, values: Mapping[str, Raw]) -> None:
        columns = "".join(f', "p_{name}"' for name in values)
        marks = ", ?" * len(values)
        self._db.execute(
            f"INSERT INTO {table(kind)} (id, created, updated{columns}) VALUES (?, ?, ?{marks})",
            (record_id, at, at, *values.values()),
        )

    def update(self, kind: ObjectType, record_id: int, at: int, values: Mapping[str, Raw]) -> None:
        columns = "".join(f', "p_{name}" = ?' for name in values)
        self._db.execute(
            f"UPDATE {table(kind)} SET updated = ?{columns} WHERE id = ?",
            (at, *values.values(), record_id),
        )

    def set_created(self, kind: ObjectType, record_id: int, created: int) -> None:
        self._db.execute(f"UPDATE {table(kind)} SET created = ? WHERE id = ?", (created, record_id))

    def set_archived(self, kind: ObjectType, record_id: int, at: int | None) -> None:
        self._db.execute(f"UPDATE {table(kind)} SET archived_at = ? WHERE id = ?", (at, record_id))

    def remove(self, kind: ObjectType, record_id: int) -> None:
        self._db.execute(f"DELETE FROM {table(kind)} WHERE id = ?", (record_id,))

    # Redirects left by merges

    def resolve(self, kind: ObjectType, record_id: int) -> int:
        """The id that answers for this one today: itself, or the survivor of its merges."""
        seen = record_id
        while True:
            row = self._db.execute(
                "SELECT new_id FROM alias WHERE object = ? AND old_id = ?", (kind.name, seen)
            ).fetchone()
            if row is None:
                return seen
            seen = int(row[0])

    def redirect(self, kind: ObjectType, old_id: int, new_id: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO alias VALUES (?, ?, ?)", (kind.name, old_id, new_id)
        )


def _json_objects(kind: ObjectType, types: Mapping[str, str]) -> Iterator[str]:
    """SQL that prints properties, given with their types, as JSON. A function takes only so many
    arguments, so each object has only some of them."""
    pairs = [
        f"'{name}', {f'iso({column(kind, name)})' if type == 'datetime' else column(kind, name)}"
        for name, type in types.items()
    ]
    for start in range(0, len(pairs), _PAIRS):
        yield f"json_object({', '.join(pairs[start : start + _PAIRS])})"


def _affinity(definition: Property) -> str:
    return "INTEGER" if definition.type == "datetime" else "TEXT"


def table(kind: ObjectType) -> str:
    return f"record_{kind.name}"


def lag_table(kind: ObjectType) -> str:
    return f"unindexed_{kind.name}"


def column(kind: ObjectType, name: str) -> str:
    """The SQL column that holds a property of a kind."""
    if name == "hs_object_id":
        return "id"
    if name == "createdate":
        return "created"
    if name == kind.modified:
        return "updated"
    return f'"p_{name}"'
