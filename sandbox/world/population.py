"""Draws the world's companies: who they are, who belongs to whom, and where they are on record."""

from random import Random

from sandbox.world.company import BUYERS, Address, Company, Person, Programme, Role
from sandbox.world.naming import (
    Domains,
    Mailboxes,
    company_core,
    person_name,
    street,
    tax_id,
)
from sandbox.world.places import COUNTRIES, SHARES, City, Country, drawn
from sandbox.world.words import GROUP_ROLES, INDUSTRIES, IT_INDUSTRY, TITLES

MINIMUM = 20
HERO_CUSTOMER, HERO_PARTNER, DISTRIBUTOR = 0, 1, 2
"""The numbers of the three companies every world has."""

FIXED = 3
"""Companies numbered below this are those."""
_PARTNER_SHARE = 0.08
_DEALER_SHARE = 0.02
_FAMILY_SHARE = 0.045
_MOVED_SHARE = 0.06
_TWICE = 0.04

_TIERS = ("Registered", "Silver", "Gold", "Platinum")
_TIER_WEIGHTS = (45, 30, 18, 7)
_STATUSES = ("Active", "Applicant", "Prospect", "Suspended", "Terminated")
_STATUS_WEIGHTS = (80, 7, 5, 5, 3)
_INDUSTRIES = tuple(INDUSTRIES.items())
_ISO = tuple(SHARES)
_ISO_WEIGHTS = tuple(SHARES.values())


class Population:
    """The draw in progress: what is taken already and who could be somebody's parent."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.domains = Domains()
        self.mailboxes = Mailboxes()
        self.parents: list[Company] = []
        self.seen: set[tuple[str, str]] = set()

    def company(self, number: int, role: Role) -> Company:
        rng = self.rng
        if role in BUYERS and self.parents and rng.random() < _FAMILY_SHARE:
            return self._subsidiary(number, role, rng.choice(self.parents[-200:]))
        country = COUNTRIES[rng.choices(_ISO, _ISO_WEIGHTS)[0]]
        sells_it = role in ("partner", "distributor", "dealer")
        while True:
            core = company_core(rng, country, sells_it=sells_it)
            city = rng.choice(country.cities)
            if (core, city.name) not in self.seen:
                break
        self.seen.add((core, city.name))
        domain = "" if rng.random() < 0.05 else self.domains.draw(rng, core, country)
        made = self.build(number, role, core, country, city, domain)
        if domain and not sells_it:
            self.parents.append(made)
        return made

    def build(
        self, number: int, role: Role, core: str, country: Country, city: City, domain: str
    ) -> Company:
        rng = self.rng
        address = Address(city, street(rng, country), drawn(rng, city.postal))
        former = None
        if rng.random() < _MOVED_SHARE:
            old = rng.choice(country.cities)
            former = Address(old, street(rng, country), drawn(rng, old.postal))
        forms = tuple(country.forms)
        return Company(
            number=number,
            core=core,
            form=forms[min(int(rng.expovariate(1.2)), len(forms) - 1)],
            country=country,
            address=address,
            former=former,
            phone=drawn(rng, f"{city.area} {city.subscriber}"),
            domain=domain,
            parent=None,
            role=role,
            industry=IT_INDUSTRY
            if role in ("partner", "distributor", "dealer")
            else rng.choice(_INDUSTRIES),
            employees=int(4 + rng.paretovariate(0.9) * 6) % 60_000,
            tax_id=tax_id(rng, country),
            duns=drawn(rng, "#########"),
        )

    def _subsidiary(self, number: int, role: Role, parent: Company) -> Company:
        """Another company under the parent's brand and domain, abroad or with another purpose."""
        rng = self.rng
        country = parent.country
        if rng.random() < 0.6:
            country = COUNTRIES[rng.choices(_ISO, _ISO_WEIGHTS)[0]]
        city = rng.choice(country.cities)
        suffix = country.name if country is not parent.country else rng.choice(GROUP_ROLES)
        core = f"{parent.core} {suffix}"
        while (core, city.name) in self.seen:
            core = f"{parent.core} {rng.choice(GROUP_ROLES)} {rng.randrange(2, 99)}"
        self.seen.add((core, city.name))
        made = self.build(number, role, core, country, city, parent.domain)
        made.parent = parent
        if country is parent.country and rng.random() < 0.4:
            made.address, made.phone = parent.address, parent.phone
        return made

    def programme(self, company: Company) -> Programme:
        rng = self.rng
        territories = {company.country.iso: None}
        for iso in rng.choices(_ISO, _ISO_WEIGHTS, k=rng.randrange(0, 4)):
            territories[iso] = None
        return Programme(
            tier=rng.choices(_TIERS, _TIER_WEIGHTS)[0],
            status=rng.choices(_STATUSES, _STATUS_WEIGHTS)[0],
            territories=tuple(sorted(territories)),
        )

    def people(self, company: Company, count: int) -> list[Person]:
        rng = self.rng
        made: list[Person] = []
        names: set[tuple[str, str]] = set()
        while len(made) < count:
            own_script = None
            if company.script is None:
                first, last = person_name(rng, company.country)
            else:
                given, family = company.script.person(rng)
                first, last, own_script = given[1], family[1], (given[0], family[0])
            if (first, last) in names:
                continue
            names.add((first, last))
            private = self.mailboxes.private(rng, first, last)
            email = private
            if company.domain:
                email = self.mailboxes.draw(rng, first, last, company.domain)
            made.append(
                Person(
                    truth_id=f"p-{company.number:06d}-{len(made) + 1}",
                    first=first,
                    last=last,
                    email=email,
                    private=private,
                    mobile=drawn(rng, company.country.mobile),
                    title=rng.choice(TITLES),
                    own_script=own_script,
                )
            )
        return made


