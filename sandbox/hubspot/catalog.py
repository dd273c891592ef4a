"""The account's schema in memory, written through to the store: what admins see under Settings."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from sandbox.hubspot.db import Database
from sandbox.hubspot.schema import (
    USER_DEFINED,
    Group,
    LinkType,
    ObjectType,
    Owner,
    Pipeline,
    Property,
    Role,
    Stage,
)

Document = TypeVar("Document", bound=msgspec.Struct)


class Catalog:
    """Definitions by object type. `version` moves with every change, for whoever caches."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.version = 0
        self._hidden: frozenset[tuple[str, str]] = frozenset()
        self.reload()

    def reload(self) -> None:
        """Forget the memory and read the store again."""
        self.version += 1
        self._properties = self._nested("property", Property)
        self._groups = self._nested("group", Group)
        self._pipelines = self._nested("pipeline", Pipeline)
        self.owners = self._nested("owner", Owner).get("", {})
        links = self._nested("link_type", LinkType).get("", {})
        self._links = {link.spec: link for link in links.values()}

    def _nested(self, kind: str, model: type[Document]) -> dict[str, dict[str, Document]]:
        found: dict[str, dict[str, Document]] = {}
        rows = self._db.execute(
            "SELECT scope, name, body FROM document WHERE kind = ? ORDER BY rowid", (kind,)
        )
        for scope, name, body in rows:
            found.setdefault(scope, {})[name] = msgspec.json.decode(body, type=model)
        return found

    def _save(self, kind: str, scope: str, name: str, body: msgspec.Struct) -> None:
        self.version += 1
        self._db.execute(
            "INSERT INTO document VALUES (?, ?, ?, ?) "
            "ON CONFLICT (kind, scope, name) DO UPDATE SET body = excluded.body",
            (kind, scope, name, msgspec.json.encode(body)),
        )

    def _drop(self, kind: str, scope: str, name: str) -> None:
        self.version += 1
        self._db.execute(
            "DELETE FROM document WHERE kind = ? AND scope = ? AND name = ?", (kind, scope, name)
        )

    # Properties and their groups

    def property(self, kind: ObjectType, name: str) -> Property | None:
        """The active property of that name."""
        found = self._properties.get(kind.name, {}).get(name)
        if found is None or found.archived or (kind.name, name) in self._hidden:
            return None
        return found

    @contextmanager
    def hiding(self, names: frozenset[tuple[str, str]]) -> Iterator[None]:
        """While this lasts, these properties, as (object, name), are nowhere to be found."""
        if not names:
            yield
            return
        self._hidden, self.version = names, self.version + 1
        try:
            yield
        finally:
            self._hidden, self.version = frozenset(), self.version + 1

    def any_property(self, kind: ObjectType, name: str) -> Property | None:
        """The property of that name, archived or not."""
        return self._properties.get(kind.name, {}).get(name)

    def properties(self, kind: ObjectType, *, archived: bool = False) -> list[Property]:
        return [
            p
            for p in self._properties.get(kind.name, {}).values()
            if p.archived is archived and (kind.name, p.name) not in self._hidden
        ]

    def all_properties(self, kind: ObjectType) -> Iterable[Property]:
        return self._properties.get(kind.name, {}).values()

    def put_property(self, kind: ObjectType, definition: Property) -> None:
        self._properties.setdefault(kind.name, {})[definition.name] = definition
        self._save("property", kind.name, definition.name, definition)

    def groups(self, kind: ObjectType) -> dict[str, Group]:
        return self._groups.setdefault(kind.name, {})

    def put_group(self, kind: ObjectType, group: Group) -> None:
        self.groups(kind)[group.name] = group
        self._save("group", kind.name, group.name, group)

    def drop_group(self, kind: ObjectType, name: str) -> None:
        del self.groups(kind)[name]
        self._drop("group", kind.name, name)

    # Pipelines

    def pipelines(self, kind: ObjectType) -> dict[str, Pipeline]:
        return self._pipelines.setdefault(kind.name, {})

    def put_pipeline(self, kind: ObjectType, pipeline: Pipeline) -> None:
        self.pipelines(kind)[pipeline.id] = pipeline
        self._save("pipeline", kind.name, pipeline.id, pipeline)

    def drop_pipeline(self, kind: ObjectType, pipeline_id: str) -> None:
        del self.pipelines(kind)[pipeline_id]
        self._drop("pipeline", kind.name, pipeline_id)

    def stage(self, kind: ObjectType, pipeline_id: str, stage_id: str) -> Stage | None:
        pipeline = self.pipelines(kind).get(pipeline_id)
        return pipeline.stage(stage_id) if pipeline is not None else None

    # Owners

    def put_owner(self, owner: Owner) -> None:
        self.owners[owner.id] = owner
        self._save("owner", "", owner.id, owner)

    # Association types

    def link_type(self, category: str, type_id: int) -> LinkType | None:
        return self._links.get((category, type_id))

    def link_types(self, left: ObjectType, right: ObjectType) -> list[LinkType]:
        """Every type of one direction, in the order they were made."""
        pair = (left.name, right.name)
        return [link for link in self._links.values() if (link.from_type, link.to_type) == pair]

    def plain(self, left: ObjectType, right: ObjectType) -> LinkType | None:
        """The unlabelled type of a direction; None when the two cannot be associated."""
        return next((x for x in self.link_types(left, right) if x.role is Role.PLAIN), None)

    def single_primaries(self) -> list[LinkType]:
        """The types of which a record may have one only, as seen from that record."""
        return [link for link in self._links.values() if link.role is Role.PRIMARY and link.owner]

    def put_link_type(self, link: LinkType) -> None:
        self._links[link.spec] = link
        self._save("link_type", "", f"{link.category}:{link.type_id}", link)

    def drop_link_type(self, link: LinkType) -> None:
        del self._links[link.spec]
        self._drop("link_type", "", f"{link.category}:{link.type_id}")

    def add_label(
        self,
        left: ObjectType,
        right: ObjectType,
        name: str,
        label: str,
        inverse_label: str | None,
        *,
        first_id: int,
    ) -> list[LinkType]:
        """Make a custom label: one type for each direction, or a single one that is its own inverse
        when both ends are of one kind and the label reads the same both ways."""
        there = self._db.next_value("label", first_id)
        single = left is right and inverse_label is None
        back = there if single else self._db.next_value("label", first_id)
        made = [_label(left, right, name, label, there, back)]
        if not single:
            made.append(_label(right, left, name, inverse_label or label, back, there))
        for link in made:
            self.put_link_type(link)
        return made


def _label(
    left: ObjectType, right: ObjectType, name: str, label: str, type_id: int, inverse: int
) -> LinkType:
    return LinkType(
        category=USER_DEFINED,
        type_id=type_id,
        from_type=left.name,
        to_type=right.name,
        name=name,
        label=label,
        inverse=inverse,
        role=Role.LABEL,
    )
