"""Reading an object: everything by the list endpoint, what changed since by search windows.

A window is [since, until) of the last-modified time, walked by record id, because thousands of
records can share one time stamp and search pages end at 10,000 rows. `until` stays behind the
server's clock by the time the search index may lag; the next window starts an overlap earlier.
Search never shows archived records, so an increment also walks the archived list; records merged
into others are in neither and are known by their survivor.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any

import msgspec
import polars as pl
import urllib3

from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    MODIFIED_AT,
    RECORD_ID,
    Batch,
    ObjectSpec,
)
from hub.connectors.http import server_time
from hub.connectors.hubspot.client import Paging, Portal
from hub.connectors.hubspot.config import HubSpotSystem
from hub.connectors.hubspot.schema import Shape, plain
from hub.connectors.paging import Minimum
from hub.connectors.text import canonical_time, numbers, parsed_time, times
from hub.errors import StopSync

LIST_ROWS = 100
SEARCH_ROWS = 200
SEARCH_BODY_BYTES = 3_000
_MERGED = "hs_merged_object_ids"
_MODIFIED_PROPERTIES = {"contacts": "lastmodifieddate", "0-1": "lastmodifieddate"}


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a pull stands.

    `since`: records changed from then on are wanted (None: all). While a pull is under way, `until`
    is the time it reads up to, and `after` (first load) or `id` (increment) the place it is at.
    """

    since: str | None = None
    until: str | None = None
    after: str | None = None
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
        if self.until is None:
            return self
        watermark = canonical_time(parsed_time(self.until) - overlap)
        return Cursor(since=max(watermark, self.since or watermark))


class Rows:
    """The plain properties of one spec: the struct a record decodes into, and its frame."""

    def __init__(self, spec: ObjectSpec, shape: Shape) -> None:
        self.object = spec.name
        self._properties = plain(spec.fields)
        shape.require(self._properties)
        self._types = [shape.properties[name].type for name in self._properties]
        self.asked = list(self._properties)
        if _MERGED in shape.properties and _MERGED not in self.asked:
            self.asked.append(_MERGED)
        values = msgspec.defstruct(
            "Values",
            [(f"f{n}", str | None, None) for n in range(len(self.asked))],
            rename={f"f{n}": name for n, name in enumerate(self.asked)},
            gc=False,
        )
        record = msgspec.defstruct(
            "Record",
            [
                ("id", str),
                ("properties", values),
                ("updatedAt", str),
                ("archivedAt", str | None, None),
            ],
        )
        self.page: Any = msgspec.defstruct(
            "Page",
            [("results", list[record]), ("paging", Paging | None, None), ("total", int, 0)],  # type: ignore[valid-type]
        )

    def frame(self, records: list[Any], *, archived: bool = False) -> pl.DataFrame:
        """Records as rows, as told; the moment an archived one was archived is its last change."""
        stamp = attrgetter("archivedAt" if archived else "updatedAt")
        deleted = "true" if archived else "false"
        values = [record.properties for record in records]
        columns: dict[str, list[str | None]] = {
            RECORD_ID: [record.id for record in records],
            MODIFIED_AT: [stamp(record) or record.updatedAt for record in records],
            IS_DELETED: [deleted] * len(records),
            MERGED_INTO: [None] * len(records),
            **{
                name: list(map(attrgetter(f"f{n}"), values))
                for n, name in enumerate(self._properties)
            },
        }
        return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))

    def spelt(self, told: pl.DataFrame) -> pl.DataFrame:
        """Rows in canonical text. Done once for many pages: per page it would cost more than
        reading it."""
        columns = [told[RECORD_ID], times(told[MODIFIED_AT]), told[IS_DELETED], told[MERGED_INTO]]
        for name, kind in zip(self._properties, self._types, strict=True):
            columns.append(_spelt_column(told[name], kind))
        return pl.DataFrame(columns)

    def merged_away(self, records: list[Any]) -> pl.DataFrame:
        """A deleted row for each record that was merged into one of these: such a record leaves
        every list without a trace, and only its survivor names it."""
        if _MERGED not in self.asked:
            return self.frame([])
        losers = attrgetter(f"f{self.asked.index(_MERGED)}")
        found = [
            (loser, record.updatedAt, record.id)
            for record in records
            for loser in (losers(record.properties) or "").split(";")
            if loser and loser != record.id
        ]
        columns: dict[str, list[str | None]] = {
            RECORD_ID: [loser for loser, _, _ in found],
            MODIFIED_AT: [stamp for _, stamp, _ in found],
            IS_DELETED: ["true"] * len(found),
            MERGED_INTO: [survivor for _, _, survivor in found],
            **{name: [None] * len(found) for name in self._properties},
        }
        return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


