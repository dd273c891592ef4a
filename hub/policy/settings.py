"""`policy.yaml`: the vendor's channel rules as typed, versioned settings."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from hub.config import Settings, Strict, read_yaml, validated


class RegistrationPolicy(Strict):
    """Deal registration: how long an approval protects, and from when.

    `window_days` defaults to 90, the commonest published window (Sophos, Omnivex, Cirrus); programs
    count from submission or from approval. `create_opportunity` has the hub make the vendor's
    opportunity for an approved registration that has none.
    """

    window_days: int = Field(default=90, ge=1, le=730)
    starts: Literal["submitted_at", "approved_at"] = "approved_at"
    create_opportunity: bool = True


class RoutingPolicy(Strict):
    """Lead routing: who may get a lead (territory, status) and who comes first (tier)."""

    tiers: tuple[str, ...] = ("platinum", "gold", "silver", "registered")
    partner_status: str = "active"
    lead_statuses: tuple[str, ...] = ("open", "working")


class Policy(Strict):
    version: str
    registration: RegistrationPolicy = RegistrationPolicy()
    routing: RoutingPolicy = RoutingPolicy()


def load_policy(settings: Settings) -> Policy:
    """The policy that hub.yaml names. Raises ConfigError naming file, key and remedy."""
    file = Path(settings.resolve(settings.policy))
    raw = read_yaml(file, remedy="run `hub init`, or correct `policy` in hub.yaml")
    return validated(Policy, raw, file)
