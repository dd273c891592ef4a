"""Pipelines, merges, owners, properties and the two families of paths: 59, 60, 63-66 and 70."""

from typing import Any

import pytest
from hubspot_kit import PORTAL_ID, Portal, link, spec

COMPANIES = "/crm/v3/objects/companies"
CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/companies"
PIPELINES = "/crm/v3/pipelines/deals"


def merge(portal: Portal, kind: str, primary: str, loser: str) -> str:
    body = {"primaryObjectId": primary, "objectIdToMerge": loser}
    response = portal.post(f"/crm/v3/objects/{kind}/merge", body)
    assert response.status_code == 200, response.text
    return str(response.json()["id"])


# Pipelines


def test_conformance_hs_59_stage_metadata_is_text(portal: Portal) -> None:
    pipelines = portal.get(PIPELINES).json()["results"]
    assert [p["id"] for p in pipelines] == ["default", "deal_registrations"]
    assert {stage["id"]: stage["metadata"] for stage in pipelines[1]["stages"]} == {
        "reg_submitted": {"isClosed": "false", "probability": "0.1"},
        "reg_in_review": {"isClosed": "false", "probability": "0.2"},
        "reg_info_requested": {"isClosed": "false", "probability": "0.2"},
        "reg_approved": {"isClosed": "false", "probability": "0.5"},
        "reg_rejected": {"isClosed": "false", "probability": "0.0"},
        "reg_won": {"isClosed": "true", "probability": "1.0"},
        "reg_lost": {"isClosed": "true", "probability": "0.0"},
    }
    assert [stage["id"] for stage in pipelines[0]["stages"]] == [
        "appointmentscheduled",
        "qualifiedtobuy",
        "presentationscheduled",
        "decisionmakerboughtin",
        "contractsent",
        "closedwon",
        "closedlost",
    ]


def test_conformance_hs_59_lead_pipeline(portal: Portal) -> None:
    (pipeline,) = portal.get("/crm/v3/pipelines/0-136").json()["results"]
    assert pipeline["id"] == "lead-pipeline-id"
    assert [stage["id"] for stage in pipeline["stages"]] == [
        "new-stage-id",
        "attempting-stage-id",
        "connected-stage-id",
        "qualified-stage-id",
        "unqualified-stage-id",
    ]
    assert pipeline["stages"][0]["metadata"]["isClosed"] == "false"


def test_conformance_hs_59_new_stage_can_be_used_at_once(portal: Portal) -> None:
    stages = f"{PIPELINES}/deal_registrations/stages"
    body = {"label": "On hold", "displayOrder": 9, "metadata": {"probability": "0.3"}}
    made = portal.post(stages, body)
    assert made.status_code == 201
    stage = made.json()["id"]
    assert made.json()["metadata"] == {"isClosed": "false", "probability": "0.3"}
    deal = portal.create("deals", dealname="D", pipeline="deal_registrations", dealstage=stage)
    entered = f"hs_v2_date_entered_{stage}"
    assert portal.read("deals", deal, entered)[entered] == "2026-03-10T12:00:00.500Z"
    assert portal.get(f"{stages}/{stage}").json()["label"] == "On hold"
    patched = portal.patch(f"{stages}/{stage}", {"label": "Waiting"})
    assert (patched.status_code, patched.json()["label"]) == (200, "Waiting")
    missing = portal.post(stages, {"label": "X", "displayOrder": 1, "metadata": {}})
    assert missing.status_code == 400


def test_pipeline_in_use_goes_by_v3_and_stays_by_dated_path(portal: Portal) -> None:
    body = {
        "label": "Renewals",
        "displayOrder": 5,
        "stages": [{"label": "Open", "displayOrder": 0, "metadata": {"probability": "0.5"}}],
    }
    made = portal.post(PIPELINES, body).json()
    stage = made["stages"][0]["id"]
    portal.create("deals", dealname="D", pipeline=made["id"], dealstage=stage)
    dated = portal.delete(f"/crm/pipelines/2026-09/deals/{made['id']}")
    assert dated.status_code == 400
    asked = f"{PIPELINES}/{made['id']}?validateReferencesBeforeDelete=True"
    assert portal.delete(asked).status_code == 400
    assert portal.delete(f"{PIPELINES}/{made['id']}").status_code == 204
    assert portal.get(f"{PIPELINES}/{made['id']}").status_code == 404
    assert portal.get("/crm/v3/pipelines/companies").status_code == 400


