"""What people do in the two CRMs of a small channel, drawn at random, each edit with its words."""

from collections.abc import Callable
from datetime import date
from typing import Any

from channel import HUBSPOT, SALESFORCE, Channel
from hypothesis import strategies as st

Edit = Callable[[Channel], None]

ACCOUNTS = ("a-adler", "a-berger", "a-cordes", "a-dupont", "a-eriksson")
COMPANIES = ("c-adler", "c-cordes", "c-dupont", "c-eriksson")
NAMES = ("Adler Systemhaus", "Berger Netzwerke", "Cordes Maschinenbau", "Dupont Logistique")
NAMES += ("Eriksson Bygg", "Cordes Maschinenbau GmbH")
PRODUCTS = ("Firewall", "Storage", None)
COUNTRIES = ("AT", "DE", "FR", "Atlantis", None)
DAYS = (date(2025, 11, 20), date(2026, 1, 15), date(2026, 3, 1))


def _choose(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def _edit(told: str, act: Callable[..., None], /, **choices: Any) -> st.SearchStrategy[Any]:
    """An edit that tells what it does when an example fails."""
    drawn = st.fixed_dictionaries({key: _choose(*values) for key, values in choices.items()})
    return drawn.map(lambda values: (f"{told} {values}", lambda channel: act(channel, **values)))


def _drop(channel: Channel, system: str, key: tuple[str, str]) -> None:
    outside = channel.connectors[system].outside
    if key[1] in outside.living(key[0]):
        outside.drop(*key)


def _merge(channel: Channel, system: str, obj: str, loser: str, survivor: str) -> None:
    outside = channel.connectors[system].outside
    if {loser, survivor} <= set(outside.living(obj)):
        outside.merge(obj, loser, survivor)


def _own(channel: Channel, obj: str, name: str, value: str | None) -> None:
    """Somebody edits, in every record of an object, a field that the hub owns."""
    outside = channel.crm if obj in ("Lead", "Opportunity") else channel.portal
    for record_id in outside.living(obj):
        outside.put(obj, record_id, **{name: value})


_RECORDS = [
    *((SALESFORCE, ("Account", record)) for record in ACCOUNTS[:4]),
    *((SALESFORCE, ("Opportunity", record)) for record in ("o-cordes", "o-dupont")),
    *((HUBSPOT, ("companies", record)) for record in COMPANIES[:3]),
    (HUBSPOT, ("deals", "d-cordes")),
    (SALESFORCE, ("Lead", "l-huber")),
]
_MERGES = [
    (SALESFORCE, "Account", "a-cordes", "a-dupont"),
    (SALESFORCE, "Account", "a-dupont", "a-eriksson"),
    (SALESFORCE, "Account", "a-berger", "a-adler"),
    (HUBSPOT, "companies", "c-cordes", "c-eriksson"),
]
_OWNED = [
    ("Opportunity", "Hub_Partner_Key__c"),
    ("Opportunity", "Hub_Registration_Key__c"),
    ("Lead", "Hub_Partner_Name__c"),
    ("deals", "partner_registration_status"),
    ("leads", "hub_partner_key"),
]

EDITS = st.one_of(
    _edit(
        "account is called",
        lambda c, record, name: c.account(record, name),
        record=ACCOUNTS,
        name=(*NAMES, None),
    ),
    _edit(
        "company is called",
        lambda c, record, name: c.company(record, name),
        record=COMPANIES,
        name=(*NAMES, None),
    ),
    _edit(
        "account becomes partner",
        lambda c, record, **told: c.account(record, NAMES[ACCOUNTS.index(record)], **told),
        record=ACCOUNTS[:4],
        Type=("Partner", "Customer"),
        Partner_Tier__c=("Gold", "Tin", None),
        Partner_Status__c=("Active", "Suspended", None),
        Partner_Territories__c=("AT;DE", "FR", None),
    ),
    _edit(
        "opportunity",
        lambda c, record, account, product, **told: c.opportunity(record, account, product, **told),
        record=("o-cordes", "o-dupont", "o-new"),
        account=(*ACCOUNTS, None),
        product=PRODUCTS,
        IsClosed=("false", "true"),
        Amount=("10000", "14000"),
    ),
    _edit(
        "deal",
        lambda c, record, partner, customer, product, **told: c.deal(
            record, partner, customer, product, **told
        ),
        record=("d-cordes", "d-new"),
        partner=(*COMPANIES[:2], None),
        customer=(*COMPANIES, None),
        product=PRODUCTS,
        dealstage=("reg_submitted", "reg_rejected", "reg_won", "somewhere"),
        pipeline=("deal_registrations", "deal_registrations", "default"),
    ),
    _edit(
        "approval",
        lambda c, record, on: c.approve(record, on) if record in c.portal.living("deals") else None,
        record=("d-cordes", "d-new"),
        on=DAYS,
    ),
    _edit(
        "lead",
        lambda c, record, company, country, **told: c.lead(
            record, f"Eva {record.split('-')[1].title()}", company, country, **told
        ),
        record=("l-huber", "l-moser"),
        company=(*NAMES, "Huber Druck"),
        country=COUNTRIES,
        Status=("Open - Not Contacted", "Closed - Not Converted"),
        Product_Interest__c=PRODUCTS,
    ),
    _edit("deletion", lambda c, record: _drop(c, *record), record=_RECORDS),
    _edit("merge", lambda c, pair: _merge(c, *pair), pair=_MERGES),
    _edit(
        "somebody's own",
        lambda c, field, value: _own(c, *field, value),
        field=_OWNED,
        value=(None, "nonsense"),
    ),
    _edit("days pass", lambda c, days: c.pass_days(days), days=(1, 60, 200)),
)
