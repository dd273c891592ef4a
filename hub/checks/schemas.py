"""pandera schemas for landing: derived from the source tables, plus the business rules.

Types, nullability, lengths and readability come from the SQLAlchemy table, so that a column is
defined once. Every fault of every row is found in one pass; good rows go on, bad rows are returned
with all their faults.

pandera takes up each rule by itself, which costs as much for ten rows as for ten thousand. So one
query over all rules finds the rows that break any, which are few or none, and pandera judges these;
where there are none, it is not even imported, which alone takes longer than a sync without news.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from sqlalchemy import Boolean, Column, Date, Integer, String, Table

from hub.checks.convert import is_country, told_column
from hub.checks.rules import RULES, Rule, storable
from hub.models.base import Money, UtcTime
from hub.models.frames import polars_type
from hub.models.sources import SOURCES, content

if TYPE_CHECKING:
    import pandera.polars as pa

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
    """`good`: typed rows without `…__told`; `faults`: one line per fault, `row` = position among
    the `read` rows that were checked."""

    good: pl.DataFrame
    faults: pl.DataFrame
    read: int

    @property
    def good_rows(self) -> list[int]:
        """The positions of the good rows, in order."""
        bad = set(self.faults[ROW])
        return [row for row in range(self.read) if row not in bad]

    def with_more(self, faults: pl.DataFrame) -> "Split":
        """The same rows with further faults of theirs."""
        if faults.is_empty():
            return self
        doubted = set(faults[ROW])
        still_good = pl.Series([row not in doubted for row in self.good_rows], dtype=pl.Boolean)
        told = pl.concat([self.faults, faults]).unique([ROW, "column", "rule"])
        return replace(
            self, good=self.good.filter(still_good), faults=told.sort(ROW, "column", "rule")
        )

    def good_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The good ones of rows that stand in the order of those checked."""
        return _without(rows, self.faults)


def no_faults() -> pl.DataFrame:
    return pl.DataFrame(schema=FAULT_SCHEMA)


def validate(source: str, frame: pl.DataFrame) -> Split:
    """Check a converted frame of source table `source` (see `convert`); nothing raises.

    Columns the mapping does not fill are taken as empty, so a required one is reported for every
    row rather than silently absent.
    """
    table = SOURCES[source]
    full = _with_missing_columns(frame, table)
    suspects = _suspects(source, full)
    faults = _found(source, suspects) if suspects.height else no_faults()
    good = _without(full.select(*content(table)), faults)
    return Split(good, faults, full.height)


def _without(rows: pl.DataFrame, faults: pl.DataFrame) -> pl.DataFrame:
    if faults.is_empty():
        return rows
    bad = faults[ROW].unique().implode()
    return rows.filter(~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(bad))


def _suspects(source: str, full: pl.DataFrame) -> pl.DataFrame:
    """The rows that break a rule, with their positions as `row`."""
    rules = [rule for several in _rules(source).values() for rule in several]
    kept = full.select(_surely(source)).row(0)
    broken = [rule for rule, holds in zip(rules, kept, strict=True) if not holds]
    if not broken:
        return full.clear()
    obeyed = pl.all_horizontal(rule.holds.fill_null(value=True) for rule in broken)
    return full.with_row_index(ROW).filter(~obeyed)


@cache
def _surely(source: str) -> list[pl.Expr]:
    """Whether all rows surely obey, by rule."""
    return [
        (rule.holds if rule.surely is None else rule.surely)
        .fill_null(value=True)
        .all()
        .alias(f"{column}/{number}")
        for column, rules in _rules(source).items()
        for number, rule in enumerate(rules)
    ]


def _found(source: str, suspects: pl.DataFrame) -> pl.DataFrame:
    """All faults of rows that carry their positions as `row`."""
    from pandera.errors import SchemaErrors

    try:
        schema_of(source).validate(suspects, lazy=True)
    except SchemaErrors as err:
        return _faults(err.failure_cases, suspects, source)
    return no_faults()


def judges(source: str, column: str, rule: str) -> bool:
    """Whether a fault is one of those that checking a row finds; others are found by reading."""
    return any(known.name == rule for known in _rules(source).get(column, ()))


@cache
def schema_of(source: str) -> "pa.DataFrameSchema":
    """The schema of one source table's content columns."""
    import pandera.polars as pa

    rules = _rules(source)
    columns = {
        column.name: pa.Column(
            polars_type(column.type),
            checks=[_check(rule) for rule in rules[column.name]],
            nullable=True,  # absence has its own rule, which knows "unreadable" from "missing"
        )
        for column in content(SOURCES[source]).values()
    }
    return pa.DataFrameSchema(columns, name=f"src_{source}", strict=False)


@cache
def _rules(source: str) -> dict[str, Sequence[Rule]]:
    """Column → all its rules: those of the table's definition, then those of the business."""
    return {
        column.name: [
            *_derived(column),
            *([storable(column.name)] if _is_text(column) else []),
            *(rule for rule in RULES[source] if rule.column == column.name),
        ]
        for column in content(SOURCES[source]).values()
    }


def _with_missing_columns(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    empty = []
    for column in content(table).values():
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
        surely = typed.str.len_bytes() <= limit
        rules.append(Rule("too_long", column.name, fits, f"at most {limit} characters", surely))
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


def _check(rule: Rule) -> "pa.Check":
    import pandera.polars as pa

    def holds(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(rule.holds.fill_null(value=True))

    return pa.Check(holds, name=rule.name, error=rule.name)


def _faults(cases: pl.DataFrame, suspects: pl.DataFrame, source: str) -> pl.DataFrame:
    found = cases.select(
        pl.col("index").cast(pl.UInt32).alias("at"), "column", pl.col("check").alias("rule")
    ).unique()
    return (
        pl.concat(
            [
                group.select(
                    suspects[ROW].gather(group["at"]).alias(ROW),
                    "column",
                    "rule",
                    value=suspects[told_column(str(column))].gather(group["at"]),
                    message=pl.lit(_message(source, str(column), str(rule))),
                )
                for (column, rule), group in found.group_by("column", "rule")
            ],
        )
        .select(FAULT_SCHEMA.keys())
        .sort(ROW, "column", "rule")
    )


def _message(source: str, column: str, rule: str) -> str:
    return next(r.message for r in _rules(source)[column] if r.name == rule)