# Merges


def test_conformance_hs_60_survivor_gets_a_new_id(portal: Portal) -> None:
    a = portal.create("companies", name="A", city="Ulm", hub_company_key="K1")
    b = portal.create("companies", name="B", domain="b.com")
    portal.pass_time(60)
    survivor = merge(portal, "companies", a, b)
    assert survivor not in (a, b)
    record = portal.read("companies", survivor, "name", "city", "domain", "hs_merged_object_ids")
    assert (record["name"], record["city"], record["domain"]) == ("A", "Ulm", "b.com")
    assert record["hs_merged_object_ids"] == f"{a};{b}"
    assert record["createdate"] == "2026-03-10T12:00:00.500Z"
    assert record["hs_lastmodifieddate"] == "2026-03-10T12:01:00.500Z"
    for old in (a, b):
        assert portal.get(f"{COMPANIES}/{old}").json()["id"] == survivor
    by_key = portal.get(f"{COMPANIES}/K1?idProperty=hub_company_key")
    assert by_key.json()["id"] == survivor
    rows = portal.post(f"{COMPANIES}/batch/read", {"inputs": [{"id": a}, {"id": b}]}).json()
    assert [row["id"] for row in rows["results"]] == [survivor]


def test_conformance_hs_60_primary_id_is_kept_by_switch(portal: Portal) -> None:
    portal.switches.merge_keeps_primary_id = True
    a, b = portal.create("companies", name="A"), portal.create("companies", name="B", city="Ulm")
    assert merge(portal, "companies", a, b) == a
    record = portal.read("companies", a, "city", "hs_merged_object_ids")
    assert (record["city"], record["hs_merged_object_ids"]) == ("Ulm", b)
    assert portal.get(f"{COMPANIES}/{b}").json()["id"] == a


def test_conformance_hs_60_redirects_follow_chains_of_merges(portal: Portal) -> None:
    a, b, c = (portal.create("companies", name=name) for name in "ABC")
    first = merge(portal, "companies", a, b)
    last = merge(portal, "companies", c, first)
    for old in (a, b, c, first):
        assert portal.get(f"{COMPANIES}/{old}").json()["id"] == last
    merged = portal.read("companies", last, "hs_merged_object_ids")["hs_merged_object_ids"]
    assert set(merged.split(";")) == {a, b, c, first}


def test_conformance_hs_60_associations_move_and_old_ids_read_empty(portal: Portal) -> None:
    a, b = portal.create("companies", name="A"), portal.create("companies", name="B")
    of_a = portal.create("contacts", [link(a, 1)], email="a@x.com")
    of_b = portal.create("contacts", [link(b, 279)], email="b@x.com")
    survivor = merge(portal, "companies", a, b)
    assert portal.joined("companies", a, "contacts") == {}
    assert portal.joined("companies", b, "contacts") == {}
    assert set(portal.joined("companies", survivor, "contacts")) == {int(of_a), int(of_b)}
    primary = [("HUBSPOT_DEFINED", 1), ("HUBSPOT_DEFINED", 279)]
    assert portal.joined("contacts", of_a, "companies") == {int(survivor): primary}
    path = f"/crm/v4/objects/contacts/{of_a}/associations/companies/{a}"
    assert portal.put(path, [spec(279)]).status_code == 400


def test_conformance_hs_60_the_primarys_own_primary_mark_wins(portal: Portal) -> None:
    x, y = portal.create("companies", name="X"), portal.create("companies", name="Y")
    a = portal.create("contacts", [link(x, 1)], email="a@x.com")
    b = portal.create("contacts", [link(y, 1)], email="b@x.com")
    survivor = merge(portal, "contacts", a, b)
    assert portal.joined("contacts", survivor, "companies") == {
        int(x): [("HUBSPOT_DEFINED", 1), ("HUBSPOT_DEFINED", 279)],
        int(y): [("HUBSPOT_DEFINED", 279)],
    }


