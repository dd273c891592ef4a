"""Tables of text as CSV or XLSX and back, such that no spreadsheet takes a cell for a formula.

A cell that begins with `=`, `+`, `-`, `@`, a tab, a carriage return or an apostrophe is written
with an apostrophe before it, and read without: what was written comes back as it was. Source of
the list: OWASP, CSV Injection.
"""

import csv
import io
from collections.abc import Sequence

import fastexcel
import xlsxwriter

from hub.errors import FeedUnreadable

SUFFIXES = (".csv", ".xlsx")
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_MARK = "'"

Rows = Sequence[Sequence[str | None]]


def neutral(value: str | None) -> str:
    """A value as the text of a cell; an empty one is an empty cell."""
    text = value or ""
    return _MARK + text if text.startswith((*_RISKY, _MARK)) else text


def meant(cell: str | None) -> str | None:
    """The value of a cell: the reverse of `neutral`."""
    return (cell or "").removeprefix(_MARK) or None


def written(path: str, header: Sequence[str], rows: Rows, delimiter: str) -> bytes:
    """The file as bytes, its kind told by the end of its path. Everything is text."""
    cells = [list(header), *([neutral(value) for value in row] for row in rows)]
    return _xlsx(cells) if path.lower().endswith(".xlsx") else _csv(cells, delimiter)


def read(
    path: str, content: bytes, delimiter: str = ",", encoding: str = "utf-8"
) -> list[tuple[int, list[str]]]:
    """The rows of a file that are not blank, cells as they stand, each with its line number.

    Raises FeedUnreadable when it is no such file.
    """
    try:
        rows = (
            _xlsx_rows(content)
            if path.lower().endswith(".xlsx")
            else _csv_rows(content, delimiter, encoding)
        )
    except (UnicodeDecodeError, csv.Error, fastexcel.FastExcelError) as err:
        raise FeedUnreadable(
            f"{path} cannot be read ({err}).",
            remedy="have it sent again, or correct `encoding` and `delimiter` in hub.yaml",
        ) from err
    return [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]


def _csv(cells: Sequence[Sequence[str]], delimiter: str) -> bytes:
    """With a byte-order mark: by that spreadsheets know it is UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(cells)
    return text.getvalue().encode("utf-8-sig")


def _csv_rows(content: bytes, delimiter: str, encoding: str) -> list[tuple[int, list[str]]]:
    text = content.decode("utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding)
    rows, last = [], 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    for cells in reader:
        rows.append((last + 1, cells))
        last = reader.line_num
    return rows


def _xlsx(cells: Sequence[Sequence[str]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    sheet = book.add_worksheet("Leads")
    for at, row in enumerate(cells):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, cell)
    book.close()
    return buffer.getvalue()


def _xlsx_rows(content: bytes) -> list[tuple[int, list[str]]]:
    """The first sheet; its lines are counted as the spreadsheet counts them."""
    sheet = fastexcel.read_excel(content).load_sheet(0, header_row=None, dtypes="string")
    frame = sheet.to_polars()
    return [
        (line, [cell or "" for cell in row]) for line, row in enumerate(frame.iter_rows(), start=1)
    ]
