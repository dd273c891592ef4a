"""The laws as questions to the warehouse: each answer holds or names what breaks it.

Law 4 (replay) is a promise about a command of its own and is proven by tests; here stand those that
a run can break, but for law 5, which has a module of its own (`isolation`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.sql import ColumnElement

from hub.models.channel import expected_report
from hub.models.golden import company, contact
from hub.models.identity import crosswalk, identity_alias
from hub.models.operations import ops_call, ops_change, ops_disposition, ops_plan, ops_read

OUTCOMES = ("applied", "rejected", "skipped", "stale", "pending")
FRUGAL = 1.10
OVERDUE = ("late", "missing")
ERASED = "erased"
"""The code of a change whose values are gone with the person they spoke of."""


@dataclass(frozen=True)
class LawResult:
    """Whether a law holds for the runs asked about, with the figures that show it.

    `waits`: it is broken only by work that waits until an allowance of calls is renewed.
    """

    law: str
    holds: bool
    detail: str
    waits: bool = False


def conservation(
    conn: Connection, runs: Sequence[int], of: tuple[str, str] | None = None
) -> LawResult:
    """Law 1: rows read = sum of dispositions, per run, system and object; changes = outcomes.

    `of`: only the rows read of this system and object.
    """
    key = (ops_read.c.run, ops_read.c.system, ops_read.c.object)
    disposed = (
        select(
            ops_disposition.c.run,
            ops_disposition.c.system,
            ops_disposition.c.object,
            func.sum(ops_disposition.c.rows).label("rows"),
        )
        .group_by(ops_disposition.c.run, ops_disposition.c.system, ops_disposition.c.object)
        .subquery()
    )
    same = (
        (disposed.c.run == ops_read.c.run)
        & (disposed.c.system == ops_read.c.system)
        & (disposed.c.object == ops_read.c.object)
    )
    rows = conn.execute(
        select(*key, ops_read.c.rows, func.coalesce(disposed.c.rows, 0).label("disposed"))
        .outerjoin(disposed, same)
        .where(ops_read.c.run.in_(runs), *_reads(of))
    ).all()
    wrong = [r for r in rows if r.rows != r.disposed]
    lost = conn.scalar(
        select(func.count()).where(
            ops_change.c.run.in_(runs), ops_change.c.outcome.not_in(OUTCOMES)
        )
    )
    if wrong:
        first = wrong[0]
        detail = (
            f"{first.system}/{first.object} in run {first.run}: {first.rows} rows read, "
            f"{first.disposed} disposed of; {len(wrong)} such"
        )
        return LawResult("conservation", False, detail)
    if lost:
        return LawResult("conservation", False, f"{lost} changes without an outcome")
    read = sum(r.rows for r in rows)
    return LawResult("conservation", True, f"{read} rows read = {read} disposed of")


def fixpoint(left_to_do: int, *, paused: bool = False) -> LawResult:
    """Law 2: after the last apply, planning again finds nothing (refused changes stay known)."""
    if left_to_do:
        detail = f"{left_to_do} changes still wanted after applying"
        return LawResult("fixpoint", False, detail, waits=paused)
    return LawResult("fixpoint", True, "planning again finds nothing to write")


def identity(conn: Connection) -> LawResult:
    """Law 3: every id in use is alive; every id replaced leads to one that is."""
    dead = conn.scalar(select(func.count()).where(crosswalk.c.hub_id == identity_alias.c.old_id))
    dangling = sum(
        conn.scalar(
            select(func.count())
            .select_from(table)
            .where(
                ~select(crosswalk.c.hub_id)
                .where(crosswalk.c.entity == table.name, crosswalk.c.hub_id == table.c.id)
                .exists()
            )
        )
        or 0
        for table in (company, contact)
    )
    if dead or dangling:
        return LawResult(
            "identity", False, f"{dead} rows under a dead id, {dangling} golden rows without rows"
        )
    ids = conn.scalar(select(func.count(crosswalk.c.hub_id.distinct())))
    return LawResult("identity", True, f"{ids} ids, each alive and with its source rows")


def reversibility(conn: Connection, runs: Sequence[int]) -> LawResult:
    """Law 6: every change applied by these runs can be undone: it names its record, and of each
    field what stood there before. What spoke of an erased person is past undoing."""
    c = ops_change.c
    applied = conn.execute(
        select(c.id, c.record_id, c.fields).where(
            c.run.in_(runs), c.outcome == "applied", c.code.is_distinct_from(ERASED)
        )
    ).all()
    lacking = [row.id for row in applied if not _has_before_image(row.record_id, row.fields)]
    if lacking:
        detail = f"{len(lacking)} applied changes without a before-image, among them {lacking[0]}"
        return LawResult("reversibility", False, detail)
    return LawResult("reversibility", True, f"{len(applied)} applied changes can be undone")


def _has_before_image(record_id: str | None, fields: str) -> bool:
    cells = json.loads(fields).values()
    return bool(record_id) and bool(cells) and all("before" in cell for cell in cells)


def _reads(of: tuple[str, str] | None) -> list[ColumnElement[bool]]:
    return [] if of is None else [ops_read.c.system == of[0], ops_read.c.object == of[1]]


def honesty(
    conn: Connection,
    runs: Sequence[int],
    troubles: Sequence[str],
    *,
    pauses: Sequence[str] = (),
    waits: Sequence[str] = (),
    refused: int,
    applied: bool = True,
) -> LawResult:
    """Law 7: every pull came to its end, no write was left, no trouble was swallowed, no report of
    a distributor is overdue.

    `refused`: changes that a CRM has refused and that are still wanted, by these runs or by earlier
    ones: a run is as green as its worst row until somebody has seen to it. `pauses` are systems
    whose allowance of calls was used up, `waits` are changes that need somebody's approval; what
    they leave unread and unwritten is told like any other fault. A run that was not meant to write
    (`applied` false) may leave its plan pending.
    """
    unfinished = conn.execute(
        select(ops_read.c.system, ops_read.c.object).where(
            ops_read.c.run.in_(runs), ops_read.c.completed.is_(False)
        )
    ).all()
    pending = conn.scalar(
        select(func.count())
        .select_from(ops_change)
        .join(ops_plan, ops_plan.c.plan == ops_change.c.plan)
        .where(
            ops_plan.c.run.in_(runs),
            ops_plan.c.status.not_in(("waiting", "braked")),
            ops_change.c.outcome == "pending",
        )
    )
    overdue = conn.execute(
        select(expected_report)
        .where(expected_report.c.state.in_(OVERDUE))
        .order_by(expected_report.c.due_at)
    ).all()
    faults = [
        *troubles,
        *(
            f"{r.distributor}/{r.report} of {r.period_end} is {r.state}, it was due on "
            f"{r.due_at:%Y-%m-%d}; ask for it, or `hub calendar waive`"
            for r in overdue
        ),
        *pauses,
        *(waits if applied else ()),
        *(f"{r.system}/{r.object} was not read to its end" for r in unfinished),
        *([f"{pending} changes pending"] if pending and applied else []),
        *([f"{refused} changes rejected, see `hub outstanding list`"] if refused else []),
    ]
    if faults:
        only_waits = bool(pauses or waits) and not (troubles or refused or overdue)
        return LawResult("honesty", False, "; ".join(faults), waits=only_waits)
    return LawResult("honesty", True, "every system read to its end, every write accepted")


def honest_read(conn: Connection, runs: Sequence[int], of: tuple[str, str]) -> LawResult:
    """Law 7 for one object: these runs read it, and to its end."""
    ends = conn.scalars(select(ops_read.c.completed).where(ops_read.c.run.in_(runs), *_reads(of)))
    completed = ends.all()
    if completed and all(completed):
        return LawResult("honesty", True, "read to its end")
    return LawResult("honesty", False, "not read to its end" if completed else "not read")


def frugality(conn: Connection, runs: Sequence[int]) -> LawResult:
    """Law 8: API calls used ≤ 1.10 × the computed minimum, per system."""
    rows = conn.execute(
        select(ops_call.c.system, func.sum(ops_call.c.used), func.sum(ops_call.c.minimum))
        .where(ops_call.c.run.in_(runs))
        .group_by(ops_call.c.system)
        .order_by(ops_call.c.system)
    ).all()
    shown = ", ".join(f"{system} {used}/{minimum}" for system, used, minimum in rows)
    wasteful = [s for s, used, minimum in rows if used > max(minimum * FRUGAL, minimum + 1)]
    return LawResult("frugality", not wasteful, f"calls used/minimum: {shown or 'none'}")
