"""pandera schemas for landing: derived from the source tables, plus the business rules.

Types, nullability, lengths and readability come from the SQLAlchemy table, so that a column is
defined once. Every fault of every row is found in one pass; good rows go on, bad rows are returned
with all their faults.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors
from sqlalchemy import Boolean, Column, Date, Integer, String, Table

from hub.checks.convert import TOLD, is_country, told_column
from hub.checks.rules import NUL, RULES, Rule, storable
from hub.models.base import Money, UtcTime
from hub.models.bulk import polars_type
from hub.models.sources import HOUSEKEEPING, SOURCES

ROW = "row"
FAULT_SCHEMA = {
    ROW: pl.UInt32(),
    "column": pl.String(),
    "rule": pl.String(),
    "value": pl.String(),
    "message": pl.String(),
}


@dataclass(frozen=True)
class Split:
    """`good`: typed rows without `…__told`; `faults`: one line per fault, `row` = position."""

    good: pl.DataFrame
    good_rows: list[int]
    faults: pl.DataFrame


def validate(source: str, frame: pl.DataFrame) -> Split:
    """Check a converted frame of source table `source` (see `convert`); nothing raises.

    Columns the mapping does not fill are taken as empty, so a required one is reported for every
    row rather than silently absent.
    """
    table = SOURCES[source]
    full = _with_missing_columns(frame, table)
    faults = _found(source, full) if full.height else pl.DataFrame(schema=FAULT_SCHEMA)
    bad = faults[ROW].unique()
    kept = full.with_row_index(ROW).filter(~pl.col(ROW).is_in(bad.implode()))
    columns = [c.name for c in _content(table)]
    return Split(kept.select(columns), kept[ROW].to_list(), faults)


def _found(source: str, full: pl.DataFrame) -> pl.DataFrame:
    texts = [name for name in full.columns if name.endswith(TOLD)]
    holds_nul = pl.any_horizontal(
        pl.col(name).str.contains(NUL, literal=True).any() for name in texts
    )
    try:
        schema_of(source, nul=full.select(holds_nul).item()).validate(full, lazy=True)
    except SchemaErrors as err:
        return _faults(err.failure_cases, full, source)
    return pl.DataFrame(schema=FAULT_SCHEMA)


@cache
def schema_of(source: str, *, nul: bool = False) -> pa.DataFrameSchema:
    """The schema of one source table's content columns. `nul` says that there are characters no
    text may hold: looking for them in every column costs more than all other rules together."""
    table = SOURCES[source]
    columns = {
        column.name: pa.Column(
            polars_type(column.type),
            checks=[
                *(_check(rule) for rule in _derived(column)),
                *([_check(storable(column.name))] if nul and _is_text(column) else []),
                *(_check(rule) for rule in RULES[source] if rule.column == column.name),
            ],
            nullable=True,  # absence has its own rule, which knows "unreadable" from "missing"
        )
        for column in _content(table)
    }
    return pa.DataFrameSchema(columns, name=f"src_{source}", strict=False)


def _content(table: Table) -> Iterable[Column[object]]:
    return [c for c in table.columns if c.name not in HOUSEKEEPING]


def _with_missing_columns(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    empty = []
    for column in _content(table):
        if column.name not in frame.columns:
            empty.append(pl.lit(None, dtype=polars_type(column.type)).alias(column.name))
            empty.append(pl.lit(None, dtype=pl.String).alias(told_column(column.name)))
    return frame.with_columns(empty)


def _derived(column: Column[object]) -> list[Rule]:
    """Rules that follow from the table's own definition of a column."""
    typed, told = pl.col(column.name), pl.col(told_column(column.name))
    rules = []
    unreadable = _unreadable(column)
    if unreadable is not None:
        name, message = unreadable
        rules.append(Rule(name, column.name, typed.is_not_null() | told.is_null(), message))
    if not column.nullable:
        rules.append(Rule("required", column.name, told.is_not_null(), "must not be empty"))
    if isinstance(column.type, String) and column.type.length and _is_text(column):
        limit = column.type.length
        fits = typed.str.len_chars() <= limit
        rules.append(Rule("too_long", column.name, fits, f"at most {limit} characters"))
    return rules


def _is_text(column: Column[object]) -> bool:
    return isinstance(column.type, String) and not is_country(column.name)


def _unreadable(column: Column[object]) -> tuple[str, str] | None:
    kind = column.type
    if isinstance(kind, (Date, UtcTime)):
        return "date_unparsable", "not readable as a date"
    if isinstance(kind, Money):
        return "number_unparsable", f"not a plain number with at most {kind.scale} decimals"
    if isinstance(kind, Boolean):
        return "boolean_unparsable", "neither true nor false"
    if isinstance(kind, Integer):
        return "number_unparsable", "not a whole number"
    if is_country(column.name):
        return "country_unknown", "no country is written like this"
    return None


def _check(rule: Rule) -> pa.Check:
    def holds(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(rule.holds.fill_null(value=True))

    return pa.Check(holds, name=rule.name, error=rule.name)


def _faults(cases: pl.DataFrame, full: pl.DataFrame, source: str) -> pl.DataFrame:
    found = cases.select(
        pl.col("index").cast(pl.UInt32).alias(ROW), "column", pl.col("check").alias("rule")
    ).unique()
    return (
        pl.concat(
            [
                group.with_columns(
                    value=full[told_column(str(column))].gather(group[ROW]),
                    message=pl.lit(_message(source, str(column), str(rule))),
                )
                for (column, rule), group in found.group_by("column", "rule")
            ],
        )
        .select(FAULT_SCHEMA.keys())
        .sort(ROW, "column", "rule")
    )


def _message(source: str, column: str, rule: str) -> str:
    declared = (*_derived(SOURCES[source].c[column]), *RULES[source], storable(column))
    return next(r.message for r in declared if r.name == rule and r.column == column)
