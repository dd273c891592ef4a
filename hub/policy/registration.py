"""Deal registration: a partner's deal becomes a registration with status, protection and a tie.

The vendor decides by moving the stage in the CRM; the hub turns stages into statuses, computes how
long an approval protects, lets it expire, and ties the registration to the opportunity of the
vendor's that is the same deal. Source of the rules: the registration state machine of the trade
(statuses, expiry date-based and valid through its day).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.identity.bands import REVIEW
from hub.policy.settings import RegistrationPolicy

PROTECTED = ("approved", "won")
LIVE = ("submitted", "in_review", "info_requested", "approved")
"""Statuses of a claim that is neither decided against nor over."""
UNMAPPED = "unmapped"
PARTED = "judged_different"
"""The verdict on an opportunity of which a steward has said that it is another deal."""
# When several registrations claim one opportunity, which of them the rep sees.
_RANK = ("won", "approved", "in_review", "info_requested", "submitted", "expired", "rejected")


@dataclass(frozen=True)
class Standing:
    """Status and protection of a registration on a day, and the rule that gave them."""

    status: str
    protected_until: date | None
    rule: str


def standing(
    status: str,
    submitted_at: datetime | None,
    approved_at: datetime | None,
    policy: RegistrationPolicy,
    today: date,
) -> Standing:
    """The standing on `today` (UTC date) of a registration whose stage says `status`.

    An approval protects through the end of `protected_until`, then it is expired. An approval
    without the moment the window starts from protects nothing and says so.
    """
    if status not in PROTECTED:
        return Standing(status, None, "stage")
    start = submitted_at if policy.starts == "submitted_at" else approved_at
    if start is None:
        return Standing(status, None, f"no_{policy.starts}")
    until = start.date() + timedelta(days=policy.window_days)
    if status == "approved" and today > until:
        return Standing("expired", until, "window_passed")
    return Standing(status, until, f"{policy.window_days}_days_from_{policy.starts}")


@dataclass(frozen=True)
class Candidate:
    """An opportunity of the customer, and how much speaks for its being the registered deal.

    `odds` are against all other opportunities of the customer, in hundredths of a nat; None where
    something forbids it: `verdict` says what, else the band that the odds lie in. `evidence` is
    JSON, a level and its log-odds per field.
    """

    opportunity_id: str
    odds: int | None
    verdict: str
    evidence: str


@dataclass(frozen=True)
class Tie:
    """The opportunity a registration is tied to, why, and the one that a steward is asked about."""

    opportunity_id: str | None
    rule: str
    doubted: str | None = None


def choose(
    candidates: Sequence[Candidate],
    *,
    judged: str | None = None,
    keyed: str | None = None,
    tied: str | None = None,
) -> Tie:
    """What a registration is tied to, of `candidates`.

    First the one that a steward named (`judged`), then the one that carries the registration's key
    (`keyed`), then the one it is tied to already (`tied`: a tie does not wander while it still
    exists), then the likeliest if more speaks for it than against. What a steward has parted from
    it is none of these.
    """
    verdicts = {one.opportunity_id: one.verdict for one in candidates if one.verdict != PARTED}
    if judged in verdicts:
        return Tie(judged, "judged_same")
    for known, rule in ((keyed, "carries_registration_key"), (tied, "tied_before")):
        if known in verdicts:
            return Tie(known, rule, _asked(known, verdicts))
    likely = [one for one in candidates if one.odds is not None]
    best = min(likely, key=lambda one: (-(one.odds or 0), one.opportunity_id), default=None)
    if best is None:
        return Tie(None, "no_open_opportunity")
    asked = _asked(best.opportunity_id, verdicts)
    if (best.odds or 0) > 0:
        return Tie(best.opportunity_id, "likeliest", asked)
    return Tie(None, "in_doubt" if asked else "none_is_alike", asked)


def _asked(opportunity_id: str, verdicts: Mapping[str, str]) -> str | None:
    """The opportunity if a steward is asked about it. That it carries the key settles nothing: the
    hub itself writes it."""
    return opportunity_id if verdicts[opportunity_id] == REVIEW else None


def rank(status: str, submitted_at: datetime | None, registration_id: str) -> tuple[int, str, str]:
    """Sort key of claims on one opportunity: the smallest is the one shown."""
    place = _RANK.index(status) if status in _RANK else len(_RANK)
    return place, submitted_at.isoformat() if submitted_at else "9999", registration_id
