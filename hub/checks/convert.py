"""From what a system told (text) to the hub's types, losing nothing.

Each target column gets its typed value; the text it came from stays beside it as `COLUMN__told`, so
that the schema can say "not readable as a date" with the value, instead of seeing a bare null.
"""

from collections.abc import Mapping
from functools import lru_cache

import polars as pl
from sqlalchemy import Boolean, Column, Date, Integer, Table

from hub.checks.codes import country_codes
from hub.models.base import MONEY_DIGITS, Money, UtcTime

TOLD = "__told"

# Sources write times as ISO 8601 with `Z`; a date column also takes the day of such a time.
# Connectors spell them with milliseconds, and a format of fixed width is read fastest.
_USUAL_TIME = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:[0-5]\d\.\d{3}Z$"
_ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:?00)$"
_ISO_DAY = r"^\d{4}-\d{2}-\d{2}(T.*)?$"
_INTEGER = 2**31 - 1


def told_column(name: str) -> str:
    return f"{name}{TOLD}"


def convert(
    raw: pl.DataFrame,
    pull: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]],
    target: Table,
) -> pl.DataFrame:
    """`raw` (String columns by outside field) as typed columns of `target` plus `…__told` texts.

    `pull` maps outside field → column; `values` maps column → (outside code → hub code), and a code
    it does not know passes through for the schema to refuse. Blank text is a missing value.
    """
    told, typed = _expressions(
        tuple(pull.items()),
        tuple((column, tuple(codes.items())) for column, codes in values.items()),
        target,
    )
    texts = raw.select(told)
    return texts.select(typed).hstack(texts)


@lru_cache(maxsize=256)
def _expressions(
    pull: tuple[tuple[str, str], ...],
    values: tuple[tuple[str, tuple[tuple[str, str], ...]], ...],
    target: Table,
) -> tuple[list[pl.Expr], list[pl.Expr]]:
    """Those that make the texts of the fields, and those that make typed columns of the texts.
    Making them takes longer than using them on a small batch."""
    codes = {column: dict(pairs) for column, pairs in values}
    told = [blank_to_null(pl.col(field)).alias(told_column(column)) for field, column in pull]
    typed = [
        _typed(target.c[column], pl.col(told_column(column)), codes.get(column, {}))
        for _, column in pull
    ]
    return told, typed


def blank_to_null(value: pl.Expr) -> pl.Expr:
    stripped = value.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def _typed(column: Column[object], told: pl.Expr, codes: Mapping[str, str]) -> pl.Expr:
    kind = column.type
    if codes:
        typed = told.replace(dict(codes))
    elif isinstance(kind, Money):
        # A cast rounds; only what fits exactly may pass.
        exact = told.str.contains(rf"^-?\d+(\.\d{{1,{kind.scale}}}0*)?$")
        typed = pl.when(exact).then(told).cast(pl.Decimal(MONEY_DIGITS, kind.scale), strict=False)
    elif isinstance(kind, UtcTime):
        typed = utc_time(told)
    elif isinstance(kind, Date):
        day = pl.when(told.str.contains(_ISO_DAY)).then(told.str.slice(0, 10))
        typed = _of_our_era(day.str.to_date("%Y-%m-%d", strict=False))
    elif isinstance(kind, Boolean):
        typed = told.str.to_lowercase().replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
        )
    elif isinstance(kind, Integer):
        whole = told.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
        typed = pl.when(whole.is_between(-_INTEGER, _INTEGER)).then(whole)
    elif is_country(column.name):
        typed = told.str.to_lowercase().map_batches(_countries, return_dtype=pl.String)
    elif column.name == "email":
        typed = told.str.to_lowercase()
    elif column.name == "currency":
        typed = told.str.to_uppercase()
    else:
        typed = told
    return typed.alias(column.name)


def _countries(written: pl.Series) -> pl.Series:
    """Codes of countries; few are written in many rows, and thousands of ways to are known."""
    ways = written.unique()
    known = country_codes()
    codes = pl.Series([known.get(way) for way in ways], dtype=pl.String)
    return written.replace_strict(ways, codes, default=None, return_dtype=pl.String)


def utc_time(told: pl.Expr) -> pl.Expr:
    """ISO 8601 text in UTC (`Z` or a zero offset) as a time; anything else becomes null."""
    usual = told.str.contains(_USUAL_TIME)
    read = pl.coalesce(
        _read_as("%Y-%m-%dT%H:%M:%S.%3fZ", pl.when(usual).then(told)),
        _read_as("%Y-%m-%d %H:%M:%S%.f", _plain_time(pl.when(~usual).then(told))),
    )
    return _of_our_era(read).dt.replace_time_zone("UTC")


def _plain_time(told: pl.Expr) -> pl.Expr:
    plain = told.str.replace("T", " ").str.replace(r"(Z|\+00:?00)$", "")
    return pl.when(told.str.contains(_ISO_TIME)).then(plain)


def _read_as(form: str, told: pl.Expr) -> pl.Expr:
    return told.str.to_datetime(form, time_unit="us", strict=False)


def _of_our_era(moment: pl.Expr) -> pl.Expr:
    """Neither PostgreSQL nor Python knows a year 0."""
    return pl.when(moment.dt.year() >= 1).then(moment)


def is_country(column: str) -> bool:
    return column == "country" or column.endswith("_country")
