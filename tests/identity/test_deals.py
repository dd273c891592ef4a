"""Whether a registration and an opportunity are one deal: levels, sums, odds among several."""

import json
import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.identity.deals import alike
from hub.identity.model import load_model

MODEL = load_model("deal")
DAY = date(2026, 6, 30)
SCHEMA = {
    **dict.fromkeys(("registration_id", "opportunity_id"), pl.String),
    **{f"product{side}": pl.String for side in ("", "_there")},
    **{f"amount{side}": pl.Decimal(15, 2) for side in ("", "_there")},
    **{f"currency{side}": pl.String for side in ("", "_there")},
    **{f"close_date{side}": pl.Date for side in ("", "_there")},
    "is_closed": pl.Boolean,
}


def _pair(key: str = "op_1", of: str = "re_1", **told: Any) -> dict[str, Any]:
    said = {"product": "Firewall", "amount": Decimal(10_000), "currency": "EUR", "close_date": DAY}
    both = {f"{name}{side}": value for name, value in said.items() for side in ("", "_there")}
    ends = {"registration_id": of, "opportunity_id": key, "is_closed": False}
    return {**both, **ends, **told}


def _compared(*pairs: dict[str, Any]) -> list[dict[str, Any]]:
    return alike(pl.DataFrame(pairs, schema=SCHEMA), MODEL).to_dicts()


def _level(field: str, **told: Any) -> str:
    return str(_compared(_pair(**told))[0][field])


@pytest.mark.parametrize(
    ("ours", "theirs", "level"),
    [
        ("Firewall", "Firewall", "same"),
        ("FIREWALL ", "firewall", "same"),
        ("Firewall", "Storage", "other"),
        (None, "Storage", "missing"),
        ("Firewall", "  ", "missing"),
    ],
)
def test_products_are_compared_by_their_words(
    ours: str | None, theirs: str | None, level: str
) -> None:
    assert _level("product", product=ours, product_there=theirs) == level


@pytest.mark.parametrize(
    ("ours", "theirs", "level"),
    [
        ("10000", "10000.00", "equal"),
        ("10000", "9000", "tenth"),
        ("9000", "10000", "tenth"),
        ("10000", "8999.99", "double"),
        ("10000", "5000", "double"),
        ("10000", "4999.99", "apart"),
        ("10000", "0", "missing"),
        ("-10000", "-10000", "missing"),
        (None, "10000", "missing"),
    ],
)
def test_amounts_are_compared_by_their_ratio(ours: str | None, theirs: str, level: str) -> None:
    amount = None if ours is None else Decimal(ours)
    assert _level("amount", amount=amount, amount_there=Decimal(theirs)) == level


def test_amounts_of_two_currencies_say_nothing() -> None:
    assert _level("amount", currency="USD") == "missing"
    assert _level("amount", currency=None) == "missing"
    assert _level("amount", currency=None, currency_there=None) == "equal"


@pytest.mark.parametrize(
    ("days", "level"),
    [
        *((0, "week"), (7, "week"), (8, "month"), (-31, "month"), (32, "quarter"), (92, "quarter")),
        *((-93, "half_year"), (184, "half_year"), (185, "apart"), (-4000, "apart")),
    ],
)
def test_closing_dates_are_compared_by_the_days_between(days: int, level: str) -> None:
    assert _level("close", close_date_there=DAY + timedelta(days=days)) == level


def test_an_unknown_closing_date_says_nothing() -> None:
    assert _level("close", close_date=None) == "missing"


def test_the_evidence_is_what_the_score_is_made_of() -> None:
    [found] = _compared(_pair(amount=Decimal(9_500), close_date=None))
    said = json.loads(found["evidence"])
    assert said == {"product": ["same", 1.8], "amount": ["tenth", 1.8]}
    assert found["score"] == round(100 * (-0.8 + 1.8 + 1.8))
    assert (found["odds"], found["veto"]) == (found["score"], None)


def test_another_product_or_a_closed_deal_is_forbidden_and_speaks_against_nothing() -> None:
    other = _pair("op_2", product_there="Storage")
    closed = _pair("op_3", is_closed=True)
    first, *rest = _compared(_pair(), other, closed)
    assert first["odds"] == first["score"]
    assert [(one["veto"], one["odds"]) for one in rest] == [("product", None), ("state", None)]


def test_of_two_that_look_alike_neither_is_sure() -> None:
    found = _compared(_pair("op_1"), _pair("op_2"), _pair("op_1", of="re_2"))
    alone = next(one for one in found if one["registration_id"] == "re_2")
    assert alone["odds"] == alone["score"] > 600
    twins = [one["odds"] for one in found if one["registration_id"] == "re_1"]
    assert twins[0] == twins[1]
    assert -2 <= twins[0] <= 0


_TOLD = st.fixed_dictionaries(
    {
        "product_there": st.sampled_from((None, "Firewall", "Storage")),
        "amount_there": st.sampled_from((None, *map(Decimal, (1_000, 9_500, 10_000, 14_000)))),
        "close_date_there": st.sampled_from((None, DAY, DAY + timedelta(60), DAY + timedelta(900))),
        "is_closed": st.booleans(),
    }
)


@given(told=st.lists(_TOLD, min_size=1, max_size=6), shuffled=st.randoms(use_true_random=False))
def test_at_most_one_is_the_registered_deal_and_order_does_not_matter(
    told: list[dict[str, Any]], shuffled: Any
) -> None:
    pairs = [_pair(f"op_{number}", **one) for number, one in enumerate(told)]
    found = _compared(*pairs)
    again = [*pairs]
    shuffled.shuffle(again)
    assert _compared(*again) == found
    weights = [math.exp(one["score"] / 100) for one in found if one["veto"] is None]
    for one in found:
        if one["veto"] is None:
            own = math.exp(one["score"] / 100)
            share = own / (1 + sum(weights))
            assert one["odds"] == pytest.approx(100 * math.log(share / (1 - share)), abs=0.51)
