"""Lead routing: which partner gets a lead, by protection, territory and tier.

A lead for a customer and product under an approved registration goes to the registered partner;
otherwise to the best tier among active partners whose territory covers the lead's country; among
equals to the one with the fewest leads, then the lowest id. An assignment stays while its partner
remains eligible; a partner that has returned it does not get it again. A lead nobody may have is an
exception with a reason, never a default.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.policy.settings import RoutingPolicy

BY_TERRITORY, ASSIGNED_BEFORE = "territory_and_tier", "assigned_before"
RETURNED_IT = "returned_it"


@dataclass(frozen=True)
class Candidate:
    """A partner as routing sees it."""

    partner_id: str
    tier: str | None
    status: str | None
    territories: frozenset[str]


@dataclass(frozen=True)
class Assignment:
    """Who got the lead (None: nobody), the rule, and every candidate with its verdict."""

    partner_id: str | None
    rule: str
    candidates: list[dict[str, Any]]


def verdict(partner: Candidate, country: str | None, policy: RoutingPolicy) -> str:
    """`eligible`, or the first reason why this partner may not have a lead of that country."""
    if partner.status != policy.partner_status:
        return f"status_{partner.status or 'unknown'}"
    if country is None:
        return "lead_has_no_country"
    if country not in partner.territories:
        return "out_of_territory"
    if partner.tier not in policy.tiers:
        return "no_tier"
    return "eligible"


def route(
    lead: Mapping[str, Any],
    partners: Sequence[Candidate],
    policy: RoutingPolicy,
    *,
    protected_by: str | None,
    held_by: str | None,
    load: Mapping[str, int],
    returned_by: frozenset[str] = frozenset(),
) -> Assignment:
    """Decide one lead. `protected_by`: partner with an approved registration for it; `held_by`: the
    partner it is assigned to now; `load`: partner id → leads it has; `returned_by`: partners that
    have given it back, and do not get it again."""
    verdicts = {
        p.partner_id: RETURNED_IT
        if p.partner_id in returned_by
        else verdict(p, lead["country"], policy)
        for p in partners
    }
    eligible = [p for p in partners if verdicts[p.partner_id] == "eligible"]
    shown = [
        {"id": p.partner_id, "tier": p.tier, "verdict": verdicts[p.partner_id]}
        for p in partners
        if verdicts[p.partner_id] != "out_of_territory"
    ]
    if protected_by is not None and protected_by not in returned_by:
        return Assignment(protected_by, "registered_partner", shown)
    if held_by is not None and verdicts.get(held_by) == "eligible":
        return Assignment(held_by, ASSIGNED_BEFORE, shown)
    if not eligible:
        return Assignment(None, _why_nobody(lead, returned_by), shown)
    best = min(
        eligible,
        key=lambda p: (
            policy.tiers.index(p.tier or ""),
            load.get(p.partner_id, 0),
            p.partner_id,
        ),
    )
    return Assignment(best.partner_id, BY_TERRITORY, shown)


def _why_nobody(lead: Mapping[str, Any], returned_by: frozenset[str]) -> str:
    if lead["country"] is None:
        return "lead_has_no_country"
    return "returned_by_partners" if returned_by else "no_partner_in_territory"