def test_conformance_hs_60_merged_contact_answers_to_both_addresses(portal: Portal) -> None:
    a = portal.create("contacts", email="a@x.com")
    b = portal.create("contacts", email="b@x.com", phone="1")
    survivor = merge(portal, "contacts", a, b)
    names = ("email", "hs_additional_emails", "hs_all_contact_vids", "phone")
    record = portal.read("contacts", survivor, *names)
    assert (record["email"], record["hs_additional_emails"]) == ("a@x.com", "b@x.com")
    assert record["hs_all_contact_vids"] == f"{survivor};{a};{b}"
    for email in ("a@x.com", "b@x.com"):
        assert portal.get(f"{CONTACTS}/{email}?idProperty=email").json()["id"] == survivor


def test_conformance_hs_60_what_cannot_be_merged_is_400(portal: Portal) -> None:
    a, gone = portal.create("companies", name="A"), portal.create("companies", name="B")
    portal.delete(f"{COMPANIES}/{gone}")
    lead = portal.lead("L", portal.create("contacts", email="a@x.com"))
    for kind, primary, loser in (
        ("companies", a, a),
        ("companies", a, gone),
        ("companies", a, "424242"),
        ("leads", lead, lead),
    ):
        body = {"primaryObjectId": primary, "objectIdToMerge": loser}
        assert portal.post(f"/crm/v3/objects/{kind}/merge", body).status_code == 400


def test_conformance_hs_60_delete_by_an_old_id_spares_the_survivor(portal: Portal) -> None:
    a, b = portal.create("companies", name="A"), portal.create("companies", name="B")
    survivor = merge(portal, "companies", a, b)
    assert portal.delete(f"{COMPANIES}/{a}").status_code == 204
    assert portal.get(f"{COMPANIES}/{survivor}").status_code == 200
    changed = portal.patch(f"{COMPANIES}/{a}", {"properties": {"city": "Ulm"}})
    assert changed.json()["id"] == survivor


def test_merge_by_a_person_needs_no_token(portal: Portal) -> None:
    a, b = portal.create("deals", dealname="A", dealstage="closedwon"), ""
    b = portal.create("deals", dealname="B", dealstage="closedlost", amount="5")
    survivor = portal.control("merge", {"object": "deals", "primary": int(a), "loser": int(b)})
    record = portal.read("deals", survivor.json()["id"], "amount", "dealstage", "hs_is_closed_won")
    assert (record["amount"], record["dealstage"]) == ("5", "closedwon")
    assert record["hs_is_closed_won"] == "true"


# Owners and account


@pytest.mark.parametrize("path", ["/crm/v3/owners", "/crm/v3/owners/", "/crm/owners/2026-09"])
def test_conformance_hs_63_owners_with_and_without_slash(portal: Portal, path: str) -> None:
    active = portal.get(path).json()["results"]
    assert [owner["id"] for owner in active] == ["71000001", "71000002", "71000003"]
    assert active[0] == {
        "id": "71000001",
        "email": "ada.okafor@acme.example",
        "firstName": "Ada",
        "lastName": "Okafor",
        "userId": 52000001,
        "userIdIncludingInactive": 52000001,
        "type": "PERSON",
        "teams": [{"id": "41", "name": "Channel", "primary": True}],
        "archived": False,
        "createdAt": "2020-01-01T00:00:00Z",
        "updatedAt": "2020-01-01T00:00:00Z",
    }


def test_conformance_hs_63_deactivated_owners_only_when_asked_for(portal: Portal) -> None:
    archived = portal.get("/crm/v3/owners/", archived="True").json()["results"]
    assert [(owner["id"], owner["archived"]) for owner in archived] == [("71000004", True)]
    assert "userId" not in archived[0]
    assert portal.get("/crm/v3/owners/71000004").status_code == 404
    assert portal.get("/crm/v3/owners/71000004", archived="true").status_code == 200


