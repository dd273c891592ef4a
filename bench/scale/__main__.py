"""Matching at size: `python -m bench.scale --records 1000000`.

In memory: seconds from raw rows to clusters and peak memory of `hub match`, beside Splink with its
own model on DuckDB, which is given the same rows standardised; its time counts the standardising,
and the clustering at its best threshold only. Then a standing warehouse: a thousand changed rows,
beside matching all of them, at one size and at twice the size.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from bench.rivals.run import PYTHON as RIVALS

_SPLINK = Path(__file__).parent.parent / "rivals" / "with_splink.py"
_SECTIONS = ("memory", "warehouse")


def main() -> None:
    options = _parser().parse_args()
    with TemporaryDirectory(prefix="hub-scale-") as temporary:
        folder = options.dir or Path(temporary)
        world = world_of(folder, options.records, options.seed)
        if "memory" in options.sections:
            for line in _in_memory(world):
                print(line, flush=True)
        if "warehouse" in options.sections:
            for database in options.databases:
                for line in _standing(folder, database, options):
                    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--changed", type=int, default=1_000)
    parser.add_argument(
        "--rounds", type=int, default=3, help="increments; the median is shown, and the range"
    )
    parser.add_argument("--seed", type=int, default=11)
    for name, known in (("sections", _SECTIONS), ("databases", ("sqlite", "postgresql"))):
        parser.add_argument(
            f"--{name}",
            type=lambda text: text.split(","),
            default=list(known),
            help=",".join(known),
        )
    parser.add_argument("--dir", type=Path, help="where worlds are kept for the next time")
    return parser


def world_of(folder: Path, records: int, seed: int) -> Path:
    """A folder with about so many company records."""
    world = folder / f"world_{records}_{seed}"
    if not (world / "rows.parquet").exists():
        world.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "bench.scale.rows", str(world), str(records), str(seed)]
        subprocess.run(command, check=True)
    return world


def _told(command: list[str]) -> dict[str, Any]:
    """What a process says of itself in its last line; of a fault, what it says is seen."""
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _in_memory(world: Path) -> Iterator[str]:
    rows, given = world / "rows.parquet", world / "standardised.parquet"
    mine, theirs = world / "hub.parquet", world / "splink.parquet"
    here = [sys.executable, "-m", "bench.scale.file", str(rows)]
    real = pl.read_parquet(rows, columns=["truth"])["truth"]
    yield f"{'matcher':28} {'records':>9} {'seconds':>8} {'CPU s':>7} {'GB':>5}  P       R       F1"
    hub = _told([*here, str(mine), "match"])
    found = pl.read_parquet(mine)["cluster_id"]
    yield _line(f"hub, weights {hub['weights']}", hub, hub["seconds"], quality(real, found))
    told = _told([*here, str(given), "standardise"])
    yield f"{'  of which standardising':28} {len(real):>9,} {told['seconds']:>8.1f}"
    if not RIVALS.exists():
        return
    splink = _told([str(RIVALS), str(_SPLINK), str(given), str(theirs), "company"])
    splink["cpu"] += told["cpu"]
    table = pl.read_parquet(theirs)
    best: tuple[float, float] = (0.0, 0.0)
    for setting, clustering in splink["clustering"].items():
        figures = quality(real.gather(table["row"]), table[setting])
        seconds = told["seconds"] + splink["seconds"] + clustering
        best = max(best, (figures[2], seconds))
        yield _line(f"standardised, Splink {setting[3:]}", splink, seconds, figures)
    f1 = quality(real, found)[2]
    yield (
        f"time {hub['seconds'] / best[1]:.2f} of Splink's, CPU {hub['cpu'] / splink['cpu']:.2f}; "
        f"F1 {f1 - best[0]:+.3f} beside its best"
    )


def _line(
    name: str, told: dict[str, Any], seconds: float, figures: tuple[float, float, float]
) -> str:
    shown = "  ".join(f"{figure:.4f}" for figure in figures)
    return f"{name:28} {'':>9} {seconds:>8.1f} {told['cpu']:>7.1f} {told['gb']:>5.2f}  {shown}"


def quality(truth: pl.Series, found: pl.Series) -> tuple[float, float, float]:
    """Pairwise precision, recall and F1 over all rows."""
    rows = pl.DataFrame({"truth": truth, "found": found})
    hits, there, said = (
        _pairs(rows.group_by(by).len()["len"]) for by in (["truth", "found"], "truth", "found")
    )
    return hits / max(said, 1), hits / max(there, 1), 2 * hits / max(said + there, 1)


def _pairs(sizes: pl.Series) -> int:
    whole = sizes.cast(pl.Int64)
    return int((whole * (whole - 1) // 2).sum())


def _standing(folder: Path, database: str, options: argparse.Namespace) -> Iterator[str]:
    """The batch and the increment at one size and at twice the size."""
    took = []
    for records in (options.records, 2 * options.records):
        world = world_of(folder, records, options.seed)
        told = _told(
            [
                *(sys.executable, "-m", "bench.scale.warehouse", str(world), database),
                *(str(options.changed), str(options.rounds)),
            ]
        )
        took.append(told)
        yield (
            f"{database:11} {told['records']:>9,} records: all {told['batch']:.1f} s (CPU "
            f"{told['batch_cpu']:.1f} s, {told['gb']:.2f} GB), {options.changed:,} changed "
            f"{told['increment']:.2f} s (CPU {told['cpu']:.2f} s, {told['pairs']:,} pairs; "
            f"{min(told['rounds']):.2f} to {max(told['rounds']):.2f} s), "
            f"{100 * told['increment'] / told['batch']:.2f} % of the time"
        )
    times = ", ".join(
        f"{what} {took[1][what] / took[0][what]:.2f}" for what in ("increment", "cpu", "pairs")
    )
    yield f"{database:11} twice the records, per change: {times} times as much"


if __name__ == "__main__":
    main()
