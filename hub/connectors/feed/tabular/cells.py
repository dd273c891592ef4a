"""Lines of text as cells; no line is ever lost.

A line with too few cells keeps those it has and is marked as short: it may be cut off. Of a line
with too many nothing can be trusted by position, so it becomes a row of nulls marked as ragged.
"""

import csv
import io
from collections.abc import Iterator, Sequence

import polars as pl
from polars.exceptions import PolarsError

from hub.connectors.feed.canonical import LINE
from hub.connectors.paging import text_frame

RAGGED, SHORT = "ragged", "short"
_DELIMITERS = (";", "\t", ",", "|")
_LONGEST_CELL_LINES = 20


def delimiter_of(lines: Sequence[str]) -> str | None:
    """The delimiter that splits most of the lines into the same number of cells, more than one."""
    best: tuple[int, int, str] | None = None
    told = [line for line in lines if line.strip()]
    for delimiter in _DELIMITERS:
        widths = [len(split(line, delimiter)) for line in told]
        for width in set(widths) - {1}:
            score = (widths.count(width), width, delimiter)
            if best is None or score[:2] > best[:2]:
                best = score
    return None if best is None else best[2]


def split(line: str, delimiter: str) -> list[str]:
    """The cells of one line."""
    return next(iter(_records(line, delimiter)), [])


def _records(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        # A cell beyond all bounds: the line is held back for having too many.
        return [text.split(delimiter)]


def table(body: str, width: int, delimiter: str) -> pl.DataFrame:
    """Columns `0`, `1`, … of text, `line` counted from 1 within the body, `ragged` and `short`.

    Blank lines make no row. Trailing delimiters make no line too long.
    """
    found = _fast(body, width, delimiter)
    return _careful(body, width, delimiter) if found is None else found


def _fast(body: str, width: int, delimiter: str) -> pl.DataFrame | None:
    """All lines at once; None when one of them needs care."""
    lines = body.rstrip("\n")
    if not lines or "\n\n" in body or lines.startswith("\n"):
        return None
    height = lines.count("\n") + 1
    if lines.count(delimiter) != (width - 1) * height:
        return None
    names = [str(position) for position in range(width)]
    try:
        cells = pl.read_csv(
            io.BytesIO(lines.encode()),
            has_header=False,
            new_columns=names,
            separator=delimiter,
            infer_schema=False,
        )
    except PolarsError:
        return None
    if cells.height != height or cells.width > width:
        return None
    short = [pl.lit(None, pl.String).alias(name) for name in names[cells.width :]]
    return cells.with_columns(short).select(
        *names,
        (pl.int_range(pl.len(), dtype=pl.UInt32) + 1).alias(LINE),
        pl.lit(value=False).alias(RAGGED),
        pl.lit(value=False).alias(SHORT),
    )


def _careful(body: str, width: int, delimiter: str) -> pl.DataFrame:
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    too_long: list[bool] = []
    too_short: list[bool] = []
    for number, told in _rows(body.split("\n"), width, delimiter):
        cells: list[str | None] = [*told]
        while len(cells) > width and not (cells[-1] or "").strip():
            cells.pop()
        too_long.append(len(cells) > width)
        too_short.append(len(cells) < width)
        padding: list[str | None] = [None] * (width - len(cells))
        rows.append([None] * width if too_long[-1] else [*cells, *padding])
        numbers.append(number)
    columns = list(zip(*rows, strict=True)) or [()] * width
    return text_frame([str(position) for position in range(width)], columns).with_columns(
        pl.Series(LINE, numbers, dtype=pl.UInt32),
        pl.Series(RAGGED, too_long, dtype=pl.Boolean),
        pl.Series(SHORT, too_short, dtype=pl.Boolean),
    )


def _rows(lines: list[str], width: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Lines, or groups of lines that one quoted cell spans. A quote that is never closed costs its
    own line, not the rest of the file."""
    at = 0
    while at < len(lines):
        taken, cells = 1, split(lines[at], delimiter)
        if lines[at].count('"') % 2:
            for more in range(2, _LONGEST_CELL_LINES + 1):
                joined = "\n".join(lines[at : at + more])
                if at + more <= len(lines) and joined.count('"') % 2 == 0:
                    spanning = _records(joined, delimiter)
                    if len(spanning) == 1 and len(spanning[0]) == width:
                        taken, cells = more, spanning[0]
                    break
        if lines[at].strip():
            yield at + 1, cells
        at += taken