def test_conformance_hs_63_owners_by_page_email_and_user(portal: Portal) -> None:
    first = portal.get("/crm/v3/owners/", limit=2).json()
    assert len(first["results"]) == 2
    after = first["paging"]["next"]["after"]
    rest = portal.get("/crm/v3/owners/", limit=2, after=after).json()
    assert [owner["id"] for owner in rest["results"]] == ["71000003"]
    assert "paging" not in rest
    by_email = portal.get("/crm/v3/owners/", email="Bruno.Keller@acme.example").json()["results"]
    assert [owner["id"] for owner in by_email] == ["71000002"]
    by_user = portal.get("/crm/v3/owners/52000003", idProperty="userId")
    assert by_user.json()["id"] == "71000003"


def test_account_details_name_the_portal_and_its_zone(portal: Portal) -> None:
    details = portal.get("/account-info/v3/details").json()
    assert details["portalId"] == PORTAL_ID
    assert details["timeZone"] == "America/New_York"
    assert (details["utcOffset"], details["utcOffsetMilliseconds"]) == ("-04:00", -14_400_000)
    assert details["dataHostingLocation"] == "na1"


# Properties


def new_property(name: str = "extra", **more: Any) -> dict[str, Any]:
    base = {"name": name, "label": "Extra", "type": "string", "fieldType": "text"}
    return {**base, "groupName": "companyinformation", **more}


def test_conformance_hs_64_property_is_made_and_used(portal: Portal) -> None:
    made = portal.post(PROPERTIES, new_property(description="why"))
    assert made.status_code == 201
    body = made.json()
    assert (body["name"], body["description"], body["archived"]) == ("extra", "why", False)
    assert (body["hubspotDefined"], body["hasUniqueValue"]) == (False, False)
    assert body["modificationMetadata"]["archivable"] is True
    record_id = portal.create("companies", name="A", extra="x")
    assert portal.read("companies", record_id, "extra")["extra"] == "x"
    assert portal.get(f"{PROPERTIES}/extra").json() == body


