"""Running the rivals, each on one core's worth of patience, and telling what they found."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import polars as pl

from hub.identity.mentions import Entity
from hub.identity.standardise import COLUMNS

_HERE = Path(__file__).parent
PYTHON = _HERE.parent.parent / ".venv-bench" / "bin" / "python"
RIVALS = ("naive", "splink", "dedupe")
_LETTERS = 6


@dataclass(frozen=True)
class Found:
    """Row → cluster, by one rival in one setting."""

    name: str
    clusters: Mapping[int, object]
    seconds: float


def run(name: str, rows: pl.DataFrame, entity: Entity, folder: Path) -> Iterator[Found]:
    """What the rival makes of `rows`: `row`, `truth` and the standardised columns.

    Raises FileNotFoundError where the rivals are not installed, CalledProcessError where one fails.
    """
    start = perf_counter()
    if name == "naive":
        clusters = _by_name(rows, entity)
        yield Found(name, clusters, perf_counter() - start)
        return
    given, wanted = folder / "given.parquet", folder / "found.parquet"
    shaped(rows, entity).write_parquet(given)
    script = _HERE / f"with_{name}.py"
    command = [str(PYTHON), str(script), str(given), str(wanted), entity]
    subprocess.run(command, check=True, capture_output=True)
    seconds = perf_counter() - start
    table = pl.read_parquet(wanted)
    for setting in table.columns[1:]:
        yield Found(f"{name} {setting}", dict(table.select("row", setting).iter_rows()), seconds)


def _by_name(rows: pl.DataFrame, entity: Entity) -> dict[int, object]:
    """Equal standardised names are one company or person; who has no name is alone."""
    name = "name" if entity == "company" else "person"
    return {row: text or row for row, text in rows.select("row", name).iter_rows()}


def shaped(rows: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    told = rows.select("row", "truth", *COLUMNS[entity])
    if entity == "company":
        return told.with_columns(name_start=pl.col("name").str.slice(0, _LETTERS))
    halves = pl.col("person").str.split_exact("|", 1).struct.rename_fields(["first", "last"])
    parts = told.with_columns(halves.alias("halves")).unnest("halves")
    return parts.with_columns(pl.col("first", "last").replace("", None))
