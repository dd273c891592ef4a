"""Deal registration as rules: standing, protection, and which opportunity a claim is tied to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hub.policy.registration import Standing, choose, judge, rank, standing
from hub.policy.settings import RegistrationPolicy

SUBMITTED = datetime(2026, 1, 10, 23, 59, tzinfo=UTC)
APPROVED = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
TODAY = date(2026, 2, 1)


def _standing(status: str, today: date = TODAY, **policy: Any) -> Standing:
    return standing(status, SUBMITTED, APPROVED, RegistrationPolicy(**policy), today)


# -- standing ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "until"),
    [(60, date(2026, 3, 16)), (90, date(2026, 4, 15)), (180, date(2026, 7, 14))],
)
def test_an_approval_protects_through_the_last_day_of_its_window(days: int, until: date) -> None:
    rule = f"{days}_days_from_approved_at"
    for today in (APPROVED.date(), until):
        assert _standing("approved", today, window_days=days) == Standing("approved", until, rule)
    expired = Standing("expired", until, "window_passed")
    assert _standing("approved", until + timedelta(days=1), window_days=days) == expired


def test_the_window_can_start_at_submission() -> None:
    stands = _standing("approved", window_days=60, starts="submitted_at")
    assert stands == Standing("approved", date(2026, 3, 11), "60_days_from_submitted_at")


def test_a_window_starts_on_the_utc_day_of_the_approval() -> None:
    late = datetime(2026, 1, 14, 23, 30, tzinfo=UTC)
    stands = standing("approved", None, late, RegistrationPolicy(window_days=60), TODAY)
    assert stands.protected_until == date(2026, 3, 15)


def test_a_won_deal_keeps_its_protection_date_and_does_not_expire() -> None:
    won = Standing("won", date(2026, 4, 15), "90_days_from_approved_at")
    assert _standing("won", date(2027, 1, 1)) == won


@pytest.mark.parametrize(
    "status",
    ["submitted", "in_review", "info_requested", "rejected", "lost", "withdrawn", "unmapped"],
)
def test_what_is_not_approved_is_as_its_stage_says_and_protects_nothing(status: str) -> None:
    assert _standing(status, date(2030, 1, 1)) == Standing(status, None, "stage")


@pytest.mark.parametrize("status", ["approved", "won"])
def test_an_approval_without_a_date_protects_nothing_and_says_so(status: str) -> None:
    stands = standing(status, SUBMITTED, None, RegistrationPolicy(), date(2030, 1, 1))
    assert stands == Standing(status, None, "no_approved_at")


# -- judging and choosing ----------------------------------------------------------------------


def _deal(**values: Any) -> dict[str, Any]:
    told = {"product": "Firewall", "amount": Decimal(10_000), "close_date": date(2026, 6, 30)}
    return {**told, **values}


def _opportunity(key: str, **values: Any) -> dict[str, Any]:
    return {"id": key, "is_closed": False, **_deal(), **values}


def _choice(
    *opportunities: dict[str, Any], tied: str | None = None, keyed: str | None = None, **deal: Any
) -> tuple[str | None, str]:
    return choose([judge(_deal(**deal), o) for o in opportunities], tied=tied, keyed=keyed)


@pytest.mark.parametrize(
    ("values", "fits", "reason"),
    [
        ({}, True, "same_product"),
        ({"product": "FIREWALL"}, True, "same_product"),
        ({"product": None}, True, "product_unknown"),
        ({"product": "Storage"}, False, "other_product"),
        ({"is_closed": True}, False, "closed"),
        ({"is_closed": True, "product": "Storage"}, False, "other_product"),
    ],
)
def test_an_opportunity_fits_when_open_and_not_for_another_product(
    values: dict[str, Any], fits: bool, reason: str
) -> None:
    verdict = judge(_deal(), _opportunity("op_1", **values))
    assert (verdict.fits, verdict.reason) == (fits, reason)


def test_the_same_product_comes_before_an_unknown_one_however_near_that_is() -> None:
    unknown = _opportunity("op_1", product=None)
    same = _opportunity("op_2", close_date=date(2027, 6, 30), amount=Decimal(1))
    assert _choice(unknown, same) == _choice(same, unknown) == ("op_2", "same_product")


def test_among_the_same_product_the_nearest_closing_date_counts_then_the_amount() -> None:
    late = _opportunity("op_1", close_date=date(2026, 9, 1))
    near = _opportunity("op_2", close_date=date(2026, 6, 2), amount=Decimal(1))
    nearer = _opportunity("op_3", close_date=date(2026, 7, 29), amount=Decimal(9_000))
    undated = _opportunity("op_0", close_date=None)
    assert _choice(late, near, nearer, undated) == ("op_2", "same_product")
    near["close_date"] = nearer["close_date"]
    assert _choice(late, near, nearer) == ("op_3", "same_product")
    near["amount"] = nearer["amount"]
    assert _choice(nearer, near) == ("op_2", "same_product")


def test_a_tie_does_not_wander_while_its_opportunity_is_the_customers() -> None:
    tied = _opportunity("op_1", is_closed=True)
    nearer = _opportunity("op_2")
    assert _choice(tied, nearer, tied="op_1") == ("op_1", "tied_before")
    assert _choice(nearer, tied="op_1") == ("op_2", "same_product")


def test_the_opportunity_that_carries_the_key_comes_first() -> None:
    near, keyed = _opportunity("op_1"), _opportunity("op_2", product="Storage")
    assert _choice(near, keyed, tied="op_1", keyed="op_2") == ("op_2", "carries_registration_key")
    assert _choice(near, keyed="op_9") == ("op_1", "same_product")


def test_nothing_that_fits_is_said_to_be_so() -> None:
    assert _choice() == (None, "no_open_opportunity")
    assert _choice(_opportunity("op_1", product="Storage")) == (None, "no_open_opportunity")


def test_a_deal_without_a_product_may_be_for_any_open_opportunity() -> None:
    assert _choice(_opportunity("op_1"), product=None) == ("op_1", "product_unknown")


# -- whose claim shows -------------------------------------------------------------------------


def test_the_strongest_claim_shows_then_the_earliest() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    claims = [
        ("rejected", early, "re_1"),
        ("submitted", early, "re_2"),
        ("approved", late, "re_3"),
        ("approved", early, "re_5"),
        ("approved", early, "re_4"),
        ("approved", None, "re_6"),
        ("expired", early, "re_7"),
        ("in_review", late, "re_8"),
        ("won", late, "re_9"),
        ("lost", early, "re_0"),
    ]
    shown = [key for _, _, key in sorted(claims, key=lambda claim: rank(*claim))]
    assert shown == [
        *("re_9", "re_4", "re_5", "re_3", "re_6", "re_8", "re_2", "re_7", "re_1", "re_0")
    ]
