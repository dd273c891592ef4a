"""What the mappings want of each system: the fields they name, derived from the columns behind
them. This is the one definition of the fields that `hub provision` makes and `hub doctor` looks
for.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Boolean, Column, Date, Integer, Numeric, String

from hub.connectors.contract import FieldKind
from hub.connectors.provision import WantedField, WantedObject
from hub.mappings.schema import ObjectMapping, PushField, PushRule
from hub.models.base import Money, UtcTime
from hub.models.sources import SOURCES
from hub.sync.columns import PUSHED

_HUB_KEY = "hub_key"
_ID_LENGTH = 40


def wanted(mappings: Mapping[str, ObjectMapping]) -> list[WantedObject]:
    """The objects of one system, with all fields that its mappings read, write and key on."""
    return [_object(name, mapping) for name, mapping in mappings.items()]


def _object(name: str, mapping: ObjectMapping) -> WantedObject:
    push, rule = mapping.push, mapping.registrations
    return WantedObject(
        name,
        tuple(_fields(mapping)),
        updates=push is not None and bool(push.fields),
        creates=push is not None and push.create is not None,
        pipelines={} if rule is None else dict.fromkeys(rule.pipelines, rule.stages),
    )


def _fields(mapping: ObjectMapping) -> Iterator[WantedField]:
    keys = {field for field, column in mapping.pull.items() if column == _HUB_KEY}
    written = mapping.push.all_fields if mapping.push is not None else {}
    if mapping.push is not None and mapping.push.create is not None:
        keys.add(mapping.push.create.key)
    for name in mapping.named_fields:
        rule = written.get(name)
        if name in keys:
            writes = rule is not None or _is_create_key(mapping.push, name)
            yield WantedField(name, _label(name), "text", _ID_LENGTH, key=True, writes=writes)
        elif rule is not None and mapping.push is not None:
            yield _written_field(name, rule, mapping.push.entity)
        else:
            yield _read_field(name, mapping)


def _is_create_key(push: PushRule | None, name: str) -> bool:
    return push is not None and push.create is not None and push.create.key == name


def _written_field(name: str, rule: PushField, entity: str) -> WantedField:
    if rule.value is not None:
        choices: tuple[str, ...] = (rule.value,)
        return WantedField(name, _label(name), "text", len(rule.value), choices, writes=True)
    if rule.ref is not None:
        return WantedField(name, _label(name), "reference", writes=True)
    if rule.map:
        choices = tuple(dict.fromkeys(rule.map.values()))
        return WantedField(name, _label(name), "choice", choices=choices, writes=True)
    kind, length = _kind(PUSHED[entity][str(rule.column)])
    return WantedField(name, _label(name), kind, length, writes=True)


def _read_field(name: str, mapping: ObjectMapping) -> WantedField:
    column = mapping.pull[name]
    told = tuple(mapping.values.get(column, ()))
    if told:
        return WantedField(name, _label(name), "choice", choices=told)
    kind, length = _kind(SOURCES[mapping.source].c[column])
    return WantedField(name, _label(name), kind, length)


def _kind(column: Column[Any]) -> tuple[FieldKind, int | None]:
    kind = column.type
    if isinstance(kind, Date):
        return "date", None
    if isinstance(kind, UtcTime):
        return "datetime", None
    if isinstance(kind, Boolean):
        return "boolean", None
    if isinstance(kind, (Money, Numeric, Integer)):
        return "number", None
    return "text", kind.length if isinstance(kind, String) else None


def _label(name: str) -> str:
    """`Hub_Lead_Key__c` and `hub_lead_key` are both shown as `Hub lead key`."""
    words = name.removesuffix("__c").replace("_", " ").strip()
    return words[:1].upper() + words[1:].lower()
