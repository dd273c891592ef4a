"""`hub.yaml` with its mappings checked against the tables they name.

`hub.config` does not know the tables, so a mapping to a column that does not exist is found here,
before any step runs.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Column

from hub.config import Settings, load_config
from hub.errors import ConfigError
from hub.mappings.inclusion import Condition
from hub.mappings.schema import ObjectMapping, PushField, PushRule
from hub.models.sources import SOURCES, content
from hub.sync.agreements import agreement_faults
from hub.sync.columns import PUSHED
from hub.sync.inclusion import unfit

_Fault = tuple[str, str, str]
"""Key below the object's mapping, message, remedy."""


def load_settings(file: Path) -> Settings:
    """`load_config`, and every name in a mapping stands for something. Raises ConfigError."""
    settings = load_config(file)
    check_mappings(settings)
    return settings


def check_mappings(settings: Settings) -> None:
    """Raises ConfigError for the first name that stands for nothing, or for what a partner's own
    system must not have."""
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            for key, message, remedy in _faults(mapping, objects):
                at = f"mappings.{system}.{obj}.{key}"
                raise ConfigError(settings.file, at, message, remedy=remedy)
        unmapped = sorted(set(settings.systems[system].minimum_rows) - set(objects))
        if unmapped:
            raise ConfigError(
                settings.file,
                f"systems.{system}.minimum_rows.{unmapped[0]}",
                "no such object is mapped.",
                remedy=_one_of(objects),
            )
    for at, message, remedy in agreement_faults(settings):
        raise ConfigError(settings.file, at, message, remedy=remedy)


def _faults(mapping: ObjectMapping, objects: Collection[str]) -> Iterator[_Fault]:
    if mapping.source not in SOURCES:
        yield "source", f"there is no source table for '{mapping.source}'.", _one_of(SOURCES)
        return
    yield from _pull_faults(mapping)
    for message, remedy in _condition_faults(
        mapping.include.pull, content(SOURCES[mapping.source])
    ):
        yield "include.pull", message, remedy
    if mapping.push is not None:
        yield from _push_faults(mapping.push, objects)
        columns = PUSHED.get(mapping.push.entity, {})
        for message, remedy in _condition_faults(mapping.include.push, columns):
            yield "include.push", message, remedy
    elif mapping.include.push is not None:
        yield "include.push", "nothing is written to this object.", "remove it, or add a `push`"


def _condition_faults(
    condition: Condition | None, columns: Mapping[str, Column[Any]]
) -> Iterator[tuple[str, str]]:
    return iter(()) if condition is None else unfit(condition, columns)


def _pull_faults(mapping: ObjectMapping) -> Iterator[_Fault]:
    table = SOURCES[mapping.source]
    columns = content(table)
    filled: dict[str, str] = {}
    for field, column in mapping.pull.items():
        if column not in columns:
            yield f"pull.{field}", f"{table.name} has no column '{column}'.", _one_of(columns)
        elif column in filled:
            yield (
                f"pull.{field}",
                f"column '{column}' is filled by {filled[column]} already.",
                "map each column from one field",
            )
        filled[column] = field
    for column in mapping.values:
        if column not in filled:
            yield f"values.{column}", "no pulled field fills this column.", _one_of(filled)


def _push_faults(push: PushRule, objects: Collection[str]) -> Iterator[_Fault]:
    if push.entity not in PUSHED:
        yield "push.entity", f"'{push.entity}' has no desired state.", _one_of(PUSHED)
        return
    created = push.create.fields if push.create is not None else {}
    for within, fields in (("push.fields", push.fields), ("push.create.fields", created)):
        for field, rule in fields.items():
            for message, remedy in _rule_faults(rule, push.entity, objects):
                yield f"{within}.{field}", message, remedy


def _rule_faults(
    rule: PushField, entity: str, objects: Collection[str]
) -> Iterator[tuple[str, str]]:
    columns = PUSHED[entity]
    if rule.column is not None and rule.column not in columns:
        yield f"the desired state of a {entity} has no column '{rule.column}'.", _one_of(columns)
    elif rule.ref is not None and rule.ref not in objects:
        yield f"no object '{rule.ref}' of this system is mapped.", _one_of(objects)
    elif rule.ref is not None and rule.column not in ("company_id", "contact_id"):
        yield (
            f"`ref` cannot stand for '{rule.column}'.",
            "use it with `company_id` or `contact_id`, or leave it out",
        )


def _one_of(names: Collection[str]) -> str:
    return f"use one of: {', '.join(sorted(names))}"
