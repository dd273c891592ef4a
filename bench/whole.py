"""`hub sync`, twice: what it takes, what it asks of the CRMs, and what the second still writes."""

from sqlalchemy import Engine

from bench.deriving import Stage
from bench.figures import Board, timed
from bench.scene import Batches
from hub.sync.pipeline import sync
from hub.sync.report import STEPS, SyncReport


def measure_syncs(stage: Stage, engine: Engine) -> Batches:
    """Two syncs against CRMs as seeded; returns what the CRMs say afterwards."""
    with stage.scene.crms():
        for name in ("first", "second"):
            mark = stage.scene.requests_so_far
            with timed() as lap:
                report = sync(engine, stage.scene.settings)
            writes = stage.scene.writes_since(mark)
            _note(stage.board, stage.databases.name, name, report, lap.seconds, writes)
            _note_calls(stage, name, report, mark)
        return stage.scene.pulled()


def _note(
    board: Board, database: str, name: str, report: SyncReport, seconds: float, writes: int
) -> None:
    read = sum(landed.read for landed in report.landed)
    board.syncs.append(
        {
            "database": database,
            "sync": name,
            "rows read": read,
            "seconds": round(seconds, 2),
            "rows/s": round(read / seconds),
            **{step: round(report.watch.seconds.get(step, 0.0), 2) for step in STEPS},
            "applied": report.outcomes["applied"],
            "write requests": writes,
        }
    )


def _note_calls(stage: Stage, name: str, report: SyncReport, mark: int) -> None:
    answered = stage.scene.requests_since(mark)
    for system, calls in report.calls.items():
        stage.board.calls.append(
            {
                "database": stage.databases.name,
                "sync": name,
                "system": system,
                "used": calls["used"],
                "minimum": calls["minimum"],
                "counted by the sandbox": answered.get(system, 0),
            }
        )
