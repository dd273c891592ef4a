"""Values as canonical text: the one spelling in which rows are hashed, archived and compared.

Numbers are plain decimals without exponent and trailing zeros, times are UTC with milliseconds and
`Z` (fixed width, so that text order is time order). What cannot be read as such is passed on as
told: refusing it is the business of validation, which can say so per row.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import polars as pl

_PLAIN_NUMBER = r"^-?(?:0|[1-9]\d*)(?:\.\d+)?$"
_MILLIS_UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|\+0000|\+00:00)$"
_SECONDS_UTC = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+0000|\+00:00)$"
_MOST_DIGITS = 60


def canonical_number(told: str) -> str:
    """`1.0E7` → `10000000`, `1500.00` → `1500`; text that is no number comes back as it is."""
    try:
        number = Decimal(told.strip())
    except InvalidOperation:
        return told
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        return told
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain == "-0" else plain


def canonical_time(moment: datetime) -> str:
    """An aware time as `2026-05-04T09:08:07.006Z`; finer than milliseconds is cut off."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def parsed_time(told: str) -> datetime:
    """A time as any of the systems writes it, aware; one without a zone is UTC."""
    moment = datetime.fromisoformat(told)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def numbers(column: pl.Series) -> pl.Series:
    """A text column with every number in canonical spelling."""
    odd = ~column.str.contains(_PLAIN_NUMBER)
    plain = column.str.replace(r"(\.\d*?)0+$", "$1").str.replace(r"\.$", "").replace("-0", "0")
    return _with_exceptions(column, plain, odd, canonical_number)


def times(column: pl.Series) -> pl.Series:
    """A text column with every time in canonical spelling."""
    frame = column.to_frame("told").select(
        pl.when(pl.col("told").str.contains(_MILLIS_UTC))
        .then(pl.col("told").str.slice(0, 23) + "Z")
        .when(pl.col("told").str.contains(_SECONDS_UTC))
        .then(pl.col("told").str.slice(0, 19) + ".000Z")
        .alias("plain")
    )
    plain = frame["plain"]
    return _with_exceptions(column, plain, plain.is_null() & column.is_not_null(), _time_or_told)


def _time_or_told(told: str) -> str:
    try:
        return canonical_time(parsed_time(told))
    except ValueError:
        return told


def _with_exceptions(
    column: pl.Series, plain: pl.Series, odd: pl.Series, one_by_one: Callable[[str], str]
) -> pl.Series:
    """`plain`, except where `odd`: those few values are spelt one by one."""
    if not odd.any():
        return plain.alias(column.name)
    spelt = [
        told if told is None or not is_odd else one_by_one(told)
        for told, is_odd in zip(column, odd, strict=True)
    ]
    exceptions = pl.Series(column.name, spelt, dtype=pl.String)
    return exceptions.zip_with(odd.fill_null(False), plain).alias(column.name)