def populate(population: Population, count: int) -> list[Company]:
    """`count` companies; their places in the list are their numbers. Nobody has noted them yet."""
    made = _fixed_companies(population)
    for number, role in enumerate(_roles(count, population.rng), start=FIXED):
        made.append(population.company(number, role))
    return made


def settle(population: Population, companies: list[Company]) -> None:
    """Where each company is on record, and who works there."""
    rng = population.rng
    for company in companies:
        if company.role in ("partner", "distributor") and company.programme is None:
            company.programme = population.programme(company)
        if company.number >= FIXED:
            _place(company, rng)
        if company.presence.with_people and not company.people:
            head_count = rng.choices((1, 2, 3, 4), (30, 35, 23, 12))[0]
            company.people = population.people(company, head_count)


def _roles(count: int, rng: Random) -> list[Role]:
    partners = max(4, round(count * _PARTNER_SHARE)) - 2
    dealers = round(count * _DEALER_SHARE)
    roles: list[Role] = ["partner" for _ in range(partners)]
    roles += ["dealer" for _ in range(dealers)]
    if count >= 500:
        roles[0] = "distributor"
    for _ in range(count - FIXED - len(roles)):
        roles.append("customer" if rng.random() < 0.6 else "prospect")
    rng.shuffle(roles)
    return roles


def _place(company: Company, rng: Random) -> None:
    """Where the company is on record. Everybody is somewhere."""
    presence = company.presence
    if company.role in ("partner", "distributor"):
        presence.salesforce = 1
        presence.hubspot = int(rng.random() < 0.85)
        presence.pos = company.role == "partner" and rng.random() < 0.62
        presence.leads = int(rng.random() < 0.04)
    elif company.role == "dealer":
        presence.pos = True
        presence.salesforce = int(rng.random() < 0.3)
        presence.hubspot = int(rng.random() < 0.2)
    else:
        while not (presence.salesforce or presence.hubspot or presence.pos or presence.leads):
            presence.salesforce = int(rng.random() < 0.65)
            presence.hubspot = int(rng.random() < 0.36)
            presence.pos = rng.random() < 0.28
            presence.leads = int(rng.random() < 0.14)
    if presence.salesforce and rng.random() < _TWICE:
        presence.salesforce = 2
    if presence.hubspot and rng.random() < _TWICE:
        presence.hubspot = 2
    if presence.leads and rng.random() < 0.25:
        presence.leads = 2


def _fixed_companies(population: Population) -> list[Company]:
    """The hero's customer and partner, and the distributor whose reports arrive."""
    germany, netherlands = COUNTRIES["DE"], COUNTRIES["NL"]
    hamburg, rotterdam = germany.cities[0], netherlands.cities[1]
    rows: tuple[tuple[int, Role, str, Country, City, str], ...] = (
        (
            HERO_CUSTOMER,
            "customer",
            "Müller & Söhne Kältetechnik",
            germany,
            hamburg,
            "mueller-kaeltetechnik.de",
        ),
        (HERO_PARTNER, "partner", "Bravo Systems", germany, hamburg, "bravo-systems.de"),
        (
            DISTRIBUTOR,
            "distributor",
            "Northwind Distribution",
            netherlands,
            rotterdam,
            "northwind-distribution.nl",
        ),
    )
    made = []
    for number, role, core, country, city, domain in rows:
        population.domains.reserve(domain)
        population.seen.add((core, city.name))
        company = population.build(number, role, core, country, city, domain)
        company.form, company.former = next(iter(country.forms)), None
        company.presence.salesforce = company.presence.hubspot = 1
        company.presence.pos = role != "distributor"
        company.people = population.people(company, 2)
        made.append(company)
    made[HERO_CUSTOMER].industry, made[HERO_CUSTOMER].employees = _INDUSTRIES[1], 240
    made[HERO_PARTNER].programme = Programme("Gold", "Active", ("AT", "CH", "DE"))
    made[DISTRIBUTOR].programme = Programme("Platinum", "Active", ("BE", "DE", "FR", "NL"))
    return made
