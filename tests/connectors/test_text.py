"""One spelling for each value, however the system writes it."""

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

from hub.connectors.text import canonical_number, canonical_time, numbers, times


@pytest.mark.parametrize(
    ("told", "spelt"),
    [
        ("1500.00", "1500"),
        ("0.30", "0.3"),
        ("100", "100"),
        ("1.0E7", "10000000"),
        ("1.25E-3", "0.00125"),
        ("-0.0", "0"),
        ("007", "7"),
        ("+5", "5"),
        ("12345678901234567890123456789.10", "12345678901234567890123456789.1"),
        ("12,5", "12,5"),
        ("n/a", "n/a"),
        ("NaN", "NaN"),
        ("1E999999", "1E999999"),
    ],
)
def test_a_number_has_one_spelling(told: str, spelt: str) -> None:
    assert canonical_number(told) == spelt
    assert numbers(pl.Series([told, None, "1.50"])).to_list() == [spelt, None, "1.5"]


@pytest.mark.parametrize(
    ("told", "spelt"),
    [
        ("2026-05-28T21:10:08.000+0000", "2026-05-28T21:10:08.000Z"),
        ("2026-05-28T21:10:08.123Z", "2026-05-28T21:10:08.123Z"),
        ("2026-05-28T21:10:08Z", "2026-05-28T21:10:08.000Z"),
        ("2026-05-28T23:10:08.5+02:00", "2026-05-28T21:10:08.500Z"),
        ("2026-05-28T21:10:08", "2026-05-28T21:10:08.000Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_time_has_one_spelling(told: str, spelt: str) -> None:
    assert times(pl.Series([told, None])).to_list() == [spelt, None]


def test_a_time_in_any_zone_is_told_in_utc() -> None:
    berlin = timezone(timedelta(hours=2))
    assert canonical_time(datetime(2026, 5, 4, 1, 2, 3, 4567, berlin)) == "2026-05-03T23:02:03.004Z"
    assert canonical_time(datetime(2026, 5, 4, tzinfo=UTC)) == "2026-05-04T00:00:00.000Z"


def test_empty_columns_stay_empty() -> None:
    assert numbers(pl.Series([], dtype=pl.String)).to_list() == []
    assert times(pl.Series([None, None], dtype=pl.String)).to_list() == [None, None]
