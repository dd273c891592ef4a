"""What would make the CRMs say what they should: each record with its fields before and after."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import Connection

from hub.config import Settings
from hub.mappings.schema import ObjectMapping, PushRule
from hub.policy.settings import Policy
from hub.sync import isolation
from hub.sync.acceptance import Refusal, left_alone, not_shown, refusal, without_reference
from hub.sync.assigned import as_agreed, held_leads
from hub.sync.carried import in_one, stale_keys
from hub.sync.cells import compare, create_cells, value_of
from hub.sync.changes import PlannedChange
from hub.sync.columns import PUSHED
from hub.sync.desired import DESIRED, NEEDED, ORIGIN
from hub.sync.drift import known_shapes
from hub.sync.inclusion import included
from hub.sync.said import said_of, with_references
from hub.sync.touched import touched
from hub.sync.undone import undone_in

_IDS = 10_000
"""Hub ids whose desired state is in memory at once."""


def differences(
    conn: Connection, settings: Settings, policy: Policy, since: int
) -> Iterator[PlannedChange]:
    """Every change that would make the CRMs say what they should, in the order to apply them.

    Looks at what moved after run `since`; 0 looks at everything.
    """
    wanted = _Wanted(conn, settings, policy, since)
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            if mapping.push is None:
                continue
            if isolation.is_partners(settings, system):
                leads = wanted.held(mapping.push.entity)
                planned = _for_partner(conn, settings, system, obj, mapping.push, leads)
                judged = _judged(conn, system, obj, mapping.push, planned)
                yield from isolation.examined(conn, settings, system, obj, judged)
                continue
            for ids, offered in wanted.of(mapping.push.entity):
                # The one gate to a system, for updates and creates alike.
                desired = included(offered, mapping.include.push, PUSHED[mapping.push.entity])
                found = _object_differences(conn, system, obj, mapping, mapping.push, desired)
                found = in_one(stale_keys(conn, system, obj, mapping, ids), found)
                found = undone_in(conn, system, obj, mapping.source).left(found)
                yield from _judged(conn, system, obj, mapping.push, found)


class _Wanted:
    """Desired state by entity, in frames of so many rows; what fits into one is made only once."""

    def __init__(self, conn: Connection, settings: Settings, policy: Policy, since: int) -> None:
        self._conn, self._settings, self._policy, self._since = conn, settings, policy, since
        self._ids: dict[str, pl.DataFrame] = {}
        self._whole: dict[str, pl.DataFrame] = {}

    def of(self, entity: str) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Ids to look at, and what is desired of them."""
        if entity not in self._ids:
            self._ids[entity] = touched(self._conn, entity, self._since).sort("id")
        ids = self._ids[entity]
        offers = DESIRED if _updates(self._settings, entity) else {**DESIRED, **NEEDED}
        if ids.height > _IDS:
            for part in ids.iter_slices(_IDS):
                yield part, offers[entity](self._conn, part, self._policy)
            return
        if entity not in self._whole:
            self._whole[entity] = offers[entity](self._conn, ids, self._policy)
        yield ids, self._whole[entity]

    def held(self, entity: str) -> pl.DataFrame:
        """What partners' own systems hold, or once held: one frame for all of them."""
        if entity not in self._whole:
            systems = self._settings.systems
            theirs = [name for name in systems if isolation.is_partners(self._settings, name)]
            ids = touched(self._conn, entity, self._since)
            self._whole[entity] = held_leads(self._conn, ids, theirs)
        return self._whole[entity]


def _updates(settings: Settings, entity: str) -> bool:
    """Whether any mapping updates records of the entity, rather than only make some."""
    return any(
        mapping.push is not None and mapping.push.entity == entity and bool(mapping.push.fields)
        for objects in settings.mappings.values()
        for mapping in objects.values()
    )


def _for_partner(
    conn: Connection,
    settings: Settings,
    system: str,
    obj: str,
    push: PushRule,
    leads: pl.DataFrame,
) -> Iterator[PlannedChange]:
    """What a partner's own system should say of the leads it holds, and of those taken back."""
    agreement, mapping = settings.systems[system].agreement, settings.mappings[system][obj]
    of_system = leads.filter(system=system)
    held, gone = of_system.filter("is_held"), of_system.filter(~pl.col("is_held"))
    told = as_agreed(included(held, mapping.include.push, PUSHED[push.entity]), agreement)
    rule = isolation.pushed(push, agreement)
    found = _object_differences(conn, system, obj, mapping, rule, told)
    yield from undone_in(conn, system, obj, mapping.source).left(found)
    cleared = as_agreed(gone, agreement)
    if agreement.on_withdrawal == "clear":
        rule = isolation.clearing(push)
        yield from _object_differences(conn, system, obj, mapping, rule, cleared)
    else:
        said = said_of(conn, system, obj, mapping, push.entity, cleared["hub_id"])
        there = cleared.join(said.filter(pl.col("gone").is_null()), on="hub_id").sort("record_id")
        for row in there.iter_rows(named=True):
            before = json.loads(row["told"]) if row["told"] else {}
            fields = {
                name: {"before": value, "after": None, "why": row["why"]}
                for name, value in before.items()
            }
            yield PlannedChange(system, obj, "delete", row["record_id"], row["hub_id"], fields)


def _judged(
    conn: Connection, system: str, obj: str, push: PushRule, found: Iterable[PlannedChange]
) -> Iterator[PlannedChange]:
    """The changes, with a refusal where the object as last described would not take them."""
    shapes = known_shapes(conn, system, obj)
    references = frozenset(n for n, rule in push.all_fields.items() if rule.ref is not None)
    for change in found:
        if change.refusal is not None:
            yield change
            continue
        after = {name: cell["after"] for name, cell in change.fields.items()}
        refused = refusal(after, shapes, references)
        yield change if refused is None else replace(change, refusal=refused)


# -- one object --------------------------------------------------------------------------------


def _object_differences(
    conn: Connection,
    system: str,
    obj: str,
    mapping: ObjectMapping,
    push: PushRule,
    desired: pl.DataFrame,
) -> Iterator[PlannedChange]:
    if desired.is_empty():
        return
    said = said_of(conn, system, obj, mapping, push.entity, desired["hub_id"])
    desired = with_references(conn, system, desired, push)
    updated = said if push.fields else said.clear()
    origin = ORIGIN[push.entity]
    for row in desired.join(updated, on="hub_id").sort("record_id").iter_rows(named=True):
        found = compare(mapping, push, row)
        key = (system, obj, "update", row["record_id"], row["hub_id"])
        if found.write:
            # What is hidden from our user exists, so it is not made again; but it cannot be
            # written to.
            hidden = not_shown(row["record_id"]) if row["gone"] is not None else None
            yield PlannedChange(*key, found.write, hidden, origin(row))
        if found.leave:
            yield PlannedChange(*key, found.leave, left_alone(found.leave), origin(row))
    if push.create is not None:
        missing = desired.filter("create").join(said, on="hub_id", how="anti").sort("hub_id")
        for row in missing.iter_rows(named=True):
            cells = create_cells(push, push.create, row)
            lacking = _lacking(push, row)
            yield PlannedChange(
                system, obj, "create", None, row["hub_id"], cells, lacking, origin(row)
            )


def _lacking(push: PushRule, row: Mapping[str, Any]) -> Refusal | None:
    """Why a record cannot be made: another one that it must hang on is not there."""
    for name, rule in push.all_fields.items():
        if rule.ref is not None and value_of(rule, row) is None:
            column = str(rule.column)
            return without_reference(name, column.removesuffix("_id"), row[column], rule.ref)
    return None
