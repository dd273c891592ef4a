"""Speed beside its floor, and matching beside the truth: `make bench`, or `python -m bench`.

Each step is measured next to the least that could be done instead, in alternating rounds of one
run, and the ratio is what counts: absolute figures move with the machine and its load.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.databases import Databases, Sqlite, postgres
from bench.deriving import Stage, first_round, next_round
from bench.figures import Board
from bench.reading import measure_check, measure_pull
from bench.scene import Scene
from bench.whole import measure_syncs

_WARM_COMPANIES = 60
_OUT = Path(__file__).parent / "out"


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
        _say(f"Warming up with {_WARM_COMPANIES} companies")
        _measure(Scene.seeded(Path(folder) / "small", _WARM_COMPANIES), kinds, Board(), 1)
        board = Board()
        scene = Scene.seeded(Path(folder) / "scene", options.companies)
        _measure(scene, kinds, board, options.rounds, _say)
    about["minutes"] = round((perf_counter() - began) / 60, 1)
    file = options.out / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    board.save(file, about)
    print(f"\n{board.tables()}\n")
    _say(f"{about['minutes']} minutes; the same figures are in {file}")
    return 0 if options.matching == 0 else _matching(options.matching)


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


def _matching(companies: int) -> int:
    """Quality of matching against the truth, in a process of its own."""
    print(f"matching, {companies:,} companies, beside what is really the case\n", flush=True)
    command = [sys.executable, "-m", "bench.matching", "--companies", str(companies)]
    return subprocess.run([*command, "--seeds", "11"], check=False).returncode


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
    parser.add_argument("--companies", type=int, default=2000, help="companies in the world")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the median is shown")
    parser.add_argument(
        "--databases",
        type=lambda text: text.split(","),
        default=["sqlite", "postgresql"],
        help="sqlite,postgresql",
    )
    parser.add_argument("--matching", type=int, default=1000, help="companies to match; 0 for none")
    parser.add_argument("--out", type=Path, default=_OUT, help="folder for the JSON file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
