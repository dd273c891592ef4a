"""`hub provision`: a bare org and a bare portal become ones that the hub can work on, once."""

from typing import Any

from bare_systems import TOKEN, Place, salesforce_field

from hub.config import stock_mapping
from sandbox.hubspot.demo import DEMO
from sandbox.hubspot.loading import known_type
from sandbox.salesforce.ids import record_id

CREATED = "2026-05-01T08:00:00Z"


# -- from bare to working ------------------------------------------------------------------------


def test_a_plan_names_everything_that_is_missing_and_writes_nothing(place: Place) -> None:
    found = place.items("--plan")
    sf, hs = "acme_salesforce", "acme_hubspot"
    assert found[(sf, "Lead", "Hub_Lead_Key__c")]["detail"] == "Text(80), unique external id"
    status = found[(sf, "Opportunity", "Partner_Registration_Status__c")]
    assert status["detail"].startswith("Picklist: Submitted, In Review, Info Requested, Approved")
    assert found[(sf, "", "Partner_Hub")]["action"] == "grant"
    key = found[(hs, "leads", "hub_lead_key")]
    assert key["detail"] == "string, unique: this cannot be changed later"
    assert found[(hs, "leads", "partner_hub")]["detail"] == "property group"
    assert found[(hs, "deals", "deal_registrations")]["detail"] == "pipeline of 7 stages"
    label = found[(hs, "deals", "associations/companies/registering_partner")]
    assert label["detail"] == "association label 'Registering partner'"
    assert place.writes() == []
    answer = place.hub("provision", "--plan")
    assert answer.code == 0
    assert "Hub_Lead_Key__c" in answer.out
    assert "acme_salesforce: " in answer.out
    assert " to do in 5 calls" in answer.out


def test_provisioning_once_makes_the_doctor_green_and_a_second_time_writes_nothing(
    place: Place,
) -> None:
    assert place.hub("doctor").code == 1
    assert place.hub("provision").code == 0
    diagnosis = place.hub("doctor", "--json")
    worse = [
        (system["system"], finding["subject"], finding["message"])
        for system in diagnosis.json
        for finding in system["findings"]
        if finding["severity"] != "ok"
    ]
    assert worse == [
        ("acme_salesforce", "Opportunity.Name", "takes 120 characters, 255 may come"),
        (
            *("acme_hubspot", "acme_hubspot.deals.pull.closedate"),
            "closedate is a time, close_date a day: the time of day is not read.",
        ),
    ]
    assert diagnosis.code == 0
    before = place.writes()
    again = place.hub("provision")
    assert (again.code, place.writes()) == (0, before)
    assert again.out.count("nothing to do") == 2


def test_what_was_provisioned_carries_a_registration_from_hubspot_into_salesforce(
    place: Place,
) -> None:
    place.hub("provision")
    _furnish(place)
    synced = place.hub("sync", "--json")
    assert synced.json["troubles"] == []
    assert synced.code == 0
    row = place.org.db.execute(
        'SELECT "Hub_Registered_Partner__c", "Partner_Registration_Status__c", '
        '"Hub_Registration_Key__c" FROM "Opportunity"'
    ).fetchone()
    assert row[:2] == ("Adler Systemhaus", "Submitted")
    assert row[2].startswith("re_")
    again = place.hub("sync", "--json")
    assert (again.code, again.json["outcomes"]["applied"]) == (0, 0)


def _furnish(place: Place) -> None:
    """A partner and a customer in both systems, an opportunity, a deal that claims it."""
    accounts = [
        {
            "Id": record_id("001", 1), "Name": "Adler Systemhaus", "Type": "Partner",
            "Website": "adler.example", "Partner_Tier__c": "Gold", "Partner_Status__c": "Active",
            "Partner_Territories__c": "AT;DE", "BillingCountry": "AT",
        },
        {
            "Id": record_id("001", 2), "Name": "Cordes Maschinenbau", "Type": "Customer",
            "Website": "cordes.example", "BillingCountry": "DE",
        },
    ]  # fmt: skip
    opportunity = {
        "Id": record_id("006", 1), "Name": "Firewalls for Cordes", "StageName": "Prospecting",
        "AccountId": record_id("001", 2), "CloseDate": "2027-03-31", "Amount": 10_000,
        "CurrencyIsoCode": "EUR", "Product_Family__c": "Firewall",
    }  # fmt: skip
    place.org.load({"Account": accounts, "Opportunity": [opportunity]})
    link = next(
        known
        for known in place.portal.catalog.link_types(known_type("deals"), known_type("companies"))
        if known.name == "registering_partner"
    )
    companies = [
        ("501", {"name": "Adler Systemhaus", "domain": "adler.example", "country": "AT"}),
        ("502", {"name": "Cordes Maschinenbau", "domain": "cordes.example", "country": "DE"}),
    ]
    deal = {
        "dealname": "Firewalls for Cordes", "pipeline": "deal_registrations",
        "dealstage": "reg_submitted", "amount": "10000", "deal_currency_code": "EUR",
        "registration_product": "Firewall", "registration_submitted_at": CREATED,
    }  # fmt: skip
    place.portal.load(
        {
            "companies": [_record(key, properties) for key, properties in companies],
            "deals": [_record("601", deal)],
        },
        [
            ("deals", "601", "companies", "502", "HUBSPOT_DEFINED", 5),
            ("deals", "601", "companies", "501", link.category, link.type_id),
        ],
    )


