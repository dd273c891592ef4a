"""What the org says an object looks like to the integration user: described once per object."""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from hub.connectors.salesforce.client import Org
from hub.errors import SchemaChanged

NUMBER_TYPES = frozenset({"double", "currency", "percent", "int", "long"})
_COMPOUND_TYPES = frozenset({"address", "location", "base64", "complexvalue"})


class Field(msgspec.Struct, frozen=True):
    """One field as described: Salesforce leaves out what the user may not see."""

    name: str
    type: str
    createable: bool = False
    updateable: bool = False
    externalId: bool = False  # noqa: N815 - the wire's name
    unique: bool = False

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


class _Described(msgspec.Struct):
    name: str
    fields: list[Field]
    createable: bool = False
    updateable: bool = False
    queryable: bool = True


class Shape:
    """One object's visible fields by name."""

    def __init__(self, system: str, described: _Described) -> None:
        self.system, self.name = system, described.name
        self.fields = {field.name: field for field in described.fields}
        self.createable, self.updateable = described.createable, described.updateable

    def require(self, names: tuple[str, ...]) -> None:
        """Raises SchemaChanged naming every field that cannot be read."""
        missing = [name for name in names if name not in self.fields]
        if missing:
            raise SchemaChanged(
                f"{self.system}/{self.name}: missing or hidden: {', '.join(missing)}.",
                remedy=self.remedy_for(missing),
            )
        whole = [name for name in names if self.fields[name].type in _COMPOUND_TYPES]
        if whole:
            raise SchemaChanged(
                f"{self.system}/{self.name}: not a plain value: {', '.join(whole)}.",
                remedy="map the parts of the field instead (for an address: street, city, …)",
            )

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

    def forget(self, obj: str) -> None:
        """Describe anew next time: the org has contradicted what it described."""
        self._known.pop(obj, None)


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
