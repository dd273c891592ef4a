"""The vendor's Salesforce: accounts, contacts, opportunities and leads as its reps keep them."""

from datetime import date, timedelta
from random import Random

from sandbox.salesforce.ids import record_id
from sandbox.world import writing
from sandbox.world.catalog import FAMILIES
from sandbox.world.company import BUYERS, Company, Person
from sandbox.world.population import HERO_CUSTOMER, HERO_PARTNER
from sandbox.world.records import Org, Row
from sandbox.world.registrations import HERO_PRODUCT, HERO_SITES, Plan, Terms
from sandbox.world.stamps import Stamps, salesforce_time
from sandbox.world.truth import SALESFORCE, Truth

HERO_OPPORTUNITY = f"Project Polarlicht: {HERO_PRODUCT} for {HERO_SITES} cold stores"

_USERS = (
    ("Maya", "Lindgren"),
    ("Tom", "Baker"),
    ("Elif", "Yilmaz"),
    ("Pierre", "Roux"),
    ("Grace", "Okafor"),
    ("Jonas", "Weber"),
)
_OPEN_STAGES = ("Prospecting", "Qualification", "Proposal/Price Quote", "Negotiation/Review")
_LEAD_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Not Converted")
_LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")


class _Builder:
    def __init__(
        self, rng: Random, stamps: Stamps, today: date, truth: Truth, plans: dict[int, Plan]
    ) -> None:
        self.rng, self.stamps, self.today, self.truth, self.plans = rng, stamps, today, truth, plans
        self.org = Org()
        self.contacts: dict[tuple[int, str], str] = {}
        """(company number, truth id of a person) → its (first) contact there."""
        self.owners = [record_id("005", number) for number in range(1, len(_USERS) + 1)]

    def _add(self, object_name: str, prefix: str, row: Row) -> str:
        """Give the row its id, owner and stamps; what is None is left out."""
        rows = self.org.rows[object_name]
        row_id = record_id(prefix, len(rows) + 1)
        created, modified = self.stamps.created_modified()
        kept: Row = {"Id": row_id}
        kept.update((name, value) for name, value in row.items() if value is not None)
        kept["OwnerId"] = self.rng.choice(self.owners)
        kept["CreatedDate"] = salesforce_time(created)
        kept["LastModifiedDate"] = kept["SystemModstamp"] = salesforce_time(modified)
        rows.append(kept)
        return row_id

    def users(self) -> None:
        for owner, (first, last) in zip(self.owners, _USERS, strict=True):
            mail = f"{first}.{last}@acme.example".lower()
            born = salesforce_time(self.stamps.end - timedelta(days=900))
            self.org.rows["User"].append(
                {
                    "Id": owner,
                    "Username": mail,
                    "FirstName": first,
                    "LastName": last,
                    "Email": mail,
                    "CreatedDate": born,
                    "LastModifiedDate": born,
                    "SystemModstamp": born,
                }
            )

    # Accounts and contacts

    def company(self, company: Company) -> None:
        for copy in range(company.presence.salesforce):
            account = self._account(company, copy)
            self.truth.company(company, SALESFORCE, "Account", account)
            self.org.accounts.setdefault(company.number, account)
            for person in self._known_people(company, copy):
                self._contact(company, person, account)

    def _account(self, company: Company, copy: int) -> str:
        rng, habits = self.rng, writing.SALESFORCE
        where = writing.address(rng, company, habits)
        parent = self.org.accounts.get(company.parent.number) if company.parent else None
        hero = company.number in (HERO_CUSTOMER, HERO_PARTNER)
        row: Row = {
            "Name": company.name if hero else writing.company_name(rng, company, habits),
            "Type": self._type(company),
            "ParentId": parent,
            "BillingStreet": writing.street(rng, where.street),
            "BillingCity": writing.city(rng, where, habits),
            "BillingState": where.city.state if rng.random() < 0.5 else None,
            "BillingPostalCode": where.postal,
            "BillingCountry": company.country.name
            if hero
            else writing.country(rng, company.country, habits),
            "Phone": self._maybe(writing.phone(rng, company)),
            "Website": self._website(company),
            "Industry": company.industry[0] if rng.random() < 0.8 else None,
            "NumberOfEmployees": company.employees if rng.random() < 0.6 else None,
            "AnnualRevenue": company.employees * 140_000.0 if rng.random() < 0.35 else None,
            "AccountNumber": f"A-{company.number * 7 + copy:07d}" if rng.random() < 0.3 else None,
            "DunsNumber": company.duns if rng.random() < 0.25 else None,
            "Tax_Id__c": company.tax_id if rng.random() < 0.35 else None,
        }
        if company.programme is not None:
            row["Partner_Tier__c"] = company.programme.tier
            row["Partner_Status__c"] = company.programme.status
            row["Partner_Territories__c"] = ";".join(company.programme.territories)
        return self._add("Account", "001", row)

    def _type(self, company: Company) -> str | None:
        if company.role == "distributor":
            return "Distributor"
        if company.role == "partner":
            return "Partner"
        if self.rng.random() < 0.08:
            return None
        late = self.rng.random() < 0.04
        return "Customer" if company.role == "customer" and not late else "Prospect"

    def _website(self, company: Company) -> str | None:
        if company.number in (HERO_CUSTOMER, HERO_PARTNER):
            return f"https://www.{company.domain}"
        if not company.domain:
            return None
        domain = writing.domain(self.rng, company, writing.SALESFORCE)
        return self._maybe(writing.website(self.rng, domain))

    def _maybe(self, text: str) -> str | None:
        return None if self.rng.random() < writing.SALESFORCE.missing else text

    def _known_people(self, company: Company, copy: int) -> list[Person]:
        if copy:
            return company.people[:1]
        return company.people[: self.rng.randint(1, len(company.people))]

    def _contact(self, company: Company, person: Person, account: str) -> None:
        rng, habits = self.rng, writing.SALESFORCE
        first, last = writing.person_names(rng, person, habits)
        where = writing.address(rng, company, habits)
        with_address = rng.random() < 0.3
        address = person.private if rng.random() < 0.05 else person.email
        contact = self._add(
            "Contact",
            "003",
            {
                "LastName": last,
                "FirstName": first,
                "AccountId": account,
                "Email": self._maybe(writing.email(rng, address)),
                "Phone": writing.phone(rng, company) if rng.random() < 0.5 else None,
                "MobilePhone": writing.mobile(rng, company.country, person, noted=0.4),
                "Title": self._maybe(person.title),
                "MailingStreet": where.street if with_address else None,
                "MailingCity": where.city.name if with_address else None,
                "MailingPostalCode": where.postal if with_address else None,
                "MailingCountry": company.country.name if with_address else None,
            },
        )
        self.contacts.setdefault((company.number, person.truth_id), contact)
        self.truth.contact(person, SALESFORCE, "Contact", contact)

    # Opportunities

    def opportunities(self, company: Company) -> None:
        """The registered one if a plan wants it, and others of other products, or closed."""
        if company.role not in BUYERS:
            return
        account = self.org.accounts[company.number]
        plan = self.plans.get(company.number)
        if plan is not None and plan.open_opportunity:
            wanted = (
                self._hero_opportunity(account, plan.noted)
                if company.number == HERO_CUSTOMER
                else self._opportunity(company, account, plan.product, open_=True, terms=plan.noted)
            )
            self.org.opportunities[company.number] = wanted
        for _ in range(self.rng.choices((0, 1, 2), (58, 32, 10))[0]):
            family = self.rng.choice(FAMILIES)
            taken = plan is not None and plan.product == family
            open_ = not taken and self.rng.random() < 0.45
            self._opportunity(company, account, family, open_=open_)

    def _hero_opportunity(self, account: str, terms: Terms) -> str:
        return self._add(
            "Opportunity",
            "006",
            {
                "Name": HERO_OPPORTUNITY,
                "AccountId": account,
                "StageName": "Proposal/Price Quote",
                "CloseDate": terms.closes.isoformat(),
                "Amount": terms.amount,
                "CurrencyIsoCode": "EUR",
                "Type": "New Business",
                "NextStep": f"Quote for {HERO_SITES} sites",
                "Product_Family__c": HERO_PRODUCT,
            },
        )

    def lookalike(self, plan: Plan) -> None:
        """Another open deal of the customer for the product that a partner has registered."""
        account = self.org.accounts[plan.customer.number]
        self._opportunity(plan.customer, account, plan.product, open_=True)

    def _opportunity(
        self,
        company: Company,
        account: str,
        family: str,
        *,
        open_: bool,
        terms: Terms | None = None,
    ) -> str:
        """An opportunity, on any terms unless they are given."""
        rng = self.rng
        if open_:
            stage = rng.choice(_OPEN_STAGES)
            closes = self.today + timedelta(days=rng.randrange(-10, 180))
        else:
            stage = "Closed Won" if rng.random() < 0.55 else "Closed Lost"
            closes = self.today - timedelta(days=rng.randrange(3, 600))
        amount = rng.randrange(40, 4000) * 50 + (0.5 if rng.random() < 0.1 else 0.0)
        if terms is not None:
            amount, closes = terms.amount, terms.closes
        return self._add(
            "Opportunity",
            "006",
            {
                "Name": _opportunity_name(rng, company, family),
                "AccountId": account,
                "StageName": stage,
                "CloseDate": closes.isoformat(),
                "Amount": amount,
                "CurrencyIsoCode": company.country.currency,
                "Type": "Existing Business" if rng.random() < 0.4 else "New Business",
                "LeadSource": rng.choice(_LEAD_SOURCES) if rng.random() < 0.4 else None,
                "NextStep": "Send quote" if rng.random() < 0.2 else None,
                "Product_Family__c": family,
            },
        )

    # Leads

    def leads(self, company: Company) -> None:
        for person in self.rng.sample(
            company.people, min(company.presence.leads, len(company.people))
        ):
            self._lead(company, person)

    def _lead(self, company: Company, person: Person) -> None:
        rng, habits = self.rng, writing.LEAD
        first, last = writing.person_names(rng, person, habits)
        where = writing.address(rng, company, habits)
        dice = rng.random()
        address = person.email if dice < 0.68 else person.private if dice < 0.85 else ""
        known = self.contacts.get((company.number, person.truth_id))
        row: Row = {
            "LastName": last,
            "FirstName": first if rng.random() < 0.93 else None,
            "Company": writing.company_name(rng, company, habits),
            "Email": writing.email(rng, address) if address else None,
            "Phone": writing.phone(rng, company) if rng.random() < 0.6 else None,
            "MobilePhone": writing.mobile(rng, company.country, person, noted=0.25),
            "Website": writing.website(rng, company.domain)
            if company.domain and rng.random() < 0.4
            else None,
            "Title": person.title if rng.random() < 0.6 else None,
            "Street": writing.street(rng, where.street) if rng.random() < 0.5 else None,
            "City": writing.city(rng, where, habits) if rng.random() < 0.8 else None,
            "PostalCode": where.postal if rng.random() < 0.7 else None,
            "Country": writing.country(rng, company.country, habits),
            "Status": rng.choices(_LEAD_STATUSES, (55, 33, 12))[0],
            "LeadSource": rng.choice(_LEAD_SOURCES),
            "Industry": company.industry[0] if rng.random() < 0.3 else None,
            "Product_Interest__c": rng.choice(FAMILIES) if rng.random() < 0.8 else None,
        }
        if known is not None and rng.random() < 0.25:
            row["Status"] = "Closed - Converted"
            row["IsConverted"] = True
            row["ConvertedDate"] = (self.today - timedelta(days=rng.randrange(2, 300))).isoformat()
            row["ConvertedAccountId"] = self.org.accounts[company.number]
            row["ConvertedContactId"] = known
        lead = self._add("Lead", "00Q", row)
        self.truth.contact(person, SALESFORCE, "Lead", lead)
        self.truth.company(company, SALESFORCE, "Lead", lead)


def _opportunity_name(rng: Random, company: Company, family: str) -> str:
    dice = rng.random()
    if dice < 0.5:
        name = f"{company.core} - {family}"
    elif dice < 0.8:
        name = f"{family} for {company.core}, {rng.randrange(2, 90)} sites"
    else:
        name = f"{company.core} {family} refresh"
    return name[:120]


def build(
    companies: list[Company],
    plans: list[Plan],
    truth: Truth,
    rng: Random,
    stamps: Stamps,
    today: date,
    *,
    lookalikes: float,
) -> Org:
    """The org; `lookalikes` is the share of the registrations beside which there is another open
    deal of the same customer for the same product."""
    builder = _Builder(rng, stamps, today, truth, {plan.customer.number: plan for plan in plans})
    builder.users()
    # A subsidiary's number is higher than its parent's, so the parent's account is there first.
    for company in companies:
        if company.presence.salesforce:
            builder.company(company)
            builder.opportunities(company)
        builder.leads(company)
    for plan in plans[1:]:
        if plan.customer.number in builder.org.accounts and rng.random() < lookalikes:
            builder.lookalike(plan)
    return builder.org
