"""Apply: write a stored plan, one outcome per change, and remember what was written as said.

The outcome and the written values are stored together, chunk by chunk, so that a process killed in
between leaves changes `pending` whose writes may or may not have landed. That they were sent is
noted before: what the next pull sees of them is told as applied, and the next plan asks only for
the rest.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, Row, bindparam, exists, func, or_, select, update

from hub.config import ObjectMapping, Settings
from hub.connectors.comparing import COMPARED
from hub.connectors.contract import REMOVALS, Change, Connector, Outcome
from hub.connectors.outcomes import QUOTA_SPENT
from hub.errors import ConfigError
from hub.models import bulk
from hub.models.database import reading, writing
from hub.models.operations import ERASURE, SYNC, ops_batch, ops_change, ops_plan, ops_watermark
from hub.models.runs import Run
from hub.policy.settings import load_policy
from hub.sync import unanswered, undone
from hub.sync.changes import REFERENCE
from hub.sync.costs import SENT
from hub.sync.erasing import forget_records
from hub.sync.isolation import guarded
from hub.sync.kept import held as held_back
from hub.sync.kept import held_by_children
from hub.sync.ledger import record_calls
from hub.sync.plan import basis
from hub.sync.remembering import forget_copies, remember, survivors_of
from hub.sync.stored import digest_now, parts_of, pending_of
from hub.sync.storing import APPLIED, BRAKED, OPEN, WAITING, Part

Records = dict[tuple[str, str], list[str]]
"""(system, object) → ids of its records."""


@dataclass
class ApplyReport:
    """Outcomes counted; the records that were made, and those that somebody had changed; the
    systems whose allowance of calls was used up, with what they said; and what waits for a
    decision, in words."""

    outcomes: dict[str, int] = field(default_factory=dict)
    made: Records = field(default_factory=dict)
    moved: Records = field(default_factory=dict)
    paused: dict[str, str] = field(default_factory=dict)
    waits: list[str] = field(default_factory=list)

    def add(self, outcomes: Iterable[Outcome], rows: Mapping[str, Row[Any]]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome.status] = self.outcomes.get(outcome.status, 0) + 1
            row = rows[outcome.change_id]
            where = (row.system, row.object)
            if outcome.status == "applied" and outcome.record_id and row.op == "create":
                self.made.setdefault(where, []).append(outcome.record_id)
            if outcome.status == "stale" and outcome.record_id:
                self.moved.setdefault(where, []).append(outcome.record_id)
            if outcome.status == "pending" and outcome.code == QUOTA_SPENT:
                self.paused.setdefault(row.system, f"{outcome.message} {outcome.remedy}".strip())

    def leave(self, changes: int) -> None:
        """Count changes that are not sent and stay pending."""
        if changes:
            self.outcomes["pending"] = self.outcomes.get("pending", 0) + changes


def apply_plan(
    engine: Engine,
    settings: Settings,
    run: Run,
    plan: str,
    connectors: Mapping[str, Connector],
) -> ApplyReport:
    """Write the pending changes of a plan in its order; systems without a connector stay pending,
    and so do the parts that nobody has approved yet.

    Unless the plan was made in this very run, each record is compared just before it is updated or
    deleted: one that says something else than when planned is left alone, and `stale`. A plan stays
    open while a change of it is pending. Raises ConfigError when the plan cannot be applied as it
    is.
    """
    with reading(engine) as conn:
        made_in = _applicable(conn, settings, run, plan)
        parts = parts_of(conn, plan)
    connectors = guarded(engine, settings, connectors)
    with writing(engine) as conn:
        undone.remember(conn, run, plan)
    report = ApplyReport()
    task = _Task(engine, settings, run, plan, made_in != run.number, report)
    for part in parts:
        connector = connectors.get(part.system)
        if part.hold is not None or connector is None:
            task.leave(part)
        else:
            for op in SENT:
                task.write(part, op, connector)
    _close_when_done(engine, run, plan)
    forget_records(engine, plan)
    return report


def _applicable(conn: Connection, settings: Settings, run: Run, plan: str) -> int:
    """The run that made the plan. Raises ConfigError when the plan is not to be applied: it is
    not there, was dealt with, has expired, was made by another configuration, or was changed."""
    row = conn.execute(select(ops_plan).where(ops_plan.c.plan == plan)).first()
    again = "run `hub plan` and apply the plan it names"
    if row is None:
        raise ConfigError(plan, "plan", "no such plan.", remedy=again)
    if row.status == BRAKED:
        reasons = "; ".join(part.reason or "" for part in parts_of(conn, plan) if part.brakes)
        raise ConfigError(
            plan,
            "plan",
            f"this plan is braked ({reasons}).",
            remedy=f"look at it with `hub plan show {plan}`, then release the brake with `hub plan "
            "approve`, naming it",
        )
    if row.status not in (OPEN, WAITING):
        raise ConfigError(plan, "plan", f"this plan is {row.status} already.", remedy=again)
    if row.expires_at <= run.started_at:
        expired = f"this plan has expired at {row.expires_at:%Y-%m-%d %H:%M} UTC."
        raise ConfigError(plan, "plan", expired, remedy=again)
    now = basis(settings, load_policy(settings))
    same = (row.config_hash, row.basis) == (settings.config_hash, now)
    # What is to be erased follows from no mapping.
    if not same and row.kind != ERASURE:
        changed = "the configuration has changed since this plan was made."
        raise ConfigError(plan, "plan", changed, remedy=again)
    if row.run != run.number and digest_now(conn, plan, row.basis) != row.digest:
        raise ConfigError(
            plan,
            "plan",
            "its changes are not those that were planned: somebody has changed them in the "
            "warehouse.",
            remedy=again,
        )
    return int(row.run)


def _close_when_done(engine: Engine, run: Run, plan: str) -> None:
    pending = exists().where(ops_change.c.plan == plan, ops_change.c.outcome == "pending")
    with writing(engine) as conn:
        undone.settle(conn, run, plan)
        conn.execute(
            update(ops_plan).where(ops_plan.c.plan == plan, ~pending).values(status=APPLIED)
        )


def open_plan(conn: Connection) -> str | None:
    """The stored plan that waits to be applied, no undo; None when none does, or when something has
    been landed or decided since it was made: it would write what is no longer wanted."""
    since = ops_plan.c.run
    outdated = or_(
        exists().where(ops_batch.c.run > since), exists().where(ops_watermark.c.run > since)
    )
    return conn.scalar(
        select(ops_plan.c.plan)
        .where(ops_plan.c.status.in_((OPEN, WAITING)), ops_plan.c.kind == SYNC, ~outdated)
        .order_by(ops_plan.c.run.desc())
    )


@dataclass(frozen=True)
class _Task:
    """Writing one plan, chunk by chunk as the connectors take them. `compares`: each record is read
    just before it is updated or deleted."""

    engine: Engine
    settings: Settings
    run: Run
    plan: str
    compares: bool
    report: ApplyReport

    def leave(self, part: Part) -> None:
        """The pending changes of a part stay so; those that wait for a decision are told of."""
        pending = ops_change.c.outcome == "pending"
        here = (ops_change.c.system == part.system, ops_change.c.object == part.object)
        counted = select(func.count()).where(ops_change.c.plan == self.plan, *here, pending)
        with reading(self.engine) as conn:
            number = int(conn.scalar(counted) or 0)
        self.report.leave(number)
        if number and part.hold is not None:
            self.report.waits.append(waiting(self.plan, part, number))

    def write(self, part: Part, op: str, connector: Connector) -> None:
        for chunk in self._chunks(part, op, connector.rows_per_apply):
            if connector.system in self.report.paused:
                self.report.leave(len(chunk))
            else:
                self._write_chunk(connector, part.object, chunk)

    def _chunks(self, part: Part, op: str, size: int) -> Iterator[Sequence[Row[Any]]]:
        last = 0
        query = pending_of(self.plan, part, op).order_by(ops_change.c.seq).limit(size)
        while True:
            with reading(self.engine) as conn:
                rows = conn.execute(query.where(ops_change.c.seq > last)).all()
            if not rows:
                return
            yield rows
            last = rows[-1].seq

    def _write_chunk(self, connector: Connector, obj: str, chunk: Sequence[Row[Any]]) -> None:
        system, report = connector.system, self.report
        mapping = self.settings.mappings[system][obj]
        with reading(self.engine) as conn:
            survivors = survivors_of(conn, system, obj, mapping, chunk)
            made = _made(conn, self.plan, system, chunk)
            doubted = unanswered.in_doubt(conn, chunk)
            kept = held_by_children(conn, self.plan, system, chunk)
        changes = {
            row.id: _change(row, mapping, made, survivors, row.id in doubted or self._compares(row))
            for row in chunk
            if row.id not in kept
        }
        ready = [change for change in changes.values() if change is not None]
        unsent = [row for row in chunk if changes.get(row.id) is None]
        held = [held_back(row) if row.id in kept else _unsent(row) for row in unsent]
        if ready:
            with writing(self.engine) as conn:
                unanswered.note(conn, self.run, chunk)
        outcomes = [*held, *connector.apply(ready)] if ready else held
        by_id = {row.id: row for row in chunk}
        with writing(self.engine) as conn:
            _store_outcomes(conn, outcomes, self.run, by_id)
            remember(conn, system, obj, mapping, by_id, outcomes, survivors)
            forget_copies(conn, system, obj, self.run, by_id, outcomes)
            record_calls(conn, self.run, system, f"apply/{obj}", connector.calls)
        connector.calls.restart()
        report.add(outcomes, by_id)

    def _compares(self, row: Row[Any]) -> bool:
        """Creates are compared only when an earlier attempt was not answered."""
        return self.compares and row.op in COMPARED


def waiting(plan: str, part: Part, number: int) -> str:
    """What waits for somebody's decision, and how to decide."""
    return (
        f"{plan}: {number:,} changes wait for approval ({part.reason}); see "
        f"`hub plan show {plan}`, then `hub plan approve {plan} --by NAME`, or `hub plan reject`"
    )


