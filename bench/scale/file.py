"""One table of companies, from raw rows to clusters; or as the hub standardises it, for others.

python -m bench.scale.file IN.parquet OUT.parquet match|standardise
"""

import json
import resource
import sys
from time import perf_counter

import polars as pl

from bench.rivals.run import shaped
from bench.scale.rows import FIELDS
from hub.identity.standalone import Columns, match
from hub.identity.standalone.rows import mentions
from hub.identity.standardise import standardise

COLUMNS = Columns({field: field for field in FIELDS})


def main(given: str, wanted: str, what: str) -> None:
    start = perf_counter()
    rows = pl.read_parquet(given)
    if what == "match":
        found = match(rows.drop("truth"), COLUMNS, "company", source="system")
        made = found.rows.select("cluster_id").with_row_index("row")
        counts = {"pairs": found.pairs, "clusters": found.clusters, "weights": found.model.version}
    else:
        told = mentions(rows, COLUMNS, "company", "system", None)
        profiles = standardise(told, "company").with_columns(row=pl.col("record_id").cast(pl.Int64))
        counts = {"seconds": perf_counter() - start}
        whose = rows["truth"].gather(profiles["row"])
        made = shaped(profiles.with_columns(truth=whose), "company")
    made.write_parquet(wanted)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"seconds": perf_counter() - start, "gb": peak, "cpu": cpu, **counts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
