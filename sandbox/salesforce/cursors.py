"""Open query results: a snapshot of row numbers that locators point into."""

from array import array
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.ids import record_id, serial, to_long
from sandbox.salesforce.soql.compiled import Compiled

_OFFSETS = 10**8


@dataclass(frozen=True, slots=True)
class Cursor:
    """`rows` are the row numbers in the order of the answer; `batch` is the page size asked for."""

    number: int
    compiled: Compiled
    rows: "array[int]"
    batch: int
    opened_at: datetime


class Cursors:
    """Locators are opaque to clients; here they encode cursor and offset, so a page can be
    fetched any number of times."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, Cursor] = OrderedDict()
        self._opened = 0

    def open(
        self, compiled: Compiled, rows: "array[int]", batch: int, now: datetime, most: int
    ) -> Cursor:
        """Keep a result; beyond `most` the oldest is closed."""
        self._opened += 1
        cursor = Cursor(self._opened, compiled, rows, batch, now)
        self._open[cursor.number] = cursor
        while len(self._open) > most:
            self._open.popitem(last=False)
        return cursor

    def locator(self, cursor: Cursor, offset: int, style: str) -> str:
        if style == "01g":
            return f"{record_id('01g', cursor.number)}-{offset}"
        return record_id("0r8", cursor.number * _OFFSETS + offset)

    def find(self, locator: str, now: datetime, lifetime: timedelta) -> tuple[Cursor, int]:
        """The cursor and offset of a locator, or INVALID_QUERY_LOCATOR."""
        number, offset = _decoded(locator)
        cursor = self._open.get(number)
        if cursor is None or now >= cursor.opened_at + lifetime or offset > len(cursor.rows):
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return cursor, offset

    def clear(self) -> None:
        self._open.clear()


def _decoded(locator: str) -> tuple[int, int]:
    name, _, offset = locator.partition("-")
    long_id = to_long(name)
    number = serial(long_id) if long_id is not None else None
    if number is None:
        return 0, 0
    if offset:
        return (number, int(offset)) if offset.isdigit() else (0, 0)
    return divmod(number, _OFFSETS)
