"""The least each step could cost: the same bytes, rows or cells moved with nothing around them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
import polars as pl
from sqlalchemy import Column, Connection, Date, Engine, MetaData, Table, func, insert, select

from bench.figures import Lap, timed
from bench.wire import Replay, Sent
from hub.models import bulk
from hub.models.base import Money, UtcTime
from hub.models.database import reading, writing
from hub.models.frames import polars_type
from hub.models.golden import company, contact, lead, opportunity, partner, pos_line
from hub.models.sources import SOURCES

GOLDEN = (company, partner, contact, lead, opportunity, pos_line)


def read_files(files: Sequence[Path], separator: str) -> Lap:
    """Feed files as text columns, nothing typed."""
    with timed() as lap:
        for file in files:
            pl.read_csv(file.read_bytes(), separator=separator, infer_schema=False)
    return lap


class _Page(msgspec.Struct):
    totalSize: int  # noqa: N815 - the wire's name
    nextRecordsUrl: str | None = None  # noqa: N815


def drain_query(sent: Sequence[Sent]) -> tuple[int, Lap]:
    """The whole answer of the first SOQL query among `sent`, page after page, as bytes of which
    only the way to the next page is read; rows and time."""
    query = next(request for request in sent if request.path.endswith("/query/"))
    replay = Replay()
    replay.send([request for request in sent if request.is_token][:1])
    rows = 0
    with timed() as lap:
        url: str | None = query.url
        while url is not None:
            body = replay.fetch(replace(query, url=url))
            page = msgspec.json.decode(body, type=_Page)
            rows = page.totalSize
            url = None
            if page.nextRecordsUrl is not None:
                url = urljoin(query.url, page.nextRecordsUrl)
    replay.close()
    return rows, lap


def cast(frames: Sequence[tuple[pl.DataFrame, Mapping[str, str], str]]) -> Lap:
    """Each (rows, field → column, source) cast to its columns' types, whatever comes of it."""
    with timed() as lap:
        for rows, pull, source in frames:
            rows.select(
                _cast(pl.col(field), SOURCES[source].c[column]).alias(column)
                for field, column in pull.items()
            )
    return lap


def _cast(value: pl.Expr, column: Column[Any]) -> pl.Expr:
    if isinstance(column.type, UtcTime):
        return value.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", strict=False, time_unit="us")
    if isinstance(column.type, Date):
        return value.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    if column.type.python_type is bool:
        return value == "true"
    return value.cast(polars_type(column.type), strict=False)


class BareInsert:
    """The rows of the source tables as they stand, put into tables of the same columns and key."""

    def __init__(self, landed: Engine) -> None:
        self._rows: list[tuple[Table, Any]] = []
        on_sqlite = landed.dialect.name == "sqlite"
        with reading(landed) as conn:
            for table in SOURCES.values():
                if on_sqlite:
                    self._rows.append((table, _raw_rows(conn, table)))
                else:
                    body = bulk.read(conn, select(table)).write_csv(
                        include_header=False, quote_style="non_numeric"
                    )
                    self._rows.append((table, body))

    def into(self, empty: Engine) -> Lap:
        """`executemany` on SQLite, `COPY` on PostgreSQL; one transaction."""
        bare = [(_bare(table), rows) for table, rows in self._rows]
        with writing(empty) as conn:
            for table, _ in bare:
                table.create(conn)
        with timed() as lap, writing(empty) as conn:
            cursor = conn.connection.cursor()
            for table, rows in bare:
                if conn.dialect.name == "sqlite":
                    places = ", ".join("?" * len(table.columns))
                    cursor.executemany(f'INSERT INTO "{table.name}" VALUES ({places})', rows)
                else:
                    with cursor.copy(f'COPY "{table.name}" FROM STDIN (FORMAT csv)') as copy:
                        copy.write(rows)
            cursor.close()
        with writing(empty) as conn:
            for table, _ in bare:
                table.drop(conn)
        return lap


def _raw_rows(conn: Connection, table: Table) -> list[Any]:
    """Rows as the driver has them, money as the text it would be bound as."""
    names = ", ".join(
        f'CAST("{c.name}" AS TEXT)' if isinstance(c.type, Money) else f'"{c.name}"'
        for c in table.columns
    )
    result = conn.exec_driver_sql(f'SELECT {names} FROM "{table.name}"')
    return [tuple(row) for row in result]


def _bare(table: Table) -> Table:
    return Table(
        f"bare_{table.name}",
        MetaData(),
        *(Column(c.name, c.type, primary_key=c.primary_key) for c in table.columns),
    )


def insert_select(engine: Engine, limits: Mapping[str, int] | None = None) -> tuple[int, Lap]:
    """Golden rows copied table to table (`limits`: table → at most so many); rows and time."""
    rows = 0
    bare = [(table, _bare(table)) for table in GOLDEN]
    with writing(engine) as conn:
        for _, copy in bare:
            copy.create(conn)
    with timed() as lap, writing(engine) as conn:
        for table, copy in bare:
            query = select(table)
            if limits is not None:
                query = query.limit(limits.get(table.name, 0))
            conn.execute(insert(copy).from_select([c.name for c in table.columns], query))
    with writing(engine) as conn:
        for _, copy in bare:
            rows += conn.scalar(select(func.count()).select_from(copy)) or 0
            copy.drop(conn)
    return rows, lap
