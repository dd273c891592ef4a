"""`policy.yaml`: the vendor's channel rules as typed, versioned settings."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from hub.config import Settings, Strict, validated
from hub.yamlfile import read_yaml


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


class SisoPolicy(Strict):
    """Sell-in against sell-out: what gap is tolerated (the larger of pieces and share of what is
    expected), how long goods may be on their way, and how much stock is too much."""

    tolerance_units: int = Field(default=5, ge=0)
    tolerance_share: float = Field(default=0.02, ge=0, lt=1)
    transit_days: int = Field(default=10, ge=0, le=120)
    weeks_limit: float = Field(default=26.0, gt=0)


class AllocationPolicy(Strict):
    """Scarce products: the weeks of supply that each distributor is to have, and how many pieces
    of which SKU there are for all of them."""

    target_weeks: float = Field(default=8.0, gt=0)
    supply: dict[str, int] = Field(default_factory=dict)

    @field_validator("supply")
    @classmethod
    def _at_least_none(cls, supply: dict[str, int]) -> dict[str, int]:
        short = [sku for sku, units in supply.items() if units < 0]
        if short:
            raise ValueError(f"there cannot be less than 0 of {short[0]}")
        return supply


class CalendarPolicy(Strict):
    """After how many days who is told of an overdue report, and from when payments are held."""

    ops_contact_days: int = Field(default=1, ge=0)
    cam_days: int = Field(default=3, ge=0)
    hold_days: int = Field(default=10, ge=0)

    @property
    def escalation(self) -> dict[str, int]:
        return {
            "ops_contact": self.ops_contact_days,
            "cam": self.cam_days,
            "hold": self.hold_days,
        }


class Policy(Strict):
    version: str
    registration: RegistrationPolicy = RegistrationPolicy()
    routing: RoutingPolicy = RoutingPolicy()
    calendar: CalendarPolicy = CalendarPolicy()
    siso: SisoPolicy = SisoPolicy()
    allocation: AllocationPolicy = AllocationPolicy()


def load_policy(settings: Settings) -> Policy:
    """The policy that hub.yaml names. Raises ConfigError naming file, key and remedy."""
    file = Path(settings.resolve(settings.policy))
    raw = read_yaml(file, remedy="run `hub init`, or correct `policy` in hub.yaml")
    return validated(Policy, raw, file)
