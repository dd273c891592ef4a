"""What an admin does to a property while clients are at work."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from sandbox.hubspot.schema import ObjectType, Option, Property
from sandbox.hubspot.store import HubSpotStore
from sandbox.hubspot.times import iso

Edit = Literal["add", "remove", "retype", "add_option", "remove_option"]
_FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
}


@dataclass(frozen=True, slots=True)
class SchemaEdit:
    """One edit. Where it has happened already, nothing happens again."""

    edit: Edit
    name: str
    type: str
    option: str

    def happen(self, store: HubSpotStore, kind: ObjectType, now: int) -> None:
        present = store.catalog.any_property(kind, self.name)
        changed = self._new(store, kind) if present is None else self._changed(present, iso(now))
        if changed is not None and changed != present:
            changed.updated_at = iso(now)
            store.catalog.put_property(kind, changed)
            store.records.add_column(kind, changed)

    def _new(self, store: HubSpotStore, kind: ObjectType) -> Property | None:
        if self.edit != "add":
            return None
        return Property(
            name=self.name,
            label=self.name.replace("_", " ").capitalize(),
            type=self.type,
            field_type=_FIELD_TYPES.get(self.type, "text"),
            group_name=next(iter(store.catalog.groups(kind))),
            options=self._with_option([]),
        )

    def _changed(self, present: Property, at: str) -> Property | None:
        if self.edit == "add":
            return msgspec.structs.replace(present, archived=False, archived_at=msgspec.UNSET)
        if present.archived:
            return None
        if self.edit == "remove":
            return msgspec.structs.replace(present, archived=True, archived_at=at)
        if self.edit == "retype":
            field_type = _FIELD_TYPES.get(self.type, "text")
            return msgspec.structs.replace(present, type=self.type, field_type=field_type)
        others = [option for option in present.options if option.value != self.option]
        if self.edit == "add_option" and len(others) == len(present.options):
            others = self._with_option(others)
        elif self.edit == "add_option":
            others = present.options
        return msgspec.structs.replace(present, options=others)

    def _with_option(self, options: list[Option]) -> list[Option]:
        if not self.option:
            return options
        made = Option(label=self.option, value=self.option, display_order=len(options))
        return [*options, made]
