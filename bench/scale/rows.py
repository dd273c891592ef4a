"""The company records of a large made-up world, once as source rows and once as a table of text.

python -m bench.scale.rows DIR RECORDS SEED
"""

import sys
from pathlib import Path

import polars as pl

from bench.landing import Frames, source_rows
from bench.matching import TODAY
from hub.identity.mentions import COMPANY, ROW
from sandbox.world import generate

_RECORDS_PER_COMPANY = 1.85
"""At least; in small worlds more of them are in the distributor's reports."""
FIELDS = tuple(name for name in COMPANY if name != "lead_phone")
"""What a file of companies may say."""
_NAMED = {"company": "name", "lead": "company_name"}


def main(folder: str, records: str, seed: str) -> None:
    companies = round(int(records) / _RECORDS_PER_COMPANY)
    world = generate(companies, int(seed), today=TODAY, difficulty="middle")
    frames, truth = source_rows(world)
    del world
    told = [(*key[1:], true) for key, true in truth.items() if key[0] == "company"]
    real = _some(pl.DataFrame(told, schema=[*ROW, "truth"], orient="row").unique(ROW), int(records))
    parts = []
    for entity, named in _NAMED.items():
        for number, frame in enumerate(frames[entity]):
            named_ones = frame.filter(pl.col(named).is_not_null())
            rows = named_ones.join(real.select(ROW), on=ROW, how="semi", maintain_order="left")
            rows.write_parquet(Path(folder) / f"{entity}_{number}.parquet")
            parts.append(_text(rows.with_columns(name=named)))
    table = pl.concat(parts).join(real, on=ROW, maintain_order="left")
    table.write_parquet(Path(folder) / "rows.parquet")


def _some(real: pl.DataFrame, records: int) -> pl.DataFrame:
    """Whole companies, drawn by chance, with so many records in all."""
    sizes = real.group_by("truth").len().sort("truth").sample(fraction=1, shuffle=True, seed=7)
    taken = sizes.filter(pl.col("len").cum_sum() <= records)
    return real.join(taken.select("truth"), on="truth", how="semi")


def _text(rows: pl.DataFrame) -> pl.DataFrame:
    nothing = pl.lit(None, pl.String)
    held = {n: pl.col(n).cast(pl.String) if n in rows.columns else nothing for n in FIELDS}
    return rows.select(*ROW, **held)


def source_frames(folder: Path) -> Frames:
    """The source rows of a world that was written there."""
    return {
        entity: [pl.read_parquet(file) for file in sorted(folder.glob(f"{entity}_*.parquet"))]
        for entity in _NAMED
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
