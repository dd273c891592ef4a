"""Reading an object: SOQL in key order, pages decoded past the library, a cursor after each batch.

The key is (SystemModstamp, Id): thousands of rows can share one second, so the stamp alone cannot
say where to go on. The next pull starts at the server's own time when this one began, less an
overlap, because rows become visible after the stamp they carry.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl
from simple_salesforce.format import format_soql

from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    MODIFIED_AT,
    RECORD_ID,
    Batch,
    ObjectSpec,
)
from hub.connectors.http import server_time
from hub.connectors.paging import Minimum, merged
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.faults import LocatorLost
from hub.connectors.salesforce.schema import NUMBER_TYPES, Field, Shape, python_type
from hub.connectors.text import canonical_time, numbers, parsed_time, times
from hub.errors import StopSync, SystemUnreachable

PAGE_ROWS = 2_000
BATCH_ROWS = 10_000
# An id costs about 27 bytes in a URI, which ends at 16,384.
IDS_PER_QUERY = 300
_KEY = ("Id", "SystemModstamp")


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a pull stands.

    `since`: rows changed from then on are wanted (None: all rows). While a pull is under way,
    `started` is the server's time at its beginning and (`at`, `id`) the last key read.
    """

    since: str | None = None
    started: str | None = None
    at: str | None = None
    id: str | None = None

    @classmethod
    def read(cls, text: str | None, system: str) -> "Cursor":
        if text is None:
            return cls()
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as err:
            raise StopSync(
                f"{system}: the stored cursor cannot be read.", remedy="run `hub sync --full`"
            ) from err

    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    def finished(self, overlap: timedelta) -> "Cursor":
        """The cursor of a completed pull; it never moves backwards."""
        if self.started is None:
            return self
        watermark = canonical_time(parsed_time(self.started) - overlap)
        return Cursor(since=max(watermark, self.since or watermark))


class Rows:
    """The rows of one spec: its SOQL columns, the struct a record decodes into, and its frame."""

    def __init__(self, spec: ObjectSpec, shape: Shape) -> None:
        shape.require(spec.fields)
        self.object = shape.name
        self._spec = spec
        system_fields = [name for name in ("IsDeleted",) if name in shape.fields]
        self.columns = tuple(dict.fromkeys([*_KEY, *system_fields, *spec.fields]))
        self._fields = [shape.fields.get(name) or Field(name, "string") for name in self.columns]
        record = msgspec.defstruct(
            "Record",
            [(f"f{n}", python_type(field), None) for n, field in enumerate(self._fields)],
            rename={f"f{n}": name for n, name in enumerate(self.columns)},
            gc=False,
        )
        self._page: Any = msgspec.defstruct(
            "Page",
            [("records", list[record]), ("done", bool), ("nextRecordsUrl", str | None, None)],  # type: ignore[valid-type]
        )

    def decode(self, body: bytes) -> tuple[pl.DataFrame, str | None]:
        """One page as a frame, and where the next one is."""
        page = msgspec.json.decode(body, type=self._page)
        told = {
            field.name: _text_column(field, list(map(attrgetter(f"f{n}"), page.records)))
            for n, field in enumerate(self._fields)
        }
        deleted = told.get("IsDeleted")
        if deleted is None:
            deleted = pl.Series(["false"] * len(page.records), dtype=pl.String)
        frame = pl.DataFrame(
            [
                told["Id"].alias(RECORD_ID),
                told["SystemModstamp"].alias(MODIFIED_AT),
                deleted.alias(IS_DELETED),
                pl.repeat(None, len(page.records), dtype=pl.String, eager=True).alias(MERGED_INTO),
                *(told[name].alias(name) for name in self._spec.fields),
            ]
        )
        return frame, None if page.done else page.nextRecordsUrl


def batches(org: Org, rows: Rows, told: str | None, overlap: timedelta) -> Iterator[Batch]:
    """All rows for a first load, else those changed since; a final batch carries the new watermark
    even when it has no rows."""
    return merged(_pages(org, rows, Cursor.read(told, org.system), overlap), BATCH_ROWS)


def named(org: Org, rows: Rows, record_ids: Sequence[str]) -> Iterator[Batch]:
    """The rows of the given ids, as many to a statement as a URI can hold."""
    for start in range(0, len(record_ids), IDS_PER_QUERY):
        ids = list(record_ids[start : start + IDS_PER_QUERY])
        org.calls.minimum += 1
        where = format_soql("WHERE Id IN {}", ids)
        statement = f"SELECT {', '.join(rows.columns)} FROM {rows.object} {where}"
        frame, _ = rows.decode(org.get("query/", {"q": statement}).content)
        yield Batch(frame.sort(MODIFIED_AT, RECORD_ID), None)


def _pages(org: Org, rows: Rows, cursor: Cursor, overlap: timedelta) -> Iterator[Batch]:
    minimum = Minimum(org.calls, PAGE_ROWS)
    asked_from: Cursor | None = None
    while asked_from != cursor:
        asked_from = cursor
        try:
            for frame, after in _query(org, rows, asked_from):
                minimum.add(frame.height)
                cursor = after if after.at is not None else after.finished(overlap)
                yield Batch(frame, cursor.text())
        except LocatorLost:
            continue
        return
    raise SystemUnreachable(
        f"{org.system}/{rows.object}: the server forgets each query before its second page.",
        remedy="wait; the next run goes on after the last page",
    )


def _query(org: Org, rows: Rows, cursor: Cursor) -> Iterator[tuple[pl.DataFrame, Cursor]]:
    """The pages of one query, each with the cursor after it (`at` is None after the last)."""
    resource = "query" if cursor.since is None else "queryAll"
    response = org.get(f"{resource}/", {"q": _soql(rows, cursor)})
    started = cursor.started or canonical_time(server_time(response.headers, org.system))
    while True:
        frame, further = rows.decode(response.content)
        if further is None:
            yield frame, Cursor(cursor.since, started)
            return
        if frame.is_empty():
            raise SystemUnreachable(f"{org.system}/{rows.object}: an empty page that is not last.")
        last = frame.select(MODIFIED_AT, RECORD_ID).row(-1)
        yield frame, Cursor(cursor.since, started, *last)
        response = org.get(further)


def _soql(rows: Rows, cursor: Cursor) -> str:
    """One statement per pull. Deleted rows are asked for only in increments: a first load has
    nothing they could delete."""
    where = ""
    if cursor.at is not None and cursor.id is not None:
        at = parsed_time(cursor.at)
        where = format_soql(
            " WHERE (SystemModstamp > {} OR (SystemModstamp = {} AND Id > {}))", at, at, cursor.id
        )
    elif cursor.since is not None:
        where = format_soql(" WHERE SystemModstamp >= {}", parsed_time(cursor.since))
    columns = ", ".join(rows.columns)
    return f"SELECT {columns} FROM {rows.object}{where} ORDER BY SystemModstamp, Id"


def _text_column(field: Field, values: list[Any]) -> pl.Series:
    if field.type == "boolean":
        return pl.Series(values, dtype=pl.Boolean).cast(pl.String)
    if field.type in NUMBER_TYPES:
        text = [None if value is None else str(value) for value in values]
        return numbers(pl.Series(text, dtype=pl.String))
    column = pl.Series(values, dtype=pl.String)
    is_time = field.type == "datetime" or field.name == "SystemModstamp"
    return times(column) if is_time else column
