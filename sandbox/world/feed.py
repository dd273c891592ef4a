"""Northwind's weekly files: written, damaged, and with lines nobody can repair planted in them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from sandbox.world.faults import NO_COUNTRY, pasted
from sandbox.world.population import HERO_CUSTOMER
from sandbox.world.pos import Week
from sandbox.world.spreadsheet import (
    Printed,
    day_first,
    price,
    printed,
    scientific,
    serial_day,
    text_of,
    total_row,
)
from sandbox.world.truth import NORTHWIND, Fault, Truth

_DIRTY_SHARE = 0.014
_PASTED_SHARE = 0.006
_TOTAL_ROWS = 3
_FILES_WITHOUT_ZEROS = 2
_OBJECT = "pos_line"
_NO_DATE = ("KW 33", "2026-13-45", "31.02.2026", "next week", "00/00/0000")
_NO_QUANTITY = ("1O", "two", "3 + 1", "12..0")
_NO_PRICE = ("on request", "12.5O", "1.2.3.4", "see contract")
_NO_CURRENCY = ("EUX", "QQQ", "ZZZ", "U5D")


@dataclass(frozen=True, slots=True)
class _Kind:
    """One way a cell goes wrong; `spoil` gives the bad text, `fits` says where it can happen."""

    header: str
    column: str
    rule: str
    spoil: Callable[[Random, Printed], str]
    fits: Callable[[Printed], bool] = lambda _: True


def _one_of(*texts: str) -> Callable[[Random, Printed], str]:
    return lambda rng, _: rng.choice(texts)


def _years_ahead(_rng: Random, one: Printed) -> str:
    return (one.line.invoiced + timedelta(days=3 * 365 + 1)).isoformat()


def _has_serial(one: Printed) -> bool:
    return bool(one.line.serial)


def _has_customer(one: Printed) -> bool:
    return one.line.buyer.company is not None


def _day_is_no_month(one: Printed) -> bool:
    return one.line.invoiced.day > 12


_DIRTY = (
    _Kind("Invoice Date", "invoice_date", "date_unparsable", _one_of(*_NO_DATE)),
    _Kind("Invoice Date", "invoice_date", "date_in_future", _years_ahead),
    _Kind("Qty", "quantity", "number_unparsable", _one_of(*_NO_QUANTITY)),
    _Kind("Unit Price", "unit_price", "number_unparsable", _one_of(*_NO_PRICE)),
    _Kind("Qty", "quantity", "quantity_zero", _one_of("0")),
    _Kind("Unit Price", "unit_price", "negative_price", lambda _, one: price(-one.line.cents)),
    _Kind("Currency", "currency", "currency_unknown", _one_of(*_NO_CURRENCY)),
    _Kind("SKU", "sku", "required", _one_of("")),
    _Kind("Qty", "quantity", "required", _one_of("")),
    _Kind(
        "Serial No",
        "serial_no",
        "scientific_notation",
        lambda _, one: scientific(one.line.serial, 5),
        _has_serial,
    ),
    _Kind(
        "Reseller Account",
        "reseller_account",
        "scientific_notation",
        lambda _, one: scientific(one.line.reseller.account, 2),
    ),
    _Kind(
        "End Customer Country",
        "end_customer_country",
        "country_unknown",
        _one_of(*NO_COUNTRY),
        _has_customer,
    ),
    _Kind(
        "End Customer",
        "end_customer_name",
        "too_long",
        lambda _, one: pasted(one.line.buyer.name),
        _has_customer,
    ),
)
_PASTED = (
    _Kind(
        "Invoice Date",
        "invoice_date",
        "date_unparsable",
        lambda _, one: day_first(one.line.invoiced),
        _day_is_no_month,
    ),
    _Kind(
        "Unit Price",
        "unit_price",
        "number_unparsable",
        lambda _, one: price(one.line.cents).replace(".", ","),
    ),
    _Kind(
        "Invoice Date",
        "invoice_date",
        "date_unparsable",
        lambda _, one: serial_day(one.line.invoiced),
    ),
)


def files(weeks: list[Week], truth: Truth, rng: Random) -> dict[str, str]:
    """File name → text, oldest week first; notes mentions and faults in the truth."""
    bare = set(rng.sample(range(len(weeks)), _FILES_WITHOUT_ZEROS))
    reports = [
        [printed(rng, line, week, zeros=place not in bare) for line in week.lines]
        for place, week in enumerate(weeks)
    ]
    pool = [one for lines in reports for one in lines if not _is_hero(one)]
    rng.shuffle(pool)
    count = len(pool)
    dirty = _spoil(rng, pool, _DIRTY, max(len(_DIRTY), round(count * _DIRTY_SHARE)))
    either = _spoil(rng, pool, _PASTED, round(count * _PASTED_SHARE))
    totals = set(rng.sample(range(len(weeks)), _TOTAL_ROWS))
    made = {}
    for place, (week, lines) in enumerate(zip(weeks, reports, strict=True)):
        truth.dirty += _faults(week, lines, dirty)
        truth.either += _faults(week, lines, either)
        rows = [one.cells for one in lines]
        if place in totals and rows:
            rows.append(total_row(rows))
            truth.dirty.append(
                Fault(
                    NORTHWIND,
                    _OBJECT,
                    None,
                    "total_row",
                    "Total",
                    file=week.file,
                    line=len(rows) + 1,
                )
            )
        made[week.file] = text_of(rows)
    _note_mentions(truth, reports, dirty)
    return made


def _is_hero(one: Printed) -> bool:
    customer = one.line.buyer.company
    return customer is not None and customer.number == HERO_CUSTOMER


def _spoil(
    rng: Random, pool: list[Printed], kinds: tuple[_Kind, ...], count: int
) -> dict[str, _Kind]:
    """Plant the kinds in turn, each line at most once; returns what was planted by line key."""
    planted: dict[str, _Kind] = {}
    for place in range(count):
        kind = kinds[place % len(kinds)]
        at = next((n for n, one in enumerate(pool) if kind.fits(one)), None)
        if at is not None:
            one = pool.pop(at)
            one.cells[kind.header] = kind.spoil(rng, one)
            planted[one.line.key] = kind
    return planted


def _faults(week: Week, lines: list[Printed], planted: dict[str, _Kind]) -> list[Fault]:
    """What was planted in one file; its first line after the header is line 2."""
    return [
        Fault(
            NORTHWIND,
            _OBJECT,
            kind.column,
            kind.rule,
            one.cells[kind.header],
            record_id=one.line.key,
            file=week.file,
            line=number,
        )
        for number, one in enumerate(lines, start=2)
        if (kind := planted.get(one.line.key)) is not None
    ]


def _note_mentions(truth: Truth, reports: list[list[Printed]], dirty: dict[str, _Kind]) -> None:
    accounts: set[str] = set()
    for one in (one for lines in reports for one in lines):
        account = one.cells["Reseller Account"]
        kind = dirty.get(one.line.key)
        readable = kind is None or kind.header != "Reseller Account"
        if readable and account not in accounts:
            accounts.add(account)
            truth.company(one.line.reseller.company, NORTHWIND, "reseller", account)
        customer = one.line.buyer.company
        if customer is not None:
            truth.company(customer, NORTHWIND, "end_customer", one.line.key)
