"""How hard a world is to match: what befalls its companies and people, and how they are noted.

`easy` is the channel as its vendor would like it. `middle` has what any channel of some age has:
franchises, firms bought and renamed, office towers with one switchboard, names in other scripts,
people who changed jobs. `hard` has much of all that, and is kept carelessly.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

import numpy as np

from sandbox.world.company import BUYERS, Address, Company, Person
from sandbox.world.naming import company_core
from sandbox.world.places import drawn
from sandbox.world.population import FIXED, Population
from sandbox.world.scripts import SCRIPTS
from sandbox.world.truth import Relation

Difficulty = Literal["easy", "middle", "hard"]


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of the buyers, and of the people, that each thing happens to."""

    scripts: float
    franchised: float
    renamed: float
    acquired: float
    towers: float
    freemail: float
    job_changes: float
    careless: float
    lookalikes: float
    """Of the registrations: the customer has another open opportunity for the same product."""


SHARES: dict[Difficulty, Shares] = {
    "easy": Shares(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "middle": Shares(0.04, 0.03, 0.02, 0.02, 0.03, 0.04, 0.01, 1.3, 0.15),
    "hard": Shares(0.10, 0.08, 0.05, 0.05, 0.08, 0.10, 0.04, 3.0, 0.40),
}
_OUTLETS = (2, 12)
_TENANTS = (3, 6)
_TRIES = 60


def subsidiaries(companies: list[Company]) -> list[Relation]:
    """The families every world has."""
    return [
        Relation("subsidiary", company.truth_id, company.parent.truth_id, company.parent.core)
        for company in companies
        if company.parent and not company.former_domain
    ]


class Upheaval:
    """What happens to one world; `relations` tells of it. An easy world is left as it is."""

    def __init__(self, difficulty: Difficulty, rng: Random) -> None:
        self.shares, self.rng = SHARES[difficulty], rng
        self.relations: list[Relation] = []
        self.moved: set[str] = set()

    def companies(self, companies: list[Company], population: Population) -> None:
        """Before anybody notes them down. Each company meets with one thing at most."""
        families = {company.parent.number for company in companies if company.parent}
        free = [
            company
            for company in companies[FIXED:]
            if company.role in BUYERS and not company.parent and company.number not in families
        ]
        count = len(free)
        self.rng.shuffle(free)

        def some(share: float) -> list[Company]:
            wanted = round(share * count)
            taken = free[:wanted]
            del free[:wanted]
            return taken

        self._abroad(some(self.shares.scripts), population)
        self._franchise(some(self.shares.franchised))
        self._rename(some(self.shares.renamed), population)
        self._buy(some(self.shares.acquired), list(free))
        self._house(some(self.shares.towers))
        for company in some(self.shares.freemail):
            company.domain = ""
        for company in companies[FIXED:]:
            company.careless = self.shares.careless

    def people(self, companies: list[Company], population: Population) -> None:
        """Some people worked elsewhere before, where nobody took them off the list."""
        staffed = [c for c in companies[FIXED:] if c.people and c.domain]
        movers = round(self.shares.job_changes * sum(len(c.people) for c in staffed))
        for _ in range(movers * _TRIES):
            if len(self.moved) == movers:
                break
            new, old = self.rng.sample(staffed, 2)
            person = self.rng.choice(new.people)
            if person.truth_id in self.moved or new.country is not old.country:
                continue
            person.moved = True
            place = self.rng.randrange(len(old.people) + 1)
            old.people.insert(place, self._as_known_before(person, old, population))
            self.moved.add(person.truth_id)
            self._tell("job_change", person.truth_id, old.truth_id, "worked here before")

    def _as_known_before(self, person: Person, old: Company, population: Population) -> Person:
        box = population.mailboxes.draw(self.rng, person.first, person.last, old.domain)
        return replace(person, email=box)

    def _abroad(self, companies: list[Company], population: Population) -> None:
        """Moved to a country that writes in a script of its own."""
        rng = self.rng
        for company in companies:
            script = rng.choice(SCRIPTS)
            city = rng.choice(script.country.cities)
            core, form, own = script.company(rng)
            if (core, city.name) in population.seen:
                continue
            population.seen.add((core, city.name))
            company.script, company.country = script, script.country
            company.core, company.form, company.own_script = core, form, own
            company.address = Address(city, script.street(rng), drawn(rng, city.postal))
            company.former = None
            company.phone = drawn(rng, f"{city.area} {city.subscriber}")
            company.domain = population.domains.draw(rng, core, script.country)
            company.tax_id = drawn(rng, f"{script.country.iso}#########")

    def _franchise(self, companies: list[Company]) -> None:
        """Outlets of one brand, one in a town: its name and domain, else each on its own."""
        while companies:
            brand = companies.pop()
            territories = {brand.address.city.name}
            for outlet in companies[: self.rng.randint(*_OUTLETS)]:
                companies.remove(outlet)
                if outlet.address.city.name in territories:
                    continue
                territories.add(outlet.address.city.name)
                named = self.rng.random() < 0.5
                outlet.core = f"{brand.core} {outlet.address.city.name}" if named else brand.core
                outlet.domain = brand.domain
                self._tell("franchise", outlet.truth_id, brand.truth_id, brand.core)

    def _rename(self, companies: list[Company], population: Population) -> None:
        for company in companies:
            core = company_core(self.rng, company.country, sells_it=False)
            company.core, company.former_core = core, company.core
            if company.domain and self.rng.random() < 0.5:
                new = population.domains.draw(self.rng, core, company.country)
                company.domain, company.former_domain = new, company.domain
            self._tell("renamed", company.truth_id, company.truth_id, company.former_core)

    def _buy(self, bought: list[Company], others: list[Company]) -> None:
        """Firms that go on under a new owner: its domain, often its switchboard, some its brand."""
        buyers = [company for company in others if company.domain]
        numbers = np.array([company.number for company in buyers])
        for company in bought:
            older = np.flatnonzero(numbers < company.number)
            if not len(older):
                continue
            owner = buyers[self.rng.choice(older)]
            company.parent = owner
            company.domain, company.former_domain = owner.domain, company.domain
            if self.rng.random() < 0.5:
                company.phone = owner.phone
            if self.rng.random() < 0.4:
                company.former_core = company.core
                company.core = f"{owner.core.split()[0]} {company.core}"
            self._tell("acquired", company.truth_id, owner.truth_id, company.former_domain)

    def _house(self, companies: list[Company]) -> None:
        """Strangers under one roof, with one address and one switchboard."""
        while companies:
            first = companies.pop()
            for tenant in companies[: self.rng.randint(*_TENANTS)]:
                companies.remove(tenant)
                tenant.country, tenant.address = first.country, first.address
                tenant.former, tenant.phone, tenant.form = None, first.phone, first.form
                self._tell("same_building", tenant.truth_id, first.truth_id, first.address.street)

    def _tell(self, kind: str, one: str, other: str, detail: str) -> None:
        self.relations.append(Relation(kind, one, other, detail))
