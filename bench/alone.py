"""How well `hub match` does on a file: made-up worlds with some of their columns, weights as
shipped beside weights estimated from the rows.

.venv/bin/python -m bench.alone --companies 1500 --seeds 201,202
"""

import argparse
from collections.abc import Iterator
from time import perf_counter

import polars as pl

from bench.landing import Frames, Mention, source_rows
from bench.matching import TODAY, quality
from hub.identity.mentions import COMPANY, CONTACT, Entity
from hub.identity.model import load_model
from hub.identity.standalone import Columns, match
from sandbox.world import generate

FILES: dict[Entity, dict[str, tuple[str, ...]]] = {
    "company": {
        "all": (
            *("name", "website", "phone", "street", "city", "postal_code", "country"),
            *("tax_id", "duns"),
        ),
        "name, address, phone": ("name", "phone", "street", "city", "postal_code"),
        "name, address": ("name", "street", "city", "postal_code"),
        "name": ("name",),
    },
    "contact": {
        "all": (
            *("first_name", "last_name", "email", "phone", "mobile", "company_name", "city"),
            *("postal_code", "country"),
        ),
        "name, e-mail": ("first_name", "last_name", "email"),
        "name": ("first_name", "last_name"),
    },
}
_SOURCES = {"company": ("company",), "contact": ("contact", "lead")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=1500)
    parser.add_argument("--seeds", default="201,202")
    options = parser.parse_args()
    head = f"{'seed':>5} {'entity':8} {'columns':22} {'weights':10} {'rows':>6} {'true':>6}"
    print(f"{head} {'found':>6}", " P(pair) R(pair)  F1      P(B3)   R(B3)   seconds  pairs")
    for seed in options.seeds.split(","):
        world = generate(options.companies, int(seed), today=TODAY)
        for line in measure(*source_rows(world), seed):
            print(line, flush=True)


def measure(frames: Frames, truth: dict[Mention, str], seed: str) -> Iterator[str]:
    """Lines of figures, per entity and choice of columns."""
    for entity, files in FILES.items():
        rows, whose = _file(frames, truth, entity)
        real = dict(enumerate(whose))
        for name, fields in files.items():
            columns = Columns({field: field for field in fields})
            for weights, model in (("shipped", load_model(entity)), ("estimated", None)):
                start = perf_counter()
                found = match(rows, columns, entity, model=model)
                seconds = perf_counter() - start
                told = dict(enumerate(found.rows["cluster_id"].cast(pl.String)))
                figures = " ".join(f"{x:.4f} " for x in quality(real, told))
                people = len(set(whose))
                yield (
                    f"{seed:>5} {entity:8} {name:22} {weights:10} {rows.height:>6} "
                    f"{people:>6} {found.clusters:>6}  {figures} {seconds:7.2f}  {found.pairs}"
                )


def _file(
    frames: Frames, truth: dict[Mention, str], entity: Entity
) -> tuple[pl.DataFrame, list[str]]:
    """The rows of all systems as one table of text, and whom each speaks of."""
    names = COMPANY if entity == "company" else CONTACT
    parts = [
        frame.select(
            *("system", "object", "record_id"),
            *(
                pl.col(n).cast(pl.String)
                if n in frame.columns
                else pl.lit(None, pl.String).alias(n)
                for n in names
            ),
        )
        for source in _SOURCES[entity]
        for frame in frames[source]
    ]
    table = pl.concat(parts)
    keys = [(entity, *row) for row in table.select("system", "object", "record_id").iter_rows()]
    table = table.with_columns(truth=pl.Series([truth.get(key) for key in keys], dtype=pl.String))
    known = table.drop_nulls("truth")
    return known.select(names), known["truth"].to_list()


if __name__ == "__main__":
    main()