def _made(
    conn: Connection, plan: str, system: str, rows: Sequence[Row[Any]]
) -> dict[tuple[str, str], str]:
    """(system, hub id) → record id, of the records that these rows refer to and this plan made."""
    wanted = {
        value.removeprefix(REFERENCE)
        for row in rows
        if REFERENCE in row.fields
        for cell in json.loads(row.fields).values()
        if (value := cell["after"]) is not None and value.startswith(REFERENCE)
    }
    if not wanted:
        return {}
    c = ops_change.c
    with bulk.staged(conn, pl.DataFrame({"hub_id": sorted(wanted)}), ops_change) as asked:
        query = select(c.hub_id, c.record_id).where(
            *(c.plan == plan, c.system == system, c.op == "create"),
            *(c.outcome.in_(("applied", "skipped")), c.record_id.is_not(None)),
            c.hub_id.in_(select(asked.c.hub_id)),
        )
        return {(system, row.hub_id): row.record_id for row in conn.execute(query)}


def _change(
    row: Row[Any],
    mapping: ObjectMapping,
    made: Mapping[tuple[str, str], str],
    survivors: Mapping[str, str],
    compares: bool,
) -> Change | None:
    """The stored change as the connector takes it; None while a record it refers to is missing,
    and for the delete of a record that lives on in another one."""
    cells = json.loads(row.fields)
    if row.op in REMOVALS:
        if row.record_id in survivors:
            return None
        # What a made record hangs on was planned as a reference; no CRM says it like that.
        before = {
            name: cell["before"]
            for name, cell in cells.items()
            if not (cell["before"] or "").startswith(REFERENCE)
        }
        return Change(
            row.id, row.object, row.op, {}, row.record_id, before=before, compare=compares
        )
    fields: dict[str, str | None] = {}
    for name, cell in cells.items():
        value = cell["after"]
        if value is not None and value.startswith(REFERENCE):
            value = made.get((row.system, value.removeprefix(REFERENCE)))
            if value is None:
                return None
        fields[name] = value
    key = None
    if row.op == "create" and mapping.push is not None and mapping.push.create is not None:
        name = mapping.push.create.key
        key = (name, str(fields.pop(name)))
    before = {name: cell["before"] for name, cell in cells.items()}
    record_id = survivors.get(row.record_id, row.record_id)
    return Change(row.id, row.object, row.op, fields, record_id, key, before, compares)


