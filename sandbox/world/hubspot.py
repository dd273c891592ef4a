"""The vendor's HubSpot: marketing's companies and contacts, and the deals partners register."""

from datetime import datetime, timedelta
from random import Random

from sandbox.world import writing
from sandbox.world.catalog import FAMILIES
from sandbox.world.company import Company, Person, Role
from sandbox.world.population import HERO_CUSTOMER, HERO_PARTNER
from sandbox.world.records import Association, HubSpotRecord, Kind, LinkKind, Portal, Row
from sandbox.world.registrations import HERO_SITES, Plan
from sandbox.world.stamps import Stamps, hubspot_time
from sandbox.world.truth import HUBSPOT, RegistrationTruth, Truth

HERO_CUSTOMER_NAME = "Mueller & Soehne Kaeltetechnik"

_FIRST_ID: dict[Kind, int] = {
    "companies": 21_400_000_000,
    "contacts": 51_100_000_000,
    "deals": 33_700_000_000,
}
_OWNERS = ("71000001", "71000002", "71000003")
_SALES_STAGES = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "contractsent",
    "closedwon", "closedlost",
)  # fmt: skip
_SALES_DEALS_SHARE = 0.03
_LIFECYCLE: dict[Role, str] = {
    "customer": "customer",
    "prospect": "lead",
    "partner": "other",
    "distributor": "other",
    "dealer": "other",
}


