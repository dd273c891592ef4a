"""Frames in and out of the warehouse: the only way rows travel in bulk.

In: rows known to be new go straight into their table, others into a temporary staging table on the
connection of the transaction that then merges it with one statement; either way by `executemany` on
SQLite and by `COPY` on PostgreSQL. (ADBC would be a second SQLite library in this process; two of
them on one file undo each other's POSIX locks.)
Out: the driver's own rows straight into typed columns, without SQLAlchemy's row objects.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    cast,
    delete,
    exists,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import Executable, Select
from sqlalchemy.types import TypeEngine

from hub.models import partitions
from hub.models.base import Money
from hub.models.frames import from_sqlite, polars_type, sqlite_type, to_sqlite

_ROWS_A_STATEMENT = 50
_ROWS_A_WRITE = 5_000
_WORTH_A_LOOK = 1_000
# Types on the way to SQLite whose values a statement can spell without loss.
_LITERALS: dict[pl.DataType, TypeEngine[Any]] = {pl.String(): Text(), pl.Int64(): BigInteger()}

# Before it binds a None as NULL the driver looks in vain for who could adapt it, which takes longer
# than to bind a text. Told somebody, it looks no further.
sqlite3.register_adapter(type(None), {None: None}.__getitem__)


# -- out ---------------------------------------------------------------------------------------


def read(conn: Connection, query: Select[Any]) -> pl.DataFrame:
    """All rows of `query` as a frame typed by its columns, which must have distinct names."""
    columns = list(query.selected_columns)
    names = [str(c.key) for c in columns]
    on_sqlite = conn.dialect.name == "sqlite"
    result = conn.execute(_exact_money(query) if on_sqlite else query)
    rows = result.cursor.fetchall() if result.cursor is not None else []
    if not rows:
        kinds = zip(names, columns, strict=True)
        return pl.DataFrame(schema={name: polars_type(col.type) for name, col in kinds})
    wire = {
        name: sqlite_type(col.type) if on_sqlite else polars_type(col.type)
        for name, col in zip(names, columns, strict=True)
    }
    frame = pl.DataFrame(rows, schema=wire, orient="row")
    typed = [
        from_sqlite(name, col.type)
        for name, col in zip(names, columns, strict=True)
        if wire[name] != polars_type(col.type)
    ]
    return frame.with_columns(typed) if typed else frame


def _exact_money(query: Select[Any]) -> Select[Any]:
    """Money leaves SQLite as text: the driver would make a float of it."""
    return query.with_only_columns(
        *(
            cast(c, Text).label(str(c.key)) if isinstance(c.type, Money) else c
            for c in query.selected_columns
        ),
        maintain_column_froms=True,
    )


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
    typed = _typed(frame, like)
    shape = _Shape(like, tuple(typed.columns), conn.dialect.name)
    stage, create = _take_stage(shape, conn.dialect)
    conn.exec_driver_sql(create)
    _fill(conn, stage, typed)
    looked_up = list(index) or _key_columns(typed.columns, like)
    if looked_up:
        columns = ", ".join(f'"{name}"' for name in looked_up)
        conn.exec_driver_sql(f'CREATE INDEX "ix_{stage.name}" ON "{stage.name}" ({columns})')
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(f'ANALYZE "{stage.name}"')
    yield stage
    conn.exec_driver_sql(f'DROP TABLE "{stage.name}"')
    _free_stages[shape].append((stage, create))


class _Shape(NamedTuple):
    like: Table
    columns: tuple[str, ...]
    dialect: str


_stage_numbers = count(1)
_free_stages: dict[_Shape, list[tuple[Table, str]]] = {}


def _take_stage(shape: _Shape, dialect: Dialect) -> tuple[Table, str]:
    """A staging table that no open block uses, and the statement that creates it.

    They are used again and again: a statement on one is then compiled once, not at every use.
    """
    with suppress(IndexError):
        return _free_stages.setdefault(shape, []).pop()
    stage = Table(
        f"stage_{next(_stage_numbers)}_{shape.like.name}",
        MetaData(),
        *(Column(name, shape.like.c[name].type) for name in shape.columns),
        prefixes=["TEMPORARY"],
    )
    return stage, str(CreateTable(stage).compile(dialect=dialect))


def _key_columns(names: Sequence[str], like: Table) -> list[str]:
    key = [c.name for c in like.primary_key.columns]
    in_key = [n for n in names if n in key]
    return [] if in_key and len(in_key) < len(names) else list(names)


def _typed(frame: pl.DataFrame, target: Table) -> pl.DataFrame:
    """The columns that `frame` shares with `target`, in the table's order and types."""
    shared = (c for c in target.columns if c.name in frame.columns)
    return pl.DataFrame([frame[c.name].cast(polars_type(c.type)) for c in shared])


