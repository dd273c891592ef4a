"""A file that no longer looks like its sender's files is stopped before a line of it is read."""

from collections.abc import Callable

import pytest
from reading_kit import checked, csv_text, source

from hub.connectors.feed.learn import learn
from hub.connectors.feed.profile import Profile
from hub.errors import FeedUnreadable

Rows = list[dict[str, str]]


def rows() -> Rows:
    return [
        {
            "Invoice No": f"INV-{at // 2}",
            "Invoice Line": str(at % 2 + 1),
            "Invoice Date": f"2026-03-{at % 28 + 1:02d}",
            "Reseller Account": f"{at * 37 % 9000:08d}",
            "SKU": f"FW-{at % 7}",
            "Qty": str(at % 9 + 1),
            "Unit Price": f"{at * 13 % 900 + 1}.{at % 90 + 10}",
            "Currency": ("EUR", "SEK")[at % 2],
        }
        for at in range(40)
    ]


@pytest.fixture(scope="module")
def known() -> Profile:
    profile, _ = learn(source(csv_text(rows())), None)
    return profile


def _renamed(told: Rows) -> Rows:
    return [{("Units" if n == "Qty" else n): v for n, v in row.items()} for row in told]


def _reordered(told: Rows) -> Rows:
    return [dict(sorted(row.items())) for row in told]


def _inserted(told: Rows) -> Rows:
    return [{"Warehouse": "HH", **row} for row in told]


def _decimal_comma(told: Rows) -> Rows:
    return [row | {"Unit Price": row["Unit Price"].replace(".", ",")} for row in told]


def _without_zeros(told: Rows) -> Rows:
    return [row | {"Reseller Account": row["Reseller Account"].lstrip("0") or "0"} for row in told]


def _month_first(told: Rows) -> Rows:
    def turned(day: str) -> str:
        return f"{day[5:7]}/{day[8:]}/{day[:4]}"

    return [row | {"Invoice Date": turned(row["Invoice Date"])} for row in told]


def _new_currency(told: Rows) -> Rows:
    return [*told[:-1], told[-1] | {"Currency": "NOK"}]


def _without_points(told: Rows) -> Rows:
    return [row | {"Unit Price": row["Unit Price"].replace(".", "") + "00"} for row in told]


def test_a_file_like_the_sample_is_read_as_it_was(known: Profile) -> None:
    text = csv_text(rows())
    assert checked(text, known).faults == []
    assert len(checked(text, known).lines) == 40


@pytest.mark.parametrize(
    ("drift", "told"),
    [
        (_renamed, "the column 'Qty' is headed 'Units' now (columns.quantity: Units)"),
        (_reordered, "the columns stand in another order"),
        (_inserted, "there is a new column 'Warehouse'"),
        (_decimal_comma, "numbers have a decimal comma now (decimal_mark: ',')"),
        (_without_zeros, "codes have lost leading zeros"),
        (_month_first, "dates have the month first now, they had the year"),
        (_new_currency, "codes never seen before: NOK"),
        (_without_points, "numbers are far larger than ever"),
    ],
)
def test_a_drift_stops_the_file_and_says_what_would_settle_it(
    known: Profile, drift: Callable[[Rows], Rows], told: str
) -> None:
    with pytest.raises(FeedUnreadable) as stopped:
        checked(csv_text(drift(rows())), known)
    assert stopped.value.rule == "fingerprint"
    assert told in stopped.value.message
    assert "hub feed learn" in stopped.value.remedy


@pytest.mark.parametrize("drift", [_renamed, _reordered, _inserted, _decimal_comma])
def test_a_profile_brought_up_to_a_drift_reads_the_same_lines(
    known: Profile, drift: Callable[[Rows], Rows]
) -> None:
    text = csv_text(drift(rows()))
    renewed, changes = learn(source(text), known)
    assert renewed.version == "2"
    assert bool(changes) == (drift is not _decimal_comma)
    columns = ("record_id", "sku", "quantity", "unit_price", "invoice_date", "reseller_account")
    before = checked(csv_text(rows()), known).lines
    after = checked(text, renewed).lines
    assert [[line[c] for c in columns] for line in after] == [
        [line[c] for c in columns] for line in before
    ]
