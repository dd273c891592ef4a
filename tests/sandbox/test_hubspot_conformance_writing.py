"""Single writes and what they are refused for: statements 15-24, 57 and 58."""

import json
from typing import Any

import pytest
from hubspot_kit import NOON_ISO, PORTAL_ID, Portal, codes, link

COMPANIES = "/crm/v3/objects/companies"
CONTACTS = "/crm/v3/objects/contacts"
DEALS = "/crm/v3/objects/deals"
LEADS = "/crm/v3/objects/leads"


def test_conformance_hs_15_statuses_of_success(portal: Portal) -> None:
    made = portal.post(COMPANIES, {"properties": {"name": "A"}})
    assert made.status_code == 201
    record_id = made.json()["id"]
    assert made.headers["Location"] == f"{COMPANIES}/{record_id}"
    other = portal.create("companies", name="B")
    assert (
        portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"name": "C"}}).status_code == 200
    )
    upsert = [{"id": "K", "idProperty": "hub_company_key", "properties": {"name": "D"}}]
    assert portal.post(f"{COMPANIES}/batch/upsert", {"inputs": upsert}).status_code == 200
    pair = f"/crm/v4/objects/companies/{record_id}/associations/companies/{other}"
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 450}
    assert portal.put(pair, [spec]).status_code == 201
    assert portal.delete(f"{COMPANIES}/{record_id}").status_code == 204


def test_conformance_hs_15_create_answers_with_the_record(portal: Portal) -> None:
    made = portal.post(COMPANIES, {"properties": {"name": "A", "city": "Ulm"}}).json()
    assert made == {
        "id": made["id"],
        "properties": {
            "createdate": NOON_ISO,
            "hs_lastmodifieddate": NOON_ISO,
            "hs_object_id": made["id"],
            "name": "A",
            "domain": None,
            "city": "Ulm",
        },
        "createdAt": NOON_ISO,
        "updatedAt": NOON_ISO,
        "archived": False,
        "url": f"https://app.hubspot.com/contacts/{PORTAL_ID}/record/0-2/{made['id']}",
    }


def test_conformance_hs_15_patch_leaves_other_properties_alone(portal: Portal) -> None:
    record_id = portal.create("companies", name="A", city="Ulm")
    portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"city": "Bonn"}})
    assert portal.read("companies", record_id, "city", "name")["name"] == "A"


@pytest.mark.parametrize(
    ("name", "sent", "stored"),
    [
        ("numberofemployees", "42", "42"),
        ("numberofemployees", "1500.00", "1500.00"),
        ("annualrevenue", "1e3", "1000"),
        ("annualrevenue", "-0.5", "-0.5"),
        ("name", "17", "17"),
        ("name", "true", "true"),
    ],
)
def test_conformance_hs_16_unquoted_values_keep_their_text(
    portal: Portal, name: str, sent: str, stored: str
) -> None:
    body = f'{{"properties": {{"domain": "a.com", "{name}": {sent}}}}}'
    made = portal.call("POST", COMPANIES, data=body)
    assert made.status_code == 201
    assert made.json()["properties"][name] == stored


def test_conformance_hs_16_structured_value_is_400(portal: Portal) -> None:
    response = portal.post(COMPANIES, {"properties": {"name": ["A", "B"]}})
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid input JSON on line 1, column ")


@pytest.mark.parametrize("body", ['{"properties": {', "[1, 2]", '{"properties": "A"}', ""])
def test_unreadable_body_is_400_without_category(portal: Portal, body: str) -> None:
    response = portal.call("POST", COMPANIES, data=body)
    assert response.status_code == 400
    assert response.json()["message"].startswith("Invalid input JSON on line 1, column ")
    assert "category" not in response.json()


