"""Lead routing as rules: protection, territory, tier, load; an exception is never a default."""

from typing import Any

import pytest

from hub.policy.routing import Assignment, Candidate, route, verdict
from hub.policy.settings import RoutingPolicy

POLICY = RoutingPolicy()


def _partner(
    key: str, *territories: str, tier: str | None = "gold", status: str | None = "active"
) -> Candidate:
    return Candidate(key, tier, status, frozenset(territories))


AUSTRIA = _partner("pa_1", "AT", "DE")
GERMANY = _partner("pa_2", "DE", tier="platinum")
FRANCE = _partner("pa_3", "FR", tier="silver")
SUSPENDED = _partner("pa_4", "DE", tier="platinum", status="suspended")


def _route(
    country: str | None,
    *partners: Candidate,
    protected_by: str | None = None,
    held_by: str | None = None,
    load: dict[str, int] | None = None,
) -> Assignment:
    return route(
        {"country": country}, partners, POLICY,
        protected_by=protected_by, held_by=held_by, load=load or {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("partner", "country", "told"),
    [
        (AUSTRIA, "AT", "eligible"),
        (AUSTRIA, "FR", "out_of_territory"),
        (AUSTRIA, None, "lead_has_no_country"),
        (SUSPENDED, "DE", "status_suspended"),
        (_partner("pa_9", "AT", status=None), "AT", "status_unknown"),
        (_partner("pa_9", "AT", tier=None), "AT", "no_tier"),
        (_partner("pa_9"), "AT", "out_of_territory"),
    ],
)
def test_a_partner_is_eligible_or_has_a_reason(
    partner: Candidate, country: str | None, told: str
) -> None:
    assert verdict(partner, country, POLICY) == told


def test_the_best_tier_in_the_territory_gets_the_lead() -> None:
    given = _route("DE", AUSTRIA, GERMANY, FRANCE, SUSPENDED)
    assert (given.partner_id, given.rule) == ("pa_2", "territory_and_tier")
    assert _route("AT", AUSTRIA, GERMANY, FRANCE).partner_id == "pa_1"


def test_among_equals_the_one_with_the_fewest_leads_then_the_lowest_id() -> None:
    one, two = _partner("pa_1", "DE"), _partner("pa_2", "DE")
    assert _route("DE", two, one).partner_id == "pa_1"
    assert _route("DE", one, two, load={"pa_1": 1}).partner_id == "pa_2"
    assert _route("DE", one, two, load={"pa_1": 1, "pa_2": 1}).partner_id == "pa_1"


def test_a_registered_partner_gets_the_lead_whatever_its_territory() -> None:
    given = _route("DE", AUSTRIA, GERMANY, FRANCE, protected_by="pa_3", held_by="pa_2")
    assert (given.partner_id, given.rule) == ("pa_3", "registered_partner")


def test_an_assignment_stays_while_its_partner_is_eligible() -> None:
    stays = _route("DE", AUSTRIA, GERMANY, held_by="pa_1", load={"pa_1": 99})
    assert (stays.partner_id, stays.rule) == ("pa_1", "assigned_before")
    moves = _route("DE", AUSTRIA, GERMANY, SUSPENDED, held_by="pa_4")
    assert (moves.partner_id, moves.rule) == ("pa_2", "territory_and_tier")
    assert _route("DE", AUSTRIA, held_by="pa_gone").partner_id == "pa_1"


def test_a_lead_that_nobody_may_have_is_an_exception_with_a_reason() -> None:
    nobody = _route("IT", AUSTRIA, GERMANY, SUSPENDED)
    assert (nobody.partner_id, nobody.rule) == (None, "no_partner_in_territory")
    nowhere = _route(None, AUSTRIA, GERMANY)
    assert (nowhere.partner_id, nowhere.rule) == (None, "lead_has_no_country")
    assert _route("DE").partner_id is None


def test_every_candidate_of_the_territory_is_told_with_its_verdict() -> None:
    told: list[dict[str, Any]] = _route("DE", AUSTRIA, GERMANY, FRANCE, SUSPENDED).candidates
    assert told == [
        {"id": "pa_1", "tier": "gold", "verdict": "eligible"},
        {"id": "pa_2", "tier": "platinum", "verdict": "eligible"},
        {"id": "pa_4", "tier": "platinum", "verdict": "status_suspended"},
    ]