class Reader:
    """The pages of one pull as told (see `Rows.spelt`), each with the cursor after it."""

    def __init__(self, portal: Portal, config: HubSpotSystem, rows: Rows) -> None:
        self._portal, self._rows = portal, rows
        self._overlap = timedelta(minutes=config.overlap_minutes)
        self._lag = timedelta(seconds=config.search_lag_seconds)

    def pages(self, told: str | None) -> Iterator[Batch]:
        cursor = Cursor.read(told, self._portal.system)
        if cursor.since is None:
            return self._everything(cursor)
        return self._changes(cursor)

    def named(self, record_ids: Sequence[str]) -> Iterator[Batch]:
        """The records of the given ids, read by id: no search index stands between."""
        yield Batch(self._rows.frame(self._records(record_ids)), None)

    def _everything(self, cursor: Cursor) -> Iterator[Batch]:
        minimum = Minimum(self._portal.calls, LIST_ROWS)
        until = cursor.until
        for response, page in self._list(cursor.after):
            if until is None:
                until = self._now(response)
            minimum.add(len(page.results))
            here = Cursor(None, until, _further(page))
            if here.after is None:
                here = here.finished(self._overlap)
            yield Batch(self._rows.frame(page.results), here.text())

    def _changes(self, cursor: Cursor) -> Iterator[Batch]:
        if cursor.until is None:
            until = None
            for response, batch in self._archived(cursor):
                until = until or canonical_time(parsed_time(self._now(response)) - self._lag)
                if not batch.rows.is_empty():
                    yield batch
            cursor = Cursor(cursor.since, until)
        yield from self._window(cursor)

    def _archived(self, cursor: Cursor) -> Iterator[tuple[urllib3.BaseHTTPResponse, Batch]]:
        """Records archived since; the list has no filter, so it is walked and filtered here."""
        minimum = Minimum(self._portal.calls, LIST_ROWS)
        for response, page in self._list(None, archived=True):
            minimum.add(len(page.results))
            rows = self._rows.spelt(self._rows.frame(page.results, archived=True))
            recent = rows.filter(pl.col(MODIFIED_AT) >= cursor.since)
            yield response, Batch(recent, cursor.text())

    def _window(self, cursor: Cursor) -> Iterator[Batch]:
        if cursor.until is None or cursor.since is None or cursor.until <= cursor.since:
            yield Batch(self._rows.frame([]), Cursor(cursor.since).text())
            return
        minimum = Minimum(self._portal.calls, SEARCH_ROWS)
        more = True
        while more:
            page, records = self._search(cursor)
            minimum.add(len(page.results))
            more = page.total > len(page.results) > 0
            if more:
                cursor = Cursor(cursor.since, cursor.until, id=page.results[-1].id)
            else:
                cursor = cursor.finished(self._overlap)
            rows = [self._rows.frame(records), self._rows.merged_away(records)]
            yield Batch(pl.concat(rows), cursor.text())

    def _search(self, cursor: Cursor) -> tuple[Any, list[Any]]:
        """A page and its records. A search for more properties than its body may name finds the
        records only; they are then read by id."""
        query = self._query(cursor)
        whole = len(msgspec.json.encode(query)) <= SEARCH_BODY_BYTES
        asked = query if whole else {**query, "properties": []}
        page = self._decoded(self._portal.search_page(self._rows.object, asked))
        if whole:
            return page, page.results
        return page, self._records([record.id for record in page.results])

    def _records(self, record_ids: Sequence[str]) -> list[Any]:
        records: list[Any] = []
        for start in range(0, len(record_ids), LIST_ROWS):
            self._portal.calls.minimum += 1
            ids = record_ids[start : start + LIST_ROWS]
            response = self._portal.read_records(self._rows.object, ids, self._rows.asked)
            records += self._decoded(response).results
        return records

    def _query(self, cursor: Cursor) -> dict[str, Any]:
        modified = _MODIFIED_PROPERTIES.get(self._rows.object, "hs_lastmodifieddate")
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
    ) -> Iterator[tuple[urllib3.BaseHTTPResponse, Any]]:
        while True:
            response = self._portal.list_page(
                self._rows.object, self._rows.asked, after, archived=archived
            )
            page = self._decoded(response)
            after = _further(page)
            yield response, page
            if after is None:
                return

    def _decoded(self, response: urllib3.BaseHTTPResponse) -> Any:
        return self._portal.decoded(response, self._rows.page)

    def _now(self, response: urllib3.BaseHTTPResponse) -> str:
        return canonical_time(server_time(response.headers, self._portal.system))


def _further(page: Any) -> str | None:
    return page.paging.next.after if page.paging is not None and page.paging.next else None


def _millis(told: str | None) -> str:
    return str(int(parsed_time(told).timestamp() * 1000)) if told else "0"


def _spelt_column(told: pl.Series, kind: str) -> pl.Series:
    column = told.replace("", None)
    if kind == "number":
        return numbers(column)
    return times(column) if kind == "datetime" else column
