"""Reading an object: pages in a window of the time of change, a cursor after each of them.

Lists by number or offset move under our feet: a record that changes goes to the end, and the one
that takes its place at a page's edge would be missed. Where a list is sorted by the time of change
it is therefore read by that time: each page is the first one from the last stamp read on.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import polars as pl
import requests

from hub.connectors.contract import Batch
from hub.connectors.cursors import StoredCursor, watermark
from hub.connectors.http import server_time
from hub.connectors.paging import empty_rows
from hub.connectors.rest.client import Client, Refused
from hub.connectors.rest.config import (
    ByOffset,
    ByPage,
    DeletedField,
    DeletedList,
    Modified,
    RestObject,
    RestSystem,
)
from hub.connectors.rest.paging import Style, calls_for, params_of, place_after
from hub.connectors.rest.rows import Rows
from hub.connectors.rest.shape import records_in
from hub.connectors.rest.values import moment
from hub.connectors.text import canonical_time, parsed_time
from hub.errors import StopSync

_PLACE_LOST = frozenset({400, 404, 410, 422})


class Cursor(StoredCursor, frozen=True, omit_defaults=True):
    """Where a pull stands.

    `since`: records changed from then on are wanted (None: all). While a pull is under way,
    `started` is the server's time at its beginning, `place` the page it is at, `anchor` the time
    the list is asked from instead of `since`, and `gone` says that it is at the deleted ones.
    """

    since: str | None = None
    started: str | None = None
    anchor: str | None = None
    place: str | None = None
    gone: bool = False

    def finished(self, modified: Modified | None, overlap: timedelta) -> "Cursor":
        """The cursor of a completed pull; it never moves backwards. Without a time of change there
        is nothing to ask by: each pull is a full one."""
        if modified is None or self.started is None:
            return Cursor()
        return Cursor(watermark(self.started, overlap, self.since))


class Account:
    """Adds to the meter the fewest calls that could have listed the records counted so far."""

    def __init__(self, client: Client, style: Style) -> None:
        self._meter, self._style = client.calls, style
        self._rows, self._calls = 0, calls_for(style, 0)
        self._meter.minimum += self._calls

    def add(self, rows: int) -> None:
        self._rows += rows
        calls = calls_for(self._style, self._rows)
        self._meter.minimum += calls - self._calls
        self._calls = calls


class Lister:
    """Asks for the pages of one object's lists."""

    def __init__(self, client: Client, config: RestSystem, obj: RestObject, rows: Rows) -> None:
        self._client, self.object, self.rows = client, obj, rows
        self.style: Style = obj.paging or config.paging

    def page(
        self, params: Mapping[str, str], place: str | None
    ) -> tuple[list[Any], str | None, requests.Response]:
        """The records of the page at `place`, the place of the next one, and the answer."""
        key = f"objects.{self.rows.object}.records"
        return self._page(self.object.path, self.object.records, key, params, place)

    def gone_page(
        self, deleted: DeletedList, params: Mapping[str, str], place: str | None
    ) -> tuple[list[Any], str | None]:
        key = f"objects.{self.rows.object}.deleted.records"
        where = self.object.records if deleted.records is None else deleted.records
        records, following, _ = self._page(deleted.list, where, key, params, place)
        return records, following

    def whole(self, params: Mapping[str, str]) -> Iterator[list[Any]]:
        """All pages of the list, however it is sorted."""
        account, place = Account(self._client, self.style), None
        while True:
            records, place, _ = self.page({**self.object.params, **params}, place)
            account.add(len(records))
            yield records
            if place is None:
                return

    def whole_gone(self, deleted: DeletedList) -> Iterator[list[Any]]:
        account, place = Account(self._client, self.style), None
        while True:
            records, place = self.gone_page(deleted, {}, place)
            account.add(len(records))
            yield records
            if place is None:
                return

    def _page(
        self, path: str, where: str, key: str, params: Mapping[str, str], place: str | None
    ) -> tuple[list[Any], str | None, requests.Response]:
        response, document = self._client.get(path, params_of(self.style, place, params))
        records = records_in(document, where, self.rows.subject, key, path)
        following = place_after(self.style, place, response, document, len(records))
        if following is not None and following == place:
            raise StopSync(
                f"{self.rows.subject}: the page after '{place}' is that page again.",
                remedy="correct `paging` of this system",
            )
        return records, following, response


