"""A partner's leads go out to its own CRM, masked until accepted; its answers come back."""

import pytest
from databases import rows_of
from partners import PartnerChannel, partner_yaml, with_partners
from sqlalchemy import Engine

from hub.config import Settings
from hub.models.golden import lead, lead_assignment, opportunity
from hub.models.identity import crosswalk
from hub.models.operations import ops_change
from hub.models.partners import lead_share
from hub.models.sources import src_assigned_lead
from hub.sync.apply import apply_plan
from hub.sync.ledger import begin_run, end_run
from hub.sync.report import SyncReport
from hub.sync.undo import make_undo


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> PartnerChannel:
    """Partner 0 has a Salesforce, partner 1 a HubSpot; one lead each."""
    told = with_partners(
        settings, partner_yaml("p0", 0, kind="salesforce"), partner_yaml("p1", 1, kind="hubspot")
    )
    channel = PartnerChannel(engine, told)
    for number in (0, 1):
        channel.partner_of(number)
        channel.lead_of(f"l-{number}", number, f"Marker{number}")
    return channel


def _sync(channel: PartnerChannel) -> None:
    report = channel.sync()
    assert report.troubles == []
    assert [(law.law, law.detail) for law in report.laws if not law.holds] == []


def _still(channel: PartnerChannel) -> None:
    assert channel.left_to_do() == 0
    assert [plan.total for plan in channel.sync().plans] == [0]


def _copy(channel: PartnerChannel, system: str, record_id: str) -> dict[str, str]:
    obj, _ = channel.copies(system)
    copy = channel.copy_of(system, record_id)
    assert copy is not None
    return channel.partners[system].fields(obj, copy)


def test_a_lead_goes_to_the_partner_masked_and_to_no_other(channel: PartnerChannel) -> None:
    _sync(channel)
    assert _copy(channel, "p0", "l-0") == {
        "Hub_Lead_Key__c": channel.key_of("l-0"),
        "Hub_Assignment__c": "Assigned",
        "FirstName": "F.",
        "LastName": "L.",
        "Company": "Company in CityMarker0",
        "City": "CityMarker0",
        "Country": "AT",
        "LeadSource": "Web",
    }
    assert [len(system.written) for system in channel.partners.values()] == [1, 1]
    _still(channel)


def test_what_was_masked_is_filled_in_once_the_partner_accepts(channel: PartnerChannel) -> None:
    _sync(channel)
    channel.answer("p1", "l-1", "Accepted")
    _sync(channel)
    told = _copy(channel, "p1", "l-1")
    assert (told["firstname"], told["lastname"]) == ("FirstMarker1", "LastMarker1")
    assert (told["company"], told["email"]) == ("FirmMarker1", "marker1@marker1.example")
    assert _copy(channel, "p0", "l-0")["LastName"] == "L."
    _still(channel)


def test_the_vendor_sees_what_the_partner_made_of_a_lead(channel: PartnerChannel) -> None:
    _sync(channel)
    assert channel.crm.fields("Lead", "l-0")["Hub_Partner_Lead_Status__c"] == "offered"
    channel.answer("p0", "l-0", "Qualified")
    _sync(channel)
    assert channel.crm.fields("Lead", "l-0")["Hub_Partner_Lead_Status__c"] == "qualified"
    (row,) = [r for r in rows_of(channel.engine, lead_assignment) if r["status"] == "qualified"]
    assert row["id"] == channel.key_of("l-0")


def test_the_copy_is_no_lead_of_its_own(channel: PartnerChannel) -> None:
    _sync(channel)
    assert [row["system"] for row in rows_of(channel.engine, lead)] == ["acme_salesforce"] * 2
    tied = [r for r in rows_of(channel.engine, crosswalk) if str(r["system"]).startswith("p")]
    assert sorted((r["entity"], r["hub_id"]) for r in tied) == [
        ("assigned_lead", channel.key_of("l-0")),
        ("assigned_lead", channel.key_of("l-1")),
    ]


def test_of_a_partners_own_leads_no_trace_is_kept(channel: PartnerChannel) -> None:
    channel.partners["p0"].put("Lead", "own", LastName="Theirs", Email="own@theirs.example")
    channel.partners["p0"].put("Opportunity", "own", Name="Their deal", StageName="Open")
    _sync(channel)
    assert [r["record_id"] for r in rows_of(channel.engine, src_assigned_lead)] == [
        channel.copy_of("p0", "l-0"), channel.copy_of("p1", "l-1")
    ]  # fmt: skip
    assert rows_of(channel.engine, opportunity) == []
    archived = list((channel.settings.folder / "archive" / "p0").rglob("*.parquet"))
    assert [file for file in archived if b"Theirs" in file.read_bytes()] == []


def test_an_opportunity_that_became_of_a_lead_comes_back(channel: PartnerChannel) -> None:
    _sync(channel)
    channel.partners["p0"].put(
        "Opportunity", "o-1", Name="Won it", StageName="Closed", Amount="1200",
        CurrencyIsoCode="EUR", IsClosed="true", IsWon="true", Hub_Lead_Key__c=channel.key_of("l-0"),
    )  # fmt: skip
    _sync(channel)
    (deal,) = rows_of(channel.engine, opportunity)
    assert (deal["name"], deal["is_won"], deal["lead_id"]) == (
        "Won it", True, channel.key_of("l-0")
    )  # fmt: skip
    (share,) = [r for r in rows_of(channel.engine, lead_share) if r["system"] == "p0"]
    assert deal["partner_id"] == share["partner_id"]


