"""Reaching the warehouse: engines, transactions, the one-writer lock, counters.

SQLite runs in WAL mode; `writing` begins immediately, so that two writers queue instead of failing
half-way. `exclusive` is held by the step that writes and is let go by the operating system when a
process dies, however it dies.
"""

import fcntl
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from hub.errors import RunInProgress, WarehouseError
from hub.models.operations import ops_sequence

_BUSY_SECONDS = 30
_REHEARSED = "hub_rehearsed"


def open_engine(url: str) -> Engine:
    """An engine on SQLite or PostgreSQL (psycopg). Raises WarehouseError for any other database."""
    try:
        parsed = make_url(url)
    except ArgumentError as err:
        raise WarehouseError(
            "The warehouse is not a database URL.",
            remedy="use sqlite:///file.db or postgresql+psycopg://user:password@host/database",
        ) from err
    if parsed.get_backend_name() == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise WarehouseError("The warehouse must be a file.", remedy="use sqlite:///hub.db")
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    if parsed.get_backend_name() == "postgresql":
        return create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    raise WarehouseError(
        f"No support for the database '{parsed.get_backend_name()}'.",
        remedy="use sqlite:///file.db or postgresql+psycopg://user:password@host/database",
    )


def _sqlite_connect(connection: Any, _record: object) -> None:
    # The driver must not begin transactions of its own: we begin them, see _sqlite_begin.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    # A thousand changes among two million records touch more pages than 64 MB hold.
    connection.execute("PRAGMA cache_size=-262144")
    # Pages of an index are written over and over: the fewer the checkpoints, the fewer of them.
    connection.execute("PRAGMA wal_autocheckpoint=25000")


def _sqlite_begin(conn: Connection) -> None:
    reading_only = conn.get_execution_options().get("hub_reading", False)
    conn.exec_driver_sql("BEGIN" if reading_only else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A snapshot to read from; never blocks a writer."""
    rehearsed = _rehearsed(engine)
    if rehearsed is not None:
        yield rehearsed
        return
    with engine.connect().execution_options(hub_reading=True) as conn:
        yield conn


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction: commits when the block ends, rolls back when it raises."""
    rehearsed = _rehearsed(engine)
    if rehearsed is not None:
        with rehearsed.begin_nested():
            yield rehearsed
        return
    with engine.begin() as conn:
        yield conn


@contextmanager
def rehearsing(engine: Engine) -> Iterator[Engine]:
    """An engine on which any step runs as it always does, and of which nothing remains.

    What is written on it is seen by whoever reads on it, and rolled back when the block ends. A
    rehearsal within a rehearsal goes back to where it began. On SQLite other writers wait for it.
    """
    rehearsed = _rehearsed(engine)
    if rehearsed is not None:
        part = rehearsed.begin_nested()
        try:
            yield engine
        finally:
            part.rollback()
        return
    with engine.connect() as conn:
        try:
            yield engine.execution_options(**{_REHEARSED: conn})
        finally:
            conn.rollback()


def _rehearsed(engine: Engine) -> Connection | None:
    """The connection that all transactions of a rehearsal share."""
    conn: Connection | None = engine.get_execution_options().get(_REHEARSED)
    return conn


@contextmanager
def deciding(engine: Engine, table: Table) -> Iterator[Connection]:
    """A transaction whose writes to `table` rest on what it reads there: two of them queue."""
    with writing(engine) as conn:
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql(f'LOCK TABLE "{table.name}" IN SHARE ROW EXCLUSIVE MODE')
        yield conn


@contextmanager
def exclusive(engine: Engine, *, wait_seconds: float = 600) -> Iterator[None]:
    """Hold the warehouse's one-writer lock; raises RunInProgress after `wait_seconds`.

    An advisory lock on PostgreSQL, a lock on `FILE.lock` beside a SQLite file.
    """
    deadline = time.monotonic() + wait_seconds
    with _sqlite_lock(engine) if engine.dialect.name == "sqlite" else _pg_lock(engine) as attempt:
        while not attempt():
            if time.monotonic() > deadline:
                raise RunInProgress(
                    "Another hub process has been writing to this warehouse "
                    f"for {wait_seconds:.0f} s.",
                    remedy="wait for it, or look for a hung `hub` process and stop it",
                )
            time.sleep(0.1)
        yield


@contextmanager
def _sqlite_lock(engine: Engine) -> Iterator[Any]:
    with Path(f"{engine.url.database}.lock").open("w") as handle:

        def attempt() -> bool:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        yield attempt


@contextmanager
def _pg_lock(engine: Engine) -> Iterator[Any]:
    digest = hashlib.blake2b(b"partner-hub one writer", digest_size=8).digest()
    key = int.from_bytes(digest, "big", signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:

        def attempt() -> bool:
            return bool(conn.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))

        try:
            yield attempt
        finally:
            conn.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def compact(engine: Engine) -> None:
    """Write the database anew, so that what was deleted is not in its files any more: neither in
    free pages nor in the write-ahead log. Backups and, on PostgreSQL, archived logs are not
    reached."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT", hub_reading=True) as conn:
        if engine.dialect.name == "sqlite":
            conn.exec_driver_sql("COMMIT")
            conn.exec_driver_sql("VACUUM")
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            conn.exec_driver_sql("BEGIN")
        else:
            conn.exec_driver_sql("VACUUM FULL")


def check_reachable(engine: Engine) -> None:
    """Raise WarehouseError with a remedy when the database does not answer."""
    try:
        with reading(engine) as conn:
            conn.execute(text("SELECT 1"))
    except OperationalError as err:
        shown = engine.url.render_as_string(hide_password=True)
        raise WarehouseError(
            f"The warehouse {shown} does not answer.",
            remedy="start the database, or correct `warehouse` in hub.yaml",
        ) from err


def take_numbers(conn: Connection, name: str, count: int) -> range:
    """`count` consecutive numbers of the counter `name`, starting at 1, never issued twice.

    The counter moves in the caller's transaction: a roll-back gives the numbers back.
    """
    first = conn.scalar(select(ops_sequence.c.next).where(ops_sequence.c.name == name))
    if first is None:
        first = 1
        conn.execute(ops_sequence.insert().values(name=name, next=first + count))
    else:
        conn.execute(
            ops_sequence.update()
            .where(ops_sequence.c.name == name)
            .values(next=ops_sequence.c.next + count)
        )
    return range(first, first + count)