def test_conformance_hs_17_empty_text_clears(portal: Portal) -> None:
    record_id = portal.create("companies", name="A", city="Ulm", numberofemployees="5")
    cleared = {"city": "", "numberofemployees": ""}
    response = portal.patch(f"{COMPANIES}/{record_id}", {"properties": cleared})
    assert response.json()["properties"]["city"] is None
    assert portal.read("companies", record_id, "numberofemployees")["numberofemployees"] is None


def test_conformance_hs_17_null_clears(portal: Portal) -> None:
    record_id = portal.create("companies", name="A", city="Ulm")
    portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"city": None}})
    assert portal.read("companies", record_id, "city")["city"] is None


def test_conformance_hs_17_null_is_ignored_by_switch(portal: Portal) -> None:
    portal.switches.null_clears = False
    record_id = portal.create("companies", name="A", city="Ulm")
    portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"city": None, "name": "B"}})
    assert portal.read("companies", record_id, "city")["city"] == "Ulm"


def test_conformance_hs_17_cleared_reads_as_empty_text_by_switch(portal: Portal) -> None:
    portal.switches.cleared_reads_as = "empty"
    record_id = portal.create(
        "deals", dealname="D", dealstage="closedwon", closedate="1767323045000"
    )
    cleared = {"closedate": "", "description": ""}
    portal.patch(f"{DEALS}/{record_id}", {"properties": cleared})
    properties = portal.read("deals", record_id, "closedate", "description", "amount")
    assert (properties["closedate"], properties["description"]) == ("", "")
    assert properties["amount"] is None
    has = {"propertyName": "closedate", "operator": "HAS_PROPERTY"}
    assert portal.found("deals", has) == []


@pytest.mark.parametrize(
    ("before", "sent", "after"),
    [
        ("", "DE;FR", "DE;FR"),
        ("DE;FR", "CH;AT", "CH;AT"),
        ("DE;FR", ";CH;AT", "DE;FR;CH;AT"),
        ("DE;FR", ";FR", "DE;FR"),
        ("", ";FR", "FR"),
    ],
)
def test_conformance_hs_18_leading_semicolon_appends(
    portal: Portal, before: str, sent: str, after: str
) -> None:
    record_id = portal.create("companies", name="A", partner_territories=before)
    portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"partner_territories": sent}})
    properties = portal.read("companies", record_id, "partner_territories")
    assert properties["partner_territories"] == after


@pytest.mark.parametrize("sent", ["DE;XX", ";XX", "de"])
def test_conformance_hs_18_invalid_member_is_invalid_option(portal: Portal, sent: str) -> None:
    body = {"properties": {"name": "A", "partner_territories": sent}}
    response = portal.post(COMPANIES, body)
    assert response.status_code == 400
    assert codes(response) == {"partner_territories": "INVALID_OPTION"}


def test_conformance_hs_18_message_lists_the_allowed_options(portal: Portal) -> None:
    response = portal.post(COMPANIES, {"properties": {"name": "A", "partner_tier": "gold"}})
    assert response.json()["errors"][0]["message"] == (
        "gold was not one of the allowed options: [Registered, Silver, Gold, Platinum]"
    )


def test_conformance_hs_19_unknown_property_in_both_forms(portal: Portal) -> None:
    response = portal.post(COMPANIES, {"properties": {"name": "A", "nope": "1"}})
    assert response.status_code == 400
    body = response.json()
    assert body["category"] == "VALIDATION_ERROR"
    prefix = "Property values were not valid: "
    assert body["message"].startswith(prefix)
    assert json.loads(body["message"].removeprefix(prefix)) == [
        {
            "isValid": False,
            "message": 'Property "nope" does not exist',
            "error": "PROPERTY_DOESNT_EXIST",
            "name": "nope",
            "localizedErrorMessage": 'Property "nope" does not exist',
            "portalId": PORTAL_ID,
        }
    ]
    assert body["errors"] == [
        {
            "message": 'Property "nope" does not exist',
            "code": "PROPERTY_DOESNT_EXIST",
            "context": {"propertyName": ["nope"]},
        }
    ]


