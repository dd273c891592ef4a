"""Apply: write a stored plan, one outcome per change, and remember what was written as said.

The outcome and the written values are stored together, chunk by chunk, so that a process killed in
between leaves changes `pending` whose writes may or may not have landed. That they were sent is
noted before: what the next pull sees of them is told as applied, and the next plan asks only for
the rest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, exists, func, select, update

from hub.config import Settings
from hub.connectors.comparing import COMPARED
from hub.connectors.contract import Connector, Outcome
from hub.connectors.outcomes import QUOTA_SPENT
from hub.models.database import reading, writing
from hub.models.operations import ops_change, ops_plan
from hub.models.runs import Run
from hub.sync import unanswered, undone
from hub.sync.applicable import applicable
from hub.sync.costs import SENT
from hub.sync.erasing import forget_records
from hub.sync.isolation import guarded
from hub.sync.kept import held as held_back
from hub.sync.kept import held_by_children
from hub.sync.ledger import record_calls
from hub.sync.remembering import forget_copies, remember, survivors_of
from hub.sync.sending import made_for, to_send, unsent
from hub.sync.stored import parts_of, pending_of
from hub.sync.storing import APPLIED, Part

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
        made_in = applicable(conn, settings, run, plan)
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


def _close_when_done(engine: Engine, run: Run, plan: str) -> None:
    pending = exists().where(ops_change.c.plan == plan, ops_change.c.outcome == "pending")
    with writing(engine) as conn:
        undone.settle(conn, run, plan)
        conn.execute(
            update(ops_plan).where(ops_plan.c.plan == plan, ~pending).values(status=APPLIED)
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
            made = made_for(conn, self.plan, system, chunk)
            doubted = unanswered.in_doubt(conn, chunk)
            kept = held_by_children(conn, self.plan, system, chunk)
        changes = {
            row.id: to_send(row, mapping, made, survivors, row.id in doubted or self._compares(row))
            for row in chunk
            if row.id not in kept
        }
        ready = [change for change in changes.values() if change is not None]
        left = [row for row in chunk if changes.get(row.id) is None]
        held = [held_back(row) if row.id in kept else unsent(row) for row in left]
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
