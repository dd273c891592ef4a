"""Reading an object: everything by the list endpoint, what changed since by search windows.

A window is [since, until) of the last-modified time, walked by record id, because thousands of
records can share one time stamp and search pages end at 10,000 rows. `until` stays behind the
server's clock by the time the search index may lag; the next window starts an overlap earlier.
Search never shows archived records, so an increment also walks the archived list, which cannot be
asked for its end alone: a long one is walked only now and then. Records merged into others are in
neither and are known by their survivor.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import polars as pl
import urllib3
from msgspec.structs import replace

from hub.connectors.ahead import read_ahead
from hub.connectors.contract import IS_DELETED, MODIFIED_AT, RECORD_ID, Batch
from hub.connectors.cursors import StoredCursor, earlier, watermark
from hub.connectors.http import server_time
from hub.connectors.hubspot.client import Found, Portal
from hub.connectors.hubspot.config import HubSpotSystem
from hub.connectors.hubspot.rows import Rows
from hub.connectors.paging import Minimum
from hub.connectors.text import canonical_time, parsed_time
from hub.errors import HubError, SystemUnreachable

LIST_ROWS = 100
SEARCH_ROWS = 200
SEARCH_BODY_BYTES = 3_000
BATCH_ROWS = 10_000


class Cursor(StoredCursor, frozen=True, omit_defaults=True):
    """Where a pull stands.

    `since`: records changed from then on are wanted (None: all). While a pull is under way, `until`
    is the time it reads up to, and `after` (first load) or `id` (increment) the place it is at.
    `archived`: when the list of archived records was last read, if it has more than one page.
    """

    since: str | None = None
    until: str | None = None
    after: str | None = None
    id: str | None = None
    archived: str | None = None

    def finished(self, overlap: timedelta) -> "Cursor":
        """The cursor of a completed pull; it never moves backwards."""
        if self.until is None:
            return self
        return Cursor(watermark(self.until, overlap, self.since), archived=self.archived)


@dataclass(frozen=True)
class Page:
    """Answers as bytes, how many records they hold, and the cursor after them."""

    bodies: tuple[bytes, ...]
    records: int
    cursor: str | None


class Reader:
    """The rows of one pull, in large batches: many pages are made into rows together."""

    def __init__(self, portal: Portal, config: HubSpotSystem, rows: Rows) -> None:
        self._portal, self._rows = portal, rows
        self._overlap = timedelta(minutes=config.overlap_minutes)
        self._lag = timedelta(seconds=config.search_lag_seconds)
        self._archived_every = timedelta(minutes=config.archived_minutes)

    def changed(self, told: str | None) -> Iterator[Batch]:
        cursor = Cursor.read(told, self._portal.system)
        if cursor.since is None:
            return self._batches(self._everything(cursor))
        known = earlier(cursor.archived, self._overlap) if cursor.archived else cursor.since
        recent = (pl.col(IS_DELETED) == "false") | (pl.col(MODIFIED_AT) >= known)
        return self._batches(self._changes(cursor), recent)

    def named(self, record_ids: Sequence[str]) -> Iterator[Batch]:
        """The records of the given ids, read by id: no search index stands between."""
        bodies = self._records(record_ids)
        rows = self._rows.frame(bodies)
        yield Batch(rows.filter(pl.col(RECORD_ID).is_in(list(record_ids))), None)

    def _batches(self, pages: Iterator[Page], wanted: pl.Expr | None = None) -> Iterator[Batch]:
        """While the rows of some pages are made, further pages are already being read."""
        with read_ahead(gathered(pages, BATCH_ROWS)) as groups:
            for group in groups:
                rows = self._rows.frame([body for page in group for body in page.bodies])
                yield Batch(rows if wanted is None else rows.filter(wanted), group[-1].cursor)

    def _everything(self, cursor: Cursor) -> Iterator[Page]:
        minimum = Minimum(self._portal.calls, LIST_ROWS)
        until = cursor.until
        for response, found in self._list(cursor.after):
            if until is None:
                until = self._now(response)
            minimum.add(len(found.results))
            here = Cursor(None, until, found.further)
            if here.after is None:
                here = here.finished(self._overlap)
            yield Page((response.data,), len(found.results), here.text())

    def _changes(self, cursor: Cursor) -> Iterator[Page]:
        if cursor.until is None:
            now = self._portal.server_time()
            if now is not None and self._archive_waits(cursor, now):
                cursor = replace(cursor, until=canonical_time(now - self._lag))
            else:
                cursor = yield from self._archive(cursor)
        yield from self._window(cursor)

    def _archive_waits(self, cursor: Cursor, now: datetime) -> bool:
        """Whether the list of archived records is long, and need not be read again yet."""
        last = cursor.archived
        return last is not None and now - parsed_time(last) < self._archived_every

    def _archive(self, cursor: Cursor) -> Generator[Page, None, Cursor]:
        """The list of archived records; returns where the search begins."""
        begun, pages = "", 0
        minimum = Minimum(self._portal.calls, LIST_ROWS)
        for response, found in self._list(None, archived=True):
            begun, pages = begun or self._now(response), pages + 1
            minimum.add(len(found.results))
            yield Page((response.data,), len(found.results), cursor.text())
        until = earlier(begun, self._lag)
        return Cursor(cursor.since, until, archived=begun if pages > 1 else None)

    def _window(self, cursor: Cursor) -> Iterator[Page]:
        if cursor.until is None or cursor.since is None or cursor.until <= cursor.since:
            yield Page((), 0, Cursor(cursor.since, archived=cursor.archived).text())
            return
        minimum = Minimum(self._portal.calls, SEARCH_ROWS)
        more = True
        while more:
            found, bodies = self._search(cursor)
            minimum.add(len(found.results))
            more = found.total > len(found.results)
            if more:
                cursor = replace(cursor, id=self._last(found))
            else:
                cursor = cursor.finished(self._overlap)
            yield Page(bodies, len(found.results), cursor.text())

    def _last(self, found: Found) -> str:
        if not found.results:
            raise SystemUnreachable(
                f"{self._portal.system}/{self._rows.object}: a search says that it found "
                f"{found.total} records and shows none.",
                remedy="wait; the next run takes up where this stopped",
            )
        return found.results[-1].id

    def _search(self, cursor: Cursor) -> tuple[Found, tuple[bytes, ...]]:
        """What was found, and the records as told. A search for more properties than its body may
        name finds the records only; they are then read by id."""
        query = self._query(cursor)
        whole = len(msgspec.json.encode(query)) <= SEARCH_BODY_BYTES
        asked = query if whole else {**query, "properties": []}
        response = self._portal.search_page(self._rows.object, asked)
        found = self._portal.decoded(response, Found)
        if whole:
            return found, (response.data,)
        return found, tuple(self._records([record.id for record in found.results]))

    def _records(self, record_ids: Sequence[str]) -> list[bytes]:
        bodies = []
        for start in range(0, len(record_ids), LIST_ROWS):
            self._portal.calls.minimum += 1
            ids = record_ids[start : start + LIST_ROWS]
            _, body = self._portal.read_records(self._rows.object, ids, self._rows.asked)
            bodies.append(body)
        return bodies

    def _query(self, cursor: Cursor) -> dict[str, Any]:
        modified = self._rows.modified
        filters = [
            {"propertyName": modified, "operator": "GTE", "value": _millis(cursor.since)},
            {"propertyName": modified, "operator": "LT", "value": _millis(cursor.until)},
        ]
        if cursor.id is not None:
            filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": cursor.id})
        return {
            "filterGroups": [{"filters": filters}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": self._rows.asked,
            "limit": SEARCH_ROWS,
        }

    def _list(
        self, after: str | None, *, archived: bool = False
    ) -> Iterator[tuple[urllib3.BaseHTTPResponse, Found]]:
        return listed(self._portal, self._rows.object, self._rows.asked, after, archived=archived)

    def _now(self, response: urllib3.BaseHTTPResponse) -> str:
        return canonical_time(server_time(response.headers, self._portal.system))


def listed(
    portal: Portal,
    obj: str,
    properties: Sequence[str],
    after: str | None = None,
    *,
    archived: bool = False,
) -> Iterator[tuple[urllib3.BaseHTTPResponse, Found]]:
    """The pages of the list of all records, or of all archived ones, each as told and decoded."""
    while True:
        response = portal.list_page(obj, properties, after, archived=archived)
        found = portal.decoded(response, Found)
        after = found.further
        yield response, found
        if after is None:
            return


def gathered(pages: Iterator[Page], at_least: int) -> Iterator[list[Page]]:
    """Groups of pages with `at_least` records (the last may have fewer).

    When paging fails, the pages already read are handed over first: their calls are spent, and the
    next pull goes on after them.
    """
    held: list[Page] = []
    try:
        for page in pages:
            held.append(page)
            if sum(one.records for one in held) >= at_least:
                yield held
                held = []
    except HubError:
        if held:
            yield held
        raise
    if held:
        yield held


def _millis(told: str | None) -> str:
    return str(int(parsed_time(told).timestamp() * 1000)) if told else "0"
