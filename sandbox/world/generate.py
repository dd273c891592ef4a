"""Puts a world together: the real companies first, then what each system has on record of them."""

from dataclasses import dataclass
from datetime import date
from random import Random

from sandbox.world import faults, feed, hubspot, salesforce
from sandbox.world.difficulty import SHARES, Difficulty, Upheaval, subsidiaries
from sandbox.world.population import (
    HERO_CUSTOMER,
    HERO_PARTNER,
    MINIMUM,
    Population,
    populate,
    settle,
)
from sandbox.world.pos import sell
from sandbox.world.records import Association, HubSpotRecord, Kind, Org, Row
from sandbox.world.registrations import HERO_PRODUCT, plan
from sandbox.world.stamps import Stamps, end_of
from sandbox.world.truth import Hero, Truth


@dataclass
class World:
    """Everything the sandbox starts with. The same arguments of `generate` give the same world."""

    salesforce: dict[str, list[Row]]
    hubspot: dict[Kind, list[HubSpotRecord]]
    associations: list[Association]
    feeds: dict[str, str]
    truth: Truth


def generate(
    companies: int = 2000, seed: int = 7, *, today: date, difficulty: Difficulty = "easy"
) -> World:
    """A channel of `companies` real companies as three systems tell of it on the day `today`.

    `difficulty` says how hard it is to tell who is who.
    """
    if companies < MINIMUM:
        raise ValueError(f"a world needs at least {MINIMUM} companies, not {companies}")

    def dice(purpose: str) -> Random:
        return Random(f"{purpose}/{seed}/{companies}/{today.isoformat()}")

    truth = Truth(seed=seed, companies=companies, today=today)
    upheaval = Upheaval(difficulty, dice(f"upheaval/{difficulty}"))
    population = Population(dice("population"))
    real = populate(population, companies)
    upheaval.companies(real, population)
    settle(population, real)
    upheaval.people(real, population)
    truth.relations = [*subsidiaries(real), *upheaval.relations]
    shares = SHARES[difficulty]
    plans = plan(real, dice("registrations"), dice("terms"), end_of(today), shares.careless)
    rng = dice("salesforce")
    org = salesforce.build(
        real, plans, truth, rng, Stamps(rng, today), today, lookalikes=shares.lookalikes
    )
    rng = dice("hubspot")
    portal = hubspot.build(
        real, plans, truth, rng, Stamps(rng, today), org.accounts, org.opportunities
    )
    spared = faults.spared_records(truth, plans, real)
    faults.plant(org, portal, spared, truth, dice("faults"))
    weeks = sell(real, dice("pos"), today)
    feeds = feed.files(weeks, truth, dice("feed"))
    truth.hero = _hero(org, truth)
    return World(org.rows, portal.objects, portal.associations, feeds, truth)


def _hero(org: Org, truth: Truth) -> Hero:
    registration = truth.registrations[0]
    account = _row(org.rows["Account"], org.accounts[HERO_CUSTOMER])
    partner = _row(org.rows["Account"], org.accounts[HERO_PARTNER])
    opportunity = _row(org.rows["Opportunity"], org.opportunities[HERO_CUSTOMER])
    return Hero(
        opportunity=str(opportunity["Id"]),
        opportunity_name=str(opportunity["Name"]),
        account=str(account["Id"]),
        deal=registration.deal,
        product=HERO_PRODUCT,
        partner_name=str(partner["Name"]),
        partner_truth=registration.partner_truth,
        customer_name=str(account["Name"]),
        customer_truth=registration.customer_truth,
        registered_customer_name=hubspot.HERO_CUSTOMER_NAME,
    )


def _row(rows: list[Row], row_id: str) -> Row:
    return next(row for row in rows if row["Id"] == row_id)
