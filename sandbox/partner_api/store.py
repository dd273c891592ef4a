"""The portal's records in SQLite: JSON bodies, with what lists are sorted and filtered by beside.

Times are ISO 8601 UTC with milliseconds and `Z`, so that text order is time order.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from sandbox.partner_api.schema import ID_PREFIX, KEY, STOCK, Field

_TABLES = """
CREATE TABLE IF NOT EXISTS record (
  object TEXT NOT NULL, id TEXT NOT NULL, key TEXT, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL, deleted_at TEXT, merged_into TEXT, hidden INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL, PRIMARY KEY (object, id));
CREATE INDEX IF NOT EXISTS ix_record_order ON record (object, updated_at, id);
CREATE UNIQUE INDEX IF NOT EXISTS ux_record_key ON record (object, key) WHERE deleted_at IS NULL;
CREATE TABLE IF NOT EXISTS field (object TEXT PRIMARY KEY, fields BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS answered (
  key TEXT PRIMARY KEY, request BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, expires_at TEXT NOT NULL);
"""
_COLUMNS = "id, key, created_at, updated_at, deleted_at, merged_into, hidden, body"


@dataclass
class Record:
    """One lead or deal. `values` are its own fields by dotted name."""

    id: str
    key: str | None
    created_at: str
    updated_at: str
    deleted_at: str | None = None
    merged_into: str | None = None
    hidden: bool = False
    values: dict[str, Any] = field(default_factory=dict)


def stamp(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


class PartnerStore:
    """One portal's state; `path` None keeps it in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self.db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.executescript(_TABLES)
        for obj, fields in STOCK.items():
            if not self.fields(obj):
                self.set_fields(obj, fields)

    def close(self) -> None:
        self.db.close()

    # -- schema

    def fields(self, obj: str) -> dict[str, Field]:
        row = self.db.execute("SELECT fields FROM field WHERE object = ?", (obj,)).fetchone()
        found = msgspec.json.decode(row[0], type=list[Field]) if row else []
        return {one.name: one for one in found}

    def set_fields(self, obj: str, fields: Iterable[Field]) -> None:
        self.db.execute(
            "INSERT OR REPLACE INTO field VALUES (?, ?)", (obj, msgspec.json.encode(list(fields)))
        )

    # -- records

    def load(self, records: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Bulk-insert records as they are: `id`, `created_at`, `updated_at`, and dotted fields."""
        rows = [_row(obj, _loaded(told)) for obj, members in records.items() for told in members]
        self.db.execute("BEGIN")
        self.db.executemany(f"INSERT INTO record VALUES ({', '.join('?' * 9)})", rows)
        self.db.execute("COMMIT")

    def put(self, obj: str, record: Record) -> None:
        self.db.execute(
            f"INSERT OR REPLACE INTO record VALUES ({', '.join('?' * 9)})", _row(obj, record)
        )

    def next_id(self, obj: str) -> str:
        row = self.db.execute("SELECT count(*) FROM record WHERE object = ?", (obj,)).fetchone()
        number = int(row[0]) + 100_001
        while self.get(obj, f"{ID_PREFIX[obj]}-{number}") is not None:
            number += 1
        return f"{ID_PREFIX[obj]}-{number}"

    def get(self, obj: str, record_id: str) -> Record | None:
        return next(iter(self.select(obj, "id = ?", [record_id])), None)

    def by_key(self, obj: str, key: str) -> Record | None:
        """The living record with that external reference."""
        return next(iter(self.select(obj, "key = ? AND deleted_at IS NULL", [key])), None)

    def select(
        self,
        obj: str,
        where: str,
        values: Sequence[object],
        *,
        order: str = "updated_at, id",
        limit: int = -1,
        offset: int = 0,
    ) -> list[Record]:
        found = self.db.execute(
            f"SELECT {_COLUMNS} FROM record WHERE object = ? AND {where} "
            f"ORDER BY {order} LIMIT ? OFFSET ?",
            (obj, *values, limit, offset),
        )
        return [
            Record(id_, key, made, changed, gone, merged, bool(hidden), msgspec.json.decode(body))
            for id_, key, made, changed, gone, merged, hidden, body in found
        ]

    def count(self, obj: str, where: str, values: Sequence[object]) -> int:
        sql = f"SELECT count(*) FROM record WHERE object = ? AND {where}"
        return int(self.db.execute(sql, (obj, *values)).fetchone()[0])

    # -- answers kept for idempotency keys, and tokens

    def answered(self, key: str) -> tuple[bytes, int, bytes] | None:
        found = self.db.execute("SELECT request, status, body FROM answered WHERE key = ?", (key,))
        row: tuple[bytes, int, bytes] | None = found.fetchone()
        return row

    def remember(self, key: str, request: bytes, status: int, body: bytes) -> None:
        self.db.execute("INSERT INTO answered VALUES (?, ?, ?, ?)", (key, request, status, body))

    def grant(self, token: str, expires_at: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO token VALUES (?, ?)", (token, expires_at))

    def granted(self, token: str, now: str) -> bool:
        sql = "SELECT 1 FROM token WHERE token = ? AND expires_at > ?"
        return self.db.execute(sql, (token, now)).fetchone() is not None

    def forget_tokens(self) -> None:
        self.db.execute("DELETE FROM token")

    def empty(self) -> None:
        """No records, answers or tokens any more, and the stock fields."""
        for table in ("record", "answered", "token"):
            self.db.execute(f"DELETE FROM {table}")
        for obj, fields in STOCK.items():
            self.set_fields(obj, fields)


def _loaded(told: Mapping[str, Any]) -> Record:
    values = dict(told)
    updated = values.pop("updated_at")
    return Record(
        values.pop("id"),
        values.get(KEY),
        values.pop("created_at", updated),
        updated,
        values.pop("deleted_at", None),
        values=values,
    )


def _row(obj: str, record: Record) -> tuple[object, ...]:
    return (
        obj,
        record.id,
        record.key,
        record.created_at,
        record.updated_at,
        record.deleted_at,
        record.merged_into,
        int(record.hidden),
        msgspec.json.encode(record.values),
    )
