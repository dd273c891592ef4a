"""Every name in a mapping stands for something: source, column, entity, object, system."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Column

from hub.config import Settings
from hub.mappings.inclusion import Condition
from hub.mappings.schema import ObjectMapping, PushField, PushRule
from hub.models.sources import SOURCES, content
from hub.sync.columns import PUSHED
from hub.sync.inclusion import unfit
from hub.sync.lint.faults import Fault, one_of

RULE = "unknown_name"
_Found = tuple[str, str, str]
"""Key below the object's mapping, message, remedy."""


def name_faults(settings: Settings) -> Iterator[Fault]:
    """Names that stand for nothing."""
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            for key, message, remedy in _faults(mapping, objects, settings.systems):
                yield Fault(RULE, f"mappings.{system}.{obj}.{key}", message, remedy)
        for obj in sorted(set(settings.systems[system].minimum_rows) - set(objects)):
            key = f"systems.{system}.minimum_rows.{obj}"
            yield Fault(RULE, key, "no such object is mapped.", one_of(objects))


def _faults(
    mapping: ObjectMapping, objects: Collection[str], systems: Collection[str]
) -> Iterator[_Found]:
    if mapping.source not in SOURCES:
        yield "source", f"there is no source table for '{mapping.source}'.", one_of(SOURCES)
        return
    for field, rule in mapping.fields.items():
        if rule.authority is not None and rule.authority not in systems:
            key = f"fields.{field}.authority"
            yield key, f"there is no system '{rule.authority}'.", one_of(systems)
    yield from _pull_faults(mapping)
    told = content(SOURCES[mapping.source])
    for message, remedy in _condition_faults(mapping.include.pull, told):
        yield "include.pull", message, remedy
    if mapping.push is not None:
        yield from _push_faults(mapping, mapping.push, objects)
        columns = PUSHED.get(mapping.push.entity, {})
        for message, remedy in _condition_faults(mapping.include.push, columns):
            yield "include.push", message, remedy
    elif mapping.include.push is not None:
        yield "include.push", "nothing is written to this object.", "remove it, or add a `push`"


def _condition_faults(
    condition: Condition | None, columns: Mapping[str, Column[Any]]
) -> Iterator[tuple[str, str]]:
    return iter(()) if condition is None else unfit(condition, columns)


def _pull_faults(mapping: ObjectMapping) -> Iterator[_Found]:
    table = SOURCES[mapping.source]
    columns = content(table)
    filled: dict[str, str] = {}
    for field, column in mapping.pull.items():
        key = field_key(mapping, field, "pull")
        if column not in columns:
            yield key, f"{table.name} has no column '{column}'.", one_of(columns)
        elif column in filled:
            yield (
                key,
                f"column '{column}' is filled by {filled[column]} already.",
                "map each column from one field",
            )
        filled[column] = field
    for column in mapping.values:
        if column not in filled:
            yield f"values.{column}", "no pulled field fills this column.", one_of(filled)


def _push_faults(
    mapping: ObjectMapping, push: PushRule, objects: Collection[str]
) -> Iterator[_Found]:
    if push.entity not in PUSHED:
        yield "push.entity", f"'{push.entity}' has no desired state.", one_of(PUSHED)
        return
    created = push.create.fields if push.create is not None else {}
    for within, fields in (("push.fields", push.fields), ("push.create.fields", created)):
        for field, rule in fields.items():
            for message, remedy in _rule_faults(rule, push.entity, objects):
                yield field_key(mapping, field, within), message, remedy


def field_key(mapping: ObjectMapping, field: str, within: str) -> str:
    """Where a field stands: in `fields`, or where the short form of `within` is written."""
    in_full = field in mapping.fields and within != "push.create.fields"
    return f"fields.{field}" if in_full else f"{within}.{field}"


def _rule_faults(
    rule: PushField, entity: str, objects: Collection[str]
) -> Iterator[tuple[str, str]]:
    columns = PUSHED[entity]
    if rule.column is not None and rule.column not in columns:
        yield f"the desired state of a {entity} has no column '{rule.column}'.", one_of(columns)
    elif rule.ref is not None and rule.ref not in objects:
        yield f"no object '{rule.ref}' of this system is mapped.", one_of(objects)
    elif rule.ref is not None and rule.column not in ("company_id", "contact_id"):
        yield (
            f"`ref` cannot stand for '{rule.column}'.",
            "use it with `company_id` or `contact_id`, or leave it out",
        )
