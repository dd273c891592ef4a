"""When an object's ids, its fields that change without a trace, and its references to records that
have gone were last compared."""

from datetime import timedelta
from typing import Literal

from sqlalchemy import Connection, Engine, and_, delete, select, update
from sqlalchemy.sql import ColumnElement

from hub.models.database import reading
from hub.models.operations import ops_recheck
from hub.models.runs import Run
from hub.sync.targets import Target

What = Literal["ids", "volatile", "references"]
IDS: What = "ids"
VOLATILE: What = "volatile"
REFERENCES: What = "references"


def is_due(engine: Engine, target: Target, what: What, run: Run, minutes: float) -> bool:
    """Whether the last comparison was `minutes` or more before this run, or never was."""
    with reading(engine) as conn:
        last = conn.scalar(select(ops_recheck.c.at).where(_of(target, what)))
    return last is None or run.started_at - last >= timedelta(minutes=minutes)


def last_run(conn: Connection, target: Target, what: What) -> int:
    """The run of the last comparison; 0 when there was none."""
    return conn.scalar(select(ops_recheck.c.run).where(_of(target, what))) or 0


def note(conn: Connection, target: Target, what: What, run: Run) -> None:
    """This run has compared all there is."""
    state = {"run": run.number, "at": run.started_at}
    if conn.execute(update(ops_recheck).where(_of(target, what)).values(**state)).rowcount == 0:
        key = {"system": target.system, "object": target.object, "what": what}
        conn.execute(ops_recheck.insert().values(**key, **state))


def forget(conn: Connection, target: Target) -> None:
    """Everything is due again."""
    conn.execute(delete(ops_recheck).where(_of(target, IDS) | _of(target, VOLATILE)))


def _of(target: Target, what: What) -> ColumnElement[bool]:
    return and_(
        ops_recheck.c.system == target.system,
        ops_recheck.c.object == target.object,
        ops_recheck.c.what == what,
    )
