"""Pages into batches: what every paged pull shares, whatever the system's way of paging."""

from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from hub.connectors.contract import RESERVED, Batch, CallMeter
from hub.errors import HubError


class Minimum:
    """Adds to a meter the fewest calls that could have carried the rows counted so far.

    One call is needed even to learn that there are no rows, unless `at_least_one` is False.
    """

    def __init__(self, meter: CallMeter, per_call: int, *, at_least_one: bool = True) -> None:
        self._meter, self._per_call = meter, per_call
        self._rows = 0
        self._calls = 1 if at_least_one else 0
        meter.minimum += self._calls

    def add(self, rows: int) -> None:
        self._rows += rows
        calls = max(self._calls, -(-self._rows // self._per_call))
        self._meter.minimum += calls - self._calls
        self._calls = calls


def merged(pages: Iterable[Batch], at_least: int) -> Iterator[Batch]:
    """Batches of `at_least` rows (the last may be shorter), each with its last page's cursor.

    When paging fails, the pages already read are handed over first: their calls are spent, and the
    next pull goes on after them.
    """
    held: list[Batch] = []
    try:
        for page in pages:
            held.append(page)
            if sum(batch.rows.height for batch in held) >= at_least:
                yield _joined(held)
                held = []
    except HubError:
        if held:
            yield _joined(held)
        raise
    if held:
        yield _joined(held)


def text_frame(columns: Sequence[str], values: Sequence[Sequence[str | None]]) -> pl.DataFrame:
    """A frame of String columns from one list of values per column."""
    return pl.DataFrame(
        [
            pl.Series(name, column, dtype=pl.String)
            for name, column in zip(columns, values, strict=True)
        ]
    )


def empty_rows(fields: Sequence[str]) -> pl.DataFrame:
    columns = (*RESERVED, *fields)
    return text_frame(columns, [[] for _ in columns])


def _joined(held: Sequence[Batch]) -> Batch:
    return Batch(pl.concat([batch.rows for batch in held], rechunk=True), held[-1].cursor)
