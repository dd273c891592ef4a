"""Frames in and out of the warehouse: the only way rows travel in bulk.

In: a polars frame goes into a temporary staging table on the connection of the transaction that
then merges it with one statement: `executemany` on SQLite, `COPY` on PostgreSQL. (ADBC would be a
second SQLite library in this process; two of them on one file undo each other's POSIX locks.)
Out: the driver's own rows straight into typed columns, without SQLAlchemy's row objects.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import polars as pl
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    cast,
    delete,
    exists,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql import Executable, Select
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


# -- out ---------------------------------------------------------------------------------------


def read(conn: Connection, query: Select[Any]) -> pl.DataFrame:
    """All rows of `query` as a frame typed by its columns, which must have distinct names."""
    columns = list(query.selected_columns)
    names = [str(c.key) for c in columns]
    on_sqlite = conn.dialect.name == "sqlite"
    result = conn.execute(_exact_money(query) if on_sqlite else query)
    rows = result.cursor.fetchall() if result.cursor is not None else []
    wire = {
        name: _sqlite_wire_type(col.type) if on_sqlite else polars_type(col.type)
        for name, col in zip(names, columns, strict=True)
    }
    frame = pl.DataFrame(rows, schema=wire, orient="row")
    if not on_sqlite:
        return frame
    return frame.with_columns(
        _from_sqlite(name, col.type) for name, col in zip(names, columns, strict=True)
    )


def _exact_money(query: Select[Any]) -> Select[Any]:
    """Money leaves SQLite as text: the driver would make a float of it."""
    return query.with_only_columns(
        *(
            cast(c, Text).label(str(c.key)) if isinstance(c.type, Money) else c
            for c in query.selected_columns
        ),
        maintain_column_froms=True,
    )


def _sqlite_wire_type(kind: TypeEngine[Any]) -> pl.DataType:
    if isinstance(kind, (Money, UtcTime, Date)):
        return pl.String()
    return pl.Int64() if isinstance(kind, Boolean) else polars_type(kind)


def _from_sqlite(name: str, kind: TypeEngine[Any]) -> pl.Expr:
    value = pl.col(name)
    if isinstance(kind, UtcTime):
        return value.str.to_datetime(_SQLITE_TIME, time_unit="us", time_zone="UTC")
    if isinstance(kind, Date):
        return value.str.to_date("%Y-%m-%d")
    return value.cast(polars_type(kind))


# -- in ----------------------------------------------------------------------------------------


@contextmanager
def staged(
    conn: Connection, frame: pl.DataFrame, like: Table, *, index: Sequence[str] = ()
) -> Iterator[Table]:
    """Put the columns that `frame` shares with `like` into a temporary table of those types.

    Lives in the caller's transaction and is dropped when the block ends. `index` names columns to
    look rows up by; a frame of keys alone (columns of `like`'s primary key, or none of them) is
    indexed anyway, because keys are staged to be looked up.
    """
    names = [c.name for c in like.columns if c.name in frame.columns]
    stage = Table(
        f"stage_{next(_stage_numbers)}_{like.name}",
        MetaData(),
        *(Column(name, like.c[name].type) for name in names),
        prefixes=["TEMPORARY"],
    )
    stage.create(conn, checkfirst=False)
    typed = frame.select(pl.col(n).cast(polars_type(like.c[n].type)) for n in names)
    if conn.dialect.name == "sqlite":
        _insert_many(conn, stage, typed)
    else:
        _copy(conn, stage, typed)
    looked_up = list(index) or _key_columns(names, like)
    if looked_up:
        Index(f"ix_{stage.name}", *(stage.c[n] for n in looked_up)).create(conn)
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f'ANALYZE "{stage.name}"')
    yield stage
    stage.drop(conn, checkfirst=False)


_stage_numbers = count(1)


def _key_columns(names: Sequence[str], like: Table) -> list[str]:
    key = [c.name for c in like.primary_key.columns]
    in_key = [n for n in names if n in key]
    return [] if in_key and len(in_key) < len(names) else list(names)


def _insert_many(conn: Connection, stage: Table, frame: pl.DataFrame) -> None:
    places = ", ".join("?" * frame.width)
    wire = frame.select(_to_sqlite(n, stage.c[n].type) for n in frame.columns)
    cursor = conn.connection.cursor()
    cursor.executemany(f'INSERT INTO "{stage.name}" VALUES ({places})', wire.rows())
    cursor.close()


def _to_sqlite(name: str, kind: TypeEngine[Any]) -> pl.Expr:
    value = pl.col(name)
    if isinstance(kind, Money):
        return value.cast(pl.String)
    if isinstance(kind, UtcTime):
        return value.dt.strftime(_SQLITE_TIME)
    if isinstance(kind, Date):
        return value.dt.strftime("%Y-%m-%d")
    return value.cast(pl.Int64) if isinstance(kind, Boolean) else value


def _copy(conn: Connection, stage: Table, frame: pl.DataFrame) -> None:
    # Quoted text and bare nulls: COPY then tells an empty string from a missing value.
    body = frame.write_csv(include_header=False, quote_style="non_numeric")
    cursor = conn.connection.cursor()
    with cursor.copy(f'COPY "{stage.name}" FROM STDIN (FORMAT csv)') as copy:
        copy.write(body)
    cursor.close()


def merge(
    conn: Connection, target: Table, stage: Table, *, quiet: Collection[str] = ("run",)
) -> int:
    """Insert or update `target` from `stage` by primary key; returns rows inserted or changed.

    A row is updated only if a column other than those in `quiet` differs, so that a merge of what
    is already there changes nothing. Columns missing in `stage` keep their values.
    """
    names = [c.name for c in stage.columns]
    key = [c.name for c in target.primary_key.columns]
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = insert(target).from_select(
        names, select(*stage.columns).where(literal_column("1=1"))
    )
    values = {n: statement.excluded[n] for n in names if n not in key}
    compared = [n for n in values if n not in quiet]
    if compared:
        differs = or_(*(target.c[n].is_distinct_from(statement.excluded[n]) for n in compared))
        upsert = statement.on_conflict_do_update(index_elements=key, set_=values, where=differs)
    else:
        upsert = statement.on_conflict_do_nothing(index_elements=key)
    return _count(conn, upsert)


def append(conn: Connection, target: Table, stage: Table) -> int:
    """Insert every row of `stage`; a row whose key exists is an error."""
    names = [c.name for c in stage.columns]
    return _count(conn, target.insert().from_select(names, select(stage)))


def remove(conn: Connection, target: Table, stage: Table, key: Sequence[str]) -> int:
    """Delete the rows of `target` whose `key` columns stand in `stage`; returns how many."""
    matches = exists().where(*(stage.c[n] == target.c[n] for n in key))
    return _count(conn, delete(target).where(matches))


def _count(conn: Connection, statement: Executable) -> int:
    return int(conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount)
