"""A table as rows of text cells, whatever file it stands in: its first rows, then all of it."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import fastexcel
import polars as pl

from hub.connectors.feed.canonical import LINE
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import Head, Source
from hub.connectors.feed.tabular.cells import RAGGED, delimiter_of, split, table
from hub.connectors.feed.tabular.header import LOOKED_AT, by_words
from hub.connectors.feed.tabular.text import blocks, encoding_of, ends_with_line, first_lines
from hub.errors import FeedUnreadable

Row = tuple[int, Sequence[str]]


class Grid(Protocol):
    """`top`: the first rows with their line numbers. `below` a line: frames with columns `0`, `1`,
    … of text, `line` and `ragged`, in the order of the file."""

    @property
    def top(self) -> list[Row]: ...

    def below(self, line: int, width: int) -> Iterator[pl.DataFrame]: ...


class TextGrid:
    """A delimited text file, read block by block."""

    def __init__(self, source: Source, profile: Profile | None, head: Head) -> None:
        self._source = source
        told = None if profile is None else profile
        self._encoding = encoding_of(source, told.encoding if told else None)
        lines = first_lines(source, self._encoding, LOOKED_AT)
        delimiter = told.delimiter if told else None
        self._delimiter = delimiter or delimiter_of(lines) or ";"
        self.top: list[Row] = [
            (number, split(line, self._delimiter))
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
        if not ends_with_line(source):
            head.warn("the last line has no line end: see that the file is whole")
        head.evidence["encoding"] = self._encoding
        head.evidence["delimiter"] = {"\t": "tab"}.get(self._delimiter, self._delimiter)

    def below(self, line: int, width: int) -> Iterator[pl.DataFrame]:
        at = 0
        for block in blocks(self._source, self._encoding):
            body, first = block, at
            if at < line:
                start = _after_lines(block, line - at)
                body, first = block[start:], line
            at += block.count("\n")
            if body.strip("\n"):
                cells = table(body, width, self._delimiter)
                yield cells.with_columns(pl.col(LINE) + first)


def _after_lines(text: str, lines: int) -> int:
    at = 0
    for _ in range(lines):
        at = text.find("\n", at) + 1
        if not at:
            return len(text)
    return at


@dataclass
class SheetGrid:
    """The sheets of a workbook that hold the table; one below the other when several do."""

    sheets: list[tuple[str, pl.DataFrame]]
    top: list[Row] = field(default_factory=list)

    def below(self, line: int, width: int) -> Iterator[pl.DataFrame]:
        """Rows are numbered as in their sheet; of further sheets the header is skipped as one."""
        for _, cells in self.sheets:
            body = cells.filter(pl.col(LINE) > line)
            names = [n for n in body.columns if n.isdigit()]
            missing = [pl.lit(None, pl.String).alias(str(n)) for n in range(len(names), width)]
            body = body.with_columns(missing)
            told = ~pl.all_horizontal(pl.col(str(n)).is_null() for n in range(width))
            yield body.filter(told).select(*map(str, range(width)), LINE, RAGGED)


def sheet_grid(source: Source, profile: Profile | None, head: Head) -> SheetGrid:
    """The visible sheets with a header; the one the profile names. Raises FeedUnreadable."""
    with source.open() as file:
        content = file.read()
    try:
        book = fastexcel.read_excel(content)
        names = book.sheet_names
        sheets = [book.load_sheet(name, header_row=None, dtypes="string") for name in names]
    except (fastexcel.FastExcelError, ValueError) as err:
        raise FeedUnreadable(
            f"{source.name}: not a workbook that can be read ({str(err).splitlines()[0]}).",
            remedy="open it, save it as .xlsx without a password, and send it again",
        ) from err
    merged = _merged_cells(content)
    visible = {
        sheet.name: _cells(sheet.to_polars(), merged.get(at, ()))
        for at, sheet in enumerate(sheets)
        if sheet.visible == "visible"
    }
    hidden = [name for name in names if name not in visible]
    if hidden:
        head.warn(f"hidden sheets are not read: {', '.join(hidden)}")
    return _chosen(visible, profile, head, source.name)


def _chosen(
    visible: dict[str, pl.DataFrame], profile: Profile | None, head: Head, file: str
) -> SheetGrid:
    wanted = profile.sheet if profile is not None else None
    if wanted is not None:
        if wanted not in visible:
            raise FeedUnreadable(
                f"{file}: no visible sheet '{wanted}'; there are {', '.join(visible)}.",
                remedy="name the sheet in the profile (`sheet`), or have the file sent again",
            )
        visible = {wanted: visible[wanted]}
    kind = profile.kind if profile is not None else None
    tops = {name: _top(cells) for name, cells in visible.items()}
    headers = {name: by_words(top, kind) for name, top in tops.items()}
    if profile is not None and profile.columns:
        wanted_headers = {told.strip().casefold() for told in profile.columns.values()}
        fits = [n for n, top in tops.items() if _holds(top, wanted_headers)]
    else:
        scores = {n: len(h.positions) if h else 0 for n, h in headers.items()}
        best = max(scores, key=lambda n: scores[n], default=None)
        fits = [best] if best is not None else []
        found = headers[best] if best is not None else None
        for name, other in headers.items():
            if name != best and found and other and other.rows == found.rows:
                fits.append(name)
    chosen = fits or list(visible)[:1]
    if not chosen:
        raise FeedUnreadable(f"{file}: no visible sheet.", remedy="have it sent again")
    head.evidence["sheets"] = ", ".join(chosen)
    left = [name for name in visible if name not in chosen and visible[name].height]
    if left:
        head.warn(f"sheets without the report's header are not read: {', '.join(left)}")
    return SheetGrid([(name, visible[name]) for name in chosen], tops[chosen[0]])


def _holds(top: list[Row], headers: set[str]) -> bool:
    return any(headers <= {cell.strip().casefold() for cell in cells} for _, cells in top)


def _top(cells: pl.DataFrame) -> list[Row]:
    names = [n for n in cells.columns if n.isdigit()]
    return [
        (row[LINE], [row[name] or "" for name in names])
        for row in cells.head(LOOKED_AT).iter_rows(named=True)
    ]


def _cells(sheet: pl.DataFrame, merged: Sequence[tuple[int, int, int, int]]) -> pl.DataFrame:
    """Columns `0`, `1`, … and the row's number. A cell merged over several rows stands in each."""
    columns = [sheet.to_series(at).alias(str(at)) for at in range(sheet.width)]
    cells = pl.DataFrame(columns).with_columns(pl.all().str.replace(r" 00:00:00(\.0+)?$", ""))
    for top, left, bottom, right in merged:
        if left == right and top < cells.height and left < cells.width and bottom > top:
            at = pl.int_range(pl.len()).is_between(top, bottom)
            value = cells.item(top, left)
            name = str(left)
            cells = cells.with_columns(pl.when(at).then(pl.lit(value)).otherwise(name).alias(name))
    return cells.with_columns(
        (pl.int_range(pl.len(), dtype=pl.UInt32) + 1).alias(LINE),
        pl.lit(value=False).alias(RAGGED),
    )


_MERGED = re.compile(rb'<mergeCell ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


def _merged_cells(content: bytes) -> dict[int, tuple[tuple[int, int, int, int], ...]]:
    """Sheet number → merged ranges (top, left, bottom, right), of an .xlsx in the usual order."""
    if not content.startswith(b"PK"):
        return {}
    found: dict[int, tuple[tuple[int, int, int, int], ...]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            for name in book.namelist():
                number = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
                if number:
                    found[int(number[1]) - 1] = tuple(
                        (int(top) - 1, _letters(left), int(bottom) - 1, _letters(right))
                        for left, top, right, bottom in _MERGED.findall(book.read(name))
                    )
    except (zipfile.BadZipFile, OSError):
        return {}
    return found


def _letters(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - 64
    return number - 1