def test_conformance_hs_20_all_invalid_properties_at_once(portal: Portal) -> None:
    response = portal.post(
        DEALS,
        {
            "properties": {
                "dealname": "D",
                "dealstage": "closedwon",
                "nope": "1",
                "amount": "a lot",
                "closedate": "tomorrow",
                "deal_currency_code": "XXX",
                "partner_protected_until": "1767323045000",
                "hs_object_id": "5",
            }
        },
    )
    assert response.status_code == 400
    assert codes(response) == {
        "nope": "PROPERTY_DOESNT_EXIST",
        "amount": "INVALID_INTEGER",
        "closedate": "INVALID_LONG",
        "deal_currency_code": "INVALID_OPTION",
        "partner_protected_until": "INVALID_DATE",
        "hs_object_id": "READ_ONLY_VALUE",
    }
    assert portal.search("deals").json()["total"] == 0


def test_conformance_hs_20_date_off_midnight_says_so(portal: Portal) -> None:
    properties = {"dealname": "D", "dealstage": "closedwon"}
    body = {"properties": {**properties, "partner_protected_until": "1767323045678"}}
    assert portal.post(DEALS, body).json()["errors"][0]["message"] == (
        "1767323045678 is at 3:4:5.678 UTC, not midnight!"
    )


@pytest.mark.parametrize("sent", ["2026-06-30", "1782777600000", "2026-06-30T00:00:00Z"])
def test_dates_are_taken_as_day_or_as_midnight(portal: Portal, sent: str) -> None:
    record_id = portal.create(
        "deals", dealname="D", dealstage="closedwon", partner_protected_until=sent
    )
    properties = portal.read("deals", record_id, "partner_protected_until")
    assert properties["partner_protected_until"] == "2026-06-30"


@pytest.mark.parametrize("email", ["nobody", "a@b", "a b@x.com", "@x.com"])
def test_bad_email_is_invalid_email(portal: Portal, email: str) -> None:
    response = portal.post(CONTACTS, {"properties": {"email": email}})
    assert response.status_code == 400
    assert codes(response) == {"email": "INVALID_EMAIL"}


@pytest.mark.parametrize("name", ["hs_object_id", "createdate", "hs_lastmodifieddate"])
def test_conformance_hs_21_read_only_property(portal: Portal, name: str) -> None:
    record_id = portal.create("companies", name="A")
    response = portal.patch(f"{COMPANIES}/{record_id}", {"properties": {name: "1"}})
    assert response.status_code == 400
    assert codes(response) == {name: "READ_ONLY_VALUE"}


@pytest.mark.parametrize("name", ["hs_is_closed_won", "hs_v2_date_entered_closedwon"])
def test_conformance_hs_21_calculated_property(portal: Portal, name: str) -> None:
    record_id = portal.create("deals", dealname="D", dealstage="closedwon")
    response = portal.patch(f"{DEALS}/{record_id}", {"properties": {name: "true"}})
    assert codes(response) == {name: "READ_ONLY_VALUE"}


@pytest.mark.parametrize("email", ["ann@example.com", "ANN@Example.COM", "ann@old.example"])
def test_conformance_hs_22_existing_email_is_409(portal: Portal, email: str) -> None:
    first = portal.create("contacts", email="ann@example.com")
    second = portal.create("contacts", email="ann@old.example")
    merged = {"primaryObjectId": first, "objectIdToMerge": second}
    survivor = portal.post(f"{CONTACTS}/merge", merged).json()["id"]
    response = portal.post(CONTACTS, {"properties": {"email": email}})
    assert response.status_code == 409
    body = response.json()
    assert body["category"] == "CONFLICT"
    assert body["message"] == f"Contact already exists. Existing ID: {survivor}"