def test_conformance_hs_64_same_name_is_409(portal: Portal) -> None:
    portal.post(PROPERTIES, new_property())
    for name in ("extra", "domain", "partner_tier"):
        response = portal.post(PROPERTIES, new_property(name))
        assert response.status_code == 409
        body = response.json()
        assert body["category"] == "OBJECT_ALREADY_EXISTS"
        assert body["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
        assert body["message"] == f"A property named '{name}' already exists."


def test_conformance_hs_64_archived_name_comes_back_as_it_was(portal: Portal) -> None:
    portal.post(PROPERTIES, new_property(label="Old"))
    record_id = portal.create("companies", name="A", extra="x")
    assert portal.delete(f"{PROPERTIES}/extra").status_code == 204
    assert portal.get(f"{PROPERTIES}/extra").status_code == 404
    assert portal.get(f"{PROPERTIES}/extra", archived="true").json()["archived"] is True
    archived = portal.get(PROPERTIES, archived="true").json()["results"]
    assert [p["name"] for p in archived] == ["extra"]
    assert "extra" not in portal.read("companies", record_id, "extra")
    refused = portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"extra": "y"}})
    assert refused.json()["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    restored = portal.post(PROPERTIES, new_property(label="New"))
    assert restored.status_code == 201
    assert (restored.json()["label"], restored.json()["archived"]) == ("Old", False)
    assert portal.read("companies", record_id, "extra")["extra"] == "x"


@pytest.mark.parametrize(
    "wrong",
    [
        {"groupName": "no_such_group"},
        {"name": "Not_Lower"},
        {"name": "9lives"},
        {"type": "text"},
        {"type": "date", "fieldType": "text"},
        {
            "type": "enumeration",
            "fieldType": "select",
            "options": [{"label": "A", "value": "a"}] * 2,
        },
    ],
    ids=str,
)
def test_conformance_hs_64_unknown_group_or_bad_definition_is_400(
    portal: Portal, wrong: dict[str, Any]
) -> None:
    response = portal.post(PROPERTIES, new_property(**wrong))
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"


def test_conformance_hs_64_unknown_property_is_404(portal: Portal) -> None:
    for response in (
        portal.get(f"{PROPERTIES}/nope"),
        portal.patch(f"{PROPERTIES}/nope", {"label": "X"}),
        portal.delete(f"{PROPERTIES}/nope"),
    ):
        assert response.status_code == 404
        assert response.json()["category"] == "OBJECT_NOT_FOUND"


def test_conformance_hs_64_stock_properties_are_fixed(portal: Portal) -> None:
    assert portal.delete(f"{PROPERTIES}/domain").status_code == 400
    assert portal.patch(f"{PROPERTIES}/domain", {"label": "X"}).status_code == 400
    stage = portal.get("/crm/v3/properties/deals/dealstage").json()
    assert (stage["externalOptions"], stage["options"]) == (True, [])
    kept = portal.get("/crm/v3/properties/deals/hs_is_closed").json()
    assert kept["calculated"] is True
    assert kept["modificationMetadata"]["readOnlyValue"] is True


def test_conformance_hs_64_batches_of_properties(portal: Portal) -> None:
    inputs = [new_property("one"), new_property("domain"), new_property("two")]
    made = portal.post(f"{PROPERTIES}/batch/create", {"inputs": inputs})
    assert made.status_code == 207
    assert [p["name"] for p in made.json()["results"]] == ["one", "two"]
    assert made.json()["errors"][0]["category"] == "OBJECT_ALREADY_EXISTS"
    clean = portal.post(f"{PROPERTIES}/batch/create", {"inputs": [new_property("three")]})
    assert clean.status_code == 201
    named = {"inputs": [{"name": "one"}, {"name": "nope"}], "archived": False}
    read = portal.post(f"{PROPERTIES}/batch/read", named)
    assert (read.status_code, len(read.json()["results"])) == (207, 1)
    gone = {"inputs": [{"name": "one"}, {"name": "nope"}, {"name": "domain"}]}
    assert portal.post(f"{PROPERTIES}/batch/archive", gone).status_code == 204
    assert portal.get(f"{PROPERTIES}/one").status_code == 404
    assert portal.get(f"{PROPERTIES}/domain").status_code == 200


def test_conformance_hs_64_groups(portal: Portal) -> None:
    groups = f"{PROPERTIES}/groups"
    body = {"name": "hub_extra", "label": "Hub extra", "displayOrder": 3}
    made = portal.post(groups, body)
    assert (made.status_code, made.json()) == (201, {**body, "archived": False})
    assert portal.post(groups, body).status_code == 409
    names = [group["name"] for group in portal.get(groups).json()["results"]]
    assert names == ["companyinformation", "partner_hub", "hub_extra"]
    assert portal.patch(f"{groups}/hub_extra", {"label": "New"}).json()["label"] == "New"
    portal.post(PROPERTIES, new_property(groupName="hub_extra"))
    refused = portal.delete(f"{groups}/hub_extra")
    assert refused.status_code == 400
    assert refused.json()["subCategory"] == "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES"
    portal.delete(f"{PROPERTIES}/extra")
    assert portal.delete(f"{groups}/hub_extra").status_code == 204
    assert portal.get(f"{groups}/hub_extra").status_code == 404


def test_conformance_hs_65_unique_is_for_creation_only(portal: Portal) -> None:
    portal.post(PROPERTIES, new_property())
    for value in (True, False):
        response = portal.patch(f"{PROPERTIES}/extra", {"hasUniqueValue": value})
        assert response.status_code == 400
        assert response.json()["category"] == "VALIDATION_ERROR"


def test_conformance_hs_65_ten_unique_properties_at_most(portal: Portal) -> None:
    statuses = [
        portal.post(PROPERTIES, new_property(f"key_{n}", hasUniqueValue=True)).status_code
        for n in range(1, 11)
    ]
    assert statuses == [201] * 9 + [400], "hub_company_key is the first of the ten"
    assert portal.post(PROPERTIES, new_property("key_11")).status_code == 201
    other = new_property("key_1", hasUniqueValue=True, groupName="contactinformation")
    assert portal.post("/crm/v3/properties/contacts", other).status_code == 201
    portal.create("companies", name="A", key_1="x")
    again = portal.post(COMPANIES, {"properties": {"name": "B", "key_1": "x"}})
    assert again.json()["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"


def test_conformance_hs_66_options_are_replaced_or_kept(portal: Portal) -> None:
    options = [{"label": text.upper(), "value": text, "hidden": False} for text in ("a", "b", "c")]
    kind = {"type": "enumeration", "fieldType": "select"}
    portal.post(PROPERTIES, new_property(options=options, **kind))
    record_id = portal.create("companies", name="A", extra="b")

    def values() -> list[str]:
        return [o["value"] for o in portal.get(f"{PROPERTIES}/extra").json()["options"]]

    assert portal.patch(f"{PROPERTIES}/extra", {"label": "Renamed"}).json()["label"] == "Renamed"
    assert values() == ["a", "b", "c"]
    portal.patch(f"{PROPERTIES}/extra", {"options": options[2:]})
    assert values() == ["c"]
    assert portal.read("companies", record_id, "extra")["extra"] == "b", "old values stay"
    refused = portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"extra": "a"}})
    assert refused.json()["errors"][0]["code"] == "INVALID_OPTION"


