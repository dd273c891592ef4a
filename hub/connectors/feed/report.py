"""What reading a file yields: a head that speaks of the whole, and its lines, part by part.

A part is a frame of text under canonical columns and the faults that reading itself found. What is
wrong with a value that reads well is the business of the checks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, NamedTuple

import polars as pl

from hub.connectors.feed.canonical import COLUMNS, FLAGS, LINE, Kind

ROW = "row"
FAULTS = {
    ROW: pl.UInt32,
    "column": pl.String,
    "rule": pl.String,
    "value": pl.String,
    "message": pl.String,
}
_FLAG_SEPARATOR = ";"


@dataclass(frozen=True)
class Source:
    """A file to read: its name, and a way to open it as often as it takes.

    `place` names the file in the ids of lines that have no number: it stays when a folder moves.
    """

    name: str
    open: Callable[[], IO[bytes]]
    place: str = ""


class Fault(NamedTuple):
    """One thing that reading found wrong. `row` is the position within its part."""

    row: int
    column: str
    rule: str
    value: str | None
    message: str


@dataclass
class Head:
    """What a report says of itself, and by what evidence it was read."""

    kind: Kind
    format: str
    report_id: str | None = None
    purpose: str | None = None
    sender: str | None = None
    branch: str | None = None
    report_date: str | None = None
    period_start: str | None = None
    period_end: str | None = None
    currency: str | None = None
    evidence: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note something the sender should know; the same words once."""
        if text not in self.warnings:
            self.warnings.append(text)


@dataclass(frozen=True)
class Part:
    """Lines of one object in the order of the file.

    `rows`: every canonical column as trimmed text or null, `line` (UInt32) and `flags` (text).
    `ignored`: rows of the file that are no lines, such as totals and repeated headers.
    """

    object: str
    rows: pl.DataFrame
    faults: pl.DataFrame
    ignored: int = 0


@dataclass(frozen=True)
class Report:
    """A file as read. `parts` reads it once from its beginning; the head's warnings are complete
    when it has come to its end."""

    head: Head
    parts: Callable[[], Iterator[Part]]


def fault_frame(faults: Sequence[Fault]) -> pl.DataFrame:
    return pl.DataFrame(list(faults), schema=FAULTS, orient="row")


def part_of(
    obj: str,
    columns: Mapping[str, pl.Series],
    lines: pl.Series,
    faults: pl.DataFrame,
    ignored: int = 0,
) -> Part:
    """A part with all columns of its object; those not given are empty."""
    height = lines.len()
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, height) if height else None
    none = empty if empty is not None else pl.Series([], dtype=pl.String)
    rows = pl.DataFrame(
        [columns.get(name, none).alias(name) for name in (*COLUMNS[obj], FLAGS)]
    ).with_columns(lines.cast(pl.UInt32).alias(LINE))
    return Part(obj, rows, faults, ignored)


def flagged(flags: pl.Expr, flag: str, when: pl.Expr) -> pl.Expr:
    """`flags` with one more where `when` holds."""
    more = pl.concat_str([flags, pl.lit(flag)], separator=_FLAG_SEPARATOR, ignore_nulls=True)
    return pl.when(when.fill_null(value=False)).then(more).otherwise(flags)
