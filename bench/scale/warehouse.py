"""A standing warehouse of companies: matching them all, then some changed rows, several times.

python -m bench.scale.warehouse DIR sqlite|postgresql CHANGED ROUNDS
"""

import json
import resource
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import polars as pl
from sqlalchemy import Engine

from bench.databases import Sqlite, postgres
from bench.landing import Frames, land
from bench.scale.rows import source_frames
from hub.identity import ResolveReport, resolve
from hub.models.database import writing
from hub.models.runs import Run

_OTHERS = ("name", "website", "phone", "street", "city", "postal_code", "country")
"""What an edited row takes over from another one."""


def main(folder: str, database: str, changed: str, times: str) -> None:
    parts = source_frames(Path(folder))
    portions = [_changes(parts["company"][0], int(changed), n) for n in range(int(times))]
    late = pl.concat([portion.filter("new").select("record_id") for portion in portions])
    parts["company"][0] = parts["company"][0].join(late, on="record_id", how="anti")
    records = sum(frame.height for frames in parts.values() for frame in frames)
    with TemporaryDirectory(prefix="hub-standing-") as temporary, ExitStack() as stack:
        kind = Sqlite(Path(temporary)) if database == "sqlite" else stack.enter_context(postgres())
        engine = stack.enter_context(kind.fresh())
        _land(engine, parts, 1)
        del parts
        batch, batch_cpu, _ = _resolved(engine, 1)
        kind.settle(engine)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        told = []
        for number, portion in enumerate(portions, start=2):
            _land(engine, {"company": [portion.drop("new")]}, number)
            told.append(_resolved(engine, number))
    seconds, cpu = (median(one[at] for one in told) for at in range(2))
    pairs = round(median(report.candidate_pairs for *_, report in told))
    shown = {"records": records, "batch": batch, "batch_cpu": batch_cpu, "gb": peak}
    rounds = [round(one[0], 2) for one in told]
    shown |= {"increment": seconds, "cpu": cpu, "pairs": pairs, "rounds": rounds}
    print(json.dumps(shown))


def _changes(accounts: pl.DataFrame, count: int, number: int) -> pl.DataFrame:
    """Half of them rows that nobody has seen, half rows that say now what another row says."""
    drawn = accounts.sample(2 * count, seed=number, shuffle=True)
    rows, others = drawn.head(count), drawn.tail(count)
    new = pl.Series([place < count // 2 for place in range(count)])
    borrowed = others.select(pl.col(name).alias(f"{name}_other") for name in _OTHERS)
    both = pl.concat([rows.with_columns(new=new), borrowed], how="horizontal")
    return both.with_columns(
        *(pl.when("new").then(name).otherwise(f"{name}_other").alias(name) for name in _OTHERS),
        content_hash=pl.lit(f"changed {number}"),
    ).select(*accounts.columns, "new")


def _land(engine: Engine, frames: Frames, run: int) -> None:
    with writing(engine) as conn:
        land(conn, frames, run)


def _resolved(engine: Engine, run: int) -> tuple[float, float, ResolveReport]:
    """Seconds, CPU seconds of this process, and the report."""
    start, cpu = perf_counter(), process_time()
    report = resolve(engine, Run(run, datetime(2026, 3, 2, tzinfo=UTC)), "company")
    return perf_counter() - start, process_time() - cpu, report


if __name__ == "__main__":
    main(*sys.argv[1:])
