"""`python -m bench.undoing`: 10,000 changes to each CRM are undone, 37 records edited in between.

Everything goes over HTTP to the sandbox's process. What became of it is read from the CRMs' own
stores, never from the hub's tables: exit code 0 when every record is as it was before, but for
those that somebody edited, which are listed and say what that person wrote; and when the syncs
after that write nothing.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from sqlalchemy import func, select

from bench import hands
from bench.databases import Databases, Sqlite, postgres
from bench.numbered import TARGETS, Rows, Target, numbered, stored
from bench.scene import Scene
from hub.commands.undoing import Undo, undo
from hub.commands.warehouse import Workplace
from hub.models.database import reading
from hub.models.operations import ops_call
from hub.sync.pipeline import sync


@dataclass(frozen=True)
class Taken:
    """What became of the records of one system, by its own store. `written`: changed by the sync.
    `restored`: as before in every column. `kept`: as somebody edited it, and otherwise as before.
    `astray`: neither. `listed`: left alone by the undo, as it says, and edited."""

    system: str
    written: int
    edited: int
    restored: int
    kept: int
    astray: int
    listed: int


@dataclass(frozen=True)
class Result:
    """`requests`: those of the undo by the sandbox's log; `looking`: calls by which it read what
    records say now; `calls_planned`: what its plan says that carrying it out takes. `wrong`:
    records that the undo lists and nobody edited. `later_writes`: write requests of the two syncs
    after it."""

    database: str
    taken: list[Taken]
    wrong: int
    calls_planned: int
    looking: int
    requests: int
    later_writes: int
    seconds: dict[str, float]

    @property
    def holds(self) -> bool:
        return (
            all(
                one.restored == one.written - one.edited and one.kept == one.listed == one.edited
                for one in self.taken
            )
            and not self.wrong
            and not self.later_writes
            and self.requests == self.looking + self.calls_planned
        )


def main() -> int:
    options = _parser().parse_args()
    with TemporaryDirectory(prefix="hub-undoing-") as folder, ExitStack() as stack:
        scene = numbered(Path(folder) / "world", options.changes)
        kinds: dict[str, Databases] = {"sqlite": Sqlite(Path(folder))}
        if "postgresql" in options.databases:
            kinds["postgresql"] = stack.enter_context(postgres())
        results = [undone(scene, kinds[name], options.edited) for name in options.databases]
    print(report(results))
    return 0 if all(result.holds for result in results) else 1


def undone(scene: Scene, databases: Databases, edited: int) -> Result:
    """A sync that writes to every record, some edits, its undo, and two more syncs."""
    seconds: dict[str, float] = {}
    with scene.crms(hurried=True), databases.fresh() as engine:
        place = Workplace(scene.settings, engine)
        before = stored(scene)
        report = sync(engine, scene.settings)
        if report.status != "done":
            raise AssertionError("; ".join(report.faults) or str(report.laws))
        seconds["apply"] = report.watch.seconds["apply"]
        written = stored(scene)
        typed = {target: _edits(before[target.system], edited) for target in TARGETS}
        for target, said in typed.items():
            hands.edit(scene, target.system, target.object, target.field, said)
        scene.a_minute_later()
        mark, began = scene.requests_so_far, perf_counter()
        back = undo(place, [str(report.runs[0])], apply=True)
        seconds["undo"] = perf_counter() - began
        used = scene.requests_since(mark).total()
        with reading(engine) as conn:
            looks = select(func.sum(ops_call.c.used)).where(ops_call.c.step.startswith("undo/"))
            looking = int(conn.scalar(looks) or 0)
        after = stored(scene)
        mark = scene.requests_so_far
        for _ in range(2):
            scene.a_minute_later()
            sync(engine, scene.settings)
        later = scene.writes_since(mark)
    listed = {(change.system, change.record_id) for change in back.left}
    known = {(target.system, record_id) for target, said in typed.items() for record_id in said}
    return Result(
        databases.name,
        [
            _taken(t, before[t.system], written[t.system], after[t.system], typed[t], back)
            for t in TARGETS
        ],
        len(listed - known),
        back.plan.calls,
        looking,
        used,
        later,
        seconds,
    )


def _edits(rows: Rows, number: int) -> dict[str, str]:
    """So many records, spread over all, and what somebody types into each."""
    ids = sorted(rows)
    return {ids[n * len(ids) // number]: f"typed by hand, {n}" for n in range(number)}


def _taken(
    target: Target, before: Rows, written: Rows, after: Rows, typed: dict[str, str], back: Undo
) -> Taken:
    expected = {
        record_id: row | ({target.column: typed[record_id]} if record_id in typed else {})
        for record_id, row in before.items()
    }
    as_expected = {record_id for record_id, row in expected.items() if after[record_id] == row}
    listed = {change.record_id for change in back.left if change.system == target.system}
    return Taken(
        target.system,
        sum(written[record_id] != row for record_id, row in before.items()),
        len(typed),
        len(as_expected - typed.keys()),
        len(as_expected & typed.keys()),
        len(after.keys() - as_expected),
        len(listed & typed.keys()),
    )


def report(results: Sequence[Result]) -> str:
    """The figures, as lines."""
    lines = []
    for result in results:
        taken = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.seconds.items())
        lines.append(
            f"{result.database}: {taken}; requests of the undo {result.requests:,}, "
            f"{result.looking:,} of them to look; its plan says {result.calls_planned:,}; "
            f"listed without an edit {result.wrong}; "
            f"write requests of the two syncs after it {result.later_writes}"
        )
        lines += [
            f"  {one.system:<16} written {one.written:>7,}  edited {one.edited:>4}  "
            f"restored {one.restored:>7,}  listed {one.listed:>4}  kept {one.kept:>4}  "
            f"astray {one.astray}"
            for one in result.taken
        ]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.undoing", description=__doc__)
    parser.add_argument("--changes", type=int, default=10_000, help="changes to each system")
    parser.add_argument("--edited", type=int, default=37, help="records of each edited since")
    parser.add_argument(
        "--databases",
        type=lambda text: text.split(","),
        default=["sqlite", "postgresql"],
        help="sqlite,postgresql",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
