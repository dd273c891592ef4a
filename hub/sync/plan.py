"""Plan: what each CRM should say minus what it was last seen to say.

A plan is made of changes, each one record with its fields before and after and the reason. It is
stored before anything is written. A change that a CRM refused is not planned again while nothing
about it differs (see `hub.sync.settled`): it stays outstanding in the ledger.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Exists, Table, exists, select, update

from hub.config import Settings
from hub.mappings.schema import ObjectMapping, PushRule
from hub.models import bulk
from hub.models.database import reading, take_numbers, writing
from hub.models.identity import crosswalk
from hub.models.operations import SYNC, ops_change, ops_plan
from hub.models.runs import Run
from hub.models.sources import MERGED, SOURCES
from hub.models.watermarks import move_watermark, versioned, watermark
from hub.policy.settings import Policy, load_policy
from hub.sync import isolation
from hub.sync.acceptance import left_alone, refusal
from hub.sync.agreed import MEANT
from hub.sync.assigned import as_agreed, held_leads
from hub.sync.carried import in_one, stale_keys
from hub.sync.cells import compare, create_cells, record_column
from hub.sync.changes import REFERENCE, PlannedChange
from hub.sync.columns import PUSHED
from hub.sync.desired import DESIRED, NEEDED
from hub.sync.drift import known_shapes
from hub.sync.inclusion import included
from hub.sync.settled import unsettled
from hub.sync.settling import settle_agreements
from hub.sync.touched import SUPERSEDED, touched
from hub.sync.undone import undone_in


@dataclass(frozen=True)
class Plan:
    """A stored plan; `plan` is None when there is nothing to do and nothing was stored."""

    plan: str | None
    changes: list[PlannedChange]
    calls: int
    created_at: datetime
    config_hash: str

    @property
    def refused(self) -> list[PlannedChange]:
        """The changes that will not be sent: their CRM would refuse them, or they are left."""
        return [change for change in self.changes if change.refusal is not None]

    def change_id(self, seq: int) -> str:
        """The id of the change at place `seq`, counted from 1."""
        return f"{self.plan}/{seq:06d}"


def make_plan(
    engine: Engine,
    settings: Settings,
    run: Run,
    write_calls: Mapping[str, Callable[[int], int]],
    *,
    full: bool = False,
) -> Plan:
    """Compare desired with last-seen state of all systems and store the difference.

    Looks at what moved since the last plan; at everything when the mappings or the policy changed,
    or when `full`, which also tries again what was refused; any plan does so a day after that.
    `write_calls`: system → the calls that so many changes of a kind take there. What earlier plans
    had not done is superseded: it is in this plan if it is still wanted.
    """
    policy = load_policy(settings)
    step = versioned("plan", _mappings_text(settings), policy.model_dump_json())
    with reading(engine) as conn:
        since = 0 if full else watermark(conn, step)
        found = differences(conn, settings, policy, since)
        changes = list(found) if full else unsettled(conn, found, run.started_at)
    with writing(engine) as conn:
        settle_agreements(conn, settings, policy)
        move_watermark(conn, step, run)
        return store_plan(conn, settings, run, changes, write_calls)


def store_plan(
    conn: Connection,
    settings: Settings,
    run: Run,
    changes: list[PlannedChange],
    write_calls: Mapping[str, Callable[[int], int]],
    kind: str = SYNC,
) -> Plan:
    """Store changes as an open plan, in place of the plan of its kind that was open."""
    _supersede(conn, run, kind)
    if not changes:
        return Plan(None, [], 0, run.started_at, settings.config_hash)
    name = f"plan-{take_numbers(conn, 'plan', 1)[0]:06d}"
    calls = _calls(changes, write_calls)
    plan = Plan(name, changes, calls, run.started_at, settings.config_hash)
    conn.execute(
        ops_plan.insert().values(
            plan=name,
            kind=kind,
            run=run.number,
            status="open",
            config_hash=settings.config_hash,
            calls=calls,
            created_at=run.started_at,
        )
    )
    rows = pl.DataFrame(
        [_stored(plan, seq, run) for seq in range(1, len(changes) + 1)],
        schema=bulk.frame_schema(ops_change, _STORED),
    )
    bulk.insert(conn, ops_change, rows)
    return plan


def differences(
    conn: Connection, settings: Settings, policy: Policy, since: int
) -> Iterator[PlannedChange]:
    """Every change that would make the CRMs say what they should, in the order to apply them.

    Looks at what moved after run `since`; 0 looks at everything.
    """
    cache: dict[str, pl.DataFrame] = {}
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            if mapping.push is None:
                continue
            entity = mapping.push.entity
            if isolation.is_partners(settings, system):
                if entity not in cache:
                    theirs = [s for s in settings.systems if isolation.is_partners(settings, s)]
                    cache[entity] = held_leads(conn, touched(conn, entity, since), theirs)
                planned = _for_partner(conn, settings, system, obj, mapping.push, cache[entity])
                judged = _judged(conn, system, obj, mapping.push, planned)
                yield from isolation.examined(conn, settings, system, obj, judged)
                continue
            if entity not in cache:
                offers = DESIRED if _updates(settings, entity) else {**DESIRED, **NEEDED}
                cache[entity] = offers[entity](conn, touched(conn, entity, since), policy)
            # The one gate to a system, for updates and creates alike.
            desired = included(cache[entity], mapping.include.push, PUSHED[entity])
            found = _object_differences(conn, system, obj, mapping, mapping.push, desired)
            keys = stale_keys(conn, system, obj, mapping, touched(conn, entity, since))
            found = in_one(keys, found)
            found = undone_in(conn, system, obj, mapping.source).left(found)
            yield from _judged(conn, system, obj, mapping.push, found)


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
        yield replace(change, refusal=refusal(after, shapes, references))


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
    # What is hidden from our user exists, so it is not made again; but it cannot be written to.
    shown = said.filter(pl.col("gone").is_null()) if push.fields else said.clear()
    for row in desired.join(shown, on="hub_id").sort("record_id").iter_rows(named=True):
        found = compare(mapping, push, row)
        key = (system, obj, "update", row["record_id"], row["hub_id"])
        if found.write:
            yield PlannedChange(*key, found.write)
        if found.leave:
            yield PlannedChange(*key, found.leave, left_alone(found.leave))
    if push.create is not None:
        missing = desired.filter("create").join(said, on="hub_id", how="anti").sort("hub_id")
        for row in missing.iter_rows(named=True):
            fields = create_cells(push, push.create, row)
            if fields:
                yield PlannedChange(system, obj, "create", None, row["hub_id"], fields)


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


# -- storing -----------------------------------------------------------------------------------

_STORED = (
    *("id", "plan", "seq", "system", "object", "op", "record_id", "hub_id", "fields", "digest"),
    *("outcome", "code", "message", "remedy", "run", "at"),
)


def _stored(plan: Plan, seq: int, run: Run) -> dict[str, Any]:
    change = plan.changes[seq - 1]
    return {
        "id": plan.change_id(seq),
        "plan": plan.plan,
        "seq": seq,
        "system": change.system,
        "object": change.object,
        "op": change.op,
        "record_id": change.record_id,
        "hub_id": change.hub_id,
        "fields": json.dumps(change.fields, sort_keys=True, ensure_ascii=False),
        "digest": change.digest,
        "outcome": "pending" if change.refusal is None else change.refusal.outcome,
        "code": change.refusal and change.refusal.code,
        "message": change.refusal and change.refusal.message,
        "remedy": change.refusal and change.refusal.remedy,
        "run": run.number,
        "at": run.started_at if change.refusal is not None else None,
    }


def _supersede(conn: Connection, run: Run, kind: str) -> None:
    """What plans of this kind have not done is not to be done any more."""
    of_kind = ops_plan.c.kind == kind
    conn.execute(
        update(ops_change)
        .where(
            ops_change.c.plan.in_(select(ops_plan.c.plan).where(of_kind)),
            ops_change.c.outcome.in_(("pending", "stale")),
            ops_change.c.code.is_distinct_from(SUPERSEDED),
        )
        .values(outcome="stale", code=SUPERSEDED, run=run.number, at=run.started_at)
    )
    conn.execute(
        update(ops_plan).where(of_kind, ops_plan.c.status == "open").values(status="superseded")
    )


def _mappings_text(settings: Settings) -> str:
    return json.dumps(
        {
            s: {o: m.model_dump(mode="json") for o, m in objects.items()}
            for s, objects in settings.mappings.items()
        },
        sort_keys=True,
    )


def _calls(changes: list[PlannedChange], write_calls: Mapping[str, Callable[[int], int]]) -> int:
    """Calls the plan will cost to write, per system, object and kind of change."""
    counts: dict[tuple[str, str, str], int] = {}
    for change in (c for c in changes if c.refusal is None):
        key = (change.system, change.object, change.op)
        counts[key] = counts.get(key, 0) + 1
    return sum(write_calls[system](rows) for (system, _, _), rows in counts.items())
