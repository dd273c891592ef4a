"""A table as a report: its header found, its spelling decided by all of it, its lines canonical.

The file is read twice when something must be decided by evidence, once when the profile says all.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from hub.connectors.feed.canonical import (
    COLUMNS,
    DATE_COLUMNS,
    FLAGS,
    LINE,
    LINES_OF,
    NUMBER_COLUMNS,
    Kind,
)
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import (
    FAULTS,
    ROW,
    Fault,
    Head,
    Part,
    Report,
    Source,
    fault_frame,
    flagged,
    part_of,
)
from hub.connectors.feed.tabular import dates, numbers
from hub.connectors.feed.tabular.cells import RAGGED, SHORT
from hub.connectors.feed.tabular.grid import Grid, TextGrid, sheet_grid
from hub.connectors.feed.tabular.header import Header, find_header, kind_of, misspelt
from hub.connectors.feed.tabular.jsonlines import JsonGrid
from hub.connectors.feed.tabular.totals import Totals, repeated_headers
from hub.errors import FeedUnreadable

Period = tuple[str, str]
_KEPT_FRAMES = 1
_REPORT_DAY: dict[Kind, str] = {"pos": "report_date", "inventory": "as_of_date",
                                "claim": "claim_date", "shipment": "ship_date"}  # fmt: skip


@dataclass
class _Spelling:
    """How the values of a file are spelt, as decided by all of them or by its profile."""

    mark: str | None = None
    order: str | None = None
    period_end: str | None = None
    last_date: str | None = None


def read_table(source: Source, form: str, profile: Profile | None, period: Period | None) -> Report:
    """A CSV, spreadsheet or JSON file as a report. `period`: first and last day, where known.

    Raises FeedUnreadable when the file as a whole cannot be read without guessing.
    """
    head = Head(profile.kind if profile is not None else "pos", form)
    grid = grid_of(source, profile, head)
    header = find_header(grid.top, profile, source.name)
    if profile is None:
        head.kind = kind_of(header.positions)
        unused = [c for at, c in enumerate(header.cells) if c and at not in
                  set(header.positions.values())]  # fmt: skip
        _refuse_misspelt(header, source.name)
        if unused:
            head.warn(f"columns whose header says nothing to the hub: {', '.join(unused)}")
    period = period or _period_told(source.name, grid)
    head.period_start, head.period_end = period or (None, None)
    reading = _Reading(grid, header, profile, head, source.name, period)
    reading.decide()
    return Report(head, reading.parts)


def _refuse_misspelt(header: Header, file: str) -> None:
    """A number must not be left out unseen because its header has a slip in it."""
    meant = misspelt(header.cells, header.positions)
    if meant:
        said = ", ".join(f"{cell!r} (is it {column}?)" for cell, column in meant.items())
        raise FeedUnreadable(
            f"{file}: line {header.line}: the header has a slip in it: {said}.",
            remedy="have the file sent with its usual headers, or name this one in a profile "
            "(`columns`)",
            rule="header_misspelt",
        )


def grid_of(source: Source, profile: Profile | None, head: Head) -> Grid:
    """The cells of a file in the format of its head."""
    form = head.format
    if form == "spreadsheet":
        return sheet_grid(source, profile, head)
    if form == "jsonl":
        return JsonGrid(source, profile, head)
    return TextGrid(source, profile, head)


class _Reading:
    def __init__(
        self, grid: Grid, header: Header, profile: Profile | None, head: Head, file: str,
        period: Period | None,
    ) -> None:  # fmt: skip
        self._grid, self._header, self._profile = grid, header, profile
        self._head, self._file, self._period = head, file, period
        self._object = LINES_OF[head.kind][0]
        columns = COLUMNS[self._object]
        self._columns = {c: p for c, p in header.positions.items() if c in columns}
        self._spelling = _Spelling()
        self._kept: list[pl.DataFrame] | None = None

    def decide(self) -> None:
        """Read everything once, to know the decimal mark, the order of dates and the period."""
        marks, days = numbers.MarkVotes(), dates.DateVotes()
        kept: list[pl.DataFrame] = []
        told = self._profile
        open_mark = told is None or told.decimal_mark is None
        open_dates = told is None or not told.date_formats
        for cells in self._frames():
            if len(kept) <= _KEPT_FRAMES:
                kept.append(cells)
            for name in self._columns:
                if name in NUMBER_COLUMNS and open_mark:
                    marks.count(self._text(cells, name))
                if name in DATE_COLUMNS:
                    column = self._text(cells, name)
                    if open_dates:
                        days.count(column)
                    self._note_day(name, column)
            if not (open_mark or open_dates) and self._nothing_to_note:
                break
        if len(kept) <= _KEPT_FRAMES:
            self._kept = kept
        self._decide_mark(marks, open=open_mark)
        self._decide_order(days, open=open_dates)

    @property
    def _nothing_to_note(self) -> bool:
        return _REPORT_DAY[self._head.kind] in self._columns

    def _note_day(self, name: str, column: pl.Series) -> None:
        days = column.filter(column.str.contains(r"^\d{4}-\d{2}-\d{2}$").fill_null(value=False))
        latest = days.max()
        if not isinstance(latest, str):
            return
        if name == "period_end" or (name == "report_date" and self._spelling.period_end is None):
            self._spelling.period_end = max(self._spelling.period_end or "", latest)
        self._spelling.last_date = max(self._spelling.last_date or "", latest)

    def _decide_mark(self, marks: numbers.MarkVotes, *, open: bool) -> None:
        if not open and self._profile is not None:
            self._spelling.mark = self._profile.decimal_mark
            return
        if marks.divided:
            raise FeedUnreadable(
                f"{self._file}: {marks.comma} numbers have a decimal comma and {marks.dot} a "
                "decimal point.",
                remedy="have the file sent with one way of writing numbers, or set `decimal_mark` "
                "in the profile; the others are then held back",
            )
        self._spelling.mark = marks.mark
        if marks.mark is not None:
            self._head.evidence["decimal_mark"] = marks.mark
        elif marks.either:
            self._head.warn(
                f"{marks.either} numbers like 1,234 can be thousands or decimals; set "
                "`decimal_mark` in the profile"
            )

    def _decide_order(self, days: dates.DateVotes, *, open: bool) -> None:
        if not open:
            return
        self._spelling.order, why = days.order(self._period, self._file)
        if self._spelling.order is not None:
            self._head.evidence["dates"] = f"{self._spelling.order} first: {why}"

    def parts(self) -> Iterator[Part]:
        """The lines, canonical; total rows and repeated headers are counted as ignored."""
        totals = Totals()
        for cells in self._kept if self._kept is not None else self._frames():
            repeated = repeated_headers(cells, self._header.rows)
            body = cells.filter(~repeated)
            part = self._canonical(body)
            rows, dropped = totals.without(part.rows, self._head)
            if dropped:
                part = self._without_dropped(part, rows)
            yield Part(self._object, part.rows, part.faults, int(repeated.sum()) + dropped)

    def _without_dropped(self, part: Part, rows: pl.DataFrame) -> Part:
        """Faults keep to their lines when total rows between them are left out."""
        moved = (
            part.rows.with_row_index(ROW)
            .select(ROW, LINE)
            .join(rows.with_row_index("at").select("at", LINE), on=LINE, how="inner")
        )
        faults = part.faults.join(moved.select(ROW, "at"), on=ROW, how="inner")
        kept = faults.with_columns(pl.col("at").cast(pl.UInt32).alias(ROW)).select(list(FAULTS))
        return Part(part.object, rows, kept)

    def _frames(self) -> Iterator[pl.DataFrame]:
        """Frames of the body without rows that say nothing in any mapped column."""
        width = len(self._header.cells)
        names = sorted({str(p) for p in self._columns.values()})
        for cells in self._grid.below(self._header.line, width):
            silent = _silent(cells, names)
            yield cells.filter(pl.col(RAGGED) | ~silent) if silent.any() else cells

    def _text(self, cells: pl.DataFrame, name: str) -> pl.Series:
        column = cells[str(self._columns[name])].str.strip_chars()
        return column.replace("", None).alias(name)

    def _canonical(self, cells: pl.DataFrame) -> Part:
        columns: dict[str, pl.Series] = {}
        faults: list[Fault] = []
        serials = pl.Series([], dtype=pl.Boolean)
        for name in self._columns:
            column = self._text(cells, name)
            if name in NUMBER_COLUMNS:
                column, doubtful = numbers.spelt(column, self._spelling.mark)
                rule, message = numbers.AMBIGUOUS
                faults += [
                    Fault(at, name, rule, column[at], message)
                    for at in doubtful.arg_true().to_list()
                ]
            elif name in DATE_COLUMNS:
                mine = dates.is_serial(column)
                serials = mine if not serials.len() else serials | mine
                column = self._dates(column)
            columns[name] = column
        faults += _misshapen(cells)
        if self._head.evidence.get("encoding", "").startswith("utf-16"):
            faults += _out_of_step(cells)
        part = part_of(self._object, columns, cells[LINE], fault_frame(faults))
        rows = self._with_report_day(part.rows)
        if serials.len() and serials.any():
            rows = rows.with_columns(flagged(pl.col(FLAGS), "spreadsheet_date", pl.lit(serials)))
        return Part(part.object, rows, part.faults)

    def _dates(self, column: pl.Series) -> pl.Series:
        if self._profile is not None and self._profile.date_formats:
            return dates.from_formats(column, self._profile.date_formats)
        zone = self._profile.time_zone if self._profile is not None else None
        return dates.spelt(column, self._spelling.order, zone)

    def _with_report_day(self, rows: pl.DataFrame) -> pl.DataFrame:
        """A report that prints no date of its own is of the last day of its period, else of the
        last date that any line names; that is stated."""
        name = _REPORT_DAY[self._head.kind]
        period = (pl.col("period_start"), pl.col("period_end"))
        if self._period is not None:
            rows = rows.with_columns(
                *(e.fill_null(pl.lit(v)) for e, v in zip(period, self._period, strict=True))
            )
        if name in self._columns or not rows.height:
            return rows
        day = (self._period[1] if self._period is not None else None) or self._last_day(rows)
        if day is None:
            return rows
        self._head.report_date = self._head.report_date or day
        self._head.evidence.setdefault(name, f"{day}: the last day of the report")
        return rows.with_columns(pl.col(name).fill_null(pl.lit(self._head.report_date)))

    def _last_day(self, rows: pl.DataFrame) -> str | None:
        if self._spelling.period_end or self._spelling.last_date:
            return self._spelling.period_end or self._spelling.last_date
        days = [rows[n].filter(rows[n].str.contains(r"^\d{4}-\d{2}-\d{2}$").fill_null(value=False))
                for n in DATE_COLUMNS if n in rows.columns]  # fmt: skip
        latest = [d.max() for d in days if d.len()]
        return max((d for d in latest if isinstance(d, str)), default=None)


def _silent(cells: pl.DataFrame, names: list[str]) -> pl.Series:
    """Which rows say nothing in any of these columns. Mostly the first column tells: none."""
    silent = pl.repeat(value=True, n=cells.height, eager=True)
    for name in names:
        silent &= cells[name].str.strip_chars().fill_null("") == ""
        if not silent.any():
            break
    return silent


def _misshapen(cells: pl.DataFrame) -> Iterator[Fault]:
    """Lines that have not the shape of the header."""
    for at in cells[RAGGED].arg_true().to_list():
        yield Fault(at, "line", "too_many_cells", None,
                    "more cells than the header, or no way to take it apart")  # fmt: skip
    if SHORT in cells.columns:
        for at in cells[SHORT].arg_true().to_list():
            yield Fault(at, "line", "too_few_cells", None,
                        "fewer cells than the header: the line may be cut off")  # fmt: skip


def _out_of_step(cells: pl.DataFrame) -> Iterator[Fault]:
    """Lines that hold the end of another: a lost or added byte moves all halves of UTF-16, until
    the next one does."""
    texts = [name for name, kind in cells.schema.items() if kind == pl.String]
    ends = pl.any_horizontal(pl.col(texts).str.contains(_END_OUT_OF_STEP, literal=True))
    for at in cells.select(ends.fill_null(value=False)).to_series().arg_true().to_list():
        yield Fault(at, "line", "control_character", None,
                    "holds the halves of a line's end: a byte of the file is lost or added, and "
                    "two lines may be one")  # fmt: skip


_END_OUT_OF_STEP = "\u0a00"
"""A line feed, read with the half of another character."""
_MONTH = re.compile(r"(?<!\d)(20\d\d)[-_]?(0[1-9]|1[0-2])(?![-_]?\d)")
_BETWEEN = re.compile(r"(20\d\d-\d\d-\d\d)\s*(?:-|–|to|bis|\.\.|/|_)\s*(20\d\d-\d\d-\d\d)")


def _period_told(file: str, grid: Grid) -> Period | None:
    """The period, where the file's name or the lines above its header say it."""
    above = " ".join(" ".join(cells) for _, cells in grid.top[:5])
    for text in (file.rsplit("/", 1)[-1], above if "eriod" in above else ""):
        between = _BETWEEN.search(text)
        if between:
            return between[1], between[2]
    month = _MONTH.search(file.rsplit("/", 1)[-1])
    return month_of(f"{month[1]}-{month[2]}") if month else None


def month_of(text: str) -> Period:
    """`2026-03` → its first and last day."""
    first = pl.Series([f"{text}-01"]).str.to_date("%Y-%m-%d")
    return first.dt.strftime("%Y-%m-%d")[0], first.dt.month_end().dt.strftime("%Y-%m-%d")[0]
