"""How a file writes its dates, and its dates as canonical text.

Day first or month first is decided for the whole file: by a value above 12, else by the report's
period; where neither tells, the file is not read. Never per row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from hub.errors import FeedUnreadable

DAY_FIRST, MONTH_FIRST = "day", "month"
_PARTS = r"^(\d{1,2})([/.-])(\d{1,2})([/.-])(\d{4}|\d{2})\b"
_SERIAL = r"^\d{5}(?:\.0+)?$"
_EARLIEST_SERIAL, _LATEST_SERIAL = 36526, 73050
_EPOCH_TO_1970 = 25569
_ISO = (r"^\d{4}-\d{2}-\d{2}\b", r"^\d{8}$", r"^\d{4}/\d{1,2}/\d{1,2}\b")
_WORDED = r"(?i)^\d{1,2}[ .-]?[a-z]{3,9}[ .,-]*\d{2,4}$"


@dataclass
class DateVotes:
    """What the dates of a file that stand in three parts can be read as."""

    day: int = 0
    month: int = 0
    dotted: int = 0
    either: int = 0
    undecided: set[str] = field(default_factory=set)

    def count(self, column: pl.Series) -> None:
        told = column.unique().drop_nulls()
        parts = told.str.extract_groups(_PARTS).struct.unnest().drop_nulls()
        if not parts.height:
            return
        first = parts.to_series(0).cast(pl.Int32)
        second = parts.to_series(2).cast(pl.Int32)
        self.day += int(((first > 12) & (second <= 12)).sum())
        self.month += int(((second > 12) & (first <= 12)).sum())
        small = (first <= 12) & (second <= 12) & (first != second)
        self.either += int(small.sum())
        self.dotted += int((small & (parts.to_series(1) == ".")).sum())
        if len(self.undecided) < 500:
            some = told.filter(told.str.contains(_PARTS))
            self.undecided.update(some.head(500).to_list())

    def order(self, period: tuple[str, str] | None, file: str) -> tuple[str | None, str]:
        """Day or month first, and by what evidence; None when no date needs it.

        Raises FeedUnreadable when the dates of a file contradict each other or nothing tells.
        """
        if min(self.day, self.month) * 10 > max(self.day, self.month):
            raise FeedUnreadable(
                f"{file}: {self.day} dates can only have the day first, {self.month} only the "
                "month.",
                remedy="have the file sent with one format of dates, best YYYY-MM-DD",
            )
        if self.day or self.month:
            order = DAY_FIRST if self.day > self.month else MONTH_FIRST
            return order, f"{max(self.day, self.month)} dates have a value above 12"
        if not self.either:
            return (DAY_FIRST, "day and month are the same") if self.undecided else (None, "")
        if self.dotted == self.either:
            return DAY_FIRST, "written with points"
        fitting = [order for order in (DAY_FIRST, MONTH_FIRST) if self._fits(order, period)]
        if len(fitting) == 1:
            return fitting[0], f"only so they lie between {period[0]} and {period[1]}"  # type: ignore[index]
        shown = ", ".join(sorted(self.undecided)[:3])
        raise FeedUnreadable(
            f"{file}: dates like {shown} can have the day or the month first, and nothing in the "
            "file tells.",
            remedy="set `date_formats` in the profile, or check with `--period` which month it is "
            "of; best have dates sent as YYYY-MM-DD",
        )

    def _fits(self, order: str, period: tuple[str, str] | None) -> bool:
        if period is None:
            return False
        read = _in_parts(pl.Series("d", sorted(self.undecided), dtype=pl.String), order)
        days = read.drop_nulls()
        return bool(((days >= period[0]) & (days <= period[1])).all())


def spelt(column: pl.Series, order: str | None, zone: str | None = None) -> pl.Series:
    """A column with ISO dates where cells are dates; what is none comes back as told."""
    told = column
    iso = told.str.contains(r"^\d{4}-\d{2}-\d{2}$")
    if bool((iso | told.is_null()).all()):
        return told
    frame = pl.DataFrame({"told": told}).with_columns(
        parts=_in_parts(told, order) if order else pl.lit(None, pl.String)
    )
    text = pl.col("told")
    compact = pl.when(text.str.contains(r"^(19|20)\d{6}$")).then(text)
    slashed = pl.when(text.str.contains(_ISO[2])).then(text.str.extract(r"^(\S+)"))
    clock = pl.when(text.str.contains(r"^\d{4}-\d{2}-\d{2}[T ]")).then(text)
    read = pl.coalesce(
        _zoned(clock, zone),
        _iso(pl.when(text.str.contains(r"^\d{4}-\d{2}-\d{2}$")).then(text), "%Y-%m-%d"),
        _iso(compact, "%Y%m%d"),
        _iso(slashed, "%Y/%m/%d"),
        pl.col("parts"),
        *(
            _iso(pl.when(text.str.contains(_WORDED)).then(text), form)
            for form in ("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%d. %B %Y", "%d%b%Y")
        ),
        _serial(text),
        text,
    )
    return frame.select(read.alias(column.name)).to_series()


def from_formats(column: pl.Series, formats: Sequence[str]) -> pl.Series:
    """A column read by the formats of a profile, tried in order, and by day numbers."""
    told = pl.col("told")
    read = [_iso(told, form) for form in formats]
    frame = pl.DataFrame({"told": column})
    return frame.select(pl.coalesce(*read, _serial(told), told).alias(column.name)).to_series()


def is_serial(column: pl.Series) -> pl.Series:
    """Which cells are the day numbers that a spreadsheet keeps behind its dates."""
    number = pl.when(pl.col("told").str.contains(_SERIAL)).then(
        pl.col("told").str.extract(r"^(\d{5})").cast(pl.Int32, strict=False)
    )
    frame = pl.DataFrame({"told": column})
    return frame.select(
        number.is_between(_EARLIEST_SERIAL, _LATEST_SERIAL).fill_null(value=False)
    ).to_series()


def _serial(text: pl.Expr) -> pl.Expr:
    """Day 1 is 1 January 1900, and 29 February 1900 is counted though there was none."""
    number = pl.when(text.str.contains(_SERIAL)).then(
        text.str.extract(r"^(\d{5})").cast(pl.Int32, strict=False)
    )
    inside = pl.when(number.is_between(_EARLIEST_SERIAL, _LATEST_SERIAL)).then(number)
    return (inside - _EPOCH_TO_1970).cast(pl.Date).dt.strftime("%Y-%m-%d")


def _iso(text: pl.Expr, form: str) -> pl.Expr:
    return text.str.to_date(form, strict=False).dt.strftime("%Y-%m-%d")


def _zoned(text: pl.Expr, zone: str | None) -> pl.Expr:
    """The day of a time; of one with an offset, the day where the sender is."""
    plain = text.str.slice(0, 10)
    if zone is None:
        return plain
    moment = text.str.replace("Z$", "+00:00").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%:z", strict=False, time_zone="UTC"
    )
    return pl.coalesce(moment.dt.convert_time_zone(zone).dt.strftime("%Y-%m-%d"), plain)


def _in_parts(told: pl.Series, order: str | None) -> pl.Series:
    """Dates of three parts read with the day or the month first; null where that is no date."""
    parts = told.str.extract_groups(_PARTS).struct.unnest()
    first, second = parts.to_series(0), parts.to_series(2)
    day, month = (second, first) if order == MONTH_FIRST else (first, second)
    year = parts.to_series(4)
    frame = pl.DataFrame({"d": day, "m": month, "y": year})
    four = pl.when(pl.col("y").str.len_chars() == 2).then(pl.lit("20") + pl.col("y"))
    text = pl.concat_str(
        [four.otherwise(pl.col("y")), pl.col("m").str.zfill(2), pl.col("d").str.zfill(2)],
        separator="-",
    )
    return frame.select(_iso(text, "%Y-%m-%d")).to_series()
