"""A channel whose partners have CRMs of their own: leads go out to them, answers come back.

Who holds which lead is told here by territory alone, so that a test can say it without asking the
hub: the vendor's account of a partner covers one country, and a lead of that country is the
partner's.
"""

from dataclasses import dataclass, field
from typing import Any

from channel import Channel
from fakes import FakeConnector, FakeSystem

from hub.config import Settings, load_config

COUNTRIES = ("AT", "DE", "CH", "FR", "IT", "ES", "NL", "BE", "PL", "SE")


def partner_yaml(system: str, number: int, *, kind: str, more: str = "") -> str:
    """A partner's system in hub.yaml, named by the vendor's account of the partner."""
    access = {
        "salesforce": (
            "instance_url: http://partner.example\n"
            "    auth: {flow: client_credentials, client_id: an-id, client_secret: a-secret}"
        ),
        "hubspot": "base_url: http://partner.example\n    auth: {access_token: a-token}",
    }[kind]
    return (
        f"  {system}:\n    kind: {kind}\n    role: partner\n"
        f"    partner: acme_salesforce/Account/a-{number}\n    {access}\n{more}"
    )


def with_partners(settings: Settings, *systems: str) -> Settings:
    """The settings with further systems, written below `systems` of their hub.yaml."""
    text = settings.file.read_text().replace(
        "policy: policy.yaml", "".join(systems) + "policy: policy.yaml"
    )
    settings.file.write_text(text)
    return load_config(settings.file)


@dataclass
class PartnerChannel(Channel):
    """A channel with a partner system per country: `p0` is the one of `COUNTRIES[0]`, and so on."""

    partners: dict[str, FakeSystem] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, config in self.settings.systems.items():
            if config.role == "partner" and config.kind != "files":
                self.partners[name] = FakeSystem(name)
                self.connectors[name] = FakeConnector(self.partners[name])

    def partner_of(self, number: int, **fields: str) -> None:
        told = {"Type": "Partner", "Partner_Tier__c": "Gold", "Partner_Status__c": "Active"}
        territory = {"Partner_Territories__c": COUNTRIES[number]}
        self.account(f"a-{number}", NAMES[number], **{**told, **territory, **fields})

    def lead_of(self, record_id: str, number: int, marker: str, **fields: Any) -> None:
        """A lead of a partner's territory; every text of it bears the marker."""
        self.crm.put(
            "Lead",
            record_id,
            **{
                "FirstName": f"First{marker}",
                "LastName": f"Last{marker}",
                "Company": f"Firm{marker}",
                "Country": COUNTRIES[number],
                "City": f"City{marker}",
                "Email": f"{marker}@{marker}.example".lower(),
                "Phone": f"+43 1 {abs(hash(marker)) % 10**7:07d}",
                "Status": "Open - Not Contacted",
                "LeadSource": "Web",
                **fields,
            },
        )

    def key_of(self, record_id: str) -> str:
        """The hub's key of a lead, as the vendor's CRM was told it."""
        return self.crm.fields("Lead", record_id)["Hub_Lead_Key__c"]

    def copy_of(self, system: str, record_id: str) -> str | None:
        """The record that stands for the vendor's lead in a partner's system."""
        obj, key = self.copies(system)
        return self.partners[system].find(obj, key, self.key_of(record_id))

    def copies(self, system: str) -> tuple[str, str]:
        """The object and the key field of copies there."""
        if self.settings.systems[system].kind == "salesforce":
            return "Lead", "Hub_Lead_Key__c"
        return "contacts", "hub_lead_key"

    def answer(self, system: str, record_id: str, status: str, reason: str | None = None) -> None:
        """The partner says what it made of a lead."""
        obj, _ = self.copies(system)
        copy = self.copy_of(system, record_id)
        assert copy is not None
        names = (
            ("Hub_Lead_Status__c", "Hub_Lead_Reason__c")
            if obj == "Lead"
            else ("hub_lead_status", "hub_lead_reason")
        )
        self.partners[system].put(obj, copy, **dict(zip(names, (status, reason), strict=True)))

    def told(self, system: str) -> str:
        """Every text that was ever written to a system, as its own log has it."""
        return "\n".join(
            str(value)
            for change in self.partners[system].written
            for value in (*change.fields.values(), *(change.key or ()))
            if value is not None
        )


NAMES = (
    *("Adler Systemhaus", "Berger Netzwerke", "Cordes Maschinenbau", "Dupont Logistique"),
    *("Esposito Reti", "Fuentes Redes", "Groot Netwerken", "Hubeau Réseaux", "Iwan Sieci"),
    "Johansson Nät",
)
