"""The SQLite file under an account: one connection, one lock, transactions, text functions."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import RLock

from sandbox.hubspot.times import iso

_TABLES = """
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS document (
    kind TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, scope, name)
);
CREATE TABLE IF NOT EXISTS unique_value (
    object TEXT NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL, record_id INTEGER NOT NULL,
    PRIMARY KEY (object, property, value)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unique_value_caseless
    ON unique_value (object, property, value COLLATE NOCASE);
CREATE INDEX IF NOT EXISTS unique_value_record ON unique_value (object, record_id);
CREATE TABLE IF NOT EXISTS alias (
    object TEXT NOT NULL, old_id INTEGER NOT NULL, new_id INTEGER NOT NULL,
    PRIMARY KEY (object, old_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS history (
    object TEXT NOT NULL, record_id INTEGER NOT NULL, property TEXT NOT NULL,
    at INTEGER NOT NULL, value, source TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS history_property ON history (object, record_id, property);
CREATE TABLE IF NOT EXISTS webhook (
    id INTEGER PRIMARY KEY, app_id INTEGER NOT NULL, due INTEGER NOT NULL,
    attempt INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS journal_event (
    id INTEGER PRIMARY KEY, app_id INTEGER NOT NULL, at INTEGER NOT NULL, file INTEGER,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS journal_event_file ON journal_event (file);
CREATE TABLE IF NOT EXISTS journal_file (
    sequence INTEGER PRIMARY KEY, app_id INTEGER NOT NULL, "offset" TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS link (
    from_type TEXT NOT NULL, to_type TEXT NOT NULL, from_id INTEGER NOT NULL,
    to_id INTEGER NOT NULL, category TEXT NOT NULL, type_id INTEGER NOT NULL,
    PRIMARY KEY (from_type, to_type, from_id, to_id, category, type_id)
) WITHOUT ROWID;
"""


class Database:
    """A connection that any thread may use, one at a time: hold `lock`, or a `transaction`."""

    def __init__(self, path: Path | None) -> None:
        self.lock = RLock()
        self._depth = 0
        self.connection = sqlite3.connect(
            str(path) if path is not None else ":memory:",
            isolation_level=None,
            check_same_thread=False,
            cached_statements=1024,
        )
        self.execute = self.connection.execute
        self.executemany = self.connection.executemany
        self.connection.create_function("fold", 1, fold, deterministic=True)
        self.connection.create_function("iso", 1, printed_moment, deterministic=True)
        self.connection.create_function("has_token", 2, has_token, deterministic=True)
        self.connection.create_function("has_member", 2, has_member, deterministic=True)
        self.execute("PRAGMA journal_mode = WAL")
        # A sandbox may lose its last second with the power; it must not wait for a disk.
        self.execute("PRAGMA synchronous = OFF")
        self.execute("PRAGMA cache_size = -65536")
        self.connection.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; an inner one joins the outer."""
        with self.lock:
            if self._depth == 0:
                self.execute("BEGIN")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self.execute("COMMIT")

    def next_value(self, counter: str, first: int) -> int:
        """The next number of a named sequence that begins at `first`."""
        row = self.execute(
            "INSERT INTO counter VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (counter, first),
        ).fetchone()
        return int(row[0])

    def raise_counter(self, counter: str, used: int) -> None:
        """Make sure the sequence never hands out `used` or anything below it again."""
        self.execute(
            "INSERT INTO counter VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (counter, used),
        )

    def written(self) -> tuple[int, int, int]:
        """Changes with each write: of rows by us, of anything by others, and of the tables."""
        by_others = self.execute("PRAGMA data_version").fetchone()[0]
        tables = self.execute("PRAGMA schema_version").fetchone()[0]
        return self.connection.total_changes, int(by_others), int(tables)

    def wipe(self) -> None:
        """Drop every table and start again with empty ones."""
        with self.lock:
            names = self.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ).fetchall()
            for (name,) in names:
                self.execute(f'DROP TABLE "{name}"')
            self.connection.executescript(_TABLES)

    def close(self) -> None:
        self.connection.close()


def printed_moment(value: int | str | None) -> str | None:
    """Epoch milliseconds as the wire shows them; what is no moment stays as it is."""
    return iso(value) if isinstance(value, int) else value


def fold(text: str | int | float | None) -> str | int | float | None:
    """Text without case; anything else as it is. NULL stays NULL."""
    return text.casefold() if isinstance(text, str) else text


_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)


@lru_cache(maxsize=256)
def _token_pattern(pattern: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """For each word its longest literal part and its expression; `*` is any run of characters."""
    words = [word.split("*") for word in pattern.casefold().split()]
    return tuple(
        (max(parts, key=len), re.compile(".*".join(map(re.escape, parts)), re.DOTALL))
        for parts in words
    )


def has_token(text: str | None, pattern: str) -> bool:
    """Whether each word of `pattern` is a whole token of `text`, or matches the text as a whole."""
    if not text:
        return False
    folded = text.casefold()
    words = _token_pattern(pattern)
    if not all(literal in folded for literal, _ in words):
        return False
    candidates = [folded, *folded.split(), *_TOKEN.findall(folded)]
    return all(any(map(expression.fullmatch, candidates)) for _, expression in words)


def has_member(text: str | None, member: str) -> bool:
    """Whether a `;`-joined set holds `member`, or is `member` as a whole."""
    return text is not None and (text == member or member in text.split(";"))