def test_a_returned_lead_is_taken_back_and_goes_to_another(channel: PartnerChannel) -> None:
    channel.partner_of(1, Partner_Territories__c="AT;DE")
    _sync(channel)
    holder = "p0" if channel.copy_of("p0", "l-0") else "p1"
    other = {"p0": "p1", "p1": "p0"}[holder]
    channel.answer(holder, "l-0", "Returned", "no_capacity")
    _sync(channel)
    assert "Marker0" not in str(_copy(channel, holder, "l-0"))
    assert channel.copy_of(other, "l-0") is not None
    _still(channel)


def test_a_lead_that_moves_is_withdrawn_here_and_given_there(channel: PartnerChannel) -> None:
    _sync(channel)
    channel.answer("p0", "l-0", "Accepted")
    _sync(channel)
    assert "Marker0" in channel.told("p0")
    channel.crm.put("Lead", "l-0", Country="DE")
    _sync(channel)
    assert _copy(channel, "p0", "l-0") == {
        "Hub_Lead_Key__c": channel.key_of("l-0"),
        "Hub_Assignment__c": "Withdrawn",
        "LastName": "[withdrawn]",
        "Company": "[withdrawn]",
        "LeadSource": "Web",
        "Hub_Lead_Status__c": "Accepted",
    }
    assert _copy(channel, "p1", "l-0")["lastname"] == "L."
    _still(channel)


def test_a_deleted_lead_is_withdrawn(channel: PartnerChannel) -> None:
    _sync(channel)
    told = channel.copy_of("p1", "l-1")
    in_portal = channel.portal.find("leads", "hub_lead_key", channel.key_of("l-1"))
    channel.crm.drop("Lead", "l-1")
    channel.portal.drop("leads", str(in_portal))
    _sync(channel)
    assert channel.partners["p1"].fields("contacts", str(told))["hub_assignment"] == "Withdrawn"
    _still(channel)


def test_a_partner_that_was_merged_keeps_its_leads(channel: PartnerChannel) -> None:
    _sync(channel)
    written = len(channel.partners["p0"].written)
    channel.account("a-9", "Adler Systemhaus", Website="adler.example", Type="Partner",
                    Partner_Tier__c="Gold", Partner_Status__c="Active",
                    Partner_Territories__c="AT")  # fmt: skip
    channel.crm.merge("Account", "a-0", "a-9")
    _sync(channel)
    assert len(channel.partners["p0"].written) == written
    (share,) = [r for r in rows_of(channel.engine, lead_share) if r["system"] == "p0"]
    assert share["state"] == "held"
    _still(channel)


def test_a_copy_is_deleted_where_that_is_agreed_and_made_again_if_the_lead_comes_back(
    engine: Engine, settings: Settings
) -> None:
    agreed = "    agreement: {on_withdrawal: delete}\n"
    systems = [
        partner_yaml("p0", 0, kind="salesforce", more=agreed),
        partner_yaml("p1", 1, kind="hubspot"),
    ]
    channel = PartnerChannel(engine, with_partners(settings, *systems))
    for number in (0, 1):
        channel.partner_of(number)
    channel.lead_of("l-0", 0, "Marker0")
    _sync(channel)
    channel.crm.put("Lead", "l-0", Country="DE")
    _sync(channel)
    assert channel.partners["p0"].living("Lead") == []
    _still(channel)
    channel.crm.put("Lead", "l-0", Country="AT")
    _sync(channel)
    assert _copy(channel, "p0", "l-0")["LastName"] == "L."
    assert _copy(channel, "p1", "l-0")["hub_assignment"] == "Withdrawn"
    _still(channel)


def test_undoing_puts_a_copy_back_but_nothing_that_was_taken_from_the_partner(
    channel: PartnerChannel,
) -> None:
    _sync(channel)
    channel.answer("p0", "l-0", "Accepted")
    filled = channel.sync()
    assert _undone(channel, filled) == {"applied"}
    assert _copy(channel, "p0", "l-0")["LastName"] == "L."
    channel.crm.put("Lead", "l-0", Country="DE")
    moved = channel.sync()
    written = len(channel.partners["p0"].written)
    assert "stale" in _undone(channel, moved)
    assert len(channel.partners["p0"].written) == written


def _undone(channel: PartnerChannel, report: SyncReport) -> set[str]:
    """Undo what a sync wrote into the partner's system; the outcomes there."""
    (plan,) = [plan.plan for plan in report.plans if plan.plan is not None][:1]
    rows = [r for r in rows_of(channel.engine, ops_change) if r["plan"] == plan]
    targets = [str(r["id"]) for r in rows if r["system"] == "p0"]
    run = begin_run(channel.engine, "undo", "a-config", channel.clock())
    made = make_undo(channel.engine, channel.settings, run, channel.connectors, targets)
    done = apply_plan(channel.engine, channel.settings, run, str(made.plan), channel.connectors)
    end_run(channel.engine, run, "done", seconds={})
    return {name for name, number in done.outcomes.items() if number}