def _fill(conn: Connection, target: Table, typed: pl.DataFrame) -> None:
    columns = ", ".join(f'"{name}"' for name in typed.columns)
    into = f'"{target.name}" ({columns})'
    if conn.dialect.name == "sqlite":
        _insert_many(conn, into, target, typed)
    else:
        _copy(conn, into, typed)


def _insert_many(conn: Connection, into: str, target: Table, typed: pl.DataFrame) -> None:
    """Several rows to a statement, and what all rows share in the statement itself: binding a value
    costs more than storing it."""
    spelt = [
        to_sqlite(name, target.c[name].type)
        for name, kind in typed.schema.items()
        if kind != sqlite_type(target.c[name].type)
    ]
    wire = typed.with_columns(spelt) if spelt else typed
    shared = _shared(wire, conn.dialect) if wire.height >= _WORTH_A_LOOK else {}
    row = f"({', '.join(shared.get(name, '?') for name in wire.columns)})"
    told = [wire[name].to_list() for name in wire.columns if name not in shared]
    connection: Any = conn.connection.driver_connection
    most = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    several = max(1, min(_ROWS_A_STATEMENT, most // max(1, len(told))))
    together = wire.height - wire.height % several
    cursor = connection.cursor()
    for rows, part in ((several, slice(together)), (1, slice(together, wire.height))):
        statement = f"INSERT INTO {into} VALUES {', '.join([row] * rows)}"
        # Each column is named once per row and gives its next value each time.
        columns = [iter(values[part]) for values in told]
        cursor.executemany(statement, zip(*columns * rows, strict=False))
    cursor.close()


def _shared(wire: pl.DataFrame, dialect: Dialect) -> dict[str, str]:
    """Columns that say the same in every row, with what they say as SQL; never all columns."""
    alike = (name for name in wire.columns[1:] if _says_one_thing(wire[name]))
    return {
        name: str(
            literal(wire[name][0], _LITERALS[wire.schema[name]]).compile(
                dialect=dialect, compile_kwargs={"literal_binds": True}
            )
        )
        for name in alike
    }


def _says_one_thing(column: pl.Series) -> bool:
    if column.dtype not in _LITERALS:
        return False
    if column.null_count():
        return column.null_count() == column.len()
    first = column[0]
    return bool(first == column[-1]) and column.n_unique() == 1 and "\x00" not in str(first)


def _copy(conn: Connection, into: str, typed: pl.DataFrame) -> None:
    # Quoted text and bare nulls: COPY then tells an empty string from a missing value.
    cursor = conn.connection.cursor()
    with cursor.copy(f"COPY {into} FROM STDIN (FORMAT csv)") as copy:
        # The server stores one part while the next is written down.
        for part in typed.iter_slices(_ROWS_A_WRITE):
            copy.write(part.write_csv(include_header=False, quote_style="non_numeric"))
    cursor.close()


def insert(conn: Connection, target: Table, frame: pl.DataFrame) -> int:
    """Put rows that are known to be new straight into `target`; a row whose key exists is an error.

    Takes the columns that `frame` shares with `target`; returns how many rows. They go in by their
    key, so that the pages of its index are each looked for once.
    """
    if frame.height:
        _make_room(conn, target, frame)
        key = [c.name for c in target.primary_key.columns if c.name in frame.columns]
        _fill(conn, target, _typed(frame.sort(key) if key else frame, target))
    return frame.height


def merge(
    conn: Connection, target: Table, stage: Table, *, quiet: Collection[str] = ("run",)
) -> int:
    """Insert or update `target` from `stage` by primary key; returns rows inserted or changed.

    A row is updated only if a column other than those in `quiet` differs, so that a merge of what
    is already there changes nothing. Columns missing in `stage` keep their values.
    """
    _make_room(conn, target, stage)
    names = [c.name for c in stage.columns]
    key = [c.name for c in target.primary_key.columns]
    upserting = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    statement = upserting(target).from_select(
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
    _make_room(conn, target, stage)
    names = [c.name for c in stage.columns]
    return _count(conn, target.insert().from_select(names, select(stage)))


def _make_room(conn: Connection, target: Table, rows: pl.DataFrame | Table) -> None:
    """A partition for each period of the rows that are to come into a partitioned table."""
    column = partitions.key_of(target)
    if column is None or conn.dialect.name != "postgresql":
        return
    if isinstance(rows, pl.DataFrame):
        periods = rows[column].unique().to_list()
    else:
        periods = list(conn.scalars(select(rows.c[column]).distinct()))
    partitions.make_room(conn, target, periods)


def remove(conn: Connection, target: Table, stage: Table, key: Sequence[str]) -> int:
    """Delete the rows of `target` whose `key` columns stand in `stage`; returns how many."""
    matches = exists().where(*(stage.c[n] == target.c[n] for n in key))
    return _count(conn, delete(target).where(matches))


def _count(conn: Connection, statement: Executable) -> int:
    return int(conn.execute(statement, execution_options={"preserve_rowcount": True}).rowcount)