def test_conformance_hs_22_existing_email_on_patch_is_409(portal: Portal) -> None:
    first = portal.create("contacts", email="ann@example.com")
    second = portal.create("contacts", email="bob@example.com")
    response = portal.patch(f"{CONTACTS}/{second}", {"properties": {"email": "Ann@example.com"}})
    assert response.status_code == 409
    assert response.json()["message"].endswith(f"Existing ID: {first}")
    own = portal.patch(f"{CONTACTS}/{first}", {"properties": {"email": "ANN@example.com"}})
    assert own.status_code == 200


def test_conformance_hs_22_a_given_up_address_is_free_again(portal: Portal) -> None:
    first = portal.create("contacts", email="ann@example.com")
    portal.patch(f"{CONTACTS}/{first}", {"properties": {"email": "ann@new.example"}})
    portal.create("contacts", email="ann@example.com")
    portal.delete(f"{CONTACTS}/{first}")
    portal.create("contacts", email="ann@new.example")


def test_emails_are_stored_in_lower_case(portal: Portal) -> None:
    record_id = portal.create("contacts", email="Ann@Example.com")
    assert portal.read("contacts", record_id)["email"] == "ann@example.com"
    portal.switches.lowercase_emails = False
    record_id = portal.create("contacts", email="Bob@Example.com")
    assert portal.read("contacts", record_id)["email"] == "Bob@Example.com"


def test_conformance_hs_23_companies_may_share_a_domain(portal: Portal) -> None:
    first = portal.create("companies", domain="a.com")
    second = portal.create("companies", domain="a.com")
    assert first != second


def test_conformance_hs_24_duplicate_unique_value(portal: Portal) -> None:
    first = portal.create("companies", name="A", hub_company_key="K1")
    second = portal.create("companies", name="B")
    for response in (
        portal.post(COMPANIES, {"properties": {"name": "C", "hub_company_key": "K1"}}),
        portal.patch(f"{COMPANIES}/{second}", {"properties": {"hub_company_key": "K1"}}),
    ):
        assert response.status_code == 400
        assert response.json()["category"] == "VALIDATION_ERROR"
        assert codes(response) == {"hub_company_key": "CONFLICTING_UNIQUE_VALUE"}
    same = portal.patch(f"{COMPANIES}/{first}", {"properties": {"hub_company_key": "K1"}})
    assert same.status_code == 200


def test_conformance_hs_24_a_given_up_value_is_free_again(portal: Portal) -> None:
    first = portal.create("companies", name="A", hub_company_key="K1")
    portal.patch(f"{COMPANIES}/{first}", {"properties": {"hub_company_key": "K2"}})
    portal.create("companies", name="B", hub_company_key="K1")
    portal.delete(f"{COMPANIES}/{first}")
    portal.create("companies", name="C", hub_company_key="K2")


@pytest.mark.parametrize(
    ("kind", "properties", "missing"),
    [
        ("companies", {"city": "Ulm"}, ["name", "domain"]),
        ("contacts", {"phone": "1"}, ["email", "firstname", "lastname"]),
        ("deals", {"amount": "1"}, ["dealname", "dealstage"]),
        ("deals", {"dealname": "D"}, ["dealstage"]),
    ],
)
def test_a_record_must_say_the_least_of_itself(
    portal: Portal, kind: str, properties: dict[str, str], missing: list[str]
) -> None:
    response = portal.post(f"/crm/v3/objects/{kind}", {"properties": properties})
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"
    assert response.json()["context"] == {"properties": missing}
    portal.switches.require_minimum_properties = False
    assert portal.post(f"/crm/v3/objects/{kind}", {"properties": properties}).status_code == 201


def test_writing_what_is_there_moves_the_modified_time_by_switch_only(portal: Portal) -> None:
    record_id = portal.create("companies", name="A")
    portal.pass_time(60)
    portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"name": "A"}})
    touched = portal.read("companies", record_id)["hs_lastmodifieddate"]
    assert touched == "2026-03-10T12:01:00.500Z"
    portal.switches.unchanged_write_touches = False
    portal.pass_time(60)
    portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"name": "A"}})
    assert portal.read("companies", record_id)["hs_lastmodifieddate"] == touched


