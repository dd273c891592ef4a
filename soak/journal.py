"""What the hub really did to a CRM's records, written down by the CRM's own database.

Triggers see every write whatever way it came by, and what a refused request rolls back is not
written. Only writes of the hub are kept: who acts is known by the request that is being answered.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS soak_write(
  id INTEGER PRIMARY KEY, object TEXT, record TEXT, op TEXT);
CREATE TABLE IF NOT EXISTS soak_cell(write INTEGER, field TEXT, old, new);
"""
_THIS_WRITE = "(SELECT max(id) FROM soak_write)"

_by_hub: ContextVar[bool] = ContextVar("by_hub", default=False)

Value = str | int | float | None


@contextmanager
def acting(*, hub: bool) -> Iterator[None]:
    """Whatever is written inside is the hub's doing, or somebody else's."""
    token = _by_hub.set(hub)
    try:
        yield
    finally:
        _by_hub.reset(token)


@dataclass(frozen=True)
class Watched:
    """A table of records: the object's name, its key column, and field → column."""

    object: str
    table: str
    key: str
    columns: Mapping[str, str]


def watch(connection: sqlite3.Connection, watched: Sequence[Watched]) -> None:
    """Note from now on what the hub writes into these tables."""
    connection.create_function("soak_by_hub", 0, _by_hub.get)
    connection.executescript(_TABLES)
    for one in watched:
        for op, row in (("insert", "NEW"), ("update", "NEW"), ("delete", "OLD")):
            cells = "".join(_cell(op, name, column) for name, column in one.columns.items())
            connection.execute(
                f'CREATE TEMP TRIGGER "soak_{op}_{one.table}" AFTER {op.upper()} '
                f'ON main."{one.table}" WHEN soak_by_hub() BEGIN '
                "INSERT INTO soak_write(object, record, op) "
                f"VALUES ('{one.object}', {row}.{one.key}, '{op}'); {cells} END"
            )


def watch_links(connection: sqlite3.Connection) -> None:
    """The same for HubSpot's associations, each noted as a field of its first record."""
    for op, row, cell in (
        ("insert", "NEW", "NULL, NEW.to_id"),
        ("delete", "OLD", "OLD.to_id, NULL"),
    ):
        connection.execute(
            f'CREATE TEMP TRIGGER "soak_{op}_link" AFTER {op.upper()} ON main.link '
            "WHEN soak_by_hub() BEGIN "
            "INSERT INTO soak_write(object, record, op) "
            f"VALUES ({row}.from_type, {row}.from_id, 'link'); "
            f"INSERT INTO soak_cell VALUES ({_THIS_WRITE}, 'associations/' || {row}.to_type "
            f"|| '/' || {row}.category || '/' || {row}.type_id, {cell}); END"
        )


def _cell(op: str, name: str, column: str) -> str:
    if op == "delete":
        return ""
    new = f"NEW.{column}"
    old = f"OLD.{column}" if op == "update" else "NULL"
    return (
        f"INSERT INTO soak_cell SELECT {_THIS_WRITE}, '{name}', {old}, {new} "
        f"WHERE {old} IS NOT {new} COLLATE BINARY; "
    )


@dataclass
class Write:
    """One record written by the hub: fields that were changed, each with old and new value."""

    object: str
    record: str
    op: str
    cells: dict[str, tuple[Value, Value]] = field(default_factory=dict)


def writes(file: Path) -> list[Write]:
    """All writes of the hub that a store has noted, in their order."""
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as connection:
        found = {
            number: Write(name, str(record), op)
            for number, name, record, op in connection.execute(
                "SELECT id, object, record, op FROM soak_write ORDER BY id"
            )
        }
        for number, name, old, new in connection.execute("SELECT * FROM soak_cell"):
            found[number].cells[name] = (old, new)
    return list(found.values())
