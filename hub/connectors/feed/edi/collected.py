"""Lines as they come out of segments, gathered into parts."""

from dataclasses import dataclass, field

import polars as pl

from hub.connectors.feed.edi.x12 import as_text
from hub.connectors.feed.report import Fault, Part, fault_frame, part_of

AT = "at"
Line = dict[str, str]


@dataclass
class Collected:
    """Lines of one object: each a dict of canonical columns, its segment, and its faults."""

    object: str
    lines: list[Line] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def add(self, line: Line, place: int, wrong: tuple[str, str, str | None] | None = None) -> None:
        """`wrong`: rule, message and value of what makes the line not to be trusted."""
        if wrong is not None:
            rule, message, value = wrong
            self.faults.append(Fault(len(self.lines), "line", rule, value, message))
        self.lines.append(line)
        self.places.append(place)

    def take(self) -> Part:
        """What was gathered, as a part; begins anew."""
        names = {name for line in self.lines for name in line}
        told = pl.from_dicts(self.lines, schema=dict.fromkeys(sorted(names), pl.String))
        columns = {column.name: _texts(column) for column in told}
        part = part_of(
            self.object,
            columns,
            pl.Series(self.places, dtype=pl.UInt32),
            fault_frame(self.faults),
        )
        self.lines, self.places, self.faults = [], [], []
        return part


def _texts(told: pl.Series) -> pl.Series:
    series = told.str.strip_chars().replace("", None)
    if series.str.contains(r"[^\x00-\x7f]").any():
        read = [None if text is None else as_text(text) for text in series]
        return pl.Series(told.name, read, dtype=pl.String)
    return series
