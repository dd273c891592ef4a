"""Everything one HubSpot account remembers, in one SQLite file (or in memory)."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.hubspot import stock
from sandbox.hubspot.admin import Admin
from sandbox.hubspot.blocklist import Blocklist
from sandbox.hubspot.catalog import Catalog
from sandbox.hubspot.db import Database
from sandbox.hubspot.demo import ALL_SCOPES, DEMO, Seed
from sandbox.hubspot.history import History
from sandbox.hubspot.links import Links
from sandbox.hubspot.loading import (
    Association,
    LoadedRecord,
    RecordLoader,
    known_type,
    load_associations,
)
from sandbox.hubspot.records import Records
from sandbox.hubspot.schema import (
    DEALS,
    OBJECT_TYPES,
    ObjectType,
    Property,
    stage_entered_property,
)
from sandbox.hubspot.tokens import Grant, Tokens
from sandbox.hubspot.uniques import Uniques

__all__ = ["Association", "HubSpotStore", "LoadedRecord", "known_type"]

PRIVATE_APP_ID = 1_414_213


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
        self.blocklist = Blocklist(self.db)
        self.admin = Admin(self.db)
        self.late_commits = {kind.name for kind in OBJECT_TYPES}
        """Object types that may have commits to come; who finds that one has none takes it out."""
        if not self.catalog.owners and self.tokens.grant(seed.static_token) is None:
            self._sow()
        else:
            self.records.create_tables()

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
            self.admin.reload()
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
        """Insert whole records as they are, then join them; ValueError for what cannot be held."""
        with self.db.transaction():
            for name, records in (objects or {}).items():
                RecordLoader(self.db, self.catalog, self.uniques, known_type(name)).load(records)
            load_associations(self.db, self.catalog, self.links, associations)
