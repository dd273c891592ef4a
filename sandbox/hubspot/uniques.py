"""Which record holds a unique value: e-mail addresses of contacts and `hasUniqueValue` properties.

Archived records hold nothing: a recycle bin does not block an address.
"""

import sqlite3
from collections.abc import Iterable

from sandbox.hubspot.db import Database
from sandbox.hubspot.schema import CONTACTS, ObjectType

EMAIL = "email"


class Uniques:
    def __init__(self, db: Database) -> None:
        self._db = db

    def holder(self, kind: ObjectType, name: str, value: str) -> int | None:
        row = self._db.execute(
            "SELECT record_id FROM unique_value WHERE object = ? AND property = ? AND value = ?",
            (kind.name, name, key(name, value)),
        ).fetchone()
        return int(row[0]) if row is not None else None

    def claim(self, kind: ObjectType, name: str, value: str, record_id: int) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO unique_value VALUES (?, ?, ?, ?)",
            (kind.name, name, key(name, value), record_id),
        )

    def claim_all(self, rows: Iterable[tuple[str, str, str, int]]) -> None:
        """Claims of a bulk load; ValueError when two records want the same value."""
        for row in rows:
            try:
                self._db.execute("INSERT INTO unique_value VALUES (?, ?, ?, ?)", row)
            except sqlite3.IntegrityError as error:
                raise ValueError(f"{row[0]} {row[3]}: {row[1]} {row[2]!r} is taken") from error

    def release(self, kind: ObjectType, name: str, value: str) -> None:
        self._db.execute(
            "DELETE FROM unique_value WHERE object = ? AND property = ? AND value = ?",
            (kind.name, name, key(name, value)),
        )

    def release_record(self, kind: ObjectType, record_id: int) -> None:
        self._db.execute(
            "DELETE FROM unique_value WHERE object = ? AND record_id = ?", (kind.name, record_id)
        )


def key(name: str, value: str) -> str:
    """The form under which a value is compared: addresses ignore case, other keys do not."""
    return value.strip().casefold() if name == EMAIL else value


def addresses(kind: ObjectType, email: object, additional: object) -> list[str]:
    """Every address a contact answers to; none for other kinds."""
    if kind is not CONTACTS:
        return []
    texts = [str(email or ""), *str(additional or "").split(";")]
    return [text for text in texts if text]