class _Builder:
    def __init__(self, rng: Random, stamps: Stamps, truth: Truth, registered: set[int]) -> None:
        self.rng, self.stamps, self.truth, self.registered = rng, stamps, truth, registered
        self.portal = Portal()
        self.mails: set[str] = set()

    def _add(
        self,
        kind: Kind,
        properties: Row,
        times: tuple[datetime, datetime] | None = None,
    ) -> str:
        """Give the record its id, owner and stamps; properties without a value are left out."""
        records = self.portal.objects[kind]
        created, modified = times or self.stamps.created_modified()
        kept: Row = {name: value for name, value in properties.items() if value}
        if self.rng.random() < 0.8:
            kept["hubspot_owner_id"] = self.rng.choice(_OWNERS)
        record = HubSpotRecord(
            id=str(_FIRST_ID[kind] + len(records) * 13 + 7),
            properties=kept,
            created_at=hubspot_time(created),
            updated_at=hubspot_time(modified),
        )
        records.append(record)
        return record.id

    def _link(self, left: Kind, from_id: str, right: Kind, to_id: str, kind: LinkKind) -> None:
        self.portal.associations.append(Association(left, from_id, right, to_id, kind))

    def _maybe(self, text: str) -> str | None:
        return None if self.rng.random() < writing.HUBSPOT.missing else text

    # Companies and contacts

    def company(self, company: Company) -> None:
        known = company.people[: self.rng.randint(0, min(3, len(company.people)))]
        if company.number in self.registered and not known:
            known = company.people[:1]
        for copy in range(company.presence.hubspot):
            record = self._company(company)
            self.truth.company(company, HUBSPOT, "companies", record)
            self.portal.companies.setdefault(company.number, record)
            # A second record of the company gets the people the first one lacks: HubSpot keeps
            # one contact for one address.
            for person in company.people[len(known) : len(known) + 1] if copy else known:
                contact = self._contact(company, person)
                always = company.number in self.registered
                if always or self.rng.random() < 0.96:
                    self._link("contacts", contact, "companies", record, "primary")
                self.portal.contacts.setdefault(company.number, contact)

    def _company(self, company: Company) -> str:
        rng, habits = self.rng, writing.HUBSPOT
        where = writing.address(rng, company, habits)
        hero = company.number in (HERO_CUSTOMER, HERO_PARTNER)
        known = writing.domain(rng, company, habits)
        domain = known if hero or rng.random() < 0.86 else ""
        properties: Row = {
            "name": _hero_name(company) if hero else writing.company_name(rng, company, habits),
            "domain": domain,
            "website": writing.website(rng, known)
            if company.domain and rng.random() < 0.4
            else None,
            "phone": self._maybe(writing.phone(rng, company)),
            "address": self._maybe(writing.street(rng, where.street)),
            "city": writing.city(rng, where, habits)
            if hero
            else self._maybe(writing.city(rng, where, habits)),
            "state": where.city.state if rng.random() < 0.25 else None,
            "zip": where.postal if hero else self._maybe(where.postal),
            "country": "Deutschland" if hero else writing.country(rng, company.country, habits),
            "industry": company.industry[1] if rng.random() < 0.6 else None,
            "numberofemployees": str(company.employees) if rng.random() < 0.5 else None,
            "annualrevenue": str(company.employees * 140_000) if rng.random() < 0.2 else None,
            "lifecyclestage": _LIFECYCLE[company.role],
            "tax_id": company.tax_id if rng.random() < 0.2 else None,
        }
        if company.programme is not None and (hero or rng.random() < 0.92):
            lagging = not hero and rng.random() < 0.06
            properties["partner_tier"] = "Registered" if lagging else company.programme.tier
            properties["partner_status"] = company.programme.status
            properties["partner_territories"] = ";".join(company.programme.territories)
        return self._add("companies", properties)

    def _contact(self, company: Company, person: Person) -> str:
        rng, habits = self.rng, writing.HUBSPOT
        first, last = writing.person_names(rng, person, habits)
        dice = rng.random()
        address = person.private if dice < 0.08 else "" if dice < 0.12 else person.email
        # HubSpot keeps one contact for one address.
        address = "" if address in self.mails else address
        self.mails.add(address)
        contact = self._add(
            "contacts",
            {
                "firstname": first if rng.random() < 0.95 else None,
                "lastname": last,
                "email": address.lower(),
                "phone": writing.phone(rng, company) if rng.random() < 0.3 else None,
                "mobilephone": writing.mobile(rng, company.country, person, noted=0.3),
                "jobtitle": self._maybe(person.title),
                "company": writing.company_name(rng, company, habits)
                if rng.random() < 0.5
                else None,
                "city": company.address.city.name if rng.random() < 0.3 else None,
                "country": writing.country(rng, company.country, habits)
                if rng.random() < 0.4
                else None,
                "lifecyclestage": _LIFECYCLE[company.role],
            },
        )
        self.truth.contact(person, HUBSPOT, "contacts", contact)
        return contact

    # Deals

    def registration(self, plan: Plan) -> str:
        rng = self.rng
        hero = plan.customer.number == HERO_CUSTOMER
        core = (
            HERO_CUSTOMER_NAME
            if hero
            else writing.company_name(rng, plan.customer, writing.HUBSPOT)
        )
        product = plan.product
        if not hero and rng.random() < 0.1:
            product = product.lower() if rng.random() < 0.5 else f"{product} "
        terms = plan.registered
        sites = HERO_SITES if hero else rng.randrange(2, 90)
        properties: Row = {
            "dealname": f"{core} - {plan.product}",
            "amount": f"{terms.amount:.2f}" if hero else f"{terms.amount:.0f}",
            "deal_currency_code": plan.customer.country.currency,
            "closedate": hubspot_time(datetime.combine(terms.closes, plan.submitted.timetz())),
            "pipeline": "deal_registrations",
            "dealstage": plan.stage,
            "dealtype": "newbusiness" if rng.random() < 0.7 else "existingbusiness",
            "description": f"Registered through the partner portal. {sites} sites.",
            "registration_submitted_at": hubspot_time(plan.submitted),
            "registration_product": product,
        }
        for stage, moment in plan.entered.items():
            properties[f"hs_v2_date_entered_{stage}"] = hubspot_time(moment)
        deal = self._add("deals", properties, (plan.submitted, plan.last_moved))
        customer = self.portal.companies[plan.customer.number]
        partner = self.portal.companies[plan.partner.number]
        self._link("deals", deal, "companies", customer, "primary")
        self._link("deals", deal, "companies", partner, "registering_partner")
        self._link("deals", deal, "contacts", self.portal.contacts[plan.customer.number], "plain")
        return deal

    def sales_deals(self, companies: list[Company]) -> None:
        """A few deals of the vendor's own in the stock pipeline."""
        rng = self.rng
        pool = [
            c
            for c in companies
            if c.number in self.portal.companies and c.number not in self.registered and not c.sells
        ]
        count = min(len(pool), max(3, round(len(companies) * _SALES_DEALS_SHARE)))
        for company in rng.sample(pool, count):
            created, modified = self.stamps.created_modified()
            closes = modified + timedelta(days=rng.randrange(5, 90))
            deal = self._add(
                "deals",
                {
                    "dealname": f"{company.core} {rng.choice(FAMILIES)}",
                    "amount": f"{rng.randrange(20, 900) * 50}",
                    "deal_currency_code": company.country.currency,
                    "closedate": hubspot_time(closes),
                    "pipeline": "default",
                    "dealstage": rng.choice(_SALES_STAGES),
                    "dealtype": "newbusiness",
                },
                (created, modified),
            )
            record = self.portal.companies[company.number]
            self._link("deals", deal, "companies", record, "primary")


def _hero_name(company: Company) -> str:
    return HERO_CUSTOMER_NAME if company.number == HERO_CUSTOMER else company.name


def build(
    companies: list[Company],
    plans: list[Plan],
    truth: Truth,
    rng: Random,
    stamps: Stamps,
    accounts: dict[int, str],
    opportunities: dict[int, str],
) -> Portal:
    """The portal; writes the registrations' truth, for which it needs the Salesforce ids."""
    builder = _Builder(rng, stamps, truth, {plan.customer.number for plan in plans})
    for company in companies:
        if company.presence.hubspot:
            builder.company(company)
    for plan in plans:
        deal = builder.registration(plan)
        truth.registrations.append(
            RegistrationTruth(
                deal=deal,
                stage=plan.stage,
                product=plan.product,
                submitted_at=hubspot_time(plan.submitted),
                partner_truth=plan.partner.truth_id,
                customer_truth=plan.customer.truth_id,
                partner_company=builder.portal.companies[plan.partner.number],
                customer_company=builder.portal.companies[plan.customer.number],
                account=accounts.get(plan.customer.number),
                opportunity=opportunities.get(plan.customer.number),
            )
        )
    builder.sales_deals(companies)
    return builder.portal
