"""A report's bytes as a table of text under canonical column names; no line is ever lost.

A line with too few cells keeps the cells it has; of a line with too many nothing can be trusted by
position, so it becomes a row of nulls. Validation then names both, instead of the reader.
"""

import csv
import io
from collections.abc import Iterator, Sequence

import polars as pl
from polars.exceptions import PolarsError

from hub.connectors.feed.profile import POS_COLUMNS, Profile
from hub.connectors.paging import text_frame
from hub.errors import FeedUnreadable

LINE = "line"
_RAGGED = "ragged"
_LONGEST_CELL_LINES = 20


def read_table(content: bytes, profile: Profile, file: str) -> pl.DataFrame:
    """Every POS column as trimmed text or null, and `line`: the line number in the file.

    Raises FeedUnreadable when the file as a whole is not what the profile describes.
    """
    header, at, body = _split(_text(content, profile, file), profile)
    positions = _positions(header, profile, file)
    cells = _fast(body, len(header), profile)
    if cells is None:
        cells = _careful(body, len(header), profile)
    named = [
        (cells.to_series(positions[name]) if name in positions else _nulls(cells.height)).alias(
            name
        )
        for name in POS_COLUMNS
    ]
    table = pl.DataFrame(named).with_columns(pl.all().str.strip_chars().replace("", None))
    told = ~pl.all_horizontal(pl.all().is_null())
    kept = cells[_RAGGED] | table.select(told).to_series()
    return table.with_columns(cells[LINE] + at).filter(kept)


def _text(content: bytes, profile: Profile, file: str) -> str:
    encoding = "utf-8-sig" if profile.encoding.lower() in {"utf-8", "utf8"} else profile.encoding
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as err:
        raise FeedUnreadable(
            f"{file}: byte {err.start} is not {profile.encoding}.",
            remedy="set `encoding` in the profile to the file's, or have it sent again",
        ) from err
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _split(text: str, profile: Profile) -> tuple[list[str], int, str]:
    """The cells of the header (the first line that is not blank), its line number, and the text
    after it."""
    start = len(text) - len(text.lstrip("\n"))
    end = text.find("\n", start)
    first = text[start:] if end < 0 else text[start:end]
    body = "" if end < 0 else text[end + 1 :]
    cells = next(csv.reader([first], delimiter=profile.delimiter), [])
    return [cell.strip() for cell in cells], start + 1, body


def _positions(header: Sequence[str], profile: Profile, file: str) -> dict[str, int]:
    folded = {cell.casefold(): position for position, cell in reversed(list(enumerate(header)))}
    missing = [told for told in profile.columns.values() if told.casefold() not in folded]
    if missing:
        raise FeedUnreadable(
            f"{file}: no column headed {', '.join(repr(told) for told in missing)}; "
            f"the header reads {profile.delimiter.join(header)[:200]!r}.",
            remedy="if the sender changed the layout, name the new headers (and delimiter) in the "
            "profile; otherwise have the file sent again",
        )
    return {name: folded[told.casefold()] for name, told in profile.columns.items()}


def _fast(body: str, width: int, profile: Profile) -> pl.DataFrame | None:
    """All lines at once, counted from the header; None when one of them needs care."""
    lines = body.rstrip("\n")
    if not lines or "\n\n" in lines:
        return None
    names = [str(position) for position in range(width)]
    try:
        cells = pl.read_csv(
            io.BytesIO(f"{profile.delimiter.join(names)}\n{lines}\n".encode()),
            separator=profile.delimiter,
            infer_schema=False,
        )
    except PolarsError:
        return None
    if cells.height != lines.count("\n") + 1:
        return None
    return cells.with_row_index(LINE, offset=1).select(*names, LINE, pl.lit(False).alias(_RAGGED))


def _careful(body: str, width: int, profile: Profile) -> pl.DataFrame:
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    too_long: list[bool] = []
    for number, cells in _rows(body.split("\n"), width, profile):
        padding: list[str | None] = [None] * (width - len(cells))
        too_long.append(len(cells) > width)
        rows.append([None] * width if too_long[-1] else [*cells, *padding])
        numbers.append(number)
    columns = list(zip(*rows, strict=True)) or [()] * width
    return text_frame([str(position) for position in range(width)], columns).with_columns(
        pl.Series(LINE, numbers, dtype=pl.UInt32), pl.Series(_RAGGED, too_long, dtype=pl.Boolean)
    )


def _rows(lines: list[str], width: int, profile: Profile) -> Iterator[tuple[int, list[str]]]:
    """Lines, or groups of lines that one quoted cell spans. A quote that is never closed costs its
    own line, not the rest of the file."""
    at = 0
    while at < len(lines):
        taken, cells = 1, _cells(lines[at], profile)
        if lines[at].count('"') % 2:
            for more in range(2, _LONGEST_CELL_LINES + 1):
                joined = "\n".join(lines[at : at + more])
                if at + more <= len(lines) and joined.count('"') % 2 == 0:
                    spanning = _cells(joined, profile)
                    if len(spanning) == width:
                        taken, cells = more, spanning
                    break
        if lines[at].strip():
            yield at + 1, cells
        at += taken


def _cells(line: str, profile: Profile) -> list[str]:
    return next(csv.reader(io.StringIO(line, newline=""), delimiter=profile.delimiter), [])


def _nulls(height: int) -> pl.Series:
    return pl.Series([None] * height, dtype=pl.String)
