"""`hub undo`: the inverse of what was written, made as a plan and carried out if wanted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from hub.commands.planning import carrying_out, failing_by_name
from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.models.database import exclusive, reading, writing
from hub.models.operations import ops_undone
from hub.sync import undone
from hub.sync.apply import ApplyReport
from hub.sync.changes import PlannedChange
from hub.sync.flow import connected
from hub.sync.ledger import DONE, Stopwatch, begin_run, end_run
from hub.sync.stored import as_planned, changes_of
from hub.sync.storing import Plan
from hub.sync.undo import make_undo
from hub.sync.undone import AS_BEFORE


@dataclass(frozen=True)
class Undo:
    """The plan of an undo, and what came of it if it was carried out."""

    plan: Plan
    changes: list[PlannedChange]
    applied: ApplyReport | None = None

    @property
    def left(self) -> list[PlannedChange]:
        """What is left alone, but for what is as before already."""
        return [c for c in self.changes if c.refusal and c.refusal.code != AS_BEFORE]

    @property
    def outcomes(self) -> dict[str, int]:
        return self.applied.outcomes if self.applied is not None else {}


def undo(place: Workplace, targets: Sequence[str], *, apply: bool) -> Undo:
    """Plan the inverse of what `targets` wrote (runs, plans, changes), and write it if `apply`.

    Raises HubError when a target names nothing that was written.
    """
    if not targets:
        raise HubError(
            "Nothing is named that should be undone.",
            remedy="name a run, a plan or a change; `hub undo --list` shows what is undone",
        )
    engine, settings = place.engine, place.settings
    with exclusive(engine), connected(settings, list(settings.systems)) as connectors:
        run = begin_run(engine, "undo", settings.config_hash)
        watch = Stopwatch()
        with failing_by_name(place, run, watch), watch.lap("plan"):
            plan = make_undo(engine, settings, run, connectors, targets, at_once=apply)
        with reading(engine) as conn:
            rows = changes_of(conn, plan.plan) if plan.plan is not None else iter(())
            changes = [as_planned(row) for row in rows]
        if plan.plan is None or not apply:
            end_run(engine, run, DONE, seconds=watch.seconds)
            return Undo(plan, changes)
        return Undo(plan, changes, carrying_out(place, run, plan.plan, connectors, watch))


def lift(place: Workplace, targets: Sequence[str]) -> int:
    """Let the hub write again what these undo plans, or changes of them, took back; how many.

    Raises HubError when they took nothing back that still stands.
    """
    with exclusive(place.engine):
        run = begin_run(place.engine, "lift", place.settings.config_hash)
        with writing(place.engine) as conn:
            lifted = undone.lift(conn, run, targets)
        end_run(place.engine, run, DONE, seconds={})
    if not lifted:
        raise HubError(
            f"Nothing is undone by {', '.join(targets) or 'nothing'}.",
            remedy="name plans or changes that `hub undo --list` shows",
        )
    return lifted


def listing(place: Workplace) -> list[dict[str, Any]]:
    """What is undone and held, by plan, system, object and field."""
    c = ops_undone.c
    key = (c.plan, c.system, c.object, c.field)
    query = select(*key, func.count().label("records"), func.max(c.at).label("at"))
    with reading(place.engine) as conn:
        rows = conn.execute(query.where(c.lifted_run.is_(None)).group_by(*key).order_by(*key))
        return [dict(row) for row in rows.mappings()]
