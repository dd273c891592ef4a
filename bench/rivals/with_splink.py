"""Splink with a model that it trains on the rows, without labels; clusters at several thresholds.

python with_splink.py IN.parquet OUT.parquet company|contact

Prints JSON: seconds until pairs are scored, seconds per threshold to cluster them, peak GB.
"""

import json
import resource
import sys
from time import perf_counter

import duckdb
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink import comparison_library as cl

_MOST_HOLDERS = 60
_THRESHOLDS = (0.5, 0.9, 0.99, 0.999)
_PAIRS_FOR_U = 1_000_000

COMPANY = {
    "columns": (
        *("name", "domain", "phone", "street", "city", "postal", "country", "tax", "duns"),
        "name_start",
    ),
    "comparisons": [
        cl.JaroWinklerAtThresholds("name", [0.95, 0.88]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("domain").configure(term_frequency_adjustments=True),
        cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("street", [0.9]),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.ExactMatch("postal").configure(term_frequency_adjustments=True),
        cl.ExactMatch("country"),
        cl.ExactMatch("tax"),
        cl.ExactMatch("duns"),
    ],
    "blocking": [
        *(("tax",), ("duns",), ("domain",), ("phone",), ("name",), ("name_start", "country")),
        *(("name_start", "postal"), ("street", "postal")),
    ],
    "training": [("name",), ("domain",), ("street", "postal")],
}
CONTACT = {
    "columns": (
        *("first", "last", "mail", "mail_domain", "phone", "mobile", "company", "employer"),
        *("street", "city", "postal", "born", "national"),
    ),
    "comparisons": [
        cl.JaroWinklerAtThresholds("first", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("last", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        cl.ExactMatch("mail"),
        cl.ExactMatch("phone").configure(term_frequency_adjustments=True),
        cl.ExactMatch("mobile"),
        cl.ExactMatch("company").configure(term_frequency_adjustments=True),
        cl.JaroWinklerAtThresholds("street", [0.9]),
        cl.ExactMatch("postal").configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("born", [1]),
        cl.LevenshteinAtThresholds("national", [1]),
    ],
    "blocking": [
        *(("mail",), ("phone",), ("mobile",), ("first", "last"), ("last", "company")),
        *(("last", "mail_domain"), ("last", "employer"), ("last", "postal"), ("first", "postal")),
        *(("born",), ("national",), ("street", "postal")),
    ],
    "training": [("mail",), ("first", "last"), ("last", "postal")],
}


def main(given: str, wanted: str, entity: str) -> None:
    start = perf_counter()
    how = COMPANY if entity == "company" else CONTACT
    con = duckdb.connect()
    con.execute("SET lambda_syntax='ENABLE_SINGLE_ARROW'")
    rows = con.sql(f"SELECT * FROM read_parquet('{given}')").to_arrow_table()
    known = [name for name in how["columns"] if len(rows[name].unique().drop_null()) > 1]
    kept = ", ".join(_uncommon(name) for name in known)
    con.execute(f"CREATE TABLE told AS SELECT row AS unique_id, {kept} FROM rows")
    api = DuckDBAPI(connection=con)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            one
            for one in how["comparisons"]
            if one.create_comparison_dict("duckdb")["output_column_name"] in known
        ],
        blocking_rules_to_generate_predictions=_rules(how["blocking"], known),
    )
    linker = Linker(api.register("told"), settings)
    linker.training.estimate_probability_two_random_records_match(
        _rules(how["training"], known), recall=0.8
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS_FOR_U, seed=7)
    for rule in _rules(how["training"], known):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    told = linker.inference.predict(threshold_match_probability=min(_THRESHOLDS))
    tables, clustering = [], {}
    before = perf_counter() - start
    for threshold in _THRESHOLDS:
        began = perf_counter()
        made = linker.clustering.cluster_pairwise_predictions_at_threshold(
            told, threshold_match_probability=threshold
        )
        tables.append((f"at_{threshold}", made.physical_name))
        clustering[f"at_{threshold}"] = perf_counter() - began
    columns = ", ".join(f'"{name}".cluster_id AS "{name}"' for name, _ in tables)
    first = tables[0][0]
    joined = f'{tables[0][1]} AS "{first}"' + "".join(
        f' JOIN {table} AS "{name}" USING (unique_id)' for name, table in tables[1:]
    )
    con.execute(
        f"COPY (SELECT unique_id AS row, {columns} FROM {joined}) TO '{wanted}' (FORMAT parquet)"
    )
    usage = resource.getrusage(resource.RUSAGE_SELF)
    told = {"seconds": before, "clustering": clustering, "gb": usage.ru_maxrss / 2**20}
    print(json.dumps(told | {"cpu": usage.ru_utime + usage.ru_stime}))


def _uncommon(name: str) -> str:
    """A value that many hold would make a block of all of them; it is left out, as advised."""
    if name in ("country", "city", "first", "last", "name_start"):
        return name
    return (
        f"CASE WHEN count({name}) OVER (PARTITION BY {name}) <= {_MOST_HOLDERS} THEN {name} END "
        f"AS {name}"
    )


def _rules(rules: list[tuple[str, ...]], known: list[str]) -> list[object]:
    return [block_on(*names) for names in rules if set(names) <= set(known)]


if __name__ == "__main__":
    main(*sys.argv[1:])
