"""Everything one HubSpot account remembers, in one SQLite file (or in memory)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypedDict

from sandbox.hubspot import stock
from sandbox.hubspot.catalog import Catalog
from sandbox.hubspot.db import Database
from sandbox.hubspot.demo import ALL_SCOPES, DEMO, Seed
from sandbox.hubspot.history import History
from sandbox.hubspot.links import Links
from sandbox.hubspot.records import Raw, Records, table
from sandbox.hubspot.schema import (
    DEALS,
    OBJECT_TYPES,
    LinkType,
    ObjectType,
    Property,
    object_type,
    stage_entered_property,
)
from sandbox.hubspot.stages import default_pipeline, derived, pipeline_fields
from sandbox.hubspot.times import millis_of
from sandbox.hubspot.tokens import Grant, Tokens
from sandbox.hubspot.uniques import EMAIL, Uniques, addresses, key
from sandbox.hubspot.values import Refused, parse

Association = tuple[str, str | int, str, str | int, str, int]
PRIVATE_APP_ID = 1_414_213


class LoadedRecord(TypedDict, total=False):
    """A record as a generator hands it over. `archivedAt` puts it into the recycle bin."""

    id: str | int
    properties: Mapping[str, object]
    createdAt: str | int | datetime
    updatedAt: str | int | datetime
    archivedAt: str | int | datetime | None


class HubSpotStore:
    """Persistent state of an account. A new file is seeded; an existing one is taken as it is."""

    def __init__(self, path: Path | None = None, seed: Seed = DEMO) -> None:
        self.seed = seed
        self.db = Database(path)
        self.catalog = Catalog(self.db)
        self.records = Records(self.db, self.catalog, seed.portal_id)
        self.history = History(self.db)
        self.links = Links(self.db, self.catalog)
        self.uniques = Uniques(self.db)
        self.tokens = Tokens(self.db)
        if not self.catalog.owners and self.tokens.grant(seed.static_token) is None:
            self._sow()

    @property
    def portal_id(self) -> int:
        return self.seed.portal_id

    def close(self) -> None:
        self.db.close()

    def reset(self) -> None:
        """Back to the seeded state: no records, first ids, first tokens."""
        with self.db.lock:
            self.db.wipe()
            self.tokens = Tokens(self.db)
            self.catalog.reload()
            self._sow()

    def _sow(self) -> None:
        with self.db.transaction():
            self._sow_schema()
            self.records.create_tables()
            for left, right, name, label, inverse in self.seed.labels:
                self.catalog.add_label(
                    known_type(left),
                    known_type(right),
                    name,
                    label,
                    inverse,
                    first_id=self.first_label_id,
                )
            for owner in self.seed.owners:
                self.catalog.put_owner(owner)
            self.tokens.put(
                Grant(token=self.seed.static_token, app_id=PRIVATE_APP_ID, scopes=list(ALL_SCOPES))
            )
            self.tokens.install(self.seed.oauth_app)

    def _sow_schema(self) -> None:
        for link in stock.link_types():
            self.catalog.put_link_type(link)
        properties, groups, pipelines = stock.properties(), stock.groups(), stock.pipelines()
        for kind in OBJECT_TYPES:
            for group in [*groups[kind.name], *self.seed.groups.get(kind.name, ())]:
                self.catalog.put_group(kind, group)
            for definition in [*properties[kind.name], *self.seed.properties.get(kind.name, ())]:
                self.catalog.put_property(kind, definition)
            for pipeline in [
                *pipelines.get(kind.name, ()),
                *self.seed.pipelines.get(kind.name, ()),
            ]:
                self.catalog.put_pipeline(kind, pipeline)
                for stage in pipeline.stages:
                    self._define_stage_property(kind, stage.id)

    @property
    def first_label_id(self) -> int:
        """Where this account's label ids begin: no two accounts should share them by accident."""
        return self.portal_id % 90 + 10

    def add_stage_property(self, kind: ObjectType, stage_id: str) -> None:
        """Every stage brings a property that notes when a record came into it."""
        self.records.add_column(kind, self._define_stage_property(kind, stage_id))

    def _define_stage_property(self, kind: ObjectType, stage_id: str) -> Property:
        name = stage_entered_property(stage_id)
        present = self.catalog.any_property(kind, name)
        if present is not None:
            return present
        group = "dealinformation" if kind is DEALS else "leadinformation"
        definition = stock.read_only(name, "datetime", group, calculated=True)
        self.catalog.put_property(kind, definition)
        return definition

    # Bulk loading

    def load(
        self,
        objects: Mapping[str, Iterable[LoadedRecord]] | None = None,
        associations: Iterable[Association] = (),
    ) -> None:
        """Insert whole records as they are, ids and times included, then join them.

        Nothing is refused for a missing name or a second domain, but every property must exist and
        every value must be one that the account could hold. ValueError names the first that is not.
        """
        with self.db.transaction():
            for name, records in (objects or {}).items():
                self._load_records(known_type(name), records)
            self.links.load(self._resolved(associations))

    def _load_records(self, kind: ObjectType, records: Iterable[LoadedRecord]) -> None:
        batches: dict[tuple[str, ...], list[tuple[Raw, ...]]] = {}
        claims: list[tuple[str, str, str, int]] = []
        highest = 0
        for record in records:
            record_id = int(record["id"])
            created = millis_of(record["createdAt"])
            updated = millis_of(record.get("updatedAt", created))
            archived = record.get("archivedAt")
            values = self._raw_values(kind, record, updated)
            row = (record_id, created, updated, None if archived is None else millis_of(archived))
            batches.setdefault(tuple(values), []).append((*row, *values.values()))
            if archived is None:
                claims.extend(self._claims(kind, record_id, values))
            highest = max(highest, record_id)
        for names, rows in batches.items():
            columns = "".join(f', "p_{name}"' for name in names)
            marks = ", ?" * (len(names) + 4)
            self.db.executemany(
                f"INSERT INTO {table(kind)} (id, created, updated, archived_at{columns}) "
                f"VALUES ({marks[2:]})",
                rows,
            )
        self.uniques.claim_all(claims)
        if highest:
            self.db.raise_counter(f"id:{kind.name}", highest)

    def _raw_values(self, kind: ObjectType, record: LoadedRecord, at: int) -> dict[str, Raw]:
        values: dict[str, Raw] = {}
        for name, value in record.get("properties", {}).items():
            if name in kind.always or value is None:
                continue
            definition = self.catalog.property(kind, name)
            if definition is None:
                raise ValueError(f"{kind.name} {record['id']}: no property is called {name!r}")
            try:
                values[name] = parse(definition, _text(value), None, lowercase_emails=True)
            except Refused as error:
                raise ValueError(f"{kind.name} {record['id']}: {error}") from error
        fields = pipeline_fields(kind)
        if fields is not None and values.get(fields[1]) is not None:
            values.setdefault(fields[0], default_pipeline(kind))
            if self.catalog.stage(kind, str(values[fields[0]]), str(values[fields[1]])) is None:
                raise ValueError(f"{kind.name} {record['id']}: no such stage in its pipeline")
        return derived(self.catalog, kind, values, at) | values

    def _claims(
        self, kind: ObjectType, record_id: int, values: Mapping[str, Raw]
    ) -> Iterable[tuple[str, str, str, int]]:
        known = addresses(kind, values.get(EMAIL), values.get("hs_additional_emails"))
        for address in {key(EMAIL, text) for text in known}:
            yield kind.name, EMAIL, address, record_id
        for name, value in values.items():
            definition = self.catalog.property(kind, name)
            if value is not None and definition is not None and definition.has_unique_value:
                yield kind.name, name, key(name, str(value)), record_id

    def _resolved(self, rows: Iterable[Association]) -> Iterable[tuple[LinkType, int, int]]:
        for left, from_id, right, to_id, category, type_id in rows:
            link = self.catalog.link_type(category, type_id)
            ends = (known_type(left).name, known_type(right).name)
            if link is None or (link.from_type, link.to_type) != ends:
                raise ValueError(f"{category} {type_id} does not join {left} to {right}")
            yield link, int(from_id), int(to_id)


def known_type(name: str) -> ObjectType:
    kind = object_type(name)
    if kind is None:
        raise ValueError(f"no object type is called {name!r}")
    return kind


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ";".join(map(str, value))
    return str(value)