def _unsent(row: Row[Any]) -> Outcome:
    if row.op in REMOVALS:
        said = "the record was merged into another one, which is not the hub's to delete"
        return Outcome(row.id, "stale", row.record_id, "merged", said)
    said = "the record it hangs on is not made"
    return Outcome(row.id, "pending", code="waiting", message=said)


def _store_outcomes(
    conn: Connection, outcomes: Sequence[Outcome], run: Run, rows: Mapping[str, Row[Any]]
) -> None:
    if not outcomes:
        return
    conn.execute(
        update(ops_change).where(ops_change.c.id == bindparam("change")),
        [
            {
                "change": outcome.change_id,
                "outcome": outcome.status,
                "code": outcome.code or None,
                "message": outcome.message or None,
                "remedy": outcome.remedy or None,
                "run": run.number,
                "at": run.started_at,
                "unanswered": unanswered.still_open(
                    outcome, rows[outcome.change_id].unanswered, run
                ),
            }
            for outcome in outcomes
        ],
    )
    made = [o for o in outcomes if o.status in {"applied", "skipped"} and o.record_id]
    if made:
        conn.execute(
            update(ops_change).where(ops_change.c.id == bindparam("change")),
            [{"change": o.change_id, "record_id": o.record_id} for o in made],
        )
