"""`python -m bench.planning`: 100,000 changes planned in bounded memory, applied at the cost told.

A world in which every Salesforce account and every HubSpot company is to get the hub's own number.
The records are pulled over HTTP. That each is a company of its own is put into the warehouse as an
earlier sync would have left it, so that nothing but planning is measured. A process of its own
makes the plan, once in a small world and once in a large one; then the plan of the large one is
applied as `hub apply` does, and the sandbox's own log counts the calls. Exit code 0 when every
change was applied and the calls used are those that the plan said.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import polars as pl
import psutil
from sqlalchemy import Engine, literal, select

from bench.numbered import TARGETS, numbered
from bench.scene import Scene
from hub.commands.planning import carry_out
from hub.commands.warehouse import open_workplace
from hub.models import bulk
from hub.models.database import reading, writing
from hub.models.golden import company
from hub.models.identity import crosswalk
from hub.models.runs import Run
from hub.models.sources import src_company
from hub.sync.flow import connected
from hub.sync.land import land
from hub.sync.ledger import begin_run, end_run
from hub.sync.plan import make_plan

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Planned:
    """A plan as the process that made it tells of it. `calls`: system → what the plan says.
    `before`: megabytes in use before planning, `peak`: at most since."""

    plan: str
    changes: int
    calls: dict[str, int]
    seconds: float
    before: float
    peak: float


@dataclass(frozen=True)
class Result:
    """`used`: system → requests of the apply, by the sandbox's log."""

    planned: Planned
    used: dict[str, int]
    outcomes: dict[str, int]
    seconds: float

    @property
    def holds(self) -> bool:
        whole = {"applied": self.planned.changes}
        return self.used == self.planned.calls and self.outcomes == whole


def main() -> int:
    options = _parser().parse_args()
    if options.make is not None:
        print(json.dumps(asdict(_made(options.make))))
        return 0
    for changes in (options.small, options.changes):
        with TemporaryDirectory(prefix="hub-planning-") as folder:
            result = measured(Path(folder) / "world", changes, apply=not options.plan_only)
        print(report(result), flush=True)
        if not result.holds and not options.plan_only:
            return 1
    return 0


def measured(folder: Path, changes: int, *, apply: bool = True) -> Result:
    """Plan so many changes, half to each system, and apply them if wanted."""
    scene = numbered(folder, changes // len(TARGETS))
    place = open_workplace(folder / "hub.yaml")
    with scene.crms(hurried=True):
        known(scene, place.engine)
        place.engine.dispose()
        planned = _in_a_process_of_its_own(folder / "hub.yaml")
        if not apply:
            return Result(planned, {}, {}, 0.0)
        mark, began = scene.requests_so_far, perf_counter()
        done = carry_out(place, planned.plan)
        seconds = perf_counter() - began
        used = dict(scene.requests_since(mark))
    place.engine.dispose()
    return Result(planned, used, done.outcomes, seconds)


def known(scene: Scene, engine: Engine) -> None:
    """The warehouse as a sync leaves it that found every record to be a company of its own."""
    run = begin_run(engine, "sync", scene.settings.config_hash)
    with connected(scene.settings, [target.system for target in TARGETS]) as connectors:
        for target in TARGETS:
            land(engine, scene.settings, run, connectors[target.system], target.object)
    _unify(engine, run)
    end_run(engine, run, "done", seconds={})


def _unify(engine: Engine, run: Run) -> None:
    c = src_company.c
    told = select(
        *(c.system, c.object, c.record_id, c.name, literal("company").label("entity")),
        literal(1).label("source_rows"),
        literal(run.number).label("run"),
    ).order_by(c.system, c.object, c.record_id)
    with reading(engine) as conn:
        rows = bulk.read(conn, told).with_row_index("number", offset=1)
    rows = rows.with_columns(id=pl.format("co_{}", pl.col("number").cast(pl.String).str.zfill(8)))
    with writing(engine) as conn:
        names = ("entity", "system", "object", "record_id", "run")
        bulk.insert(conn, crosswalk, rows.select(*names, pl.col("id").alias("hub_id")))
        bulk.insert(conn, company, rows.select("id", "name", "source_rows", "run"))


def _in_a_process_of_its_own(config: Path) -> Planned:
    command = [sys.executable, "-m", "bench.planning", "--make", str(config)]
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    return Planned(**json.loads(made.stdout))


def _made(config: Path) -> Planned:
    place = open_workplace(config)
    with connected(place.settings, list(place.settings.systems)) as connectors:
        before, began = psutil.Process().memory_info().rss, perf_counter()
        run = begin_run(place.engine, "plan", place.settings.config_hash)
        plan = make_plan(place.engine, place.settings, run, connectors, at_once=False)
        end_run(place.engine, run, "done", seconds={})
        seconds = perf_counter() - began
    calls: Counter[str] = Counter()
    for part in plan.parts:
        calls[part.system] += part.calls.total
    return Planned(
        *(str(plan.plan), plan.total, dict(calls), seconds),
        *(before / _MEGABYTE, _peak() / _MEGABYTE),
    )


def _peak() -> int:
    """The most bytes of memory that this process had in use so far, as Linux tells it."""
    told = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in told.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def report(result: Result) -> str:
    """The figures, as lines."""
    planned = result.planned
    lines = [
        (
            f"{planned.changes:,} changes planned in {planned.seconds:.1f} s; memory "
            f"{planned.before:.0f} MB before, {planned.peak:.0f} MB at most; "
            f"applied in {result.seconds:.1f} s: {result.outcomes or 'nothing'}"
        )
    ]
    lines += [
        f"  {system:<16} calls by the plan {calls:>5,}  used {result.used.get(system, 0):>5,}"
        for system, calls in planned.calls.items()
    ]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.planning", description=__doc__)
    parser.add_argument("--changes", type=int, default=100_000, help="changes to both systems")
    parser.add_argument("--small", type=int, default=10_000, help="changes of the small world")
    parser.add_argument("--plan-only", action="store_true", help="nothing is applied")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
