"""What the org says an object looks like to the integration user: described once per object."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from hub.connectors.contract import FieldKind, FieldShape
from hub.connectors.salesforce.client import Org
from hub.errors import SchemaChanged

NUMBER_TYPES = frozenset({"double", "currency", "percent", "int", "long"})
_COMPOUND_TYPES = frozenset({"address", "location", "base64", "complexvalue"})
_TEXT_TYPES = ("id", "string", "textarea", "phone", "email", "url", "encryptedstring", "combobox")
_KINDS: dict[str, FieldKind] = {
    **dict.fromkeys(_TEXT_TYPES, "text"),
    **dict.fromkeys(NUMBER_TYPES, "number"),
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "picklist": "choice",
    "multipicklist": "choices",
    "reference": "reference",
}


class _Choice(msgspec.Struct, frozen=True):
    value: str
    active: bool = True


class Field(msgspec.Struct, frozen=True):
    """One field as described: Salesforce leaves out what the user may not see."""

    name: str
    type: str
    createable: bool = False
    updateable: bool = False
    externalId: bool = False  # noqa: N815 - the wire's name
    unique: bool = False
    calculated: bool = False
    nillable: bool = True
    defaultedOnCreate: bool = False  # noqa: N815
    length: int = 0
    scale: int = 0
    restrictedPicklist: bool = False  # noqa: N815
    picklistValues: list[_Choice] = []  # noqa: N815
    relationshipName: str | None = None  # noqa: N815
    referenceTo: list[str] = []  # noqa: N815

    def shape(self, by_record_type: Mapping[str, tuple[str, ...]] | None = None) -> FieldShape:
        """The field in the words of the contract."""
        kind = _KINDS.get(self.type, "other")
        choices = tuple(choice.value for choice in self.picklistValues if choice.active)
        return FieldShape(
            self.name,
            kind,
            length=self.length or None if kind == "text" else None,
            choices=choices if kind in {"choice", "choices"} else None,
            restricted=self.restrictedPicklist,
            required=not self.nillable
            and self.createable
            and not self.defaultedOnCreate
            and self.type != "boolean",
            unique=self.unique,
            writable=self.createable or self.updateable,
            formula=self.calculated,
            choices_by_record_type=by_record_type,
            scale=self.scale if kind == "number" else None,
        )

    def wire(self, text: str | None) -> str | bool | int | Decimal | None:
        """Canonical text as the JSON value this field takes. Raises ValueError if it cannot be."""
        if text is None:
            return None
        if self.type == "boolean":
            return _boolean(text)
        if self.type in {"int", "long"}:
            return int(text)
        if self.type in NUMBER_TYPES:
            return _decimal(text)
        return text


class _RecordType(msgspec.Struct):
    master: bool = False


class _Described(msgspec.Struct):
    name: str
    fields: list[Field]
    recordTypeInfos: list[_RecordType] = []  # noqa: N815 - the wire's name
    createable: bool = False
    updateable: bool = False
    queryable: bool = True
    replicateable: bool = False


class Shape:
    """One object's visible fields by name."""

    def __init__(self, system: str, described: _Described) -> None:
        self.system, self.name = system, described.name
        self.fields = {field.name: field for field in described.fields}
        self.createable, self.updateable = described.createable, described.updateable
        self.replicateable = described.replicateable
        self.has_record_types = not all(kind.master for kind in described.recordTypeInfos)

    def parents_by(self, relationship: str) -> Sequence[str]:
        """The objects a relationship may lead to; none when there is no such relationship."""
        for field in self.fields.values():
            if field.relationshipName == relationship:
                return field.referenceTo
        return ()

    def remedy_for(self, missing: list[str]) -> str:
        spelt = {name.casefold(): name for name in self.fields}
        for name in missing:
            if name.casefold() in spelt:
                return f"the field is spelt `{spelt[name.casefold()]}`: correct the mapping"
        return (
            "create the field (`hub provision`), or grant the integration user's permission set "
            "read access to it, or take it out of the mapping"
        )


class Schemas:
    """Describes each object at most once."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._known: dict[str, Shape] = {}

    def of(self, obj: str) -> Shape:
        if obj not in self._known:
            self._org.calls.minimum += 1
            response = self._org.get(f"sobjects/{obj}/describe")
            described = msgspec.json.decode(response.content, type=_Described)
            self._known[obj] = Shape(self._org.system, described)
        return self._known[obj]

    def calls(self, objects: Collection[str], *, anew: bool) -> int:
        """The calls that describing these takes: all of them, or those not described yet."""
        return len(objects if anew else set(objects) - set(self._known))

    def forget(self) -> None:
        """Describe every object anew: fields were made."""
        self._known.clear()

    def require(self, shape: Shape, names: Sequence[str]) -> list[Field]:
        """The named fields, in their order; a path such as `Owner.Email` is found at its end.

        Raises SchemaChanged naming every field that cannot be read.
        """
        found = {name: self._find(shape, name) for name in names}
        missing = [name for name, field in found.items() if field is None]
        if missing:
            raise SchemaChanged(
                f"{shape.system}/{shape.name}: missing or hidden: {', '.join(missing)}.",
                remedy=shape.remedy_for(missing),
            )
        fields = [field for field in found.values() if field is not None]
        whole = [field.name for field in fields if field.type in _COMPOUND_TYPES]
        if whole:
            raise SchemaChanged(
                f"{shape.system}/{shape.name}: not a plain value: {', '.join(whole)}.",
                remedy="map the parts of the field instead (for an address: street, city, …)",
            )
        return fields

    def _find(self, shape: Shape, path: str) -> Field | None:
        relationship, _, rest = path.partition(".")
        if not rest:
            return shape.fields.get(path)
        # An owner may be a queue, which has next to no fields: the user is looked at first.
        parents = sorted(shape.parents_by(relationship), key=lambda name: name == "Group")
        if not parents:
            return None
        end = self._find(self.of(parents[0]), rest)
        return end and msgspec.structs.replace(end, name=path)

    @contextmanager
    def trusted(self, obj: str) -> Iterator[None]:
        """Describe anew next time if the org contradicts, in the block, what it described."""
        try:
            yield
        except SchemaChanged:
            self._known.pop(obj, None)
            raise


def python_type(field: Field) -> Any:
    """The type a field's JSON value is decoded into; numbers never pass through a float."""
    if field.type in NUMBER_TYPES:
        return Decimal | None
    if field.type == "boolean":
        return bool | None
    return str | None


def _boolean(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(f"'{text}' is neither true nor false")
    return text == "true"


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as err:
        raise ValueError(f"'{text}' is not a number") from err
    if not number.is_finite():
        raise ValueError(f"'{text}' is not a number")
    return number
