"""Resolve, unify, govern, plan and apply: the steps between what was landed and what is written."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, Table, func, select

from bench import floors
from bench.databases import Databases
from bench.figures import Board, Lap, timed
from bench.scene import Batches, Scene, rows_in
from bench.storing import edited, landed
from bench.wire import Replay, recorded
from hub.golden.unify import ENTITIES, unify
from hub.identity import resolve
from hub.models.database import reading
from hub.models.golden import lead, registration
from hub.models.runs import Run
from hub.models.sources import SOURCES
from hub.policy.govern import SUBJECTS, govern
from hub.sync.apply import apply_plan
from hub.sync.derivation import RESOLVED
from hub.sync.flow import connected
from hub.sync.ledger import begin_run, end_run
from hub.sync.plan import Plan, make_plan

_MENTIONS = ("company", "contact", "lead")
_BARE = {"SQLite": "executemany, key only", "PostgreSQL": "COPY, key only"}


@dataclass(frozen=True)
class Stage:
    """Where the steps are measured: a world, a kind of database, the board for the figures."""

    scene: Scene
    databases: Databases
    board: Board

    def place(self, group: str, step: str) -> tuple[str, str, str]:
        return group, self.databases.name, step


def first_round(stage: Stage, batches: Batches) -> None:
    """Everything for the first time, into an empty warehouse; then landed once more."""
    scene, board = stage.scene, stage.board
    rows = rows_in(batches)
    bare = _BARE[stage.databases.name]
    with stage.databases.fresh() as engine, stage.databases.fresh() as beside:
        _, first, _ = landed(engine, scene, batches)
        floor = floors.BareInsert(engine)
        board.add(stage.place("land", "first"), rows, first, bare, floor.into(beside))
        _, again, _ = landed(engine, scene, batches)
        unchanged = stage.place("land", "again, all unchanged")
        board.add(unchanged, rows, again, bare, floor.into(beside))
        plan = _derived(stage, engine, "first", _Sizes.of(engine))
        _written(stage, engine, plan)


def next_round(stage: Stage, settled: Engine, batches: Batches) -> None:
    """One row of a hundred told differently, in a warehouse that has seen all the rest."""
    rows = rows_in(batches)
    bare = _BARE[stage.databases.name]
    with stage.databases.copy(settled) as engine, stage.databases.fresh() as beside:
        floor = floors.BareInsert(engine)
        _, lap, found = landed(engine, stage.scene, edited(stage.scene, batches))
        board = stage.board
        board.add(stage.place("land", "again, 1 % changed"), rows, lap, bare, floor.into(beside))
        changed = found["changed"]
        _derived(stage, engine, "1 % changed", _Sizes(changed, changed, changed))


@dataclass(frozen=True)
class _Sizes:
    """Rows each step has to look at: mentions to resolve, deals and leads to govern, records to
    compare with what they should say."""

    mentions: int
    governed: int | None
    planned: int

    @classmethod
    def of(cls, engine: Engine) -> "_Sizes":
        counted = {name: _count(engine, table) for name, table in SOURCES.items()}
        return cls(
            sum(counted[name] for name in _MENTIONS),
            None,
            counted["lead"] + counted["opportunity"],
        )


def _derived(stage: Stage, engine: Engine, how: str, sizes: _Sizes) -> Plan:
    settings, board = stage.scene.settings, stage.board
    with _run(engine, stage) as run:
        with timed() as lap:
            for entity in RESOLVED:
                resolve(engine, run, entity)
        board.add(stage.place("resolve", how), sizes.mentions, lap)
        written = {}
        with timed() as lap:
            for name in ENTITIES:
                written[name] = unify(engine, settings, run, name)
        limits = None if how == "first" else written
        copied, floor = floors.insert_select(engine, limits)
        beside = "INSERT … SELECT"
        board.add(stage.place("unify", how), sum(written.values()), lap, beside, floor, copied)
        governed = sizes.governed or _count(engine, registration) + _count(engine, lead)
        lap = _timed(lambda: [govern(engine, settings, run, subject) for subject in SUBJECTS])
        board.add(stage.place("govern", how), governed, lap)
        with connected(settings, list(settings.systems)) as connectors, timed() as lap:
            plan = make_plan(engine, settings, run, connectors)
        board.add(stage.place("plan", how), sizes.planned, lap)
    return plan


def _written(stage: Stage, engine: Engine, plan: Plan) -> None:
    """The plan applied to CRMs as seeded; then the same requests sent bare, to such again."""
    if plan.plan is None:
        return
    settings = stage.scene.settings
    with (
        stage.scene.crms(hurried=True),
        connected(settings, list(settings.systems)) as connectors,
        _run(engine, stage) as run,
        recorded() as sent,
        timed() as lap,
    ):
        report = apply_plan(engine, settings, run, plan.plan, connectors)
    applied = report.outcomes.get("applied", 0)
    with stage.scene.crms(hurried=True):
        replay = Replay()
        tokens = [request for request in sent if request.is_token]
        replay.send(tokens)
        with timed() as bare:
            replay.send([request for request in sent if not request.is_token])
        replay.close()
    stage.board.add(stage.place("apply", "first"), applied, lap, "the same requests, bare", bare)


@contextmanager
def _run(engine: Engine, stage: Stage) -> Iterator[Run]:
    run = begin_run(engine, "sync", stage.scene.settings.config_hash)
    yield run
    end_run(engine, run, "done", seconds={})


def _timed(action: Callable[[], object]) -> Lap:
    with timed() as lap:
        action()
    return lap


def _count(engine: Engine, table: Table) -> int:
    with reading(engine) as conn:
        return conn.scalar(select(func.count()).select_from(table)) or 0
