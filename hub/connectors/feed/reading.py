"""Any file of a distributor as a report: its format told by its bytes, then read as such."""

from collections.abc import Iterator

import polars as pl

from hub.connectors.contract import RECORD_ID
from hub.connectors.feed.canonical import ACTION
from hub.connectors.feed.edi.reading import read_edifact, read_x12
from hub.connectors.feed.keys import Keys, with_companies
from hub.connectors.feed.profile import KEYS, Format, Profile
from hub.connectors.feed.repairs import repaired
from hub.connectors.feed.report import ROW, Part, Report, Source, fault_frame
from hub.connectors.feed.tabular.reading import Period, month_of, read_table
from hub.errors import FeedUnreadable

__all__ = ["Period", "format_of", "month_of", "open_report"]

_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def format_of(source: Source) -> Format:
    """The format of a file by how it begins. Raises FeedUnreadable for an empty one."""
    with source.open() as file:
        start = file.read(4096)
    if not start.strip():
        raise FeedUnreadable(
            f"{source.name}: the file is empty.",
            remedy="have it sent again; a month without sales is a header without lines",
        )
    if start.startswith(_SPREADSHEETS):
        return "spreadsheet"
    bare = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if bare.startswith(b"ISA") and not bare[3:4].isalnum():
        return "x12"
    if bare.startswith((b"UNA", b"UNB")) and not bare[3:4].isalnum():
        return "edifact"
    return "jsonl" if bare.startswith((b"{", b"[{", b"[\n", b"[\r", b"[ ")) else "csv"


def open_report(source: Source, profile: Profile | None, period: Period | None = None) -> Report:
    """A file as a report of canonical lines, each with its `record_id`.

    Every row of the file is in a part, is named by a fault, or is counted as ignored. `period`:
    first and last day, where the caller knows. Raises FeedUnreadable when the file as a whole is
    not what it should be; then nothing of it may be taken.
    """
    form = (profile.format if profile is not None else None) or format_of(source)
    if form == "x12":
        report = read_x12(source, profile)
    elif form == "edifact":
        report = read_edifact(source, profile)
    else:
        report = read_table(source, form, profile, period)
    return Report(report.head, lambda: _finished(report, profile, source.place or source.name))


def _finished(report: Report, profile: Profile | None, file: str) -> Iterator[Part]:
    keys: dict[str, Keys] = {}
    named = profile.line_key if profile is not None else KEYS[report.head.kind]
    for part in report.parts():
        mine = keys.get(part.object)
        if mine is None:
            known = tuple(n for n in named if n in part.rows.columns)
            strict = profile is not None and bool(profile.columns)
            mine = keys[part.object] = Keys(part.object, known, file, strict=strict)
        yield _finish(part, profile, mine)


def _finish(part: Part, profile: Profile | None, keys: Keys) -> Part:
    mended = repaired(part.rows, profile)
    rows, repeated = keys.given(with_companies(mended.rows))
    units = [
        (row, "unit", "unit_unknown", value,
         "nobody told how many pieces it holds: set `units` in the profile")
        for row, value in mended.faults.iter_rows()
    ]  # fmt: skip
    again = [
        (row, "invoice_line", "line_repeated", rows[RECORD_ID][row],
         "another line of the file has this number; only the first is taken")
        for row in repeated.to_list()
    ]  # fmt: skip
    required = _without_key(rows, profile, part)
    actions = _unknown_actions(rows)
    faults = pl.concat(
        [part.faults, _frame(units), _frame(again), _frame(required), _frame(actions)]
    )
    return Part(part.object, rows, faults.sort(ROW, maintain_order=True), part.ignored)


def _unknown_actions(rows: pl.DataFrame) -> list[tuple[int, str, str, str | None, str]]:
    if ACTION not in rows.columns:
        return []
    odd = ~rows[ACTION].is_in(["add", "change", "delete"]).fill_null(value=True)
    return [
        (at, ACTION, "action_unknown", rows[ACTION][at],
         "neither add, change nor delete: set `codes` in the profile")
        for at in odd.arg_true().to_list()
    ]  # fmt: skip


def _without_key(
    rows: pl.DataFrame, profile: Profile | None, part: Part
) -> list[tuple[int, str, str, str | None, str]]:
    """Lines without a value that the sender's key is made of."""
    if profile is None or not profile.columns:
        return []
    held = set(part.faults.filter(pl.col("rule") == "too_many_cells")[ROW])
    mapped = {*profile.columns, *profile.constants}
    return [
        (at, name, "required", None, "must not be empty")
        for name in profile.line_key
        if name in mapped and name != "branch"
        for at in rows[name].is_null().arg_true().to_list()
        if at not in held
    ]


def _frame(faults: list[tuple[int, str, str, str | None, str]]) -> pl.DataFrame:
    return fault_frame(faults)  # type: ignore[arg-type]
