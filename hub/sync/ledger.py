"""The ledger: runs, watermarks, and what each cost. Written in the transaction it counts."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import perf_counter

from sqlalchemy import Connection, Engine, func, select, update

from hub.connectors.contract import CallMeter
from hub.models.database import take_numbers, writing
from hub.models.operations import ops_call, ops_run
from hub.models.runs import Run

SYNC, DAGSTER, SETTLE = "sync", "dagster", "settle"
"""Kinds of runs: a sync from the command line, one from Dagster, and a pass that settles either."""
SYNCS = (SYNC, DAGSTER)
DONE, FAILED, PAUSED, UNAPPROVED = "done", "failed", "paused: quota", "paused: approval"
"""How runs end. A paused one stopped in order, because an allowance of calls was used up, or
because what is left to write needs somebody's approval."""


def begin_run(engine: Engine, kind: str, config_hash: str, now: datetime | None = None) -> Run:
    """Open a run. Call under the one-writer lock: a run still `running` is then surely dead.

    Runs follow each other in time even when the clock is set back: histories are told in their
    moments.
    """
    started_at = now if now is not None else datetime.now(UTC)
    with writing(engine) as conn:
        latest = conn.scalar(select(func.max(ops_run.c.started_at)))
        if latest is not None and latest >= started_at:
            started_at = latest + timedelta(microseconds=1)
        conn.execute(
            update(ops_run)
            .where(ops_run.c.status == "running")
            .values(status="died", finished_at=started_at, error="the process ended before the run")
        )
        number = take_numbers(conn, "run", 1)[0]
        conn.execute(
            ops_run.insert().values(
                run=number,
                kind=kind,
                status="running",
                config_hash=config_hash,
                started_at=started_at,
            )
        )
    return Run(number, started_at)


def end_run(
    engine: Engine, run: Run, status: str, *, error: str = "", seconds: Mapping[str, float]
) -> None:
    """Close a run as DONE, FAILED or PAUSED, with the seconds each step took."""
    with writing(engine) as conn:
        conn.execute(
            update(ops_run)
            .where(ops_run.c.run == run.number)
            .values(
                status=status,
                error=error or None,
                finished_at=datetime.now(UTC),
                seconds=json.dumps(seconds, sort_keys=True),
            )
        )


class Stopwatch:
    """Seconds by name, added up over any number of laps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        start = perf_counter()
        try:
            yield
        finally:
            self.add({name: perf_counter() - start})

    def add(self, seconds: Mapping[str, float]) -> None:
        for name, more in seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + more


def record_calls(conn: Connection, run: Run, system: str, step: str, calls: CallMeter) -> None:
    """Add a connector's meter to the run's account of API calls."""
    same = (
        (ops_call.c.run == run.number) & (ops_call.c.system == system) & (ops_call.c.step == step)
    )
    counted = {"used": calls.used, "minimum": calls.minimum, "writes": calls.writes}
    quota = {"quota_used": calls.quota_used, "quota_limit": calls.quota_limit}
    added = {name: ops_call.c[name] + value for name, value in counted.items()}
    if conn.execute(update(ops_call).where(same).values(**added, **quota)).rowcount == 0:
        conn.execute(
            ops_call.insert().values(run=run.number, system=system, step=step, **counted, **quota)
        )


def newest_sync(conn: Connection) -> list[int]:
    """The runs of the newest sync: the sync itself and the passes that settled it."""
    kind, run = ops_run.c.kind, ops_run.c.run
    first = conn.scalar(select(func.max(run)).where(kind.in_(SYNCS)))
    if first is None:
        return []
    passes = select(run).where(run >= first, kind.in_((*SYNCS, SETTLE)))
    return list(conn.scalars(passes.order_by(run)))


def run_errors(conn: Connection, runs: Sequence[int]) -> list[str]:
    """What the ledger says went wrong in these runs."""
    failed = select(ops_run.c.error).where(ops_run.c.run.in_(runs), ops_run.c.error.is_not(None))
    return [str(error) for error in conn.scalars(failed.order_by(ops_run.c.run))]


def latest_run(conn: Connection) -> int:
    return int(conn.scalar(select(func.coalesce(func.max(ops_run.c.run), 0))) or 0)
