"""The rules at work on a channel that changes: what is decided, why, and what the reps see."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from channel import HUBSPOT, Channel, furnished
from databases import rows_of
from sqlalchemy import Engine

from hub.config import ObjectMapping, Settings
from hub.models.golden import decision, lead_assignment, partner, registration

APPROVED_ON = date(2026, 1, 15)


@pytest.fixture
def channel(engine: Engine, settings: Settings) -> Channel:
    return furnished(Channel(engine, settings))


def _claim(channel: Channel, key: str = "re_00000001") -> dict[str, Any]:
    return next(row for row in rows_of(channel.engine, registration) if row["id"] == key)


def _on_opportunity(channel: Channel, record_id: str = "o-cordes") -> dict[str, str]:
    """What the hub shows the rep."""
    told = channel.crm.fields("Opportunity", record_id)
    return {name: told[name] for name in sorted(told) if "Partner" in name or "Hub" in name}


def _decisions(channel: Channel, entity: str, kind: str) -> list[tuple[Any, ...]]:
    rows = rows_of(channel.engine, decision)
    return [
        (row["entity_id"], row["outcome"], row["rule"])
        for row in rows
        if (row["entity"], row["kind"]) == (entity, kind)
    ]


def _names(channel: Channel) -> dict[Any, Any]:
    """Partner id → name, and nobody for none."""
    return {row["id"]: row["name"] for row in rows_of(channel.engine, partner)} | {None: None}


def _assigned(channel: Channel) -> list[tuple[Any, ...]]:
    """Who has each lead, and why."""
    rows, names = rows_of(channel.engine, lead_assignment), _names(channel)
    return [(names.get(row["partner_id"], "a former partner"), row["reason"]) for row in rows]


# -- registrations -----------------------------------------------------------------------------


def test_an_approval_is_dated_tied_explained_and_shown_to_the_rep(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.approve("d-cordes", APPROVED_ON)
    sync()
    claim = _claim(channel)
    shown = ("status", "protected_until", "partner_id", "opportunity_id", "note")
    assert [claim[name] for name in shown] == [
        *("approved", date(2026, 4, 15), "pa_00000001", "op_00000001", None)
    ]
    assert _on_opportunity(channel) == {
        "Hub_Partner_Key__c": "pa_00000001",
        "Hub_Registered_Partner__c": "Adler Systemhaus",
        "Hub_Registration_Key__c": "re_00000001",
        "Partner_Registration_Expires__c": "2026-04-15",
        "Partner_Registration_Status__c": "Approved",
    }
    deal = channel.portal.fields("deals", "d-cordes")
    assert deal["partner_registration_status"] == "approved"
    assert deal["partner_protected_until"] == "2026-04-15"
    assert _decisions(channel, "registration", "status") == [
        ("re_00000001", "approved", "90_days_from_approved_at")
    ]
    row = next(r for r in rows_of(channel.engine, decision) if r["kind"] == "opportunity")
    assert (row["outcome"], row["rule"], row["policy_version"]) == (
        *("op_00000001", "likeliest", "test-1"),
    )
    said = {"product": ["same", 1.8], "amount": ["equal", 4.5]}
    assert json.loads(str(row["candidates"])) == [
        {"id": "op_00000001", "verdict": "same", "log_odds": 5.5, "fields": said}
    ]
    assert json.loads(str(row["inputs"]))["product"] == "Firewall"


def test_an_approval_expires_by_itself_the_day_after_its_window(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.approve("d-cordes", APPROVED_ON)
    sync()
    channel.pass_days((date(2026, 4, 15) - channel.today.date()).days)
    sync()
    assert _claim(channel)["status"] == "approved"
    channel.pass_days(1)
    sync()
    assert _claim(channel)["status"] == "expired"
    assert _on_opportunity(channel)["Partner_Registration_Status__c"] == "Expired"
    assert _decisions(channel, "registration", "status")[-1] == (
        *("re_00000001", "expired", "window_passed"),
    )


def test_another_window_in_the_policy_moves_every_protection(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.approve("d-cordes", APPROVED_ON)
    sync()
    policy = Path(channel.settings.resolve(channel.settings.policy))
    policy.write_text("version: test-2\nregistration: {window_days: 180}\n")
    sync()
    assert _on_opportunity(channel)["Partner_Registration_Expires__c"] == "2026-07-14"
    policy.write_text("version: test-1\n")
    sync()
    assert _on_opportunity(channel)["Partner_Registration_Expires__c"] == "2026-04-15"


def test_of_two_claims_the_stronger_shows_and_the_other_follows_when_it_ends(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.company("c-berger", "Berger Netzwerke")
    channel.deal("d-second", "c-berger", "c-cordes", "Firewall")
    channel.approve("d-second", APPROVED_ON)
    sync()
    assert _on_opportunity(channel)["Hub_Registered_Partner__c"] == "Berger Netzwerke"
    first = channel.portal.fields("deals", "d-cordes")
    assert first["partner_registration_status"] == "submitted"
    channel.portal.put("deals", "d-second", dealstage="reg_rejected")
    sync()
    assert _on_opportunity(channel)["Hub_Registered_Partner__c"] == "Adler Systemhaus"


def test_a_withdrawn_claim_is_taken_off_the_opportunity(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.approve("d-cordes", APPROVED_ON)
    sync()
    channel.portal.drop("deals", "d-cordes")
    sync()
    assert rows_of(channel.engine, registration) == []
    assert _on_opportunity(channel) == {}


def test_an_approved_claim_without_an_opportunity_makes_one_and_ties_to_it(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.crm.drop("Opportunity", "o-cordes")
    sync()
    assert _claim(channel)["opportunity_id"] is None
    channel.approve("d-cordes", APPROVED_ON)
    sync()
    made = "opportunity-re_00000001"
    assert channel.crm.living("Opportunity") == ["o-dupont", made]
    told = channel.crm.fields("Opportunity", made)
    assert (told["AccountId"], told["Amount"], told["Product_Family__c"]) == (
        *("a-cordes", "10000", "Firewall"),
    )
    assert _on_opportunity(channel, made)["Hub_Registered_Partner__c"] == "Adler Systemhaus"
    assert _claim(channel)["note"] is None
    opportunity_id = _claim(channel)["opportunity_id"]
    assert _decisions(channel, "registration", "opportunity")[-1] == (
        *("re_00000001", opportunity_id, "carries_registration_key"),
    )


def test_a_tie_ends_with_its_opportunity(channel: Channel, sync: Callable[[], None]) -> None:
    sync()
    assert _claim(channel)["opportunity_id"] == "op_00000001"
    channel.crm.drop("Opportunity", "o-cordes")
    sync()
    assert _claim(channel)["opportunity_id"] is None
    channel.opportunity("o-again", "a-cordes", "Firewall")
    sync()
    assert _on_opportunity(channel, "o-again")["Hub_Registration_Key__c"] == "re_00000001"


def test_a_tie_moves_when_its_opportunity_goes_to_another_customer(
    channel: Channel, sync: Callable[[], None]
) -> None:
    sync()
    channel.crm.put("Opportunity", "o-cordes", AccountId="a-dupont")
    sync()
    assert _claim(channel)["opportunity_id"] is None
    assert _on_opportunity(channel) == {}


def test_a_company_that_becomes_a_partner_later_gets_its_claims(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.account("a-eriksson", "Eriksson Bygg")
    channel.company("c-eriksson", "Eriksson Bygg")
    channel.deal("d-new", "c-eriksson", "c-dupont", "Storage")
    sync()
    claim = _claim(channel, "re_00000002")
    assert claim["partner_id"] is None
    assert str(claim["note"]).startswith("No partner is linked")
    channel.partner("a-eriksson", "Eriksson Bygg", "SE")
    sync()
    assert _claim(channel, "re_00000002")["partner_id"] is not None
    shown = _on_opportunity(channel, "o-dupont")
    assert shown["Hub_Registered_Partner__c"] == "Eriksson Bygg"
    channel.account("a-eriksson", "Eriksson Bygg", Type="Customer", Partner_Tier__c=None,
                    Partner_Status__c=None)  # fmt: skip
    sync()
    assert _claim(channel, "re_00000002")["partner_id"] is None


def test_a_stage_without_a_status_is_told_and_heard_once_it_is_mapped(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.portal.put("deals", "d-cordes", dealstage="somewhere")
    sync()
    assert _claim(channel)["status"] == "unmapped"
    note = channel.portal.fields("deals", "d-cordes")["partner_registration_note"]
    assert note == "Stage 'somewhere' has no status; add it under `registrations.stages`."
    channel.settings = _with_stage(channel.settings, "somewhere", "in_review")
    sync()
    assert _claim(channel)["status"] == "in_review"
    assert _on_opportunity(channel)["Partner_Registration_Status__c"] == "In Review"


def _with_stage(settings: Settings, stage: str, status: str) -> Settings:
    deals: ObjectMapping = settings.mappings[HUBSPOT]["deals"]
    assert deals.registrations is not None
    stages = {**deals.registrations.stages, stage: status}
    rule = deals.registrations.model_copy(update={"stages": stages})
    objects = {
        **settings.mappings[HUBSPOT],
        "deals": deals.model_copy(update={"registrations": rule}),
    }
    return settings.model_copy(update={"mappings": {**settings.mappings, HUBSPOT: objects}})


# -- leads -------------------------------------------------------------------------------------


def test_a_lead_goes_to_the_partner_of_its_territory_and_both_crms_say_so(
    channel: Channel, sync: Callable[[], None]
) -> None:
    sync()
    assert _assigned(channel) == [("Adler Systemhaus", "territory_and_tier")]
    assert channel.crm.fields("Lead", "l-huber")["Hub_Partner_Name__c"] == "Adler Systemhaus"
    (made,) = channel.portal.living("leads")
    told = channel.portal.fields("leads", made)
    assert (told["hub_partner_name"], told["hub_lead_key"]) == ("Adler Systemhaus", "ld_00000001")
    (row,) = [r for r in rows_of(channel.engine, decision) if r["kind"] == "assignment"]
    assert json.loads(str(row["candidates"])) == [
        {"id": "pa_00000001", "tier": "gold", "verdict": "eligible"}
    ]


def test_a_suspended_partner_loses_its_leads_to_the_next(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.lead("l-huber", "Eva Huber", "Huber Druck", "DE")
    channel.account("a-berger", "Berger Netzwerke", Partner_Status__c="Suspended")
    sync()
    assert channel.crm.fields("Lead", "l-huber")["Hub_Partner_Name__c"] == "Adler Systemhaus"
    channel.account("a-berger", "Berger Netzwerke", Partner_Status__c="Active")
    sync()
    assert channel.crm.fields("Lead", "l-huber")["Hub_Partner_Name__c"] == "Adler Systemhaus"
    channel.account("a-adler", "Adler Systemhaus", Partner_Status__c="Terminated")
    sync()
    assert channel.crm.fields("Lead", "l-huber")["Hub_Partner_Name__c"] == "Berger Netzwerke"
    names, made = _names(channel), _decisions(channel, "lead", "assignment")
    assert [(names.get(who), why) for _, who, why in made] == [
        ("Adler Systemhaus", "territory_and_tier"),
        ("Berger Netzwerke", "territory_and_tier"),
    ]


def test_a_lead_that_nobody_may_have_waits_with_its_reason_for_a_partner(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.lead("l-huber", "Eva Huber", "Huber Druck", "")
    sync()
    assert _assigned(channel) == [(None, "lead_has_no_country")]
    channel.crm.put("Lead", "l-huber", Country="Italy")
    sync()
    assert _assigned(channel) == [(None, "no_partner_in_territory")]
    assert channel.portal.living("leads") == []
    channel.partner("a-fabbri", "Fabbri Informatica", "IT")
    sync()
    assert channel.crm.fields("Lead", "l-huber")["Hub_Partner_Name__c"] == "Fabbri Informatica"


def test_a_registered_customers_lead_goes_to_the_registered_partner_as_long_as_it_holds(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.approve("d-cordes", APPROVED_ON)
    channel.account("a-adler", "Adler Systemhaus", Partner_Territories__c="FR")
    channel.lead(
        *("l-huber", "Eva Huber", "Cordes Maschinenbau", "DE"),
        Website="cordes.example", Email="eva@cordes.example", Product_Interest__c="Firewall",
    )  # fmt: skip
    sync()
    assert _assigned(channel) == [("Adler Systemhaus", "registered_partner")]
    channel.portal.drop("deals", "d-cordes")
    sync()
    assert _assigned(channel) == [("Berger Netzwerke", "territory_and_tier")]


def test_a_lead_of_another_product_is_not_protected(
    channel: Channel, sync: Callable[[], None]
) -> None:
    channel.approve("d-cordes", APPROVED_ON)
    channel.account("a-adler", "Adler Systemhaus", Partner_Territories__c="FR")
    channel.lead(
        *("l-huber", "Eva Huber", "Cordes Maschinenbau", "DE"),
        Website="cordes.example", Email="eva@cordes.example", Product_Interest__c="Storage",
    )  # fmt: skip
    sync()
    assert _assigned(channel) == [("Berger Netzwerke", "territory_and_tier")]


def test_a_closed_lead_keeps_saying_who_got_it_and_a_deleted_one_says_nothing(
    channel: Channel, sync: Callable[[], None]
) -> None:
    sync()
    channel.crm.put("Lead", "l-huber", Status="Closed - Not Converted")
    channel.account("a-adler", "Adler Systemhaus", Partner_Status__c="Terminated")
    sync()
    assert _assigned(channel) == [("Adler Systemhaus", "territory_and_tier")]
    channel.crm.drop("Lead", "l-huber")
    for record_id in channel.portal.living("leads"):
        channel.portal.drop("leads", record_id)
    sync()
    assert _assigned(channel) == []
