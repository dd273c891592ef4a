"""Stored plans: which there are, their changes as a stream, and what a new plan does to them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, exists, func, or_, select, update
from sqlalchemy.sql import ColumnElement, Select

from hub.errors import ConfigError
from hub.models import bulk
from hub.models.operations import SYNC, ops_approval, ops_change, ops_plan, ops_plan_part
from hub.models.runs import Run
from hub.sync.acceptance import Refusal
from hub.sync.changes import PlannedChange
from hub.sync.costs import Calls
from hub.sync.settled import outstanding
from hub.sync.storing import (
    BRAKED,
    OPEN,
    SUPERSEDED,
    UNDECIDED,
    WAITING,
    Draft,
    Part,
    Plan,
    content_of,
    digest_of,
)

_ROWS = 2_000


def plan_named(conn: Connection, name: str) -> Plan:
    """A stored plan in figures. Raises ConfigError when there is none of that name."""
    row = conn.execute(select(ops_plan).where(ops_plan.c.plan == name)).first()
    if row is None:
        raise ConfigError(name, "plan", "no such plan.", remedy="see `hub plan list`")
    return _plan(conn, row)


def plans(conn: Connection, limit: int) -> list[Plan]:
    """The newest plans, the newest first."""
    rows = conn.execute(select(ops_plan).order_by(ops_plan.c.plan.desc()).limit(limit)).all()
    return [_plan(conn, row) for row in rows]


def plans_before(conn: Connection, name: str, limit: int) -> list[Plan]:
    """The newest plans older than the named one."""
    query = select(ops_plan).where(ops_plan.c.plan < name).order_by(ops_plan.c.plan.desc())
    return [_plan(conn, row) for row in conn.execute(query.limit(limit)).all()]


def undecided(conn: Connection) -> list[Plan]:
    """Plans that wait for approval, or are braked."""
    query = select(ops_plan).where(ops_plan.c.status.in_((WAITING, BRAKED)))
    return [_plan(conn, row) for row in conn.execute(query.order_by(ops_plan.c.plan)).all()]


def _plan(conn: Connection, row: Row[Any], *, kept: bool = False) -> Plan:
    return Plan(
        row.plan,
        tuple(parts_of(conn, row.plan)),
        *(row.calls, row.created_at, row.config_hash, row.status, row.expires_at),
        kept=kept,
    )


def parts_of(conn: Connection, plan: str) -> list[Part]:
    """The parts of a plan in the order of applying."""
    query = select(ops_plan_part).where(ops_plan_part.c.plan == plan)
    return [_part(row) for row in conn.execute(query.order_by(ops_plan_part.c.seq))]


def _part(row: Row[Any]) -> Part:
    return Part(
        row.system,
        row.object,
        kinds=Counter(json.loads(row.kinds)),
        fields=json.loads(row.fields),
        emptying=row.emptying,
        records=row.records,
        calls=Calls(row.opening_calls, row.write_calls, row.compare_calls),
        digest=row.digest,
        hold=row.hold,
        brakes=tuple(filter(None, row.brakes.split(";"))),
        reason=row.reason,
    )


def changes_of(conn: Connection, plan: str, *where: ColumnElement[bool]) -> Iterator[Row[Any]]:
    """The changes of a plan in the order of applying, `_ROWS` of them in memory at once."""
    last = 0
    query = select(ops_change).where(ops_change.c.plan == plan, *where).order_by(ops_change.c.seq)
    while True:
        rows = conn.execute(query.where(ops_change.c.seq > last).limit(_ROWS)).all()
        yield from rows
        if len(rows) < _ROWS:
            return
        last = rows[-1].seq


def as_planned(row: Row[Any]) -> PlannedChange:
    """A stored change as it was planned."""
    refused = row.kind in ("skip", "blocked")
    refusal = Refusal(row.message, row.remedy or "", row.code, row.kind) if refused else None
    return PlannedChange(
        *(row.system, row.object, row.op, row.record_id, row.hub_id),
        json.loads(row.fields),
        refusal,
        attempts=row.attempts,
        id=row.id,
    )


def digest_now(conn: Connection, plan: str, basis: str) -> str:
    """The hash of a plan as its changes stand in the ledger."""
    parts = {part.where: Part(*part.where) for part in parts_of(conn, plan)}
    for row in changes_of(conn, plan):
        where = (row.system, row.object)
        parts.setdefault(where, Part(*where)).hash_in(content_of(row._asdict()))
    for part in parts.values():
        part.close()
    return digest_of(basis, parts.values())


# -- what a new plan does to those before it -----------------------------------------------------

Keep = Callable[[Plan], Plan]


@contextmanager
def superseding(conn: Connection, draft: Draft) -> Iterator[Keep]:
    """Yields what takes the new plan, once stored, and returns the one that is to be worked on.

    A plan that waits for a decision, or has one, is kept where it holds all that is wanted: its
    name can be sent around while syncs go on. Anything else that is undecided is superseded.
    """
    savepoint = conn.begin_nested()

    def keep(plan: Plan) -> Plan:
        held = _decided_upon(conn, draft)
        if plan.plan is not None and held is not None and _same(conn, held, plan):
            savepoint.rollback()
            return held
        savepoint.commit()
        supersede(conn, draft.run, plan.plan, draft.kind)
        return plan

    yield keep


def _decided_upon(conn: Connection, draft: Draft) -> Plan | None:
    """The newest undecided plan that needs somebody's decision, or has it, and has not expired."""
    approved = exists().where(ops_approval.c.plan == ops_plan.c.plan)
    row = conn.execute(
        select(ops_plan)
        .where(
            ops_plan.c.kind == draft.kind,
            ops_plan.c.status.in_(UNDECIDED),
            or_(ops_plan.c.status != OPEN, approved),
            ops_plan.c.expires_at > draft.run.started_at,
            ops_plan.c.config_hash == draft.settings.config_hash,
            ops_plan.c.basis == draft.basis,
            ops_plan.c.run < draft.run.number,
        )
        .order_by(ops_plan.c.plan.desc())
    ).first()
    return None if row is None else _plan(conn, row, kept=True)


