"""Speed beside its floor, and matching beside the truth: `make bench`, or `python -m bench`.

Each step is measured next to the least that could be done instead, in alternating rounds of one
run, and the ratio is what counts: absolute figures move with the machine and its load.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence, Set
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.databases import Databases, Sqlite, postgres
from bench.deriving import Stage, first_round, next_round
from bench.figures import Board
from bench.reading import measure_check, measure_pull
from bench.rivals.run import PYTHON as RIVALS
from bench.scene import Scene
from bench.volume import HUBSPOT, SALESFORCE, Sizes, measure_calls, measure_speed
from bench.whole import measure_syncs

_WARM_COMPANIES = 60
_SECTIONS = ("steps", "speed", "calls", "matching")
_OUT = Path(__file__).parent / "out"


_TAUGHT = [
    *("bench.matching", "--companies", "400", "--difficulties", "middle"),
    *("--seeds", "11", "--rivals", "dedupe"),
]
"""dedupe learns for minutes and needs gigabytes where there are many rows."""

Say = Callable[[str], None]


def main() -> int:
    options = _parser().parse_args()
    began = perf_counter()
    about = _about(options.companies, options.rounds)
    _say(f"{about['machine']}; the hub and the sandbox's process share it with whatever else runs.")
    with TemporaryDirectory(prefix="hub-bench-") as folder, ExitStack() as stack:
        kinds: list[Databases] = []
        if "sqlite" in options.databases:
            kinds.append(Sqlite(Path(folder)))
        if "postgresql" in options.databases:
            kinds.append(stack.enter_context(postgres()))
        board = Board()
        if "steps" in options.sections:
            _say(f"Warming up with {_WARM_COMPANIES} companies")
            _measure(Scene.seeded(Path(folder) / "small", _WARM_COMPANIES), kinds, Board(), 1)
            scene = Scene.seeded(Path(folder) / "scene", options.companies)
            _measure(scene, kinds, board, options.rounds, _say)
        volume = {"speed", "calls"} & set(options.sections)
        if volume:
            _measure_volume(Path(folder), kinds, board, options, volume)
    about["minutes"] = round((perf_counter() - began) / 60, 1)
    file = options.out / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    board.save(file, about)
    print(f"\n{board.tables()}\n")
    _say(f"{about['minutes']} minutes; the same figures are in {file}")
    wanted = options.matching if "matching" in options.sections else 0
    return 0 if wanted == 0 else _matching(wanted)


def _silent(_message: str) -> None:
    return None


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def _measure(
    scene: Scene, kinds: Sequence[Databases], board: Board, rounds: int, told: Say = _silent
) -> None:
    told(f"{scene.companies:,} companies: pull, check")
    with scene.crms(hurried=True):
        batches = measure_pull(scene, board, rounds)
    measure_check(scene, board, batches, rounds)
    for databases in kinds:
        stage = Stage(scene, databases, board)
        told(f"{databases.name}: two syncs")
        with databases.fresh() as settled:
            after = measure_syncs(stage, settled)
            for number in range(1, rounds + 1):
                told(f"{databases.name}: steps, round {number} of {rounds}")
                first_round(stage, batches)
                next_round(stage, settled, after)


def _measure_volume(
    folder: Path,
    kinds: Sequence[Databases],
    board: Board,
    options: argparse.Namespace,
    sections: Set[str],
) -> None:
    rows = {SALESFORCE: options.salesforce_rows, HUBSPOT: options.hubspot_rows}
    sizes = Sizes(rows, min(options.changes, *rows.values()), min(options.writes, *rows.values()))
    _say(" and ".join(f"{number:,} rows of {system}" for system, number in rows.items()))
    scene = Scene.filled(folder / "volume", options.salesforce_rows, options.hubspot_rows)
    if "speed" in sections:
        measure_speed(scene, kinds, board, sizes, options.rounds)
    if "calls" in sections:
        measure_calls(scene, kinds[0], board, sizes)


def _matching(companies: int) -> int:
    """Quality of matching against the truth, in a process of its own."""
    print(f"matching, {companies:,} companies, beside what is really the case\n", flush=True)
    size = ["--companies", str(companies)]
    rivals = ["--rivals", "naive,splink" if RIVALS.exists() else "naive"]
    for arguments in (
        ["bench.matching", *size, "--seeds", "11,fresh", *rivals],
        ["bench.alone", *size, "--seeds", "201"],
        *([["bench.foreign", *rivals], _TAUGHT] if RIVALS.exists() else []),
    ):
        command = [sys.executable, "-m", *arguments]
        if code := subprocess.run(command, check=False).returncode:
            return code
    return 0


def _about(companies: int, rounds: int) -> dict[str, object]:
    cores = len(os.sched_getaffinity(0))
    return {
        "command": f"python -m bench {' '.join(sys.argv[1:])}".strip(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "companies": companies,
        "rounds": rounds,
        "machine": f"{cores} cores, Python {platform.python_version()}",
        "load_at_start": round(os.getloadavg()[0], 2),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--sections",
        type=lambda text: text.split(","),
        default=list(_SECTIONS),
        help=",".join(_SECTIONS),
    )
    parser.add_argument("--companies", type=int, default=2000, help="companies in the world")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median is shown")
    parser.add_argument(
        "--databases",
        type=lambda text: text.split(","),
        default=["sqlite", "postgresql"],
        help="sqlite,postgresql",
    )
    parser.add_argument("--matching", type=int, default=1000, help="companies to match; 0 for none")
    for name, number, what in (
        ("salesforce-rows", 200_000, "accounts to pull for speed and calls"),
        ("hubspot-rows", 50_000, "HubSpot companies to pull for speed and calls"),
        ("changes", 1_000, "rows that an increment finds changed"),
        ("writes", 10_000, "changes of a push"),
    ):
        parser.add_argument(f"--{name}", type=int, default=number, help=what)
    parser.add_argument("--out", type=Path, default=_OUT, help="folder for the JSON file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
