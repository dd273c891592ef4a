"""At volume: how fast hundreds of thousands of rows come in, and what they cost in API calls.

Rows are pulled, typed, validated, archived and landed; beside it stand the client libraries' own
plain loops and the bare bytes, from the same servers in alternating rounds.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Engine, func, select

from bench import floors, hands, minimum, peers
from bench.databases import Databases
from bench.figures import Board, Lap, timed
from bench.scene import Scene
from bench.wide import FIRST_COMPANY, account_id
from bench.wire import Replay, Sent, recorded
from hub.connectors.contract import Connector
from hub.connectors.salesforce.config import SalesforceSystem
from hub.models.database import reading, writing
from hub.models.operations import ops_call
from hub.models.runs import Run
from hub.policy.settings import load_policy
from hub.sync.apply import apply_plan
from hub.sync.changes import PlannedChange
from hub.sync.flow import connected
from hub.sync.land import land
from hub.sync.ledger import begin_run, end_run
from hub.sync.plan import basis
from hub.sync.settled import portions
from hub.sync.storing import Draft, store

SALESFORCE, HUBSPOT = "acme_salesforce", "acme_hubspot"
_OBJECTS = {SALESFORCE: "Account", HUBSPOT: "companies"}
_ITERATED = "simple-salesforce query_all_iter"
_GOT_ALL = "hubspot-api-client get_all"
_RESULTS = "bare download of the job's results"
_PAGES = "bare download of the same pages"


@dataclass(frozen=True)
class Sizes:
    """Rows of each system, and how many of them an increment changes and a push writes."""

    rows: dict[str, int]
    changes: int
    writes: int


# -- speed -------------------------------------------------------------------------------------


def measure_speed(
    scene: Scene, kinds: Sequence[Databases], board: Board, sizes: Sizes, rounds: int
) -> None:
    """First pulls into empty warehouses, each beside what it is measured against."""
    with scene.crms(hurried=True):
        for _ in range(rounds):
            for databases in kinds:
                _salesforce_round(scene, databases, board, sizes)
                _hubspot_round(scene, databases, board, sizes)


def _salesforce_round(scene: Scene, databases: Databases, board: Board, sizes: Sizes) -> None:
    place = ("volume", databases.name, "Salesforce, landed")
    rows = sizes.rows[SALESFORCE]
    lap, sent = _first_pull(scene, databases, SALESFORCE, rows)
    config = scene.settings.systems[SALESFORCE]
    if not isinstance(config, SalesforceSystem):
        raise TypeError(SALESFORCE)
    found, loop = peers.query_all_iter(sent, config.api_version)
    board.add(place, rows, lap, _ITERATED, loop, found, at_least=1.5)
    results = [request for request in sent if request.path.endswith("/results")]
    if results:
        tokens = [request for request in sent if request.is_token]
        board.add(place, rows, lap, _RESULTS, _bare(tokens, results), at_least=0.25)
    found, drained = floors.drain_query(sent)
    board.add(place, rows, lap, "bare drain of REST pages", drained, found)


def _hubspot_round(scene: Scene, databases: Databases, board: Board, sizes: Sizes) -> None:
    place = ("volume", databases.name, "HubSpot, landed")
    rows = sizes.rows[HUBSPOT]
    lap, sent = _first_pull(scene, databases, HUBSPOT, rows)
    found, loop = peers.get_all(sent)
    board.add(place, rows, lap, _GOT_ALL, loop, found, at_least=5.0)
    board.add(place, rows, lap, _PAGES, _bare([], sent))


def _first_pull(
    scene: Scene, databases: Databases, system: str, rows: int
) -> tuple[Lap, list[Sent]]:
    with (
        databases.fresh() as engine,
        connected(scene.settings, [system]) as connectors,
        recorded() as sent,
        _run(engine, scene) as run,
        timed() as lap,
    ):
        _pull("new")(engine, scene, run, connectors[system], rows)
    return lap, sent


def _bare(first: Sequence[Sent], then: Sequence[Sent]) -> Lap:
    """The time of sending `then`; `first` is sent before it, and not counted."""
    replay = Replay()
    replay.send(first)
    with timed() as lap:
        replay.send(then)
    replay.close()
    return lap


# -- calls -------------------------------------------------------------------------------------


def measure_calls(scene: Scene, databases: Databases, board: Board, sizes: Sizes) -> None:
    """First pull, increment and push, each by a connector of its own as a run of its own."""
    with scene.crms(hurried=True), databases.fresh() as engine:
        for system, rows in sizes.rows.items():
            is_salesforce = system == SALESFORCE
            first = minimum.salesforce_pull if is_salesforce else minimum.hubspot_first_pull
            later = minimum.salesforce_pull if is_salesforce else minimum.hubspot_increment
            push = minimum.salesforce_push if is_salesforce else minimum.hubspot_push
            for work, number, act, least in (
                ("first pull", rows, _pull("new"), first),
                ("increment", sizes.changes, _pull("changed"), later),
                ("push", sizes.writes, _push, push),
            ):
                if work == "increment":
                    _changed_by_somebody(scene, system, number)
                    scene.a_minute_later()
                mark = scene.requests_so_far
                with (
                    connected(scene.settings, [system]) as connectors,
                    _run(engine, scene) as run,
                    timed() as lap,
                ):
                    act(engine, scene, run, connectors[system], number)
                used, computed = _spent(engine, run)
                board.volume_calls.append(
                    {
                        "system": system,
                        "work": f"{work}, {number:,} rows",
                        "used": used,
                        "minimum": least(number),
                        "ratio": round(used / least(number), 2),
                        "the hub's own minimum": computed,
                        "counted by the sandbox": scene.requests_since(mark)[system],
                        "seconds": round(lap.seconds, 1),
                    }
                )


_Act = Callable[[Engine, Scene, Run, Connector, int], None]


def _pull(disposition: str) -> _Act:
    """A pull in which so many rows, and no more, are of this disposition."""

    def pull(engine: Engine, scene: Scene, run: Run, connector: Connector, rows: int) -> None:
        system = connector.system
        found = land(engine, scene.settings, run, connector, _OBJECTS[system]).dispositions
        if found[disposition] != rows:
            raise AssertionError(f"{system}: {found}, {rows} are {disposition}")

    return pull


def _push(engine: Engine, scene: Scene, run: Run, connector: Connector, rows: int) -> None:
    system = connector.system
    plan = _planned(engine, scene, run, connector, rows)
    outcomes = apply_plan(engine, scene.settings, run, plan, {system: connector}).outcomes
    if outcomes != {"applied": rows}:
        raise AssertionError(f"{system}: {outcomes}, {rows} were to be applied")


def _planned(engine: Engine, scene: Scene, run: Run, connector: Connector, rows: int) -> str:
    """A stored plan that gives so many records another website."""
    system, settings = connector.system, scene.settings
    field = "Website" if system == SALESFORCE else "domain"
    changes = (
        PlannedChange(
            *(system, _OBJECTS[system], "update", _record_id(system, number), "-"),
            {field: {"before": None, "after": f"new-{number}.example", "why": "-"}},
        )
        for number in range(1, rows + 1)
    )
    step = basis(settings, load_policy(settings))
    draft = Draft(run, settings, step, {system: connector}, at_once=True)
    with writing(engine) as conn:
        return str(store(conn, draft, portions(changes), lambda *_: None).plan)


def _changed_by_somebody(scene: Scene, system: str, rows: int) -> None:
    """So many records get another phone number by other hands than those that are measured."""
    field = "Phone" if system == SALESFORCE else "phone"
    said = {_record_id(system, number): f"+43 1 {number:07d}" for number in range(1, rows + 1)}
    hands.edit(scene, system, _OBJECTS[system], field, said)


def _record_id(system: str, number: int) -> str:
    return account_id(number) if system == SALESFORCE else str(FIRST_COMPANY + number)


def _spent(engine: Engine, run: Run) -> tuple[int, int]:
    totals = select(func.sum(ops_call.c.used), func.sum(ops_call.c.minimum))
    with reading(engine) as conn:
        used, computed = conn.execute(totals.where(ops_call.c.run == run.number)).one()
    return int(used), int(computed)


@contextmanager
def _run(engine: Engine, scene: Scene) -> Iterator[Run]:
    run = begin_run(engine, "sync", scene.settings.config_hash)
    yield run
    end_run(engine, run, "done", seconds={})
