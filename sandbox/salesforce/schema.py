"""What an org knows of its objects and fields. The store persists these, so they may change."""

from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import msgspec

FieldType = Literal[
    "id", "string", "textarea", "picklist", "multipicklist", "boolean", "int", "double",
    "currency", "percent", "date", "datetime", "reference", "phone", "email", "url",
]  # fmt: skip
OnDelete = Literal["keep", "clear", "cascade"]

TEXT_TYPES = frozenset({"string", "textarea", "phone", "email", "url"})
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
LONG_TEXT_OVER = 255


class PicklistValue(msgspec.Struct, frozen=True):
    """One choice of a picklist."""

    value: str
    default: bool = False


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One field. `readable` and `writable` are what everybody is denied when false; a `governed`
    field is denied to all but those whom a permission set grants it.

    A `formula` is the path of the value it shows (`Account.Name`), the only kind of formula here.
    """

    name: str
    type: FieldType
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    default: str | bool | None = None
    defaulted: bool = False
    external_id: bool = False
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    values: tuple[PicklistValue, ...] = ()
    restricted: bool = False
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    on_delete: OnDelete = "keep"
    formula: str | None = None
    readable: bool = True
    writable: bool = True
    governed: bool = False

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def permissionable(self) -> bool:
        """Whether permission sets can grant it: not what everybody needs or nobody writes."""
        return (self.nillable and (self.custom or self.createable)) or self.governed

    @property
    def long_text(self) -> bool:
        """Long text can be neither filtered nor sorted by."""
        return self.type == "textarea" and self.length > LONG_TEXT_OVER

    @property
    def required(self) -> bool:
        """Must be given on create: no null allowed and nothing fills it in."""
        return not self.nillable and not self.defaulted and self.createable


class SObject(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One object with its fields, in the order describe lists them."""

    name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[Field, ...]
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    mergeable: bool = False
    replicateable: bool = True

    @cached_property
    def _by_name(self) -> dict[str, Field]:
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def _by_relationship(self) -> dict[str, Field]:
        return {f.relationship.lower(): f for f in self.fields if f.relationship is not None}

    def any_field(self, name: str) -> Field | None:
        """The field of this name whatever the caller may see; names compare without case."""
        return self._by_name.get(name.lower())

    def field(self, name: str) -> Field | None:
        """The field of this name if the caller may see it: hidden looks exactly like missing."""
        found = self._by_name.get(name.lower())
        return found if found is not None and found.readable else None

    def parent_field(self, relationship: str) -> Field | None:
        """The lookup field behind a relationship name such as `Account` or `Owner`."""
        found = self._by_relationship.get(relationship.lower())
        return found if found is not None and found.readable else None

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """Fields that have a column: all but formulas."""
        return tuple(field for field in self.fields if field.formula is None)

    @cached_property
    def parents(self) -> tuple[Field, ...]:
        """Lookups that a caller can set, to anything but a user."""
        return tuple(
            field for field in self.stored
            if field.reference_to and field.createable and "User" not in field.reference_to
        )  # fmt: skip

    @cached_property
    def readable(self) -> tuple[Field, ...]:
        return tuple(field for field in self.fields if field.readable)


class ChildLink(msgspec.Struct, frozen=True):
    """A lookup seen from its parent."""

    child: SObject
    field: Field


class Schema:
    """All objects of an org, found by name (without case) or key prefix."""

    def __init__(self, objects: list[SObject]) -> None:
        self._objects = {sobject.name.lower(): sobject for sobject in objects}

    def __iter__(self) -> Iterator[SObject]:
        return iter(self._objects.values())

    def get(self, name: str) -> SObject | None:
        return self._objects.get(name.lower())

    def by_prefix(self, prefix: str) -> SObject | None:
        return next((o for o in self._objects.values() if o.key_prefix == prefix), None)

    def put(self, sobject: SObject) -> None:
        self._objects[sobject.name.lower()] = sobject

    def children_of(self, parent: str) -> list[ChildLink]:
        """Every lookup that points at this object."""
        return [
            ChildLink(sobject, field)
            for sobject in self._objects.values()
            for field in sobject.fields
            if parent in field.reference_to
        ]

    def child_link(self, parent: str, relationship: str) -> ChildLink | None:
        """The lookup behind a child relationship name such as `Contacts`."""
        wanted = relationship.lower()
        for link in self.children_of(parent):
            if link.field.children is not None and link.field.children.lower() == wanted:
                return link
        return None
