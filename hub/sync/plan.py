"""Plan: what each CRM should say minus what it was last seen to say.

A plan is made of changes, each one record with its fields before and after and the reason. It is
stored before anything is written, portion by portion as it is made. A change that a CRM refused is
not planned again while nothing about it differs (see `hub.sync.settled`): it stays outstanding in
the ledger.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Exists, Table, exists, select

from hub.config import Settings
from hub.mappings.schema import ObjectMapping, PushRule
from hub.models import bulk
from hub.models.database import reading, writing
from hub.models.identity import crosswalk
from hub.models.runs import Run
from hub.models.sources import MERGED, SOURCES
from hub.models.watermarks import move_watermark, versioned, watermark
from hub.policy.settings import Policy, load_policy
from hub.sync import isolation
from hub.sync.acceptance import Refusal, left_alone, not_shown, refusal, without_reference
from hub.sync.agreed import MEANT
from hub.sync.assigned import as_agreed, held_leads
from hub.sync.carried import in_one, stale_keys
from hub.sync.cells import compare, create_cells, record_column, value_of
from hub.sync.changes import REFERENCE, PlannedChange
from hub.sync.columns import PUSHED
from hub.sync.costs import Costs
from hub.sync.desired import DESIRED, NEEDED, ORIGIN
from hub.sync.drift import known_shapes
from hub.sync.duplicates import with_duplicates
from hub.sync.holding import Holding
from hub.sync.inclusion import included
from hub.sync.origins import traced
from hub.sync.settled import Sieve, portions
from hub.sync.settling import settle_agreements
from hub.sync.stored import resolve, supersede, superseding
from hub.sync.storing import Draft, Plan, store
from hub.sync.surprises import amounts_of, weighed
from hub.sync.touched import touched
from hub.sync.undone import undone_in

_IDS = 10_000
"""Hub ids whose desired state is in memory at once."""


def make_plan(
    engine: Engine,
    settings: Settings,
    run: Run,
    costs: Costs,
    *,
    full: bool = False,
    at_once: bool = True,
) -> Plan:
    """Compare desired with last-seen state of all systems and store the difference.

    Looks at what moved since the last plan; at everything when the mappings or the policy changed,
    or when `full`, which also tries again what was refused; a refused change is also tried again
    by itself, after longer and longer pauses. `costs`: system → what calls cost there. `at_once`:
    the plan is to be applied in this very run, which has just read the records, so that they need
    not be compared again before they are written. What earlier plans had not done is superseded: it
    is in this plan if it is still wanted. A plan that waits for somebody's decision stays, and is
    returned again, while it is all that is wanted.
    """
    policy = load_policy(settings)
    step = basis(settings, policy)
    draft = Draft(run, settings, step, costs, at_once)
    with reading(engine) as conn, writing(engine) as out:
        since = 0 if full else watermark(conn, step)
        sieve = Sieve(conn, run.started_at, full)
        found = differences(conn, settings, policy, since)
        wanted = (
            _explained(conn, settings, asked)
            for portion in portions(found)
            for asked in portions(sieve.passed(portion))
        )
        holding = Holding(settings, run, since)
        settle_agreements(out, settings, policy)
        with superseding(out, draft) as keep:
            plan = keep(store(out, draft, wanted, holding.of))
        resolve(out, run, plan, sieve.standing)
        move_watermark(out, step, run, whole=since == 0)
    return plan


def store_plan(
    conn: Connection,
    settings: Settings,
    run: Run,
    changes: Iterable[PlannedChange],
    costs: Costs,
    kind: str,
    *,
    at_once: bool,
) -> Plan:
    """Store changes that somebody has asked for by name as an open plan, in place of the plan of
    its kind that was open: no brake and no approval is asked about them. `at_once`: it is to be
    applied in this very run."""
    draft = Draft(run, settings, basis(settings, load_policy(settings)), costs, at_once, kind)
    plan = store(conn, draft, portions(changes), lambda *_: None)
    supersede(conn, run, plan.plan, kind)
    return plan


def basis(settings: Settings, policy: Policy) -> str:
    """The name of the planning step under these mappings and this policy."""
    return versioned("plan", _mappings_text(settings), policy.model_dump_json())


def _explained(
    conn: Connection, settings: Settings, changes: list[PlannedChange]
) -> list[PlannedChange]:
    """Changes of one object with the source of each value, and what is unusual about them."""
    mapping = settings.mappings[changes[0].system][changes[0].object]
    if mapping.push is None:
        return changes
    amounts = amounts_of(mapping.push)
    found = with_duplicates(conn, mapping, traced(conn, mapping.push, changes))
    return [weighed(change, amounts) for change in found]


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
        said = _said(conn, system, obj, mapping, push.entity, cleared["hub_id"])
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
    said = _said(conn, system, obj, mapping, push.entity, desired["hub_id"])
    desired = _with_references(conn, system, desired, push)
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


def _said(
    conn: Connection,
    system: str,
    obj: str,
    mapping: ObjectMapping,
    entity: str,
    hub_ids: pl.Series,
) -> pl.DataFrame:
    """hub_id, record_id, told, agreed, gone of those of the ids' records in effect that the hub may
    write if it sees them; and what their shared fields mean, as `meant:COLUMN`."""
    table = SOURCES[mapping.source]
    query = (
        select(
            *(crosswalk.c.hub_id, table.c.record_id),
            *(table.c.told, table.c.agreed, table.c.gone),
            *(table.c[column].label(MEANT + column) for column in mapping.shared.values()),
        )
        .join_from(
            crosswalk,
            table,
            (crosswalk.c.system == table.c.system)
            & (crosswalk.c.object == table.c.object)
            & (crosswalk.c.record_id == table.c.record_id),
        )
        .where(
            crosswalk.c.entity == entity,
            table.c.system == system,
            table.c.object == obj,
            table.c.is_deleted.is_(False),
        )
    )
    if "is_converted" in table.c:
        # A converted lead is read-only in its CRM.
        query = query.where(table.c.is_converted.is_not(True))
    with _staged_ids(conn, hub_ids) as wanted:
        return bulk.read(conn, query.where(crosswalk.c.hub_id == wanted.c.hub_id))


def _staged_ids(conn: Connection, hub_ids: pl.Series) -> AbstractContextManager[Table]:
    distinct = hub_ids.drop_nulls().unique()
    return bulk.staged(conn, pl.DataFrame({"hub_id": distinct}), crosswalk)


def _merged_away(table: Table) -> Exists:
    """Whether a crosswalk entry is that of a record which another one has taken over."""
    return exists().where(
        table.c.system == crosswalk.c.system,
        table.c.object == crosswalk.c.object,
        table.c.record_id == crosswalk.c.record_id,
        table.c.gone == MERGED,
    )


def _with_references(
    conn: Connection, system: str, desired: pl.DataFrame, push: PushRule
) -> pl.DataFrame:
    """`desired` with the record ids, in this system, of the hub ids that `ref` fields hold.

    A hub id with several records there stands for the smallest; one with none yet, but which this
    plan creates in an earlier object, stands as a `hub:` reference until apply knows better.
    """
    for rule in (r for r in push.all_fields.values() if r.ref is not None):
        entity = str(rule.column).removesuffix("_id")
        with _staged_ids(conn, desired[str(rule.column)]) as wanted:
            records = bulk.read(
                conn,
                select(crosswalk.c.hub_id, crosswalk.c.record_id).where(
                    crosswalk.c.system == system,
                    crosswalk.c.object == rule.ref,
                    crosswalk.c.entity == entity,
                    crosswalk.c.hub_id == wanted.c.hub_id,
                    ~_merged_away(SOURCES[entity]),
                ),
            )
        smallest = records.group_by("hub_id").agg(pl.col("record_id").min())
        name = record_column(rule)
        desired = desired.join(
            smallest.rename({"hub_id": str(rule.column), "record_id": name}),
            on=str(rule.column),
            how="left",
        )
        if rule.column == "contact_id":
            desired = desired.with_columns(
                pl.coalesce(name, pl.concat_str(pl.lit(REFERENCE), str(rule.column))).alias(name)
            )
    return desired


def _mappings_text(settings: Settings) -> str:
    return json.dumps(
        {
            s: {o: m.model_dump(mode="json") for o, m in objects.items()}
            for s, objects in settings.mappings.items()
        },
        sort_keys=True,
    )
