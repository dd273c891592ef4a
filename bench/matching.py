"""How well and how fast rows are matched: made-up worlds against what is really the case in them.

.venv/bin/python -m bench.matching --companies 2000 --seeds 11,12,13
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import Engine, select

from bench.landing import Mention, land, source_rows
from hub.identity import resolve
from hub.models import metadata
from hub.models.database import open_engine, reading, writing
from hub.models.identity import crosswalk
from hub.models.runs import Run
from sandbox.world import Difficulty, generate

TODAY = date(2026, 3, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=2000)
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--difficulties", default="easy,middle,hard")
    options = parser.parse_args()
    head = f"{'world':6} {'seed':>5} {'entity':8} {'rows':>7} {'true':>6} {'found':>6}"
    print(head, " P(pair) R(pair)  F1      P(B3)   R(B3)   seconds     CPU  pairs")
    for difficulty, seed in product(options.difficulties.split(","), options.seeds.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), options.companies, int(seed), difficulty)


def measure(folder: Path, companies: int, seed: int, difficulty: Difficulty) -> None:
    frames, truth = source_rows(generate(companies, seed, today=TODAY, difficulty=difficulty))
    engine = open_engine(f"sqlite:///{folder / 'hub.db'}")
    metadata.create_all(engine)
    with writing(engine) as conn:
        land(conn, frames, run=1)
    run = Run(1, datetime(2026, 3, 2, tzinfo=UTC))
    for entity in ("company", "contact"):
        start, worked = perf_counter(), process_time()
        report = resolve(engine, run, entity)
        seconds, worked = perf_counter() - start, process_time() - worked
        found = found_ids(engine)
        mine = {key: true for key, true in truth.items() if key[0] == entity and key in found}
        counted = len(mine), len(set(mine.values())), len({found[key] for key in mine})
        figures = " ".join(f"{x:.4f} " for x in quality(mine, found))
        print(
            f"{difficulty:6} {seed:>5} {entity:8}"
            f" {counted[0]:>7} {counted[1]:>6} {counted[2]:>6}  {figures}"
            f" {seconds:7.2f} {worked:7.2f}  {report.candidate_pairs}"
        )
    engine.dispose()


def found_ids(engine: Engine) -> dict[Mention, str]:
    x = crosswalk.c
    with reading(engine) as conn:
        query = select(x.entity, x.system, x.object, x.record_id, x.hub_id)
        return {(e, s, o, r): hub_id for e, s, o, r, hub_id in conn.execute(query)}


def quality(
    truth: Mapping[Mention, str], found: Mapping[Mention, str]
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
