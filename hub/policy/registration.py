"""Deal registration: a partner's deal becomes a registration with status, protection and a tie.

The vendor decides by moving the stage in the CRM; the hub turns stages into statuses, computes how
long an approval protects, lets it expire, and ties the registration to the vendor's opportunity for
the same customer and product. Source of the rules: the registration state machine of the trade
(statuses, expiry date-based and valid through its day).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.policy.settings import RegistrationPolicy

PROTECTED = ("approved", "won")
UNMAPPED = "unmapped"
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
class Verdict:
    """How one opportunity compares with a registration."""

    opportunity_id: str
    fits: bool
    reason: str
    distance: tuple[int, int, Decimal, str]


def judge(registration: Mapping[str, Any], opportunity: Mapping[str, Any]) -> Verdict:
    """Compare a registration with an opportunity of the same customer.

    Both are rows with product, amount, close_date; the opportunity also id, is_closed. Nearer is
    smaller: same product before unknown product, then by closing date, then by amount.
    """
    ours, theirs = registration["product"], opportunity["product"]
    same_product = bool(ours and theirs and ours.casefold() == theirs.casefold())
    if ours and theirs and not same_product:
        return _verdict(opportunity, "other_product")
    if opportunity["is_closed"]:
        return _verdict(opportunity, "closed")
    days = 10_000
    if registration["close_date"] and opportunity["close_date"]:
        days = abs((registration["close_date"] - opportunity["close_date"]).days)
    money = Decimal(10**15)
    if registration["amount"] is not None and opportunity["amount"] is not None:
        money = abs(registration["amount"] - opportunity["amount"])
    distance = (0 if same_product else 1, days, money, opportunity["id"])
    reason = "same_product" if same_product else "product_unknown"
    return Verdict(opportunity["id"], True, reason, distance)


def _verdict(opportunity: Mapping[str, Any], reason: str) -> Verdict:
    return Verdict(opportunity["id"], False, reason, (9, 0, Decimal(0), opportunity["id"]))


def choose(
    verdicts: Sequence[Verdict], *, tied: str | None, keyed: str | None
) -> tuple[str | None, str]:
    """The opportunity a registration is tied to, and why.

    The one that carries the registration's key (`keyed`) first, then the one it is tied to already
    (`tied`, a tie does not wander while it still exists), then the nearest that fits.
    """
    known = {v.opportunity_id for v in verdicts}
    if keyed is not None and keyed in known:
        return keyed, "carries_registration_key"
    if tied is not None and tied in known:
        return tied, "tied_before"
    fitting = [v for v in verdicts if v.fits]
    if not fitting:
        return None, "no_open_opportunity"
    nearest = min(fitting, key=lambda v: v.distance)
    return nearest.opportunity_id, nearest.reason


def rank(status: str, submitted_at: datetime | None, registration_id: str) -> tuple[int, str, str]:
    """Sort key of claims on one opportunity: the smallest is the one shown."""
    place = _RANK.index(status) if status in _RANK else len(_RANK)
    return place, submitted_at.isoformat() if submitted_at else "9999", registration_id
