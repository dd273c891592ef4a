"""Pulling an object: SOQL in key order or a job for many rows, and a cursor after each batch.

The key is (SystemModstamp, Id): thousands of rows can share one second, so the stamp alone cannot
say where to go on. The next pull starts at the server's own time when this one began, less an
overlap, because rows become visible after the stamp they carry.
"""

from collections.abc import Iterator
from datetime import timedelta

import polars as pl
from msgspec.structs import replace
from simple_salesforce.format import format_soql

from hub.connectors.contract import MODIFIED_AT, RECORD_ID, Batch
from hub.connectors.cursors import StoredCursor, watermark
from hub.connectors.http import server_time
from hub.connectors.paging import merged, text_frame
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.cost import ReadMinimum, job_is_cheaper
from hub.connectors.salesforce.faults import LocatorLost
from hub.connectors.salesforce.jobs import JobRefused, results, start_query
from hub.connectors.salesforce.rows import Page, Rows
from hub.connectors.salesforce.tracing import follow_merges
from hub.connectors.text import canonical_time, parsed_time
from hub.errors import SchemaChanged, SystemUnreachable

BATCH_ROWS = 10_000
_JOBS_LOST = 3


class Cursor(StoredCursor, frozen=True, omit_defaults=True):
    """Where a pull stands.

    `since`: rows changed from then on are wanted (None: all rows). While a pull is under way,
    `started` is the server's time at its beginning and (`at`, `id`) the last key read in order.
    `job` is a query job for all that lies after this key, and `locator` its next page to fetch; if
    the org has forgotten the job, the pull goes on after the key.
    """

    since: str | None = None
    started: str | None = None
    at: str | None = None
    id: str | None = None
    job: str | None = None
    locator: str | None = None

    def finished(self, overlap: timedelta) -> "Cursor":
        """The cursor of a completed pull; it never moves backwards."""
        if self.started is None:
            return self
        return Cursor(watermark(self.started, overlap, self.since))


def batches(org: Org, rows: Rows, cursor: Cursor, overlap: timedelta) -> Iterator[Batch]:
    """All rows for a first load, else those changed since; a final batch carries the new watermark
    even when it has no rows."""
    pull = _Pull(org, rows, cursor, overlap)
    while not pull.done:
        if pull.cursor.job is not None:
            yield from pull.of_job(pull.cursor.job)
        else:
            yield from merged(pull.in_order(), BATCH_ROWS)


class _Pull:
    """A pull under way: by pages in key order or, where that takes fewer calls, by a job.

    The first page tells how many rows there are; a job fetches only what lies after it.
    """

    def __init__(self, org: Org, rows: Rows, cursor: Cursor, overlap: timedelta) -> None:
        self._org, self._rows, self._overlap = org, rows, overlap
        self.cursor, self.done = cursor, False
        self._bulk = org.bulk
        self._jobs_lost = 0
        self._minimum = ReadMinimum(org.calls, org.bulk)

    def in_order(self) -> Iterator[Batch]:
        """Pages until all rows are read, or until a job is to fetch the rest."""
        if self._bulk == "always":
            self._hand_over()
            yield self._nothing()
            return
        asked_from: Cursor | None = None
        while asked_from != self.cursor:
            asked_from = self.cursor
            try:
                for number, (page, after) in enumerate(_query(self._org, self._rows, asked_from)):
                    self.done = after.at is None
                    self.cursor = after.finished(self._overlap) if self.done else after
                    yield self._batch(page.rows)
                    if number == 0 and not self.done and self._prefers_job(page):
                        yield self._nothing()
                        return
            except LocatorLost:
                continue
            return
        raise SystemUnreachable(
            f"{self._org.system}/{self._rows.object}: the server forgets each query before its "
            "second page.",
            remedy="wait; the next run goes on after the last page",
        )

    def of_job(self, job: str) -> Iterator[Batch]:
        """The pages of the job. When it is lost or fails, the pull goes on from where it began."""
        begun = self.cursor
        before = replace(begun, job=None, locator=None)
        try:
            for frame, locator in results(self._org, self._rows, job, begun.locator):
                rows = frame.sort(MODIFIED_AT, RECORD_ID)
                if self.cursor == begun and rows.height > BATCH_ROWS:
                    # Storing begins while the rest of the first page is made ready.
                    yield self._batch(rows[:BATCH_ROWS])
                    rows = rows[BATCH_ROWS:]
                self.done = locator is None
                after = before.finished(self._overlap)
                self.cursor = after if self.done else replace(begun, locator=locator)
                yield self._batch(rows)
        except LocatorLost:
            self.cursor = before
            self._jobs_lost += 1
            if self._jobs_lost == _JOBS_LOST:
                raise
        except (JobRefused, SchemaChanged) as err:
            self.cursor = before
            yield self._nothing()
            if self._bulk == "always" or isinstance(err, SchemaChanged):
                raise
            self._bulk = "never"

    def _prefers_job(self, page: Page) -> bool:
        """Whether a job was made for what lies after the first page."""
        left = page.total - page.rows.height
        if not job_is_cheaper(self._bulk, left, page.rows.height):
            return False
        try:
            self._hand_over()
        except JobRefused:
            self._bulk = "never"
            return False
        return True

    def _hand_over(self) -> None:
        """Make a job for all that lies after the cursor, which then names it."""
        statement = f"{self._rows.select}{_where(self.cursor)}"
        job, now = start_query(self._org, statement, gone=self.cursor.since is not None)
        started = self.cursor.started or canonical_time(now)
        self.cursor = replace(self.cursor, started=started, job=job)

    def _batch(self, frame: pl.DataFrame) -> Batch:
        self._minimum.add(frame.height)
        return Batch(follow_merges(self._org, self._rows.object, frame), self.cursor.text())

    def _nothing(self) -> Batch:
        """A batch without rows: only its cursor counts."""
        columns = self._rows.batch_columns
        return Batch(text_frame(columns, [[] for _ in columns]), self.cursor.text())


def _query(org: Org, rows: Rows, cursor: Cursor) -> Iterator[tuple[Page, Cursor]]:
    """The pages of one query, each with the cursor after it (`at` is None after the last)."""
    resource = "query" if cursor.since is None else "queryAll"
    statement = f"{rows.select}{_where(cursor)} ORDER BY SystemModstamp, Id"
    response = org.get(f"{resource}/", {"q": statement})
    started = cursor.started or canonical_time(server_time(response.headers, org.system))
    while True:
        page = rows.decode(response.content)
        if page.further is None:
            yield page, Cursor(cursor.since, started)
            return
        if page.rows.is_empty():
            raise SystemUnreachable(f"{org.system}/{rows.object}: an empty page that is not last.")
        last = page.rows.select(MODIFIED_AT, RECORD_ID).row(-1)
        yield page, Cursor(cursor.since, started, *last)
        response = org.get(page.further)


def _where(cursor: Cursor) -> str:
    """Which rows are wanted. Deleted ones are asked for only in increments: a first load has
    nothing they could delete."""
    if cursor.at is not None and cursor.id is not None:
        at = parsed_time(cursor.at)
        return format_soql(
            " WHERE (SystemModstamp > {} OR (SystemModstamp = {} AND Id > {}))", at, at, cursor.id
        )
    if cursor.since is not None:
        return format_soql(" WHERE SystemModstamp >= {}", parsed_time(cursor.since))
    return ""