def test_history_tells_the_values_newest_first(portal: Portal) -> None:
    portal.load_companies(1, city="Ulm")
    for city in ("Bonn", ""):
        portal.pass_time(60)
        portal.patch(f"{COMPANIES}/1", {"properties": {"city": city}})
    record = portal.get(f"{COMPANIES}/1", propertiesWithHistory="city").json()
    assert record["propertiesWithHistory"]["city"] == [
        {"value": "", "timestamp": "2026-03-10T12:02:00.500Z", "sourceType": "INTEGRATION"},
        {"value": "Bonn", "timestamp": "2026-03-10T12:01:00.500Z", "sourceType": "INTEGRATION"},
        {"value": "Ulm", "timestamp": "2026-02-08T12:00:01.500Z", "sourceType": "IMPORT"},
    ]


def test_conformance_hs_57_lead_needs_a_name_and_a_contact(portal: Portal) -> None:
    contact = portal.create("contacts", email="a@x.com")
    nameless = {"properties": {}, "associations": [link(contact, 578)]}
    alone = {"properties": {"hs_lead_name": "L"}}
    plain = {"properties": {"hs_lead_name": "L"}, "associations": [link(contact, 608)]}
    unknown = {"properties": {"hs_lead_name": "L"}, "associations": [link("424242", 578)]}
    for body in (nameless, alone, plain, unknown):
        response = portal.post(LEADS, body)
        assert response.status_code == 400
        assert response.json()["category"] == "VALIDATION_ERROR"
    assert portal.post(LEADS, {**alone, "associations": [link(contact, 578)]}).status_code == 201


def test_conformance_hs_57_upsert_cannot_make_a_lead(portal: Portal) -> None:
    lead = portal.lead("L", portal.create("contacts", email="a@x.com"))
    portal.patch(f"{LEADS}/{lead}", {"properties": {"hub_lead_key": "K1"}})
    inputs = [
        {"id": key, "idProperty": "hub_lead_key", "properties": {"hs_lead_name": "M"}}
        for key in ("K1", "K2")
    ]
    response = portal.post(f"{LEADS}/batch/upsert", {"inputs": inputs})
    assert response.status_code == 207
    assert [(row["id"], row["new"]) for row in response.json()["results"]] == [(lead, False)]
    assert response.json()["errors"][0]["context"]["ids"] == ["K2"]


def test_conformance_hs_57_lead_without_primary_is_archived(portal: Portal) -> None:
    first = portal.create("contacts", email="a@x.com")
    company = portal.create("companies", name="A")
    lead = portal.lead("L", first)
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 580}]
    portal.put(f"/crm/v4/objects/leads/{lead}/associations/companies/{company}", primary)
    portal.delete(f"/crm/v4/objects/leads/{lead}/associations/contacts/{first}")
    assert portal.get(f"{LEADS}/{lead}").status_code == 200, "its company is still a primary"
    portal.delete(f"/crm/v4/objects/companies/{company}/associations/leads/{lead}")
    assert portal.get(f"{LEADS}/{lead}").status_code == 404
    assert portal.get(f"{LEADS}/{lead}", archived="true").status_code == 200


@pytest.mark.parametrize("way", ["label", "contact"])
def test_conformance_hs_57_lead_goes_with_its_mark_or_its_contact(portal: Portal, way: str) -> None:
    contact = portal.create("contacts", email="a@x.com")
    lead = portal.lead("L", contact)
    if way == "contact":
        portal.delete(f"{CONTACTS}/{contact}")
    else:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]
        one = {"from": {"id": lead}, "to": {"id": contact}, "types": types}
        path = "/crm/v4/associations/leads/contacts/batch/labels/archive"
        assert portal.post(path, {"inputs": [one]}).status_code == 204
    assert portal.get(f"{LEADS}/{lead}").status_code == 404


