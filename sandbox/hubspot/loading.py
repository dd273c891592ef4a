"""Bulk loading: whole records as a generator hands them over, ids and times included.

Nothing is refused for a missing name or a second domain, but an account must be able to hold what
is loaded: ValueError names the first thing it could not.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from sandbox.hubspot.catalog import Catalog
from sandbox.hubspot.db import Database
from sandbox.hubspot.links import Links
from sandbox.hubspot.records import Raw, table
from sandbox.hubspot.schema import CONTACTS, LinkType, ObjectType, Property, object_type
from sandbox.hubspot.stages import default_pipeline, derived, pipeline_fields
from sandbox.hubspot.times import millis_of
from sandbox.hubspot.uniques import EMAIL, Uniques, addresses, key
from sandbox.hubspot.values import MAX_TEXT, Refused, parse

Association = tuple[str, str | int, str, str | int, str, int]
"""`(from type, from id, to type, to id, category, type id)`"""

Converter = Callable[[object], Raw]
Claim = tuple[str, str, str, int]


class LoadedRecord(TypedDict, total=False):
    """A record as a generator hands it over. `archivedAt` puts it into the recycle bin."""

    id: str | int
    properties: Mapping[str, object]
    createdAt: str | int | datetime
    updatedAt: str | int | datetime
    archivedAt: str | int | datetime | None


class RecordLoader:
    """Loads records of one kind. Made anew for each load, so that it may remember definitions."""

    def __init__(self, db: Database, catalog: Catalog, uniques: Uniques, kind: ObjectType) -> None:
        self._db, self._catalog, self._uniques, self._kind = db, catalog, uniques, kind
        self._fields = pipeline_fields(kind)
        self._converters = {p.name: _converter(p) for p in catalog.properties(kind)}
        self._unique = [p.name for p in catalog.properties(kind) if p.has_unique_value]

    def load(self, records: Iterable[LoadedRecord]) -> None:
        batches: dict[tuple[str, ...], list[tuple[Raw, ...]]] = {}
        claims: list[Claim] = []
        highest = 0
        for record in records:
            record_id = int(record["id"])
            created = millis_of(record["createdAt"])
            updated = millis_of(record.get("updatedAt", created))
            archived = record.get("archivedAt")
            values = self._values(record, updated)
            row = (record_id, created, updated, None if archived is None else millis_of(archived))
            batches.setdefault(tuple(values), []).append((*row, *values.values()))
            if archived is None:
                claims.extend(self._claims(record_id, values))
            highest = max(highest, record_id)
        for names, rows in batches.items():
            self._insert(names, rows)
        self._uniques.claim_all(claims)
        if highest:
            self._db.raise_counter(f"id:{self._kind.name}", highest)

    def _insert(self, names: Sequence[str], rows: Sequence[Sequence[Raw]]) -> None:
        columns = "".join(f', "p_{name}"' for name in names)
        marks = ", ".join("?" * (len(names) + 4))
        try:
            self._db.executemany(
                f"INSERT INTO {table(self._kind)} (id, created, updated, archived_at{columns}) "
                f"VALUES ({marks})",
                rows,
            )
        except sqlite3.IntegrityError as error:
            raise ValueError(f"{self._kind.name}: an id is used twice") from error

    def _values(self, record: LoadedRecord, at: int) -> dict[str, Raw]:
        values: dict[str, Raw] = {}
        for name, value in record.get("properties", {}).items():
            if value is None or name in self._kind.always:
                continue
            try:
                values[name] = self._converters[name](value)
            except KeyError:
                raise self._error(record, f"no property is called {name!r}") from None
            except Refused as error:
                raise self._error(record, str(error)) from error
        if self._fields is None:
            return values
        self._place(record, values, *self._fields)
        return derived(self._catalog, self._kind, values, at) | values

    def _place(
        self, record: LoadedRecord, values: dict[str, Raw], pipeline: str, stage: str
    ) -> None:
        """A record with a stage is in a pipeline, and the stage is one of it."""
        if values.get(stage) is not None:
            values.setdefault(pipeline, default_pipeline(self._kind))
            place = (str(values[pipeline]), str(values[stage]))
            if self._catalog.stage(self._kind, *place) is None:
                raise self._error(record, "no such stage in its pipeline")

    def _error(self, record: LoadedRecord, words: str) -> ValueError:
        return ValueError(f"{self._kind.name} {record['id']}: {words}")

    def _claims(self, record_id: int, values: Mapping[str, Raw]) -> Iterable[Claim]:
        if self._kind is CONTACTS:
            known = addresses(CONTACTS, values.get(EMAIL), values.get("hs_additional_emails"))
            for address in {key(EMAIL, text) for text in known}:
                yield CONTACTS.name, EMAIL, address, record_id
        for name in self._unique:
            value = values.get(name)
            if value is not None:
                yield self._kind.name, name, key(name, str(value)), record_id


def _converter(definition: Property) -> Converter:
    """The conversion of one property, chosen once: most values of a load are plain text."""

    def careful(value: object) -> Raw:
        return parse(definition, _text(value), None, lowercase_emails=True)

    if definition.type == "string" and definition.name != EMAIL:
        return lambda value: (
            value if isinstance(value, str) and 0 < len(value) <= MAX_TEXT else careful(value)
        )
    if definition.type == "enumeration" and not definition.external_options:
        allowed = {option.value for option in definition.options}
        return lambda value: (
            value if isinstance(value, str) and value in allowed else careful(value)
        )
    return careful


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ";".join(map(str, value))
    return str(value)


def load_associations(
    db: Database, catalog: Catalog, links: Links, rows: Iterable[Association]
) -> None:
    """Join records that are there already; a record keeps one primary of each kind."""
    links.load(_resolved(catalog, rows))
    for link in catalog.single_primaries():
        twice = db.execute(
            "SELECT from_id FROM link WHERE from_type = ? AND to_type = ? AND category = ? "
            "AND type_id = ? GROUP BY from_id HAVING count(*) > 1 LIMIT 1",
            (link.from_type, link.to_type, link.category, link.type_id),
        ).fetchone()
        if twice is not None:
            raise ValueError(f"{link.from_type} {twice[0]} has two primary {link.to_type}")


def _resolved(catalog: Catalog, rows: Iterable[Association]) -> Iterable[tuple[LinkType, int, int]]:
    for left, from_id, right, to_id, category, type_id in rows:
        link = catalog.link_type(category, type_id)
        ends = (known_type(left).name, known_type(right).name)
        if link is None or (link.from_type, link.to_type) != ends:
            raise ValueError(f"{category} {type_id} does not join {left} to {right}")
        yield link, int(from_id), int(to_id)


def known_type(name: str) -> ObjectType:
    kind = object_type(name)
    if kind is None:
        raise ValueError(f"no object type is called {name!r}")
    return kind