def _record(key: str, properties: dict[str, str]) -> Any:
    return {"id": key, "properties": properties, "createdAt": CREATED, "updatedAt": CREATED}


# -- what is there already -----------------------------------------------------------------------


def test_a_field_of_another_type_is_a_conflict_with_its_remedy_and_stays_as_it_is(
    place: Place,
) -> None:
    salesforce_field(place, "Lead.Hub_Lead_Key__c", type="Number", label="Key", precision=8)
    salesforce_field(place, "Lead.Hub_Partner_Key__c", type="Date", label="Key")
    found = place.items("--system", "acme_salesforce")
    assert found[("acme_salesforce", "Lead", "Hub_Lead_Key__c")] == {
        "object": "Lead",
        "name": "Hub_Lead_Key__c",
        "action": "conflict",
        "detail": "is of kind number, a key must be text",
        "remedy": "it is left as it is: change it in Setup if nobody else relies on it, or map "
        "another field",
    }
    conflict = found[("acme_salesforce", "Lead", "Hub_Partner_Key__c")]
    assert conflict["detail"] == "is of kind date, text is written to it"
    lead = place.org.schema.get("Lead")
    assert lead is not None
    kept = lead.any_field("Hub_Lead_Key__c")
    assert kept is not None
    assert kept.type == "double"
    assert lead.any_field("Hub_Partner_Name__c") is not None
    assert place.hub("provision", "--system", "acme_salesforce").code == 1


def test_a_field_that_is_there_and_hidden_is_granted_not_made_again(place: Place) -> None:
    salesforce_field(place, "Lead.Hub_Partner_Name__c", type="Text", label="Name", length=255)
    found = place.items("--plan", "--system", "acme_salesforce")
    item = found[("acme_salesforce", "Lead", "Hub_Partner_Name__c")]
    assert (item["action"], item["detail"]) == ("grant", "read and edit")
    place.hub("provision")
    lead = place.hub("doctor", "--json").json[1]["findings"]
    assert {f["severity"] for f in lead if f["subject"].startswith("Lead")} == {"ok"}


def test_lists_that_lack_a_value_are_extended_and_keep_what_they_have(place: Place) -> None:
    place.hub("provision")
    push = stock_mapping("salesforce")["Opportunity"]["push"]
    status = push["fields"]["Partner_Registration_Status__c"]
    status["map"] = {**status["map"], "disputed": "Disputed"}
    place.remap("acme_salesforce", "Opportunity", push=push)
    found = place.items()
    assert found == {
        ("acme_salesforce", "Opportunity", "Partner_Registration_Status__c"): {
            "object": "Opportunity",
            "name": "Partner_Registration_Status__c",
            "action": "extend",
            "detail": "with: Disputed",
            "remedy": "",
        }
    }
    opportunity = place.org.schema.get("Opportunity")
    assert opportunity is not None
    listed = opportunity.any_field("Partner_Registration_Status__c")
    assert listed is not None
    values = [choice.value for choice in listed.values]
    assert values == [*stock_mapping("salesforce")["Opportunity"]["push"]["fields"][
        "Partner_Registration_Status__c"]["map"].values(), "Disputed"]  # fmt: skip
    assert place.items() == {}


def test_hubspot_options_are_extended_and_keep_what_they_have(place: Place) -> None:
    place.hub("provision")
    push = stock_mapping("hubspot")["deals"]["push"]
    push["fields"]["dealtype"] = {
        "column": "registration_status",
        "map": {"won": "newbusiness", "lost": "lostbusiness"},
    }
    place.remap("acme_hubspot", "deals", push=push)
    # dealtype is a property of HubSpot's own: its definition may not be changed.
    answer = place.hub("provision", "--json")
    assert answer.code == 1
    (told,) = [s for s in answer.json["systems"] if s["system"] == "acme_hubspot"]
    assert "dealtype" in told["error"]
    push["fields"].pop("dealtype")
    push["fields"]["partner_tier_shown"] = {
        "column": "registration_status",
        "map": {"won": "w"},
    }
    place.remap("acme_hubspot", "deals", push=push)
    assert place.hub("provision").code == 0
    push["fields"]["partner_tier_shown"]["map"]["lost"] = "l"
    place.remap("acme_hubspot", "deals", push=push)
    (item,) = place.items().values()
    assert (item["action"], item["detail"]) == ("extend", "with: l")
    shown = place.portal.catalog.property(known_type("deals"), "partner_tier_shown")
    assert shown is not None
    assert [option.value for option in shown.options] == ["w", "l"]


# -- refusals ------------------------------------------------------------------------------------


def test_a_missing_scope_is_named_and_does_not_keep_the_other_system_from_being_made(
    place: Place,
) -> None:
    file = place.folder / "hub.yaml"
    file.write_text(file.read_text().replace(TOKEN, DEMO.static_token))
    answer = place.hub("provision", "--json")
    assert answer.code == 1
    crm, portal = answer.json["systems"]
    assert (crm["made"], crm["error"]) == (True, None)
    assert portal["made"] is False
    assert "crm.schemas.leads.write" in portal["error"]


def test_a_system_that_is_not_there_or_has_no_fields_is_refused_by_name(place: Place) -> None:
    refused = place.hub("provision", "--system", "nowhere")
    assert refused.code == 2
    assert "No system is named 'nowhere'." in refused.err
