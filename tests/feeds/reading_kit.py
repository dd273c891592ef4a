"""Files as a sync would read them, in memory."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from hub.commands.feed import Checked, add_part
from hub.connectors.feed.fingerprint import compare
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.reading import Period, open_report
from hub.connectors.feed.report import Source

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "remove_timezone": True}


def source(content: str | bytes, name: str = "report") -> Source:
    data = content.encode() if isinstance(content, str) else content
    return Source(name, lambda: io.BytesIO(data))


def checked(
    content: str | bytes,
    profile: Profile | None = None,
    period: Period | None = None,
    name: str = "report",
) -> Checked:
    """Everything `hub feed check` would tell; an unreadable file raises FeedUnreadable."""
    told = source(content, name)
    if profile is not None:
        compare(told, profile)
    report = open_report(told, profile, period)
    found = Checked(name, None, report.head)
    for part in report.parts():
        add_part(found, part, keep_lines=True)
    return found


def lines(content: str | bytes, *columns: str, **how: Any) -> list[tuple[Any, ...]]:
    """The accepted lines of a file; nothing of it may be at fault."""
    found = checked(content, **how)
    assert found.faults == []
    return [tuple(line.get(column) for column in columns) for line in found.lines]


def rules(found: Checked) -> list[tuple[int | None, str | None, str]]:
    return [(fault["line"], fault["column"], fault["rule"]) for fault in found.faults]


def csv_text(rows: Sequence[Mapping[str, str]], delimiter: str = ";") -> str:
    header = list(rows[0])
    body = [delimiter.join(row.get(name, "") for name in header) for row in rows]
    return "\n".join([delimiter.join(header), *body]) + "\n"


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], hidden: Sequence[str] = ()) -> bytes:
    """An .xlsx of the given cells; dates and numbers are typed as they are."""
    import xlsxwriter

    made = io.BytesIO()
    with xlsxwriter.Workbook(made, _OPTIONS) as book:
        form = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if hasattr(cell, "isoformat"):
                        sheet.write_datetime(at, place, cell, form)
                    elif cell is not None:
                        sheet.write(at, place, cell)
            if name in hidden:
                sheet.hide()
    return made.getvalue()
