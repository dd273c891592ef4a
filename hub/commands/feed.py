"""`hub feed`: a distributor's file looked at as the hub will take it, without a warehouse."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from hub.checks.convert import convert
from hub.checks.schemas import ROW, validate
from hub.connectors.contract import RECORD_ID
from hub.connectors.feed.canonical import FIELDS, LINE, REPORT_ID, REPORT_LINE
from hub.connectors.feed.fingerprint import compare
from hub.connectors.feed.profile import Profile, read_profile, shipped_profile
from hub.connectors.feed.reading import Period, month_of, open_report
from hub.connectors.feed.report import Head, Part, Source
from hub.errors import FeedUnreadable, HubError
from hub.models.sources import SOURCES

Named = tuple[str, Profile]
"""A profile and what it was called by."""

_OWN = frozenset({REPORT_ID, REPORT_LINE})


@dataclass
class Checked:
    """What became of a file: counts, the accepted lines, all faults, warnings."""

    file: str
    profile: str | None
    head: Head | None = None
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    ignored: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)
    faults: list[dict[str, Any]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not self.faults

    def shape(self) -> dict[str, Any]:
        """The JSON that others rely on."""
        head = self.head
        return {
            "file": self.file,
            "format": head.format if head else None,
            "profile": self.profile,
            "kind": head.kind if head else None,
            "read": self.read,
            "accepted": self.accepted,
            "quarantined": self.quarantined,
            "ignored": self.ignored,
            "report": {} if head is None else _report(head),
            "evidence": head.evidence if head else {},
            "lines": self.lines,
            "faults": self.faults,
            "warnings": head.warnings if head else [],
        }


def check(
    file: Path, profile: Named | None, period: str | None, *, keep_lines: bool = True
) -> Checked:
    """Read and check a file as a sync would. Raises HubError when it is not there.

    `period`: a month `2026-03`, or two days with `..` between. A file that cannot be read as a
    whole has one fault, without a line.
    """
    source = source_of(file)
    name, spelt = profile or (None, None)
    found = Checked(str(file), name)
    try:
        if spelt is not None:
            compare(source, spelt)
        report = open_report(source, spelt, period_of(period))
        found.head = report.head
        for part in report.parts():
            add_part(found, part, keep_lines=keep_lines)
    except FeedUnreadable as err:
        found.lines, found.accepted = [], 0
        found.faults = [_fault(None, None, err.rule, None, err.message, err.remedy)]
    return found


def source_of(file: Path) -> Source:
    """A local file as a source. Raises HubError when it is not there."""
    if not file.is_file():
        raise HubError(f"{file}: no such file.", remedy="name the file to look at")
    return Source(str(file), lambda: file.open("rb"), file.name)


def named_profile(name: str | None, folder: Path) -> Named | None:
    """A profile by its file, or by the name of one in `folder`/profiles or shipped with the hub.

    Raises HubError when there is none.
    """
    if name is None:
        return None
    for path in (Path(name), folder / "profiles" / f"{name}.yaml"):
        if path.suffix in (".yaml", ".yml") and path.is_file():
            return name, read_profile(path)
    shipped = shipped_profile(name)
    if shipped is None:
        raise HubError(
            f"There is no profile '{name}'.",
            remedy=f"name a file, write profiles/{name}.yaml, or leave --profile out",
        )
    return name, shipped


def period_of(told: str | None) -> Period | None:
    """`2026-03`, or `2026-03-01..2026-03-28`, as its first and last day. Raises HubError."""
    if told is None:
        return None
    try:
        if ".." in told:
            first, last = (date.fromisoformat(part).isoformat() for part in told.split(".."))
            return first, last
        date.fromisoformat(f"{told}-01")
        return month_of(told)
    except ValueError as err:
        raise HubError(
            f"'{told}' is no period.", remedy="write a month 2026-03, or 2026-03-01..2026-03-28"
        ) from err


def add_part(found: Checked, part: Part, *, keep_lines: bool) -> None:
    """Check the lines of a part and add what became of them."""
    fields = {name: name for name in FIELDS[part.object] if name not in _OWN}
    typed = convert(part.rows, fields, {}, SOURCES[part.object])
    split = validate(part.object, typed).with_more(part.faults)
    numbers = part.rows[LINE].to_list()
    for fault in split.faults.iter_rows(named=True):
        found.faults.append(
            _fault(numbers[fault[ROW]], fault["column"], fault["rule"], fault["value"],
                   fault["message"])
        )  # fmt: skip
    found.read += part.rows.height
    found.ignored += part.ignored
    found.accepted += split.good.height
    found.quarantined += part.rows.height - split.good.height
    if keep_lines:
        found.lines += list(_lines(split.good, split.good_of(part.rows), part.object))


def _lines(good: pl.DataFrame, rows: pl.DataFrame, obj: str) -> Iterator[dict[str, Any]]:
    """Accepted lines as JSON: what is empty is left out, amounts are text, days ISO."""
    places = rows.select(LINE, RECORD_ID).iter_rows()
    for (line, record), values in zip(places, good.iter_rows(named=True), strict=True):
        told = {name: _plain(value) for name, value in values.items() if value is not None}
        yield {"line": line, "object": obj, "record_id": record, **told}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, date) else value


def _fault(
    line: int | None, column: str | None, rule: str, value: str | None, message: str,
    remedy: str = "",
) -> dict[str, Any]:  # fmt: skip
    told = {"line": line, "column": column, "rule": rule, "value": value, "message": message}
    return {**told, "remedy": remedy} if remedy else told


def _report(head: Head) -> dict[str, Any]:
    names = ("report_id", "purpose", "sender", "report_date", "period_start", "period_end")
    return {name: getattr(head, name) for name in names if getattr(head, name) is not None}
