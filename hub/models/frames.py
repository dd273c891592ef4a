"""What the columns of a table are in a frame, and how SQLite spells them.

SQLite has neither decimals nor times: both travel as text, without loss.
"""

from collections.abc import Collection
from typing import Any

import polars as pl
from sqlalchemy import Boolean, Date, Float, Integer, Table
from sqlalchemy.types import TypeEngine

from hub.models.base import MONEY_DIGITS, Money, UtcTime

_SQLITE_TIME = "%Y-%m-%d %H:%M:%S%.6f"


def polars_type(kind: TypeEngine[Any]) -> pl.DataType:
    """The polars type that holds a column's values without loss."""
    if isinstance(kind, Money):
        return pl.Decimal(MONEY_DIGITS, kind.scale)
    if isinstance(kind, UtcTime):
        return pl.Datetime("us", "UTC")
    if isinstance(kind, Boolean):
        return pl.Boolean()
    if isinstance(kind, Integer):
        return pl.Int64()
    if isinstance(kind, Float):
        return pl.Float64()
    if isinstance(kind, Date):
        return pl.Date()
    return pl.String()


def frame_schema(target: Table, only: Collection[str] | None = None) -> dict[str, pl.DataType]:
    """Column name → polars type, in the table's order; `only` keeps the named columns."""
    return {c.name: polars_type(c.type) for c in target.columns if only is None or c.name in only}


def sqlite_type(kind: TypeEngine[Any]) -> pl.DataType:
    """The polars type of what SQLite holds for a column."""
    if isinstance(kind, (Money, UtcTime, Date)):
        return pl.String()
    return pl.Int64() if isinstance(kind, Boolean) else polars_type(kind)


def from_sqlite(name: str, kind: TypeEngine[Any]) -> pl.Expr:
    """The column `name` of a frame, as SQLite holds it, in the type of the table's column."""
    value = pl.col(name)
    if isinstance(kind, UtcTime):
        return value.str.to_datetime(_SQLITE_TIME, time_unit="us", time_zone="UTC")
    if isinstance(kind, Date):
        return value.str.to_date("%Y-%m-%d")
    return value.cast(polars_type(kind))


def to_sqlite(name: str, kind: TypeEngine[Any]) -> pl.Expr:
    """The column `name` of a frame as SQLite is to hold it."""
    value = pl.col(name)
    if isinstance(kind, Money):
        return value.cast(pl.String)
    if isinstance(kind, UtcTime):
        return value.dt.strftime(_SQLITE_TIME)
    if isinstance(kind, Date):
        return value.dt.strftime("%Y-%m-%d")
    return value.cast(sqlite_type(kind))