def test_a_lead_begins_at_the_first_stage(portal: Portal) -> None:
    lead = portal.lead("L", portal.create("contacts", email="a@x.com"))
    names = ("hs_pipeline", "hs_pipeline_stage", "hs_v2_date_entered_new_stage_id")
    properties = portal.read("leads", lead, *names)
    assert [properties[name] for name in names] == ["lead-pipeline-id", "new-stage-id", NOON_ISO]
    wrong = {"properties": {"hs_pipeline_stage": "closedwon"}}
    assert codes(portal.patch(f"{LEADS}/{lead}", wrong)) == {"hs_pipeline_stage": "INVALID_OPTION"}


@pytest.mark.parametrize(("answer", "status"), [("forbidden", 403), ("not_found", 404)])
def test_leads_object_can_be_off(portal: Portal, answer: str, status: int) -> None:
    portal.switches.leads_enabled = False
    portal.switches.turn("leads_off_answer", answer)
    assert portal.get(LEADS).status_code == status
    assert portal.get("/crm/v3/objects/0-136").status_code == status
    assert portal.get(COMPANIES).status_code == 200


@pytest.mark.parametrize(
    "properties",
    [
        {"dealstage": "reg_submitted"},
        {"pipeline": "default", "dealstage": "reg_submitted"},
        {"pipeline": "deal_registrations", "dealstage": "closedwon"},
        {"dealstage": "no_such_stage"},
    ],
)
def test_conformance_hs_58_stage_of_another_pipeline(
    portal: Portal, properties: dict[str, str]
) -> None:
    body = {"properties": {"dealname": "D", **properties}}
    response = portal.post(DEALS, body)
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"
    assert codes(response) == {"dealstage": "INVALID_OPTION"}
    portal.switches.invalid_stage_code = "INVALID_STAGE"
    assert codes(portal.post(DEALS, body)) == {"dealstage": "INVALID_STAGE"}


def test_conformance_hs_58_missing_pipeline_means_default(portal: Portal) -> None:
    record_id = portal.create("deals", dealname="D", dealstage="contractsent")
    assert portal.read("deals", record_id)["pipeline"] == "default"


def test_conformance_hs_58_stage_is_checked_against_the_pipeline_of_the_deal(
    portal: Portal,
) -> None:
    record_id = portal.create(
        "deals", dealname="D", pipeline="deal_registrations", dealstage="reg_submitted"
    )

    def status(**properties: Any) -> int:
        return portal.patch(f"{DEALS}/{record_id}", {"properties": properties}).status_code

    assert status(dealstage="closedwon") == 400
    assert status(pipeline="default") == 400, "its stage would be left in the other pipeline"
    assert status(pipeline="no_such_pipeline") == 400
    assert status(dealstage="reg_approved") == 200
    assert status(pipeline="default", dealstage="closedwon") == 200


def test_stage_change_moves_what_follows_from_it(portal: Portal) -> None:
    record_id = portal.create(
        "deals", dealname="D", pipeline="deal_registrations", dealstage="reg_submitted"
    )
    names = (
        "hs_is_closed",
        "hs_is_closed_won",
        "hs_v2_date_entered_reg_submitted",
        "hs_v2_date_entered_reg_won",
        "hs_v2_date_entered_reg_lost",
    )

    def move(stage: str) -> list[str | None]:
        portal.pass_time(60)
        portal.patch(f"{DEALS}/{record_id}", {"properties": {"dealstage": stage}})
        properties = portal.read("deals", record_id, *names)
        return [properties[name] for name in names]

    entered, won, lost = (f"2026-03-10T12:0{n}:00.500Z" for n in (0, 1, 2))
    assert move("reg_won") == ["true", "true", entered, won, None]
    assert move("reg_lost") == ["true", "false", entered, won, lost]
    again = "2026-03-10T12:03:00.500Z"
    assert move("reg_submitted") == ["false", "false", again, won, lost]
