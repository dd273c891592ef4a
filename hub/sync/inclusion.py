"""What the conditions of a mapping's `include` mean for rows: one filter, for updates and creates,
for what is read and what is written alike.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import Boolean, Column, Date, Integer, Numeric, Table

from hub.checks.codes import code_list, country_codes
from hub.checks.convert import convert, is_country, told_column
from hub.connectors.contract import IS_DELETED, RECORD_ID
from hub.mappings.inclusion import Condition, Literal
from hub.mappings.schema import ObjectMapping
from hub.models.base import Money, UtcTime
from hub.models.frames import polars_type
from hub.models.sources import content

Columns = Mapping[str, Column[Any]]
"""Column of a frame → the column of the table that defines it."""


def included(rows: pl.DataFrame, condition: Condition | None, columns: Columns) -> pl.DataFrame:
    """The rows for which the condition holds; without one, all."""
    return rows if condition is None else rows.filter(holds(condition, columns))


def as_included(
    rows: pl.DataFrame, known: pl.DataFrame, mapping: ObjectMapping, table: Table
) -> pl.DataFrame:
    """Rows as read, without those that the mapping does not include and that are not `known`
    (record_id); known ones that it does not include any more are taken as deleted.

    A row of which a tested value cannot be read goes on, to be found at fault.
    """
    condition = mapping.include.pull
    if condition is None:
        return rows
    columns = content(table)
    tested = {f: c for f, c in mapping.pull.items() if c in _tested(condition)}
    empty = [pl.lit(None, polars_type(columns[c].type)).alias(c) for c in _tested(condition)]
    typed = convert(rows, tested, mapping.values, table)
    unreadable = pl.any_horizontal(
        pl.lit(value=False),
        *(pl.col(c).is_null() & pl.col(told_column(c)).is_not_null() for c in tested.values()),
    )
    missing = [e for e in empty if e.meta.output_name() not in typed.columns]
    goes = typed.with_columns(missing).select(holds(condition, columns) | unreadable).to_series()
    is_known = rows[RECORD_ID].is_in(known[RECORD_ID].implode())
    deleted = pl.when(goes).then(pl.col(IS_DELETED)).otherwise(pl.lit("true"))
    return rows.with_columns(deleted.alias(IS_DELETED)).filter(goes | is_known)


def _tested(condition: Condition) -> set[str]:
    own = {condition.column} if condition.column is not None else set()
    return own.union(*(_tested(part) for part in condition.parts))


def holds(condition: Condition, columns: Columns) -> pl.Expr:
    """True or false for each row, never null."""
    if condition.every is not None:
        return pl.all_horizontal(holds(part, columns) for part in condition.every)
    if condition.some is not None:
        return pl.any_horizontal(holds(part, columns) for part in condition.some)
    if condition.none is not None:
        return ~holds(condition.none, columns)
    return _test(condition, columns[str(condition.column)]).fill_null(value=False)


def _test(condition: Condition, column: Column[Any]) -> pl.Expr:
    value = pl.col(str(condition.column))
    if condition.empty is not None:
        return value.is_null() if condition.empty else value.is_not_null()
    if condition.among is not None:
        return value.is_in(_series(condition.among, column))
    if condition.not_among is not None:
        return ~value.is_in(_series(condition.not_among, column)).fill_null(value=False)
    bounds = []
    if condition.at_least is not None:
        bounds.append(value >= _typed(condition.at_least, column))
    if condition.at_most is not None:
        bounds.append(value <= _typed(condition.at_most, column))
    return pl.all_horizontal(bounds)


def _series(values: tuple[Literal, ...], column: Column[Any]) -> list[Any]:
    return [_typed(value, column) for value in values]


# -- what is written, as the column's type -------------------------------------------------------


def unfit(condition: Condition, columns: Columns) -> Iterator[tuple[str, str]]:
    """What about a condition cannot be meant, each as a message and a remedy."""
    for part in condition.parts:
        yield from unfit(part, columns)
    if condition.column is None:
        return
    column = columns.get(condition.column)
    if column is None:
        yield f"there is no column '{condition.column}'.", f"use one of: {', '.join(columns)}"
        return
    told = (*(condition.among or ()), *(condition.not_among or ()))
    bounds = [b for b in (condition.at_least, condition.at_most) if b is not None]
    for value in (*told, *bounds):
        try:
            _typed(value, column)
        except ValueError as err:
            yield f"'{condition.column}' cannot be compared with {value!r}.", str(err)
    if bounds and isinstance(column.type, Boolean):
        yield f"'{condition.column}' has no order.", "use `in: [true]` or `in: [false]`"


def _typed(value: Literal, column: Column[Any]) -> Any:
    """The value in the column's type. Raises ValueError with a remedy."""
    kind = column.type
    if isinstance(kind, Boolean):
        return _told_as(value, bool, "write true or false, without quotes")
    if isinstance(kind, (Money, Numeric)):
        return Decimal(str(_number(value)))
    if isinstance(kind, Integer):
        return _told_as(_number(value), int, "write a whole number")
    if isinstance(kind, UtcTime):
        return _moment(value)
    if isinstance(kind, Date):
        if isinstance(value, datetime) or not isinstance(value, date):
            raise ValueError("write a day: 2026-12-31, without quotes")
        return value
    return _text(value, column)


def _told_as(value: Any, kind: type, remedy: str) -> Any:
    if type(value) is not kind:
        raise ValueError(remedy)
    return value


def _number(value: Literal) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("write a number, without quotes")
    return value


def _moment(value: Literal) -> datetime:
    """A day stands for its first moment in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise ValueError("write a day or a time: 2026-12-31T12:00:00Z, without quotes")


def _text(value: Literal, column: Column[Any]) -> str:
    if not isinstance(value, str):
        raise ValueError(f'write it in quotes: "{value if value is not False else "NO"}"')
    allowed = code_list(column.table.name, column.name)
    if is_country(column.name):
        if country_codes().get(value.casefold()) != value:
            raise ValueError("use codes of ISO 3166-1 alpha-2, such as DE")
    elif allowed is not None and value not in allowed:
        raise ValueError(f"use one of: {', '.join(allowed)}")
    return value
