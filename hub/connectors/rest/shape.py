"""The fields of an object: as configured, checked against what the system says of them itself."""

from collections.abc import Collection, Mapping
from typing import Any

from hub.connectors.contract import FieldKind, FieldShape, ObjectSpec
from hub.connectors.rest.client import Client
from hub.connectors.rest.config import Described, RestField, RestObject, RestSystem
from hub.connectors.rest.places import ABSENT, at, steps
from hub.errors import SchemaChanged, StopSync

_KINDS: Mapping[str, FieldKind] = {
    "string": "text",
    "text": "text",
    "email": "text",
    "url": "text",
    "phone": "text",
    "number": "number",
    "integer": "number",
    "float": "number",
    "decimal": "number",
    "currency": "number",
    "boolean": "boolean",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
    "date-time": "datetime",
    "timestamp": "datetime",
    "enum": "choice",
    "select": "choice",
    "multiselect": "choices",
    "array": "choices",
    "reference": "reference",
}


class Shapes:
    """What is known of each object's fields; a system that tells them is asked once."""

    def __init__(self, client: Client, config: RestSystem) -> None:
        self._client, self._config = client, config
        self._told: dict[str, dict[tuple[str, ...], FieldShape] | None] = {}

    def object(self, name: str) -> RestObject:
        found = self._config.objects.get(name)
        if found is None:
            raise SchemaChanged(
                f"{self._client.system}: no object '{name}' is configured.",
                remedy=f"describe it under `objects`, or map one of: "
                f"{', '.join(sorted(self._config.objects))}",
            )
        return found

    def describe(self, name: str) -> list[FieldShape]:
        """The configured fields that are there, and those that only the system tells of."""
        fields, told = self.object(name).fields, self._of(name)
        if told is None:
            return [_configured(field_name, field) for field_name, field in fields.items()]
        ways = {steps(field.path): field_name for field_name, field in fields.items()}
        shapes = [
            _both(field_name, field, told[steps(field.path)])
            for field_name, field in fields.items()
            if steps(field.path) in told
        ]
        return shapes + [shape for way, shape in told.items() if way not in ways]

    def require(self, spec: ObjectSpec) -> RestObject:
        """The object, all fields of the spec being configured and there. Raises SchemaChanged."""
        config, told = self.object(spec.name), self._of(spec.name)
        subject = f"{self._client.system}/{spec.name}"
        unknown = [name for name in spec.fields if name not in config.fields]
        if unknown:
            raise SchemaChanged(
                f"{subject}: no such field: {', '.join(unknown)}.",
                remedy=f"add it to `objects.{spec.name}.fields`, or correct the mapping; "
                f"configured are: {', '.join(sorted(config.fields))}",
            )
        missing = [
            f"{name} ({config.fields[name].path})"
            for name in spec.fields
            if told is not None and steps(config.fields[name].path) not in told
        ]
        if missing:
            raise SchemaChanged(
                f"{subject}: the system has no field: {', '.join(missing)}.",
                remedy="correct its `path`, or take it out of the mapping",
            )
        return config

    def calls(self, names: Collection[str], *, anew: bool) -> int:
        """The calls that the system's own descriptions of these take: of all, or of those it was
        not asked for yet."""
        told = () if anew else self._told
        return sum(self.object(n).describe is not None and n not in told for n in names)

    def forget(self, name: str) -> None:
        self._told.pop(name, None)

    def _of(self, name: str) -> dict[tuple[str, ...], FieldShape] | None:
        if name not in self._told:
            described = self.object(name).describe
            self._told[name] = None if described is None else self._ask(name, described)
        return self._told[name]

    def _ask(self, name: str, described: Described) -> dict[tuple[str, ...], FieldShape]:
        self._client.calls.minimum += 1
        _, document = self._client.get(described.path, {})
        subject = f"{self._client.system}/{name}"
        key = f"objects.{name}.describe"
        listed = records_in(document, described.records, subject, f"{key}.records", described.path)
        return {steps(shape.name): shape for shape in (_told(one, described) for one in listed)}


def records_in(document: Any, place: str, subject: str, key: str, path: str) -> list[Any]:
    """The list at a place of an answer. Raises StopSync naming the key to correct."""
    found = at(document, steps(place))
    if isinstance(found, list):
        return found
    held = ", ".join(sorted(document)) if isinstance(document, dict) else type(document).__name__
    what = "nothing" if found is ABSENT else type(found).__name__
    raise StopSync(
        f"{subject}: no list of records at '{place}' in the answer of {path}, but {what}; "
        f"the answer holds: {held}.",
        remedy=f"correct `{key}`, the place of the list",
    )


def _told(one: Any, described: Described) -> FieldShape:
    def said(place: str | None) -> Any:
        found = None if place is None else at(one, steps(place))
        return None if found is ABSENT else found

    told_type, length = str(said(described.type)), said(described.length)
    kinds: Mapping[str, FieldKind] = {**_KINDS, **described.kinds}
    choices = said(described.choices)
    return FieldShape(
        str(said(described.name)),
        kinds.get(told_type.lower(), "other"),
        length=length if isinstance(length, int) else None,
        choices=tuple(map(str, choices)) if isinstance(choices, list) else None,
        restricted=isinstance(choices, list),
        required=bool(said(described.required)),
        unique=bool(said(described.unique)),
        writable=not said(described.read_only),
    )


def _configured(name: str, field: RestField) -> FieldShape:
    return FieldShape(
        name,
        field.kind,
        length=field.length,
        choices=field.choices,
        restricted=field.choices is not None,
        required=field.required,
        unique=field.unique,
        writable=field.writable,
        formula=field.volatile,
    )


def _both(name: str, field: RestField, told: FieldShape) -> FieldShape:
    """What the system says counts, but for what only the configuration can know: how it is read."""
    return FieldShape(
        name,
        told.kind,
        length=told.length if told.length is not None else field.length,
        choices=told.choices if told.choices is not None else field.choices,
        restricted=told.restricted or field.choices is not None,
        required=told.required or field.required,
        unique=told.unique or field.unique,
        writable=told.writable and field.writable,
        formula=field.volatile,
    )
