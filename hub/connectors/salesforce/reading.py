"""Pulling an object: SOQL in key order, and a cursor after each batch.

The key is (SystemModstamp, Id): thousands of rows can share one second, so the stamp alone cannot
say where to go on. The next pull starts at the server's own time when this one began, less an
overlap, because rows become visible after the stamp they carry.
"""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import polars as pl
from simple_salesforce.format import format_soql

from hub.connectors.contract import MODIFIED_AT, RECORD_ID, Batch
from hub.connectors.http import server_time
from hub.connectors.paging import Minimum, merged
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.faults import LocatorLost
from hub.connectors.salesforce.rows import PAGE_ROWS, Rows
from hub.connectors.salesforce.tracing import follow_merges
from hub.connectors.text import canonical_time, parsed_time
from hub.errors import StopSync, SystemUnreachable

BATCH_ROWS = 10_000


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


def batches(org: Org, rows: Rows, cursor: Cursor, overlap: timedelta) -> Iterator[Batch]:
    """All rows for a first load, else those changed since; a final batch carries the new watermark
    even when it has no rows."""
    return merged(_pages(org, rows, cursor, overlap), BATCH_ROWS)


def _pages(org: Org, rows: Rows, cursor: Cursor, overlap: timedelta) -> Iterator[Batch]:
    minimum = Minimum(org.calls, PAGE_ROWS)
    asked_from: Cursor | None = None
    while asked_from != cursor:
        asked_from = cursor
        try:
            for frame, after in _query(org, rows, asked_from):
                minimum.add(frame.height)
                cursor = after if after.at is not None else after.finished(overlap)
                yield Batch(follow_merges(org, rows.object, frame), cursor.text())
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
        page = rows.decode(response.content)
        if page.further is None:
            yield page.rows, Cursor(cursor.since, started)
            return
        if page.rows.is_empty():
            raise SystemUnreachable(f"{org.system}/{rows.object}: an empty page that is not last.")
        last = page.rows.select(MODIFIED_AT, RECORD_ID).row(-1)
        yield page.rows, Cursor(cursor.since, started, *last)
        response = org.get(page.further)


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
    return f"{rows.select}{where} ORDER BY SystemModstamp, Id"
