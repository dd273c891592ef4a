"""Lines without a price among lines with one: a lost segment that no count betrays.

Where one segment was lost and another came twice, an interchange's own counts are right.
"""

from collections.abc import Iterator

import polars as pl

from hub.connectors.feed.canonical import LINE, POS_LINE
from hub.connectors.feed.report import Head, Part

_PRICES = ("unit_price", "amount", "unit_cost", "special_cost")


def with_prices_compared(parts: Iterator[Part], head: Head) -> Iterator[Part]:
    """The parts as they are; when the last was read, `head` warns of lines that name no price if
    at least half of the lines of sales do."""
    lines = bare = 0
    first: int | None = None
    for part in parts:
        if part.object == POS_LINE:
            silent = pl.all_horizontal(pl.col(name).is_null() for name in _PRICES)
            places = part.rows.filter(silent)[LINE]
            lines, bare = lines + part.rows.height, bare + places.len()
            first = places[0] if first is None and places.len() else first
        yield part
    if 0 < bare <= lines - bare:
        head.warn(
            f"{bare} of {lines} lines name no price, the first at segment {first}: the segment "
            "with it may have been lost"
        )