class Reader:
    """One pull of an object."""

    def __init__(self, client: Client, config: RestSystem, lister: Lister) -> None:
        self._client, self._config, self._lister = client, config, lister
        self._object, self._rows = lister.object, lister.rows
        self._overlap = timedelta(minutes=config.overlap_minutes)

    def changed(self, told: str | None) -> Iterator[Batch]:
        """All records for a first load, else those changed since, deleted ones among them."""
        cursor = Cursor.read(told, self._client.system)
        resuming = cursor.place is not None
        while True:
            try:
                for batch, after in self._pages(cursor):
                    resuming = False
                    cursor = after
                    yield batch
                return
            except Refused as err:
                if not resuming or err.status not in _PLACE_LOST:
                    raise
                resuming = False
                cursor = Cursor(cursor.since, cursor.started, cursor.anchor, None, cursor.gone)

    def _pages(self, cursor: Cursor) -> Iterator[tuple[Batch, Cursor]]:
        deleted = self._object.deleted
        lists_gone = isinstance(deleted, DeletedList) and cursor.since is not None
        if not cursor.gone:
            for frame, after, is_last in self._living(cursor):
                cursor = after
                if is_last and not lists_gone:
                    break
                if is_last:
                    cursor = Cursor(cursor.since, cursor.started, gone=True)
                yield Batch(frame, cursor.text()), cursor
            else:
                frame = empty_rows(self._rows.fields)
        if isinstance(deleted, DeletedList) and cursor.gone:
            account, place = Account(self._client, self._lister.style), cursor.place
            while True:
                params = self._since(deleted.param, cursor.since)
                records, place = self._lister.gone_page(deleted, params, place)
                account.add(len(records))
                frame = self._rows.gone(records, deleted)
                if place is None:
                    break
                cursor = Cursor(cursor.since, cursor.started, place=place, gone=True)
                yield Batch(frame, cursor.text()), cursor
        finished = cursor.finished(self._object.modified, self._overlap)
        yield Batch(frame, finished.text()), finished

    def _living(self, cursor: Cursor) -> Iterator[tuple[pl.DataFrame, Cursor, bool]]:
        """The pages of the list, each with the cursor after it and whether it was the last."""
        account = Account(self._client, self._lister.style)
        seen: set[tuple[str, str | None]] = set()
        while True:
            asked_from = cursor.anchor or cursor.since
            params = self._params(asked_from, gone=cursor.since is not None)
            records, place, response = self._lister.page(params, cursor.place)
            started = cursor.started or canonical_time(
                server_time(response.headers, self._client.system)
            )
            keys = [(self._rows.id_of(r), self._rows.stamp_of(r)) for r in records]
            fresh = [r for r, key in zip(records, keys, strict=True) if key not in seen]
            account.add(len(fresh))
            last = keys[-1][1] if keys else None
            anchor = cursor.anchor
            if place is not None and self._goes_by_time and last is not None:
                seen.update(keys)
                if last > (anchor or "") and last != keys[0][1]:
                    anchor, place = last, None
            is_last = place is None and anchor == cursor.anchor
            cursor = Cursor(cursor.since, started, anchor, place)
            yield self._rows.frame(fresh), cursor, is_last
            if is_last:
                return

    @property
    def _goes_by_time(self) -> bool:
        modified = self._object.modified
        return (
            modified is not None
            and modified.sorted
            and isinstance(self._lister.style, ByPage | ByOffset)
        )

    def _params(self, since: str | None, *, gone: bool) -> dict[str, str]:
        """The list from `since` on. Deleted records are asked for only in increments: a first load
        has nothing they could delete."""
        modified, deleted = self._object.modified, self._object.deleted
        told = dict(self._object.params)
        if gone and isinstance(deleted, DeletedField):
            told |= deleted.params
        return told if modified is None else {**told, **self._since(modified.param, since)}

    def _since(self, param: str | None, since: str | None) -> dict[str, str]:
        """The least time to ask for, as the system writes it. Where it leaves the moment itself
        out, one unit before."""
        modified = self._object.modified
        if param is None or since is None or modified is None:
            return {}
        at = parsed_time(since)
        if not modified.inclusive:
            at -= timedelta(seconds=1 if modified.unit == "seconds" else 0.001)
        return {param: str(moment(canonical_time(at), modified.unit))}
