"""Bulk loading: records go in as they are, ids and stamps kept, no rules asked.

A generated world is hundreds of thousands of records, so each field's conversion is chosen once.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from sandbox.salesforce.derive import derived_values
from sandbox.salesforce.ids import record_id, serial, to_long
from sandbox.salesforce.schema import NUMBER_TYPES, Field, SObject
from sandbox.salesforce.values import SqlValue, parse_instant, stamp

_Convert = Callable[[object], SqlValue]
_CHUNK = 5_000


class Loader:
    """Loads records of one object; `author` stands in where no owner or author is given."""

    def __init__(self, db: sqlite3.Connection, sobject: SObject, author: str) -> None:
        self.db = db
        self.sobject = sobject
        self.columns = [field.name for field in sobject.stored]
        self.converts = {field.name: _conversion(field) for field in sobject.stored}
        self.template: dict[str, SqlValue] = dict.fromkeys(self.columns)
        self.template.update(stock_defaults(sobject))
        for name in ("OwnerId", "CreatedById", "LastModifiedById"):
            if name in self.template:
                self.template[name] = author

    def load(self, records: Iterable[Mapping[str, object]]) -> None:
        """Missing stamps follow from each other (created, modified, system), missing ids are
        allotted after the highest one known."""
        now = stamp(datetime.now(UTC))
        last = self._last_number()
        names = ", ".join(f'"{name}"' for name in self.columns)
        marks = ", ".join("?" * len(self.columns))
        statement = f'INSERT INTO "{self.sobject.name}" ({names}) VALUES ({marks})'
        rows: list[tuple[SqlValue, ...]] = []
        for record in records:
            row = self._row(record, now)
            number = serial(str(row["Id"])) if row["Id"] is not None else last + 1
            if row["Id"] is None:
                row["Id"] = record_id(self.sobject.key_prefix, last + 1)
            last = max(last, number or 0)
            rows.append(tuple(row.values()))
            if len(rows) == _CHUNK:
                self.db.executemany(statement, rows)
                rows.clear()
        self.db.executemany(statement, rows)
        self.db.execute(
            "INSERT OR REPLACE INTO _sequence VALUES (?, ?)", (self.sobject.key_prefix, last)
        )

    def _last_number(self) -> int:
        row = self.db.execute(
            "SELECT last FROM _sequence WHERE prefix = ?", (self.sobject.key_prefix,)
        ).fetchone()
        return int(row[0]) if row is not None else 0

    def _row(self, record: Mapping[str, object], now: str) -> dict[str, SqlValue]:
        row = dict(self.template)
        for name, value in record.items():
            convert = self.converts.get(name)
            if convert is None:
                raise KeyError(f"{self.sobject.name}.{name}")
            if value is not None and value != "":
                row[name] = convert(value)
        created = row["CreatedDate"] = row["CreatedDate"] or now
        modified = row["LastModifiedDate"] = row["LastModifiedDate"] or created
        row["SystemModstamp"] = row["SystemModstamp"] or modified
        row.update(derived_values(self.sobject.name, row))
        return row


def stock_defaults(sobject: SObject) -> dict[str, SqlValue]:
    """What a new record holds in fields nobody gave a value."""
    return {
        field.name: int(field.default) if isinstance(field.default, bool) else field.default
        for field in sobject.stored
        if field.default is not None
    }


def _conversion(field: Field) -> _Convert:
    if field.type == "datetime":
        return _instant
    if field.type == "date":
        return _day
    if field.type in ("id", "reference"):
        return _id
    if field.type == "boolean":
        return lambda value: int(bool(value))
    if field.type == "int":
        return lambda value: int(str(value))
    if field.type in NUMBER_TYPES:
        return _float
    return str


def _float(value: object) -> float:
    return float(value) if isinstance(value, int | float | Decimal) else float(str(value))


def _day(value: object) -> str:
    return value.isoformat()[:10] if isinstance(value, date) else str(value)[:10]


def _instant(value: object) -> str:
    if isinstance(value, datetime):
        return stamp(value)
    text = str(value)
    if len(text) == 20 and text[-1] == "Z":
        return f"{text[:19]}.000+0000"
    moment = parse_instant(text)
    if moment is None:
        raise ValueError(f"not an instant with a zone: {text}")
    return stamp(moment)


def _id(value: object) -> str:
    long_id = to_long(str(value))
    if long_id is None:
        raise ValueError(f"not an id: {value}")
    return long_id
