"""Rows of a table that are no lines: totals and repeated headers.

A total row is left out only when it is one by its label, names no invoice, and its figures are the
sums of the lines above it. Any other one is held back with a warning, because then either the total
or a line is wrong.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation

import polars as pl

from hub.connectors.feed.canonical import LINE
from hub.connectors.feed.report import Head

LABEL = (
    r"(?i)^\s*(grand |sub[ -]?)?totals?\b|^\s*sum(me|ma)?\b|^\s*gesamt|^\s*zwischensumme"
    r"|^\s*somme\b|^\s*total g"
)
_IDENTIFYING = ("invoice_no", "serial_no")
_LABELLED = (
    *(
        "invoice_no",
        "branch",
        "reseller_account",
        "reseller_name",
        "end_customer_name",
        "sku",
        "product_name",
    ),
    *("distributor_sku", "transaction_type", "report_date", "invoice_date", "as_of_date"),
)
_SUMMED = ("quantity", "amount", "on_hand", "claim_amount")


def _labelled(rows: pl.DataFrame) -> pl.Series:
    """Which rows a word calls a total, and nothing else identifies as a line."""
    names = [name for name in _LABELLED if name in rows.columns]
    if not names:
        return pl.repeat(value=False, n=rows.height, eager=True)
    is_total = pl.any_horizontal(
        pl.col(name).str.contains(LABEL).fill_null(value=False) for name in names
    )
    for name in _IDENTIFYING:
        if name in rows.columns:
            is_total &= pl.col(name).is_null() | pl.col(name).str.contains(LABEL)
    return rows.select(is_total).to_series()


class Totals:
    """Running sums over the parts of one file."""

    def __init__(self) -> None:
        self._sums = dict.fromkeys(_SUMMED, Decimal(0))
        self._before = dict.fromkeys(_SUMMED, Decimal(0))

    def without(self, rows: pl.DataFrame, head: Head) -> tuple[pl.DataFrame, int]:
        """`rows` without their proven total rows, and how many those were."""
        labelled = _labelled(rows)
        summed = [name for name in _SUMMED if name in rows.columns]
        proven: list[int] = []
        begun = 0
        for at in labelled.arg_true().to_list():
            self._add(rows[begun:at], summed)
            begun = at + 1
            told = {name: _number(rows[name][at]) for name in summed}
            if self._proves(told):
                proven.append(at)
                self._before = dict(self._sums)
            else:
                head.warn(
                    f"line {rows[LINE][at]}: a total row that is not the sum of the lines above "
                    f"it: {_shown(told)} against {_shown({n: self._sums[n] for n in told})}"
                )
        self._add(rows[begun:], summed)
        if not proven:
            return rows, 0
        kept = ~pl.int_range(pl.len()).is_in(proven)
        return rows.filter(kept), len(proven)

    def _add(self, rows: pl.DataFrame, summed: Sequence[str]) -> None:
        for name in summed:
            numbers = rows[name].cast(pl.Decimal(38, 4), strict=False)
            total = numbers.sum()
            self._sums[name] += Decimal(str(total)) if total is not None else 0

    def _proves(self, told: Mapping[str, Decimal | None]) -> bool:
        figures = {name: value for name, value in told.items() if value is not None}
        if not figures:
            return False
        return all(v == self._sums[n] for n, v in figures.items()) or all(
            v == self._sums[n] - self._before[n] for n, v in figures.items()
        )


def repeated_headers(cells: pl.DataFrame, rows: Sequence[Sequence[str]]) -> pl.Series:
    """Which rows print the header once more."""
    names = [name for name in cells.columns if name.isdigit()]
    found = pl.repeat(value=False, n=cells.height, eager=True)
    for header in rows:
        told = [(names[at], text) for at, text in enumerate(header) if text and at < len(names)]
        if len(told) > 1:
            found |= _print(cells, told)
    return found.alias("repeated")


def _print(cells: pl.DataFrame, header: Sequence[tuple[str, str]]) -> pl.Series:
    """Which rows print these texts in these columns. Mostly the first column tells: none."""
    same = pl.repeat(value=True, n=cells.height, eager=True)
    for name, text in header:
        same &= cells[name].str.strip_chars().fill_null("") == text
        if not same.any():
            break
    return same


def _number(told: str | None) -> Decimal | None:
    if told is None:
        return None
    try:
        return Decimal(told)
    except InvalidOperation:
        return Decimal("NaN")


def _shown(figures: Mapping[str, Decimal | None]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items() if value is not None)
