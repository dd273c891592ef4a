"""The laws under fire, for long: `python -m soak.fire`; exit code 0 when none broke, else 1.

The worlds and what is asked of them are those of `tests/sync/test_under_fire.py`, but they grow
older here. Each core takes a share of the steps, with a seed of its own.
"""

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from xml.etree import ElementTree

_ROOT = Path(__file__).parent.parent
_TEST = "tests/sync/test_under_fire.py"
_STEPS_OF_A_WORLD = 200


@dataclass(frozen=True)
class Share:
    """What one process did: whether every law held, its figures by name, and all that it said."""

    held: bool
    figures: dict[str, int]
    told: str


def main() -> int:
    options = _parser().parse_args()
    start = perf_counter()
    shares = run(options.steps, options.workers, options.seed)
    for share in shares:
        if not share.held:
            sys.stderr.write(share.told)
    sys.stdout.write(f"{report(shares, options.seed, perf_counter() - start)}\n")
    return 0 if all(share.held for share in shares) else 1


def run(steps: int, workers: int, seed: int) -> list[Share]:
    """So many steps, divided among processes that run side by side."""
    with TemporaryDirectory(prefix="hub-fire-") as temporary:
        files = [Path(temporary) / f"{number}.xml" for number in range(workers)]
        running = [
            subprocess.Popen(  # noqa: S603 - our own command
                _command(-(-steps // workers), seed + number, file),
                cwd=_ROOT,
                env={**os.environ, "POLARS_MAX_THREADS": "1"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for number, file in enumerate(files)
        ]
        told = [process.communicate()[0] for process in running]
        return [
            Share(process.returncode == 0, _figures(file), said)
            for process, file, said in zip(running, files, told, strict=True)
        ]


def _command(steps: int, seed: int, figures: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "pytest", _TEST, "-m", "not postgresql", "-p", "no:cacheprovider"),
        *(f"--fire-steps={steps}", f"--fire-world={_STEPS_OF_A_WORLD}"),
        f"--fire-seed={seed}",
        *("-o", "junit_family=xunit1", f"--junitxml={figures}"),
    ]


def _figures(file: Path) -> dict[str, int]:
    """The properties that the test recorded; none when it did not come so far."""
    if not file.exists():
        return {}
    found = ElementTree.parse(file).iter("property")  # noqa: S314 - written by our own pytest
    return {str(one.get("name")): int(str(one.get("value"))) for one in found}


def report(shares: Sequence[Share], seed: int, seconds: float) -> str:
    total = sum((Counter(share.figures) for share in shares), Counter())
    broken = sum(not share.held for share in shares)
    figures = ", ".join(f"{number:,} {name}" for name, number in total.items())
    return "\n".join(
        (
            f"under fire       {figures}",
            f"seeds            {seed} to {seed + len(shares) - 1}",
            f"minutes          {seconds / 60:.1f} in {len(shares)} processes",
            f"laws broken in   {broken} processes",
        )
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m soak.fire", description=__doc__)
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())
