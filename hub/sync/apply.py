"""Apply: write a stored plan, one outcome per change, and remember what was written as said.

The outcome and the written values are stored together, chunk by chunk, so that a process killed in
between leaves changes `pending` whose writes may or may not have landed; the next pull sees which,
and the next plan asks only for the rest.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, exists, or_, select, update

from hub.config import ObjectMapping, Settings
from hub.connectors.contract import REMOVALS, Change, Connector, Outcome
from hub.connectors.outcomes import QUOTA_SPENT
from hub.errors import ConfigError
from hub.models.database import reading, writing
from hub.models.operations import SYNC, ops_batch, ops_change, ops_plan, ops_watermark
from hub.models.runs import Run
from hub.models.sources import DELETED, SOURCES, src_assigned_lead
from hub.sync import undone
from hub.sync.agreed import MEANT, agreed_text, agreed_values, meant, told_values
from hub.sync.batch import told_text
from hub.sync.changes import REFERENCE
from hub.sync.isolation import guarded
from hub.sync.ledger import record_calls


@dataclass
class ApplyReport:
    """Changes by outcome, and the records made: (system, object) → record ids.

    `paused`: systems whose allowance was used up → what they said; they are asked no more.
    """

    outcomes: dict[str, int] = field(default_factory=dict)
    made: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    paused: dict[str, str] = field(default_factory=dict)

    def add(self, outcomes: Iterable[Outcome], rows: Mapping[str, Row[Any]]) -> None:
        for outcome in outcomes:
            self.outcomes[outcome.status] = self.outcomes.get(outcome.status, 0) + 1
            row = rows[outcome.change_id]
            if outcome.status == "applied" and outcome.record_id and row.op == "create":
                self.made.setdefault((row.system, row.object), []).append(outcome.record_id)
            if outcome.status == "pending" and outcome.code == QUOTA_SPENT:
                self.paused.setdefault(row.system, f"{outcome.message} {outcome.remedy}".strip())

    def leave(self, changes: int) -> None:
        """Count changes that are not sent and stay pending."""
        self.outcomes["pending"] = self.outcomes.get("pending", 0) + changes


def apply_plan(
    engine: Engine,
    settings: Settings,
    run: Run,
    plan: str,
    connectors: Mapping[str, Connector],
) -> ApplyReport:
    """Write the pending changes of a plan in its order; systems without a connector stay pending.

    A plan stays open while a change of it is pending. Raises ConfigError when there is no such open
    plan.
    """
    with reading(engine) as conn:
        status = conn.scalar(select(ops_plan.c.status).where(ops_plan.c.plan == plan))
        if status != "open":
            raise ConfigError(
                plan,
                "plan",
                "no such plan." if status is None else f"this plan is {status} already.",
                remedy="run `hub plan` and apply the plan it names",
            )
        rows = conn.execute(
            select(ops_change)
            .where(ops_change.c.plan == plan, ops_change.c.outcome == "pending")
            .order_by(ops_change.c.seq)
        ).all()
    connectors = guarded(engine, settings, connectors)
    with writing(engine) as conn:
        undone.remember(conn, run, plan)
    report = ApplyReport()
    made: dict[tuple[str, str], str] = {}  # (system, hub id) → record id
    for (system, obj), group in groupby(rows, key=lambda row: (row.system, row.object)):
        if system in connectors and system not in report.paused:
            _apply_object(engine, settings, run, connectors[system], obj, list(group), made, report)
        else:
            report.leave(len(list(group)))
    _close_when_done(engine, run, plan)
    return report


def _close_when_done(engine: Engine, run: Run, plan: str) -> None:
    pending = exists().where(ops_change.c.plan == plan, ops_change.c.outcome == "pending")
    with writing(engine) as conn:
        undone.settle(conn, run, plan)
        conn.execute(
            update(ops_plan).where(ops_plan.c.plan == plan, ~pending).values(status="applied")
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
        .where(ops_plan.c.status == "open", ops_plan.c.kind == SYNC, ~outdated)
        .order_by(ops_plan.c.run.desc())
    )


def _apply_object(
    engine: Engine,
    settings: Settings,
    run: Run,
    connector: Connector,
    obj: str,
    rows: Sequence[Row[Any]],
    made: dict[tuple[str, str], str],
    report: ApplyReport,
) -> None:
    mapping = settings.mappings[connector.system][obj]
    for start in range(0, len(rows), connector.rows_per_apply):
        if connector.system in report.paused:
            report.leave(len(rows) - start)
            return
        chunk = rows[start : start + connector.rows_per_apply]
        with reading(engine) as conn:
            survivors = _survivors(conn, connector.system, obj, mapping, chunk)
        changes = [_change(row, mapping, made, survivors) for row in chunk]
        ready = [change for change in changes if change is not None]
        waiting = [
            _unsent(row) for row, change in zip(chunk, changes, strict=True) if change is None
        ]
        outcomes = [*waiting, *connector.apply(ready)] if ready else waiting
        by_id = {row.id: row for row in chunk}
        for outcome in outcomes:
            if outcome.status in {"applied", "skipped"} and outcome.record_id:
                made[(connector.system, by_id[outcome.change_id].hub_id)] = outcome.record_id
        with writing(engine) as conn:
            _store_outcomes(conn, outcomes, run)
            _remember(conn, connector.system, obj, mapping, by_id, outcomes, survivors)
            _forget_copies(conn, connector.system, obj, run, by_id, outcomes)
            record_calls(conn, run, connector.system, f"apply/{obj}", connector.calls)
        connector.calls.restart()
        report.add(outcomes, by_id)


def _survivors(
    conn: Connection, system: str, obj: str, mapping: ObjectMapping, rows: Sequence[Row[Any]]
) -> dict[str, str]:
    """Record that a change is for → the one it was merged into since the plan was made."""
    table = SOURCES[mapping.source]
    query = select(table.c.record_id, table.c.merged_into).where(
        table.c.system == system,
        table.c.object == obj,
        table.c.record_id.in_([row.record_id for row in rows if row.record_id]),
        table.c.merged_into.is_not(None),
    )
    return {row.record_id: row.merged_into for row in conn.execute(query)}


def _change(
    row: Row[Any],
    mapping: ObjectMapping,
    made: Mapping[tuple[str, str], str],
    survivors: Mapping[str, str],
) -> Change | None:
    """The stored change as the connector takes it; None while a record it refers to is missing,
    and for the delete of a record that lives on in another one."""
    cells = json.loads(row.fields)
    if row.op in REMOVALS:
        before = {name: cell["before"] for name, cell in cells.items()}
        if row.record_id in survivors:
            return None
        return Change(row.id, row.object, row.op, {}, row.record_id, before=before)
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
    return Change(row.id, row.object, row.op, fields, record_id, key, before)


def _unsent(row: Row[Any]) -> Outcome:
    if row.op in REMOVALS:
        said = "the record was merged into another one, which is not the hub's to delete"
        return Outcome(row.id, "stale", row.record_id, "merged", said)
    said = "the record it hangs on is not made"
    return Outcome(row.id, "pending", code="waiting", message=said)


def _store_outcomes(conn: Connection, outcomes: Sequence[Outcome], run: Run) -> None:
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
            }
            for outcome in outcomes
        ],
    )
    made = [o for o in outcomes if o.status == "applied" and o.record_id]
    if made:
        conn.execute(
            update(ops_change).where(ops_change.c.id == bindparam("change")),
            [{"change": o.change_id, "record_id": o.record_id} for o in made],
        )


def _remember(
    conn: Connection,
    system: str,
    obj: str,
    mapping: ObjectMapping,
    rows: Mapping[str, Row[Any]],
    outcomes: Sequence[Outcome],
    survivors: Mapping[str, str],
) -> None:
    """Update what a record was last seen to say by what was just written into it.

    The next pull then finds nothing new in our own write. A record that was made is not known here:
    only its system can tell all it says.
    """
    table = SOURCES[mapping.source]
    applied = (rows[o.change_id] for o in outcomes if o.status == "applied")
    written = {
        survivors.get(row.record_id, row.record_id): row for row in applied if row.op == "update"
    }
    if not written:
        return
    here = (table.c.system == system, table.c.object == obj)
    known = {
        row.record_id: row
        for row in conn.execute(
            select(table.c.record_id, table.c.told, table.c.agreed).where(
                *here, table.c.record_id.in_(list(written))
            )
        )
    }
    keyed = next((f for f, column in mapping.pull.items() if column == "hub_key"), None)
    updates = []
    for record_id, row in written.items():
        after = {name: cell["after"] for name, cell in json.loads(row.fields).items()}
        before = known.get(record_id)
        said = {**told_values(before and before.told), **after}
        agreed = agreed_values(before and before.told, before and before.agreed)
        updates.append(
            {
                "record": record_id,
                "new_told": told_text(said),
                "new_agreed": agreed_text(said, {**agreed, **after}),
                "new_key": said.get(keyed) if keyed else None,
                **meant(mapping, table, said),
            }
        )
    values: dict[str, Any] = {"told": bindparam("new_told"), "agreed": bindparam("new_agreed")}
    values |= {column: bindparam(MEANT + column) for column in mapping.shared.values()}
    if keyed in mapping.told_fields:
        values["hub_key"] = bindparam("new_key")
    conn.execute(
        update(table).where(*here, table.c.record_id == bindparam("record")).values(**values),
        updates,
    )


def _forget_copies(
    conn: Connection,
    system: str,
    obj: str,
    run: Run,
    rows: Mapping[str, Row[Any]],
    outcomes: Sequence[Outcome],
) -> None:
    """Partners' copies that were deleted just now are gone: this very sync need not ask for it
    again. Of all other records their system tells."""
    c = src_assigned_lead.c
    applied = (rows[o.change_id] for o in outcomes if o.status == "applied")
    gone = [row.record_id for row in applied if row.op in REMOVALS]
    if gone:
        conn.execute(
            update(src_assigned_lead)
            .where(c.system == system, c.object == obj, c.record_id.in_(gone))
            .values(is_deleted=True, gone=DELETED, run=run.number)
        )
