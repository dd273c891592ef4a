"""The distributor's weekly CSV, and what spreadsheets do to it on the way.

Two files of the six lost the leading zeros of their codes. Mojibake and stray spaces sit in single
cells. Some rows were pasted from another workbook, with its dates or its decimal comma. All of it
can be repaired; a strict reader may also refuse the pasted rows (`either` in the truth).
"""

from dataclasses import dataclass
from datetime import date
from random import Random

from sandbox.world.pos import Line, Week

HEADER = (
    "Report Date", "Branch", "Reseller Account", "Reseller Name", "Reseller City", "Reseller Zip",
    "Reseller Country", "End Customer", "End Customer City", "End Customer Zip",
    "End Customer Country", "SKU", "Description", "Qty", "Unit Price", "Currency", "Invoice No",
    "Invoice Line", "Invoice Date", "Serial No",
)  # fmt: skip
Cells = dict[str, str]

_CODES = ("Reseller Account", "Reseller Zip", "End Customer Zip")
_NAMES = ("Reseller Name", "End Customer")
_MOJIBAKE_SHARE = 0.04
_SPACES_SHARE = 0.02
_EXCEL_EPOCH = date(1899, 12, 30)


@dataclass(slots=True)
class Printed:
    """One line with the cells its file prints for it."""

    line: Line
    cells: Cells


def printed(rng: Random, line: Line, week: Week, *, zeros: bool) -> Printed:
    """The line as its file prints it; without `zeros`, codes lost theirs."""
    cells = _cells(line, week)
    if not zeros:
        for column in _CODES:
            cells[column] = _as_number(cells[column])
    for column in _NAMES:
        if rng.random() < _MOJIBAKE_SHARE:
            cells[column] = _garbled(cells[column])
        if rng.random() < _SPACES_SHARE:
            cells[column] += "  "
    return Printed(line, cells)


def _cells(line: Line, week: Week) -> Cells:
    reseller, buyer = line.reseller, line.buyer
    return {
        "Report Date": week.sunday.isoformat(),
        "Branch": reseller.branch,
        "Reseller Account": reseller.account,
        "Reseller Name": reseller.name,
        "Reseller City": reseller.city,
        "Reseller Zip": reseller.postal,
        "Reseller Country": reseller.country,
        "End Customer": buyer.name,
        "End Customer City": buyer.city,
        "End Customer Zip": buyer.postal,
        "End Customer Country": buyer.country,
        "SKU": line.product.sku,
        "Description": line.product.description,
        "Qty": str(line.quantity),
        "Unit Price": price(line.cents),
        "Currency": line.currency,
        "Invoice No": line.invoice,
        "Invoice Line": str(line.number),
        "Invoice Date": line.invoiced.isoformat(),
        "Serial No": line.serial,
    }


def price(cents: int) -> str:
    return f"{cents / 100:.2f}"


def day_first(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def serial_day(day: date) -> str:
    """The number a spreadsheet keeps behind a date."""
    return str((day - _EXCEL_EPOCH).days)


def scientific(digits: str, shown: int) -> str:
    """A long number as a spreadsheet shows it in a column with room for so many decimals."""
    return f"{float(digits):.{shown}E}"


def _as_number(text: str) -> str:
    """What is left of a code once a spreadsheet took it for a number."""
    return str(int(text)) if text.isascii() and text.isdigit() else text


def _garbled(text: str) -> str:
    """UTF-8 read as Windows-1252; text whose bytes have no such reading stays as it is."""
    try:
        return text.encode().decode("cp1252")
    except UnicodeDecodeError:
        return text


def total_row(rows: list[Cells]) -> Cells:
    """The total a spreadsheet with a filter left on adds: it covers only part of the rows."""
    shown = sum(map(_quantity, rows[: max(1, len(rows) * 2 // 3)]))
    if shown == sum(map(_quantity, rows)):
        shown += 1
    return dict.fromkeys(HEADER, "") | {"Description": "Total", "Qty": str(shown)}


def _quantity(row: Cells) -> int:
    text = row["Qty"]
    return int(text) if text.removeprefix("-").isdigit() else 0


def text_of(rows: list[Cells]) -> str:
    """The file. No cell holds the delimiter or a quote, so none is quoted and a row is a line."""
    return "".join(f"{';'.join(row)}\n" for row in (HEADER, *(row.values() for row in rows)))
