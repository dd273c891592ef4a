"""Replay: the warehouse as it was at a moment, worked out again from what was said and decided.

The archive has what the systems said, the ledger which run took which steps and what each wrote,
and when stewards decided what. The same steps are taken again in the same order and at the same
times, run by run, into another database. No outside system is asked, and nothing is archived.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.sql import ColumnElement

from hub.config import Settings
from hub.errors import HubError
from hub.models.database import exclusive, reading, writing
from hub.models.erasure import erased, erasure_key
from hub.models.operations import ops_run, ops_step
from hub.models.runs import Run
from hub.sync.ledger import DONE, SETTLE, SYNCS
from hub.sync.replay.decided import Decided
from hub.sync.replay.landed import land_again
from hub.sync.replay.taken import take_again
from hub.sync.replay.written import write_again

Progress = Callable[[str], None]
_DERIVING = (*SYNCS, SETTLE, "plan")


@dataclass(frozen=True)
class ReplayReport:
    """What was taken again. `last_run` is the last that had ended by then; `other_configuration`
    are the runs that were made under another configuration than the one at hand."""

    last_run: int
    runs: int
    batches: int
    rows: int
    steps: int
    writes: int
    other_configuration: tuple[int, ...]


def replay(
    source: Engine,
    settings: Settings,
    into: Engine,
    moment: datetime,
    progress: Progress = lambda _message: None,
) -> ReplayReport:
    """Work out in `into`, an empty warehouse of the newest schema, what `source` held at `moment`
    (aware UTC): the outcome of all runs that had ended by then. Erased people do not come back.

    Raises HubError when nothing had been run by then, when `into` is not empty, or when a run is
    from before the ledger kept account of steps; and ConfigError when a system or object of then
    is not mapped any more.
    """
    with reading(source) as conn:
        past = _ended_by(conn, moment)
        _all_accounted(conn, past)
    with exclusive(into):
        _begin(source, into)
        decided = Decided(source, into)
        batches = rows = steps = writes = 0
        for row in past:
            run = Run(row.run, row.started_at)
            progress(f"run {run.number} of {past[-1].run}")
            with writing(into) as conn:
                conn.execute(ops_run.insert().values(row._asdict()))
            decided.until(run)
            landed = land_again(source, into, settings, run)
            taken = take_again(source, into, settings, run)
            writes += write_again(source, into, settings, run)
            batches, rows, steps = batches + landed.batches, rows + landed.rows, steps + taken
        decided.waiting(moment)
    return ReplayReport(
        *(past[-1].run, len(past), batches, rows, steps, writes),
        tuple(row.run for row in past if row.config_hash != settings.config_hash),
    )


def _ended_by(conn: Connection, moment: datetime) -> Sequence[Row[tuple[object, ...]]]:
    ended = select(ops_run).where(ops_run.c.finished_at <= moment).order_by(ops_run.c.run)
    past = conn.execute(ended).all()
    if not past:
        raise HubError(
            f"No run had ended by {moment:%Y-%m-%d %H:%M:%S} UTC.",
            remedy="name a later moment; `hub status` tells of the last sync",
        )
    return past


def _all_accounted(conn: Connection, past: Sequence[Row[tuple[object, ...]]]) -> None:
    """Runs of a program that did not note its steps cannot be taken again."""
    unaccounted: ColumnElement[bool] = (
        ~select(ops_step.c.id).where(ops_step.c.run == ops_run.c.run).exists()
    )
    run = conn.scalar(
        select(ops_run.c.run)
        .where(
            ops_run.c.kind.in_(_DERIVING),
            ops_run.c.status == DONE,
            ops_run.c.run <= past[-1].run,
            unaccounted,
        )
        .order_by(ops_run.c.run)
        .limit(1)
    )
    if run is not None:
        raise HubError(
            f"Run {run} kept no account of its steps: it was made by an earlier version.",
            remedy="what came before cannot be replayed; restore a copy of the warehouse of then",
        )


def _begin(source: Engine, into: Engine) -> None:
    """Who was erased is known from the start."""
    with reading(into) as conn:
        if conn.execute(select(ops_run.c.run).limit(1)).first() is not None:
            raise HubError(
                "The warehouse to replay into is not empty.",
                remedy="name a new database with `--into`",
            )
    for table in (erasure_key, erased):
        with reading(source) as conn:
            found = [dict(row) for row in conn.execute(select(table)).mappings()]
        if found:
            with writing(into) as conn:
                conn.execute(table.insert(), found)
