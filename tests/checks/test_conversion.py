"""Text as told becomes typed values; what cannot be read is said to be so, never dropped."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rows import faults, typed

from hub.checks.convert import utc_time


@pytest.mark.parametrize(
    ("source", "column", "told", "value"),
    [
        ("opportunity", "amount", "1500", Decimal("1500.00")),
        ("opportunity", "amount", "0.1", Decimal("0.10")),
        ("opportunity", "amount", "1500.5000", Decimal("1500.50")),
        ("opportunity", "amount", "9999999999999.99", Decimal("9999999999999.99")),
        ("pos_line", "unit_price", "0.0125", Decimal("0.0125")),
        ("opportunity", "close_date", "2026-02-28", date(2026, 2, 28)),
        ("opportunity", "close_date", "2024-02-29", date(2024, 2, 29)),
        ("opportunity", "close_date", "2026-02-28T23:30:00.000Z", date(2026, 2, 28)),
        (
            *("opportunity", "submitted_at", "2026-01-15T09:30:00.123Z"),
            datetime(2026, 1, 15, 9, 30, 0, 123000, UTC),
        ),
        (
            "opportunity",
            "created_at",
            "2026-01-15T09:30:00Z",
            datetime(2026, 1, 15, 9, 30, 0, 0, UTC),
        ),
        (
            *("opportunity", "created_at", "2026-01-15T09:30:00+00:00"),
            datetime(2026, 1, 15, 9, 30, 0, 0, UTC),
        ),
        ("opportunity", "is_won", "true", True),
        ("opportunity", "is_won", "FALSE", False),
        ("company", "employees", "250", 250),
        ("company", "employees", "250.0", 250),
        ("pos_line", "quantity", "-3", -3),
        ("company", "country", "Deutschland", "DE"),
        ("company", "country", "germany", "DE"),
        ("company", "country", "AUT", "AT"),
        ("company", "country", "at", "AT"),
        ("company", "country", "Österreich", "AT"),
        ("company", "country", "Oesterreich", "AT"),
        ("company", "country", "UK", "GB"),
        ("company", "country", "The Netherlands", "NL"),
        ("pos_line", "end_customer_country", "Schweiz", "CH"),
        ("contact", "email", "Ada.Lovelace@Example.COM", "ada.lovelace@example.com"),
        ("opportunity", "currency", "eur", "EUR"),
        ("company", "city", "  Graz ", "Graz"),
        ("company", "city", "", None),
        ("company", "city", " \t ", None),
        ("company", "city", None, None),
        ("opportunity", "amount", "", None),
    ],
)
def test_a_value_is_read_as_what_it_is(source: str, column: str, told: str, value: Any) -> None:
    priced = {"currency": "EUR"} if column == "unit_price" else {}
    found = typed(source, column, told, **priced)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("source", "column", "told", "rule"),
    [
        ("opportunity", "amount", "1.505", "number_unparsable"),
        ("opportunity", "amount", "1,50", "number_unparsable"),
        ("opportunity", "amount", "12e3", "number_unparsable"),
        ("opportunity", "amount", "€ 12", "number_unparsable"),
        ("opportunity", "amount", "10000000000000", "number_unparsable"),
        ("pos_line", "unit_price", "0.00125", "number_unparsable"),
        ("pos_line", "quantity", "2.5", "number_unparsable"),
        ("pos_line", "quantity", "two", "number_unparsable"),
        ("company", "employees", "2147483648", "number_unparsable"),
        ("company", "employees", "99999999999999999999", "number_unparsable"),
        ("opportunity", "close_date", "2026-02-30", "date_unparsable"),
        ("opportunity", "close_date", "28.02.2026", "date_unparsable"),
        ("opportunity", "close_date", "0000-01-01", "date_unparsable"),
        ("opportunity", "created_at", "2026-01-15T09:30:00+02:00", "date_unparsable"),
        ("opportunity", "created_at", "2026-01-15", "date_unparsable"),
        ("opportunity", "created_at", "0000-01-01T00:00:00Z", "date_unparsable"),
        ("opportunity", "created_at", "2026-13-01T00:00:00Z", "date_unparsable"),
        ("opportunity", "is_won", "yes", "boolean_unparsable"),
        ("company", "country", "Atlantis", "country_unknown"),
        ("pos_line", "reseller_country", "Bongoland", "country_unknown"),
        ("company", "name", "a\x00b", "control_character"),
    ],
)
def test_what_cannot_be_read_is_held_back_with_the_value_as_told(
    source: str, column: str, told: str, rule: str
) -> None:
    assert faults(source, **{column: told}) == [(column, rule, told)]


_DIGITS = st.integers(0, 99).map("{:02}".format)
_times = st.tuples(
    *(st.integers(0, 9999).map("{:04}".format), _DIGITS, _DIGITS, _DIGITS, _DIGITS, _DIGITS),
    st.sampled_from(["", ".5", ".000", ".123", ".123456"]),
    st.sampled_from(["Z", "+0000", "+00:00"]),
)


@given(st.lists(_times | _times.map(lambda t: (*t[:1], "02", "28", "23", "59", *t[5:]))))
def test_a_time_is_read_as_the_moment_it_names_however_it_is_spelt(
    told: list[tuple[str, ...]],
) -> None:
    texts = [f"{y}-{m}-{d}T{h}:{n}:{s}{part}{zone}" for y, m, d, h, n, s, part, zone in told]
    frame = pl.DataFrame({"told": texts}, schema={"told": pl.String})
    found = frame.select(utc_time(pl.col("told")))["told"].to_list()
    assert [f for f, t in zip(found, told, strict=True) if t[5] != "60"] == [
        _moment(text) for text, t in zip(texts, told, strict=True) if t[5] != "60"
    ]


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
