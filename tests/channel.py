"""A small channel in fake systems: a vendor's Salesforce, a HubSpot where partners register deals.

Company names are far apart on purpose, so that who is who is not in question.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fakes import FakeConnector, FakeSystem
from sqlalchemy import Engine

from hub.config import Settings
from hub.sync.flow import Flow
from hub.sync.pipeline import pull_scope
from hub.sync.report import SyncReport
from hub.sync.verdict import left_to_do

SALESFORCE, HUBSPOT, NORTHWIND = "acme_salesforce", "acme_hubspot", "northwind"
FIRST_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def salesforce() -> FakeSystem:
    open_deal = {"StageName": "Prospecting", "IsClosed": "false", "IsWon": "false"}
    return FakeSystem(
        SALESFORCE, defaults={"Opportunity": open_deal, "Lead": {"IsConverted": "false"}}
    )


@dataclass
class Channel:
    """The three systems, a warehouse, and days that pass only when told to."""

    engine: Engine
    settings: Settings
    crm: FakeSystem = field(default_factory=salesforce)
    portal: FakeSystem = field(default_factory=lambda: FakeSystem(HUBSPOT))
    feed: FakeSystem = field(default_factory=lambda: FakeSystem(NORTHWIND))
    today: datetime = FIRST_DAY
    connectors: dict[str, FakeConnector] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for outside in (self.crm, self.portal, self.feed):
            self.connectors[outside.name] = FakeConnector(outside)

    def clock(self) -> datetime:
        """Runs follow each other by a minute."""
        self.today += timedelta(minutes=1)
        return self.today

    def pass_days(self, days: int) -> None:
        self.today += timedelta(days=days)

    def sync(
        self, *, only: str | None = None, full: bool = False, apply: bool = True
    ) -> SyncReport:
        """What `hub.sync.pipeline.sync` does, with these connectors."""
        flow = Flow(self.engine, self.settings, self.connectors, "sync", clock=self.clock)
        flow.one_pass(pull_scope(self.settings, only), full=full, apply=apply)
        flow.settle()
        flow.conclude(applied=apply)
        flow.end()
        return flow.report

    def left_to_do(self) -> int:
        """Changes wanted when everything is looked at again."""
        return left_to_do(self.engine, self.settings, ())

    # -- what people do --------------------------------------------------------------------------

    def account(self, record_id: str, name: str, **fields: str | None) -> None:
        self.crm.put("Account", record_id, Name=name, **fields)

    def partner(self, record_id: str, name: str, territories: str, tier: str = "Gold") -> None:
        """A partner as the vendor keeps it in Salesforce."""
        self.account(
            record_id,
            name,
            Type="Partner",
            Partner_Tier__c=tier,
            Partner_Status__c="Active",
            Partner_Territories__c=territories,
        )

    def company(self, record_id: str, name: str, **fields: str | None) -> None:
        self.portal.put("companies", record_id, name=name, **fields)

    def opportunity(self, record_id: str, account: str, product: str, **fields: str | None) -> None:
        told = {
            "Name": f"{product} for {account}",
            "AccountId": account,
            "Product_Family__c": product,
            "Amount": "10000",
            "CurrencyIsoCode": "EUR",
            "CloseDate": "2026-06-30",
        }
        self.crm.put("Opportunity", record_id, **{**told, **fields})

    def deal(
        self, record_id: str, partner: str, customer: str, product: str, **fields: str | None
    ) -> None:
        """A deal that a partner registers in HubSpot."""
        told = {
            "dealname": f"{product} at {customer}",
            "pipeline": "deal_registrations",
            "dealstage": "reg_submitted",
            "associations/companies/primary": customer,
            "associations/companies/registering_partner": partner,
            "registration_product": product,
            "registration_submitted_at": "2026-02-20T10:00:00.000Z",
            "amount": "10000",
            "deal_currency_code": "EUR",
        }
        self.portal.put("deals", record_id, **{**told, **fields})

    def approve(self, record_id: str, on: date) -> None:
        self.portal.put(
            *("deals", record_id),
            dealstage="reg_approved",
            hs_v2_date_entered_reg_approved=f"{on.isoformat()}T10:00:00.000Z",
        )  # fmt: skip

    def lead(self, record_id: str, person: str, company: str, country: str, **fields: Any) -> None:
        first, last = person.split()
        told = {
            "FirstName": first,
            "LastName": last,
            "Company": company,
            "Country": country,
            "Email": f"{first}.{last}@{company.split()[0]}.example".lower(),
            "Status": "Open - Not Contacted",
            "LeadSource": "Web",
        }
        self.crm.put("Lead", record_id, **{**told, **fields})


def furnished(channel: Channel) -> Channel:
    """Two partners, two customers known to both systems, an opportunity each, one claim, a lead."""
    channel.partner("a-adler", "Adler Systemhaus", "AT;DE")
    channel.partner("a-berger", "Berger Netzwerke", "DE;CH", tier="Platinum")
    channel.account(
        "a-cordes", "Cordes Maschinenbau", Website="cordes.example", BillingCountry="DE"
    )
    channel.account("a-dupont", "Dupont Logistique", Website="dupont.example", BillingCountry="FR")
    channel.company("c-adler", "Adler Systemhaus")
    channel.company("c-cordes", "Cordes Maschinenbau", domain="cordes.example", country="DE")
    channel.company("c-dupont", "Dupont Logistique", domain="dupont.example", country="FR")
    channel.opportunity("o-cordes", "a-cordes", "Firewall")
    channel.opportunity("o-dupont", "a-dupont", "Storage")
    channel.deal("d-cordes", "c-adler", "c-cordes", "Firewall")
    channel.lead("l-huber", "Eva Huber", "Huber Druck", "AT")
    return channel


Edit = tuple[Callable[..., None], tuple[Any, ...], Mapping[str, Any]]