# Two families of paths


def test_conformance_hs_70_dated_paths_answer_from_the_same_store(portal: Portal) -> None:
    dated = "/crm/objects/2026-09/companies"
    made = portal.post(dated, {"properties": {"name": "A", "hub_company_key": "K1"}})
    assert made.status_code == 201
    record_id = made.json()["id"]
    seen = portal.get(f"{COMPANIES}/{record_id}", properties="name,domain,hub_company_key")
    assert seen.json() == made.json()
    portal.patch(f"{COMPANIES}/{record_id}", {"properties": {"name": "B"}})
    assert portal.get(f"{dated}/{record_id}").json()["properties"]["name"] == "B"
    assert portal.post(f"{dated}/search", {}).json()["total"] == 1
    upsert = [{"id": "K1", "idProperty": "hub_company_key", "properties": {"city": "Ulm"}}]
    rows = portal.post(f"{dated}/batch/upsert", {"inputs": upsert}).json()["results"]
    assert [(row["id"], row["new"]) for row in rows] == [(record_id, False)]
    assert portal.delete(f"{dated}/{record_id}").status_code == 204
    assert portal.get(f"{COMPANIES}/{record_id}").status_code == 404


@pytest.mark.parametrize(
    ("numbered", "dated"),
    [
        ("/crm/v3/properties/deals", "/crm/properties/2026-09/deals"),
        ("/crm/v3/properties/deals/groups", "/crm/properties/2026-09/deals/groups"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-09/deals"),
        ("/crm/v3/owners", "/crm/owners/2026-09"),
        ("/account-info/v3/details", "/account-info/2026-09/details"),
    ],
)
def test_conformance_hs_70_settings_are_the_same_on_both(
    portal: Portal, numbered: str, dated: str
) -> None:
    assert portal.get(dated).json() == portal.get(numbered).json()


def test_conformance_hs_70_associations_on_dated_paths(portal: Portal) -> None:
    deal = portal.create("deals", dealname="D", dealstage="closedwon")
    company = portal.create("companies", name="A")
    path = f"/crm/objects/2026-09/deals/{deal}/associations/companies"
    assert portal.put(f"{path}/{company}", [spec(5)]).status_code == 201
    assert portal.get(path).json() == (
        portal.get(f"/crm/v4/objects/deals/{deal}/associations/companies").json()
    )
    batch = "/crm/associations/2026-09/deals/companies/batch/read"
    response = portal.post(batch, {"inputs": [{"id": deal}, {"id": "424242"}]})
    assert response.status_code == 200
    assert response.json()["numErrors"] == 1


def test_unknown_path_and_method_speak_json(portal: Portal) -> None:
    assert portal.get("/crm/v9/objects/companies").status_code == 404
    response = portal.call("PUT", COMPANIES)
    assert response.status_code == 405
    assert response.json()["status"] == "error"
