"""A profile proposed from a sample file, or a known one brought up to what a file is like now."""

from typing import Any

from hub.connectors.feed.canonical import DATE_COLUMNS
from hub.connectors.feed.fingerprint import (
    header_changes,
    header_row,
    print_of,
    texts,
    trimmed,
)
from hub.connectors.feed.profile import KEYS, Fingerprint, Profile
from hub.connectors.feed.reading import format_of, open_report
from hub.connectors.feed.report import Head, Source
from hub.connectors.feed.tabular.grid import Grid
from hub.connectors.feed.tabular.header import Header, find_header, kind_of, known_positions
from hub.connectors.feed.tabular.reading import grid_of
from hub.errors import FeedUnreadable

_EDI = ("x12", "edifact")


def learn(source: Source, known: Profile | None) -> tuple[Profile, list[str]]:
    """A profile for files like this one, and in words what is new or doubtful about it.

    `known`: the profile so far; what it says by hand stays, its columns follow headers that were
    renamed, its version counts up. Raises FeedUnreadable when the file cannot be made sense of.
    """
    form = format_of(source)
    if form in _EDI:
        report = open_report(source, known)
        for _ in report.parts():
            pass
        made = known or Profile(kind=report.head.kind, format=form, mode="full_replace")
        return made, list(report.head.warnings)
    if known is None:
        return _new(source, form)
    return _renewed(source, known)


def _new(source: Source, form: str) -> tuple[Profile, list[str]]:
    head = Head("pos", form)
    grid = grid_of(source, None, head)
    header = find_header(grid.top, None, source.name)
    kind = kind_of(header.positions)
    key = [name for name in KEYS[kind] if name in header.positions]
    notes = []
    if kind == "pos" and len(key) < len(KEYS["pos"]):
        notes.append(
            "no column of invoice lines: equal lines of an invoice are told apart by counting"
        )
    raw = {
        "kind": kind,
        "format": form,
        "encoding": head.evidence.get("encoding"),
        "delimiter": {"tab": "\t"}.get(d := head.evidence.get("delimiter", ""), d) or None,
        "columns": {name: header.cells[at] for name, at in header.positions.items()},
        "key": tuple(key) or tuple(n for n in ("sku", "gtin") if n in header.positions),
    }
    unknown = [
        cell for at, cell in enumerate(header.cells)
        if cell and at not in set(header.positions.values())
    ]  # fmt: skip
    if unknown:
        notes.append(f"columns that no word tells: {', '.join(unknown)}")
    spelt = _spelling(grid, header)
    return Profile.model_validate({**raw, **spelt}), notes


def _renewed(source: Source, known: Profile) -> tuple[Profile, list[str]]:
    head = Head(known.kind, known.format or "csv")
    grid = grid_of(source, known, head)
    raw: dict[str, Any] = known.model_dump(exclude_unset=True)
    changes: list[str] = []
    if known.fingerprint is not None:
        now = header_row(grid.top, known, known.fingerprint)
        changes = header_changes(known.fingerprint.headers, now, known)
        raw["columns"] = _followed(known, now)
    spelt = Profile.model_validate({**raw, "fingerprint": None})
    header = find_header(grid.top, spelt, source.name)
    found = _spelling(grid, header)
    if known.decimal_mark is not None and "decimal_mark" in found:
        raw["decimal_mark"] = found["decimal_mark"]
    raw["fingerprint"] = found["fingerprint"]
    raw["version"] = _next(known.version)
    return Profile.model_validate(raw), changes


def _followed(known: Profile, now: tuple[str, ...]) -> dict[str, str]:
    """The columns under their headers of now: the same, the usual word, or the same place."""
    before = known.fingerprint.headers if known.fingerprint is not None else ()
    folded = {header.casefold() for header in now}
    by_word = known_positions(now, known.kind)
    columns = {}
    for column, header in known.columns.items():
        if header.casefold() in folded:
            columns[column] = header
        elif column in by_word:
            columns[column] = now[by_word[column]]
        elif len(before) == len(now) and header in before:
            columns[column] = now[before.index(header)]
        else:
            raise FeedUnreadable(
                f"no column of the file can be {column}, which was headed {header!r}.",
                remedy=f"write its header into `columns.{column}` of the profile by hand",
                rule="fingerprint",
            )
    return columns


def _spelling(grid: Grid, header: Header) -> dict[str, Any]:
    """The decimal mark, the formats of dates and the fingerprint, as the file shows them."""
    cells = next(grid.below(header.line, len(header.cells)), None)
    prints = {}
    if cells is not None:
        prints = {name: print_of(name, texts(cells, header, name)) for name in header.positions}
    marks = {one.decimal_mark for one in prints.values() if one.decimal_mark is not None}
    orders = {prints[name].order for name in DATE_COLUMNS if name in prints} - {None, "year"}
    found: dict[str, Any] = {
        "fingerprint": Fingerprint(headers=trimmed(header.cells), columns=prints)
    }
    if len(marks) == 1:
        found["decimal_mark"] = marks.pop()
    if orders == {"day"}:
        found["date_formats"] = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d")
    elif orders == {"month"}:
        found["date_formats"] = ("%m/%d/%Y", "%m-%d-%Y", "%Y-%m-%d")
    return found


def _next(version: str) -> str:
    return str(int(version) + 1) if version.isdecimal() else f"{version}+1"
