"""What a judgement would do, found out by doing it and undoing it.

The steps run as they always do, in a transaction that is rolled back: first without the judgement,
so that what waits for the next run anyway is not laid at its door, then with it. So the preview is
what then happens, for the same reason that the steps do the same when run twice.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from hub.config import Settings
from hub.models.database import reading, rehearsing, writing
from hub.models.runs import Run
from hub.stewardship.differences import RowChange, compare, look
from hub.stewardship.judging import Judged, Wish, judge_one
from hub.sync.changes import PlannedChange
from hub.sync.costs import Costs
from hub.sync.derivation import derive
from hub.sync.ledger import Stopwatch, begin_run
from hub.sync.plan import make_plan
from hub.sync.stored import as_planned, changes_of


@dataclass(frozen=True)
class Preview:
    """What follows from a judgement.

    `rows` are the differences in the model. `planned` are the changes of CRM records that the next
    plan would hold because of it, `dropped` those that it would not hold any more; `calls` is what
    the plan would cost, and `calls_without` what it costs anyway.
    """

    judged: Judged
    rows: list[RowChange]
    planned: list[PlannedChange]
    dropped: list[PlannedChange]
    calls: int
    calls_without: int


def preview(engine: Engine, settings: Settings, costs: Costs, wish: Wish, at: datetime) -> Preview:
    """Rehearse a judgement; nothing of it is written. Raises what entering it would raise."""
    with rehearsing(engine) as stage:
        without = _next_plan(stage, settings, costs, at)[1]
        with rehearsing(stage):
            with writing(stage) as conn:
                judged = judge_one(conn, wish, at)
            run, plan = _next_plan(stage, settings, costs, at)
            with reading(stage) as conn:
                seen = look(conn, run.number)
        with reading(stage) as conn:
            rows = compare(conn, seen)
    return Preview(
        judged,
        rows,
        _only(plan, without),
        _only(without, plan),
        plan.calls,
        without.calls,
    )


@dataclass(frozen=True)
class _Plan:
    calls: int
    changes: list[PlannedChange]


def _next_plan(engine: Engine, settings: Settings, costs: Costs, at: datetime) -> tuple[Run, _Plan]:
    run = begin_run(engine, "preview", settings.config_hash, at)
    derive(engine, settings, run, Stopwatch(), full=False)
    made = make_plan(engine, settings, run, costs)
    with reading(engine) as conn:
        rows = list(changes_of(conn, made.plan)) if made.plan is not None else []
    return run, _Plan(
        made.calls,
        [as_planned(row) for row in rows],
    )


def _only(plan: _Plan, other: _Plan) -> list[PlannedChange]:
    """Changes of a plan that another one does not have just so."""
    known = {change.digest for change in other.changes}
    return [change for change in plan.changes if change.digest not in known]
