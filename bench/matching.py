"""How well rows are matched: made-up worlds of three difficulties against what is really the case
in them, the hub beside Splink with a model of its own, dedupe with labels, and equal names.

.venv/bin/python -m bench.matching --companies 2000 --seeds 11,12,fresh --rivals naive,splink

`fresh` is a seed nobody has seen: drawn now, and printed.
"""

import argparse
import secrets
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from time import perf_counter

import polars as pl
from sqlalchemy import Engine, select

from bench.landing import Mention, land, source_rows
from bench.rivals.run import run
from hub.identity import resolve
from hub.identity.mentions import ROW, Entity, all_mentions
from hub.identity.standardise import standardise
from hub.models import metadata
from hub.models.database import open_engine, reading, writing
from hub.models.identity import crosswalk
from hub.models.runs import Run
from sandbox.world import Difficulty, generate

TODAY = date(2026, 3, 2)
ENTITIES: tuple[Entity, ...] = ("company", "contact")
HEAD = (
    f"{'world':8} {'seed':>6} {'entity':8} {'matcher':13} {'rows':>7} {'true':>6} {'found':>6}"
    "  P(pair) R(pair)  F1      P(B3)   R(B3)   seconds"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=2000)
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--difficulties", default="easy,middle,hard")
    parser.add_argument("--rivals", default="", help="naive,splink,dedupe")
    options = parser.parse_args()
    rivals = [name for name in options.rivals.split(",") if name]
    seeds = [secrets.randbelow(10**6) if s == "fresh" else int(s) for s in options.seeds.split(",")]
    print(HEAD)
    for difficulty, seed in product(options.difficulties.split(","), seeds):
        with tempfile.TemporaryDirectory() as folder:
            for line in measure(Path(folder), options.companies, seed, difficulty, rivals):
                print(line, flush=True)


def measure(
    folder: Path, companies: int, seed: int, difficulty: Difficulty, rivals: list[str]
) -> Iterator[str]:
    """Lines of figures; the rivals are given the rows as the hub standardised them."""
    frames, truth = source_rows(generate(companies, seed, today=TODAY, difficulty=difficulty))
    engine = open_engine(f"sqlite:///{folder / 'hub.db'}")
    metadata.create_all(engine)
    with writing(engine) as conn:
        land(conn, frames, run=1)
    for entity in ENTITIES:
        start = perf_counter()
        resolve(engine, Run(1, datetime(2026, 3, 2, tzinfo=UTC)), entity)
        seconds = perf_counter() - start
        found = found_ids(engine)
        mine = {key: true for key, true in truth.items() if key[0] == entity and key in found}
        place = f"{difficulty:8} {seed:>6} {entity:8}"
        yield line(place, "hub", mine, found, seconds)
        rows = _standardised(engine, entity, mine)
        real = dict(rows.select("row", "truth").iter_rows())
        for rival in rivals:
            for one in run(rival, rows, entity, folder):
                yield line(place, one.name, real, one.clusters, one.seconds)
    engine.dispose()


def line(
    place: str,
    matcher: str,
    truth: Mapping[object, str],
    found: Mapping[object, object],
    seconds: float,
) -> str:
    """One line of the table."""
    counted = len(truth), len(set(truth.values())), len({found[key] for key in truth})
    figures = " ".join(f"{x:.4f} " for x in quality(truth, found))
    shown = " ".join(f"{n:>{w}}" for n, w in zip(counted, (7, 6, 6), strict=True))
    return f"{place} {matcher:13} {shown}  {figures} {seconds:7.2f}"


def _standardised(engine: Engine, entity: Entity, truth: Mapping[Mention, str]) -> pl.DataFrame:
    """`row`, `truth` and the standardised columns of the mentions that the truth knows."""
    with reading(engine) as conn:
        made = standardise(all_mentions(conn, entity).filter("live"), entity)
    whose = [truth.get((entity, *row)) for row in made.select(ROW).iter_rows()]
    known = made.with_columns(truth=pl.Series(whose, dtype=pl.String)).drop_nulls("truth")
    return known.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def found_ids(engine: Engine) -> dict[Mention, str]:
    x = crosswalk.c
    with reading(engine) as conn:
        query = select(x.entity, x.system, x.object, x.record_id, x.hub_id)
        return {(e, s, o, r): hub_id for e, s, o, r, hub_id in conn.execute(query)}


def quality(
    truth: Mapping[object, str], found: Mapping[object, object]
) -> tuple[float, float, float, float, float]:
    """Pairwise precision, recall and F1, then B-cubed precision and recall."""
    both = Counter((true, found[key]) for key, true in truth.items())
    real, made = Counter(truth.values()), Counter(found[key] for key in truth)
    hits, there, said = (_pairs(c) for c in (both, real, made))
    precision, recall = hits / max(said, 1), hits / max(there, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    total = len(truth)
    b3_precision = sum(n * n / made[hub_id] for (_, hub_id), n in both.items()) / total
    b3_recall = sum(n * n / real[true] for (true, _), n in both.items()) / total
    return precision, recall, f1, b3_precision, b3_recall


def _pairs(sizes: Mapping[object, int]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes.values())


def wrong_and_missed(
    truth: Mapping[Mention, str], found: Mapping[Mention, str]
) -> tuple[list[list[Mention]], list[list[Mention]]]:
    """Groups that hold several real ones, and real ones that fell apart, for a closer look."""
    made, real = defaultdict(list), defaultdict(list)
    for key, true in truth.items():
        made[found[key]].append(key)
        real[true].append(key)
    mixed = [keys for keys in made.values() if len({truth[key] for key in keys}) > 1]
    torn = [keys for keys in real.values() if len({found[key] for key in keys}) > 1]
    return mixed, torn


if __name__ == "__main__":
    main()
