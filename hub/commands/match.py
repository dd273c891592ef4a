"""`hub match FILE`: which rows of a file speak of the same company or person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from hub.errors import HubError
from hub.identity.mentions import Entity
from hub.identity.standalone import (
    Columns,
    detect,
    match,
    read_model,
    read_sheet,
    save_model,
    without_row_numbers,
    write_sheet,
)

RESULTS = ("cluster_id", "match_probability")


@dataclass(frozen=True)
class MatchReport:
    """What one call did; `columns` is what the file's columns were taken for."""

    columns: Columns
    records: int
    clusters: int
    pairs: int
    seconds: float
    model: str


@dataclass(frozen=True)
class MatchOptions:
    """What the user may say beside the file."""

    columns: Mapping[str, str]
    source: str | None = None
    country: str | None = None
    model: Path | None = None
    save_model: Path | None = None
    engine: str = "embedded"
    spark_master: str | None = None


def run_match(
    file: Path, entity: Entity, out: Path, options: MatchOptions, say: Callable[[str], None]
) -> MatchReport:
    """Write the rows with their clusters; a column of an earlier result is replaced.

    Raises HubError if the file, a column or the model is not as told.
    """
    began = perf_counter()
    say(f"reading {file}")
    sheet = read_sheet(file)
    rows = sheet.rows.drop(RESULTS, strict=False)
    if options.source and options.source not in rows.columns:
        raise HubError(
            f"--source {options.source}: the file has no such column.",
            remedy=f"use one of: {', '.join(rows.columns)}",
        )
    columns = detect(
        rows.columns, entity, options.columns, taken=[options.source] if options.source else []
    )
    columns = without_row_numbers(columns, rows)
    if options.spark_master and options.engine != "spark":
        raise HubError(
            f"--spark-master {options.spark_master}: the engine is '{options.engine}'.",
            remedy="say --engine spark, too",
        )
    say(f"matching {rows.height:,} rows")
    found = match(
        rows,
        columns,
        entity,
        source=options.source,
        country=options.country,
        model=read_model(options.model, entity) if options.model else None,
        spark=options.spark_master or "local[*]" if options.engine == "spark" else None,
    )
    write_sheet(rows.hstack(found.rows), out, sheet.dialect)
    if options.save_model:
        save_model(found.model, entity, options.save_model)
    return MatchReport(
        columns=columns,
        records=rows.height,
        clusters=found.clusters,
        pairs=found.pairs,
        seconds=round(perf_counter() - began, 3),
        model=found.model.version,
    )


def columns_told(told: tuple[str, ...]) -> dict[str, str]:
    """`name=Header` of the command line, several of them. Raises HubError if there is no `=`."""
    for one in told:
        if "=" not in one:
            raise HubError(f"--column {one}: there is no '='.", remedy="write --column name=HEADER")
    return {field: header for field, _, header in (one.partition("=") for one in told)}