def _same(conn: Connection, held: Plan, new: Plan) -> bool:
    """Whether what is left of the held plan is the new one."""
    pending = conn.execute(
        select(ops_change.c.system, ops_change.c.object, func.count().label("number"))
        .where(ops_change.c.plan == held.plan, ops_change.c.outcome == "pending")
        .group_by(ops_change.c.system, ops_change.c.object)
    )
    left = {(row.system, row.object): row.number for row in pending}
    wanted = {part.where: part.to_send for part in new.parts if part.to_send}
    digests = {part.where: part.digest for part in held.parts}
    return left == wanted and all(digests.get(part.where) == part.digest for part in new.parts)


def supersede(conn: Connection, run: Run, name: str | None, kind: str) -> None:
    """What plans of this kind before the named one have not done is not to be done any more."""
    of_kind = ops_plan.c.kind == kind
    others = (ops_change.c.plan != name,) if name is not None else ()
    conn.execute(
        update(ops_change)
        .where(
            ops_change.c.plan.in_(select(ops_plan.c.plan).where(of_kind)),
            ops_change.c.outcome.in_(("pending", "stale")),
            ops_change.c.code.is_distinct_from(SUPERSEDED),
            *others,
        )
        .values(outcome="stale", code=SUPERSEDED, run=run.number, at=run.started_at)
    )
    older = (ops_plan.c.plan != name,) if name is not None else ()
    conn.execute(
        update(ops_plan)
        .where(of_kind, ops_plan.c.status.in_(UNDECIDED), *older)
        .values(status=SUPERSEDED)
    )


def resolve(conn: Connection, run: Run, plan: Plan, standing: Sequence[str]) -> None:
    """What was outstanding is so no more where this plan asks for it again, or nobody does.

    `standing` are the ids of stored changes that are still wanted and rest for now.
    """
    frame = pl.DataFrame({"id": list(standing)}, schema={"id": pl.String})
    with bulk.staged(conn, frame.unique(), ops_change) as still:
        conn.execute(
            update(ops_change)
            .where(
                outstanding(),
                ops_change.c.plan.in_(select(ops_plan.c.plan).where(ops_plan.c.kind == SYNC)),
                ops_change.c.plan.is_distinct_from(plan.plan),
                ops_change.c.id.not_in(select(still.c.id)),
            )
            .values(resolved=run.number)
        )


def pending_of(plan: str, part: Part, op: str) -> Select[Any]:
    """The changes of a part that are still to be sent, of one operation."""
    c = ops_change.c
    return select(ops_change).where(
        *(c.plan == plan, c.system == part.system, c.object == part.object),
        *(c.op == op, c.outcome == "pending"),
    )
