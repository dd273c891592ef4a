"""Which partner registers which deal: planned first, so that both CRMs tell their side of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random

from sandbox.world.catalog import FAMILIES
from sandbox.world.company import BUYERS, Company
from sandbox.world.population import DISTRIBUTOR, HERO_CUSTOMER, HERO_PARTNER

_SHARE = 0.08
_FEWEST = 5
_OPEN_SHARE = 0.7
_NO_ACCOUNT_SHARE = 0.1
_OLDEST_DAYS = 120

_STAGES = ("reg_submitted", "reg_in_review", "reg_approved", "reg_rejected", "reg_won")
_STAGE_WEIGHTS = (24, 20, 36, 10, 10)

HERO_PRODUCT = "Sentinel Firewall"
HERO_AMOUNT = 184_000.0
HERO_SITES = 42


@dataclass(frozen=True, slots=True)
class Terms:
    """What a deal is worth, in the customer's currency, and when it is to close."""

    amount: float
    closes: date


@dataclass(frozen=True, slots=True)
class Plan:
    """One registration; `entered` tells when the deal came into each stage it has been in.

    `registered` are the terms that the partner tells, `noted` those that the vendor's rep has
    noted of the same deal.
    """

    customer: Company
    partner: Company
    product: str
    stage: str
    submitted: datetime
    entered: dict[str, datetime]
    open_opportunity: bool
    registered: Terms
    noted: Terms

    @property
    def last_moved(self) -> datetime:
        return max(self.entered.values())


def plan(
    companies: list[Company], rng: Random, terms: Random, end: datetime, careless: float
) -> list[Plan]:
    """The registrations of the world, the hero's first; no customer appears twice.

    Customers and partners are made present where the plan needs them. The more `careless` people
    are, the oftener the two sides of a deal tell it differently.
    """
    count = max(_FEWEST, round(len(companies) * _SHARE))
    without = max(1, round(count * _NO_ACCOUNT_SHARE))
    with_open = round(count * _OPEN_SHARE)
    customers = _customers(companies, rng, count - 1, without)
    partners = _Partners(companies)
    hero_entered = {
        "reg_submitted": end - timedelta(days=24, hours=14),
        "reg_in_review": end - timedelta(days=23, hours=13),
        "reg_approved": end - timedelta(days=21, hours=9),
    }
    made = [
        Plan(
            customer=companies[HERO_CUSTOMER],
            partner=companies[HERO_PARTNER],
            product=HERO_PRODUCT,
            stage="reg_approved",
            submitted=hero_entered["reg_submitted"],
            entered=hero_entered,
            open_opportunity=True,
            registered=Terms(HERO_AMOUNT, (end + timedelta(days=60)).date()),
            noted=Terms(HERO_AMOUNT, (end + timedelta(days=46)).date()),
        )
    ]
    for place, customer in enumerate(customers, start=1):
        stage = rng.choices(_STAGES, _STAGE_WEIGHTS)[0]
        submitted = end - timedelta(days=rng.uniform(2, _OLDEST_DAYS - 2))
        registered = _registered(terms, submitted)
        made.append(
            Plan(
                customer=customer,
                partner=partners.near(customer, rng),
                product=rng.choice(FAMILIES),
                stage=stage,
                submitted=submitted,
                entered=_entered(rng, stage, submitted, end),
                open_opportunity=place < with_open,
                registered=registered,
                noted=_noted(terms, registered, careless),
            )
        )
    return made


def _registered(rng: Random, submitted: datetime) -> Terms:
    closes = submitted + timedelta(days=rng.randrange(30, 200))
    return Terms(rng.randrange(40, 4000) * 50, closes.date())


def _noted(rng: Random, registered: Terms, careless: float) -> Terms:
    """The same deal as the rep has it: a discount on the quote, a date that has slipped."""
    amount, closes = registered.amount, registered.closes
    if rng.random() < 0.25 * careless:
        amount = round(amount * rng.uniform(0.82, 1.06), 2)
    if rng.random() < 0.5:
        closes += timedelta(days=round(rng.gauss(0, 25 * careless)))
    return Terms(amount, closes)


def _customers(
    companies: list[Company], rng: Random, count: int, without_account: int
) -> list[Company]:
    """`count` customers on record in HubSpot; the last `without_account` have no account."""
    buyers = (c for c in companies if c.number > DISTRIBUTOR and c.role in BUYERS)
    pool = [c for c in buyers if c.people]
    rng.shuffle(pool)
    pool.sort(key=lambda company: company.presence.hubspot == 0)
    inside: list[Company] = []
    outside: list[Company] = []
    spare: list[Company] = []
    for company in pool:
        if company.presence.salesforce and len(inside) < count - without_account:
            inside.append(company)
        elif not company.presence.salesforce and len(outside) < without_account:
            outside.append(company)
        else:
            spare.append(company)
    for company in spare:
        if len(outside) < without_account:
            company.presence.salesforce = 0
            outside.append(company)
        elif len(inside) < count - without_account:
            company.presence.salesforce = 1
            inside.append(company)
    for company in inside + outside:
        company.presence.hubspot = max(1, company.presence.hubspot)
    return inside + outside


class _Partners:
    """Those that may register: active resellers on record in HubSpot, by territory."""

    def __init__(self, companies: list[Company]) -> None:
        self._all: list[Company] = []
        self._by_country: dict[str, list[Company]] = {}
        for company in companies:
            programme = company.programme
            if company.role != "partner" or not company.presence.hubspot or programme is None:
                continue
            if programme.status != "Active":
                continue
            self._all.append(company)
            for iso in programme.territories:
                self._by_country.setdefault(iso, []).append(company)

    def near(self, customer: Company, rng: Random) -> Company:
        """Mostly a partner with the customer's country among its territories."""
        local = self._by_country.get(customer.country.iso)
        return rng.choice(local if local and rng.random() < 0.9 else self._all)


def _entered(rng: Random, stage: str, submitted: datetime, end: datetime) -> dict[str, datetime]:
    path = ["reg_submitted"]
    if stage != "reg_submitted":
        path.append("reg_in_review")
    if stage == "reg_won":
        path.append("reg_approved")
    if stage not in path:
        path.append(stage)
    at, entered = submitted, {}
    for step in path:
        entered[step] = at
        at = min(at + timedelta(hours=rng.uniform(2, 60)), end)
    return entered
