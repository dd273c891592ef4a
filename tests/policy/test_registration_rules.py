"""Deal registration as rules: standing, protection, and which opportunity a claim is tied to."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from hub.policy.registration import PARTED, Candidate, Standing, Tie, choose, rank, standing
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


# -- choosing ----------------------------------------------------------------------------------


def _one(key: str, odds: int | None, verdict: str) -> Candidate:
    return Candidate(key, odds, verdict, "{}")


SURE, LIKELY = _one("op_1", 500, "same"), _one("op_2", 120, "review")
UNLIKELY, OTHER = _one("op_3", -120, "review"), _one("op_4", -700, "different")
CLOSED, ELSE = _one("op_5", None, "closed"), _one("op_6", None, "other_product")
APART = _one("op_7", None, PARTED)


def test_the_likeliest_is_chosen_when_more_speaks_for_it_than_against() -> None:
    for order in permutations((SURE, LIKELY, UNLIKELY, OTHER, CLOSED)):
        assert choose(order) == Tie("op_1", "likeliest", None)


def test_what_is_in_doubt_is_asked_and_tied_only_if_more_speaks_for_it() -> None:
    assert choose([LIKELY, OTHER]) == Tie("op_2", "likeliest", "op_2")
    assert choose([UNLIKELY, OTHER]) == Tie(None, "in_doubt", "op_3")
    assert choose([OTHER]) == Tie(None, "none_is_alike", None)


def test_nothing_that_may_be_it_is_said_to_be_so() -> None:
    for candidates in ([], [CLOSED], [CLOSED, ELSE, APART]):
        assert choose(candidates) == Tie(None, "no_open_opportunity", None)


def test_of_two_that_are_as_likely_the_older_one_is_asked_about() -> None:
    twins = [_one("op_9", -10, "review"), _one("op_8", -10, "review")]
    assert choose(twins) == Tie(None, "in_doubt", "op_8")


def test_a_tie_does_not_wander_while_its_opportunity_is_the_customers() -> None:
    assert choose([SURE, CLOSED], tied="op_5") == Tie("op_5", "tied_before", None)
    assert choose([SURE, UNLIKELY], tied="op_3") == Tie("op_3", "tied_before", "op_3")
    assert choose([LIKELY, UNLIKELY], tied="op_2") == Tie("op_2", "tied_before", "op_2")
    assert choose([SURE], tied="op_5") == Tie("op_1", "likeliest", None)


def test_a_steward_ends_a_tie_and_makes_one() -> None:
    assert choose([SURE, APART], tied="op_7") == Tie("op_1", "likeliest", None)
    assert choose([APART], tied="op_7", keyed="op_7") == Tie(None, "no_open_opportunity", None)
    said = choose([SURE, OTHER, LIKELY], judged="op_4", keyed="op_2", tied="op_1")
    assert said == Tie("op_4", "judged_same", None)


def test_the_opportunity_that_carries_the_key_comes_before_the_likeliest() -> None:
    keyed = choose([SURE, OTHER], keyed="op_4", tied="op_1")
    assert keyed == Tie("op_4", "carries_registration_key", None)
    doubted = choose([SURE, LIKELY], keyed="op_2")
    assert doubted == Tie("op_2", "carries_registration_key", "op_2")
    assert choose([SURE], keyed="op_9", judged="op_8") == Tie("op_1", "likeliest", None)


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
