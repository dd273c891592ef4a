"""dedupe, taught with a number of labelled pairs of the rows themselves.

python with_dedupe.py IN.parquet OUT.parquet company|contact
"""

import random
import sys
from collections import defaultdict
from itertools import combinations

import dedupe
import duckdb
from dedupe import variables

_LABELS = 500
_SEED = 7
_FIELDS = {
    "company": {
        "name": variables.String,
        "domain": variables.Exact,
        "phone": variables.Exact,
        "street": variables.String,
        "postal": variables.ShortString,
        "country": variables.Exact,
        "tax": variables.Exact,
    },
    "contact": {
        "first": variables.String,
        "last": variables.String,
        "mail": variables.Exact,
        "phone": variables.Exact,
        "mobile": variables.Exact,
        "company": variables.Exact,
        "street": variables.String,
        "postal": variables.ShortString,
        "born": variables.ShortString,
        "national": variables.ShortString,
    },
}


def main(given: str, wanted: str, entity: str) -> None:
    con = duckdb.connect()
    table = con.sql(f"SELECT * FROM read_parquet('{given}')").to_arrow_table().to_pylist()
    kinds = {
        name: kind
        for name, kind in _FIELDS[entity].items()
        if len({row[name] for row in table} - {None}) > 1
    }
    data = {row["row"]: {name: row[name] for name in kinds} for row in table}
    random.seed(_SEED)
    matcher = dedupe.Dedupe(
        [kind(name, has_missing=True) for name, kind in kinds.items()], num_cores=1
    )
    matcher.prepare_training(data, sample_size=2_000)
    matcher.mark_pairs(_labels(table, data))
    matcher.train()
    found = matcher.partition(data, threshold=0.5)
    told = [(int(row), number) for number, (rows, _) in enumerate(found) for row in rows]
    con.execute("CREATE TABLE told (row BIGINT, taught BIGINT)")
    con.executemany("INSERT INTO told VALUES (?, ?)", told)
    con.execute(f"COPY told TO '{wanted}' (FORMAT parquet)")


def _labels(table: list[dict], data: dict) -> dict[str, list]:
    """As many pairs that are the same as are not, the latter half of them alike in some value."""
    groups = defaultdict(list)
    alike = defaultdict(list)
    whose = {row["row"]: row["truth"] for row in table}
    for row in table:
        groups[row["truth"]].append(row["row"])
        for name in ("name", "domain", "street", "last", "company", "postal"):
            if row.get(name):
                alike[name, row[name]].append(row["row"])
    same = [pair for rows in groups.values() for pair in combinations(rows, 2)]
    near = [
        pair
        for rows in alike.values()
        for pair in combinations(rows[:20], 2)
        if whose[pair[0]] != whose[pair[1]]
    ]
    every = sorted(data)
    far = [
        pair
        for pair in (random.sample(every, 2) for _ in range(_LABELS))
        if whose[pair[0]] != whose[pair[1]]
    ]
    half = _LABELS // 2
    apart = random.sample(near, min(half // 2, len(near))) + far[: half // 2]
    together = random.sample(same, min(half, len(same)))
    return {
        "match": [(data[a], data[b]) for a, b in together],
        "distinct": [(data[a], data[b]) for a, b in apart],
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
