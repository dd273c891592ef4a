"""Privacy deletion, admin rules of the dated paths, limits of the URL: statements 62, 70, 39."""

import pytest
import requests
from hubspot_kit import NOON_ISO, TOKEN, Portal, codes, link, spec

CONTACTS = "/crm/v3/objects/contacts"
DATED = "/crm/objects/2026-09"


def erase(portal: Portal, object_id: str, **more: str) -> requests.Response:
    return portal.post(f"{CONTACTS}/gdpr-delete", {"objectId": object_id, **more})


def statuses(portal: Portal, path: str) -> list[int]:
    return [portal.get(path, archived=archived).status_code for archived in ("false", "true")]


# Statement 62


@pytest.mark.parametrize("archived", [False, True])
def test_conformance_hs_62_contact_is_in_neither_list(portal: Portal, archived: bool) -> None:
    contact = portal.create("contacts", email="ann@x.com", firstname="Ann")
    kept = portal.create("contacts", email="bob@x.com")
    if archived:
        portal.delete(f"{CONTACTS}/{contact}")
    assert erase(portal, contact).status_code == 204
    assert statuses(portal, f"{CONTACTS}/{contact}") == [404, 404]
    assert [row["id"] for row in portal.get(CONTACTS).json()["results"]] == [kept]
    assert portal.get(CONTACTS, archived="true").json()["results"] == []
    assert portal.found("contacts") == [kept]


def test_conformance_hs_62_its_links_and_past_values_go_too(portal: Portal) -> None:
    company = portal.create("companies", name="A")
    contact = portal.create("contacts", [link(company, 279)], email="ann@x.com")
    lead = portal.lead("L", contact)
    erase(portal, contact)
    assert portal.joined("companies", company, "contacts") == {}
    assert portal.get(f"/crm/v3/objects/leads/{lead}").status_code == 404
    count = "SELECT count(*) FROM history WHERE object = 'contacts'"
    assert portal.store.db.execute(count).fetchone() == (0,)


def test_conformance_hs_62_every_address_is_blocked(portal: Portal) -> None:
    one = portal.create("contacts", email="ann@x.com")
    other = portal.create("contacts", email="ann@home.com")
    merged = portal.post(f"{CONTACTS}/merge", {"primaryObjectId": one, "objectIdToMerge": other})
    assert erase(portal, one).status_code == 204
    assert portal.get(f"{CONTACTS}/{merged.json()['id']}").status_code == 404
    for email in ("ann@x.com", "ANN@home.com"):
        response = portal.post(CONTACTS, {"properties": {"email": email}})
        assert response.status_code == 400
        assert response.json()["category"] == "VALIDATION_ERROR"
        assert response.json()["message"] == (
            f"{email.lower()} was deleted for privacy and is blocked"
        )


def test_conformance_hs_62_by_email_known_or_not(portal: Portal) -> None:
    contact = portal.create("contacts", email="ann@x.com")
    assert erase(portal, "Ann@X.com", idProperty="email").status_code == 204
    assert portal.get(f"{CONTACTS}/{contact}").status_code == 404
    assert erase(portal, "never@seen.com", idProperty="email").status_code == 204
    refused = portal.post(CONTACTS, {"properties": {"email": "never@seen.com"}})
    assert refused.status_code == 400


def test_conformance_hs_62_no_way_of_writing_gets_round_it(portal: Portal) -> None:
    erase(portal, "ann@x.com", idProperty="email")
    bob = portal.create("contacts", email="bob@x.com")
    change = {"properties": {"email": "ann@x.com"}}
    assert portal.patch(f"{CONTACTS}/{bob}", change).status_code == 400
    assert portal.read("contacts", bob, "email")["email"] == "bob@x.com"
    rows = [{"properties": {"email": "ann@x.com"}, "objectWriteTraceId": "t1"}]
    created = portal.post(f"{CONTACTS}/batch/create", {"inputs": rows}).json()
    assert (created["results"], created["numErrors"]) == ([], 1)
    keyed = [{"id": "k", "idProperty": "hub_contact_key", "properties": {"email": "ann@x.com"}}]
    upserted = portal.post(f"{CONTACTS}/batch/upsert", {"inputs": keyed}).json()
    assert (upserted["results"], upserted["numErrors"]) == ([], 1)


@pytest.mark.parametrize(
    ("position", "status", "category"),
    [("invalid", 400, "VALIDATION_ERROR"), ("conflict", 409, "CONFLICT"), ("allowed", 201, None)],
)
def test_conformance_hs_62_what_a_blocked_address_meets_is_a_switch(
    portal: Portal, position: str, status: int, category: str | None
) -> None:
    erase(portal, "ann@x.com", idProperty="email")
    portal.switches.turn("blocked_email", position)
    response = portal.post(CONTACTS, {"properties": {"email": "ann@x.com"}})
    assert response.status_code == status
    assert response.json().get("category") == category


def test_conformance_hs_62_what_cannot_be_erased(portal: Portal) -> None:
    assert erase(portal, "424242").status_code == 404
    assert erase(portal, "nobody").json()["category"] == "OBJECT_NOT_FOUND"
    assert erase(portal, "1", idProperty="phone").status_code == 400
    company = portal.create("companies", name="A")
    refused = portal.post("/crm/v3/objects/companies/gdpr-delete", {"objectId": company})
    assert refused.status_code == 400


# Statement 70: what an admin demands


def demand(portal: Portal, **rules: object) -> None:
    assert portal.control("admin-rules", rules).status_code == 200


def test_conformance_hs_70_required_on_creation_by_dated_paths_only(portal: Portal) -> None:
    demand(portal, required_on_create={"companies": ["city", "phone"]})
    body = {"properties": {"name": "A", "city": "Ulm"}}
    assert portal.post("/crm/v3/objects/companies", body).status_code == 201
    refused = portal.post(f"{DATED}/companies", body)
    assert refused.status_code == 400
    told = refused.json()
    assert told["category"] == "VALIDATION_ERROR"
    assert told["message"] == "The property values provided are invalid"
    assert told["errors"] == [
        {
            "code": "MISSING_REQUIRED_PROPERTY",
            "message": "A value for phone must be provided",
            "context": {"propertyName": ["phone"]},
        }
    ]
    body["properties"]["phone"] = "+49 731 1"
    made = portal.post(f"{DATED}/companies", body)
    assert made.status_code == 201
    change = {"properties": {"phone": ""}}
    assert portal.patch(f"{DATED}/companies/{made.json()['id']}", change).status_code == 200


def test_conformance_hs_70_conditionally_required(portal: Portal) -> None:
    rule = {
        "object": "deals",
        "property": "dealstage",
        "values": ["closedwon"],
        "required": ["amount", "closedate"],
    }
    demand(portal, conditional=[rule])
    open_deal = {"dealname": "D", "dealstage": "contractsent"}
    deal = portal.post(f"{DATED}/deals", {"properties": open_deal}).json()["id"]
    won = {"properties": {"dealstage": "closedwon"}}
    refused = portal.patch(f"{DATED}/deals/{deal}", won)
    assert codes(refused) == {
        "amount": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
        "closedate": "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
    }
    assert refused.json()["errors"][0]["message"] == (
        "amount is required because of a conditional property rule based on [dealstage]"
    )
    created = portal.post(
        f"{DATED}/deals", {"properties": {"dealname": "E", "dealstage": "closedwon", "amount": 1}}
    )
    assert codes(created) == {"closedate": "MISSING_CONDITIONAL_REQUIRED_PROPERTY"}
    assert portal.patch(f"/crm/v3/objects/deals/{deal}", won).status_code == 200


@pytest.mark.parametrize(("counts", "status"), [(True, 200), (False, 400)])
def test_conformance_hs_70_whether_stored_values_meet_a_condition_is_a_switch(
    portal: Portal, counts: bool, status: int
) -> None:
    rule = {"object": "companies", "property": "country", "values": ["DE"], "required": ["zip"]}
    demand(portal, conditional=[rule])
    portal.switches.turn("stored_values_meet_conditions", counts)
    company = portal.create("companies", name="A", zip="89073")
    path = f"{DATED}/companies/{company}"
    assert portal.patch(path, {"properties": {"country": "DE"}}).status_code == status
    both = {"properties": {"country": "DE", "zip": "89075"}}
    assert portal.patch(path, both).status_code == 200
    cleared = {"properties": {"country": "DE", "zip": ""}}
    assert portal.patch(path, cleared).status_code == 400


def test_conformance_hs_70_batches_name_each_row(portal: Portal) -> None:
    demand(portal, required_on_create={"companies": ["city", "phone"]})
    rows = [
        {"objectWriteTraceId": "a", "properties": {"name": "A", "city": "Ulm", "phone": "1"}},
        {"objectWriteTraceId": "b", "properties": {"name": "B", "city": "Ulm"}},
        {"objectWriteTraceId": "c", "properties": {"name": "C", "phone": "1"}},
    ]
    told = portal.post(f"{DATED}/companies/batch/create", {"inputs": rows}).json()
    assert [row["properties"]["name"] for row in told["results"]] == ["A"]
    named = [
        (error["context"]["objectWriteTraceId"], error["errors"][0]["context"]["propertyName"])
        for error in told["errors"]
    ]
    assert named == [(["b"], ["phone"]), (["c"], ["city"])]


def test_conformance_hs_70_edit_associations_is_asked_of_oauth_users(portal: Portal) -> None:
    demand(portal, associations_locked=True)
    granted = portal.call(
        "POST",
        "/oauth/v1/token",
        data={
            "grant_type": "refresh_token",
            "client_id": "demo-client-id",
            "client_secret": "demo-client-secret",
            "refresh_token": "demo-refresh-token",
        },
    ).json()
    oauth = {"Authorization": f"Bearer {granted['access_token']}"}
    static = {"Authorization": f"Bearer {TOKEN}"}
    deal = portal.create("deals", dealname="D", dealstage="closedwon")
    company = portal.create("companies", name="A")
    tail = f"deals/{deal}/associations/companies/{company}"

    def put(prefix: str, headers: dict[str, str]) -> requests.Response:
        return portal.call("PUT", f"{prefix}/{tail}", json=[spec(5)], headers=headers)

    refused = put(DATED, oauth)
    assert refused.status_code == 400
    assert refused.json()["message"] == "Missing 'Edit Associations' permission."
    assert refused.json()["category"] == "VALIDATION_ERROR"
    assert put(DATED, static).status_code == 201
    assert put("/crm/v4/objects", oauth).status_code == 201
    body = {"properties": {"email": "a@x.com"}, "associations": [link(company, 279)]}
    made = portal.call("POST", f"{DATED}/contacts", json=body, headers=oauth)
    assert made.status_code == 400
    batch = portal.call(
        "POST", f"{DATED}/contacts/batch/create", json={"inputs": [body]}, headers=oauth
    )
    assert batch.status_code == 400
    read = f"{DATED}/deals/{deal}/associations/companies"
    assert portal.call("GET", read, headers=oauth).status_code == 200


@pytest.mark.parametrize(
    ("name", "sent", "normalized", "stored"),
    [
        ("partner_protected_until", "1990-01-01T00:00:00Z", "631152000000", "1990-01-01"),
        ("partner_protected_until", "631152000", "631152000000", "1990-01-01"),
        ("partner_protected_until", "631163700000", "631152000000", "1990-01-01"),
        ("closedate", "1767323045", "1767323045000", "2026-01-02T03:04:05Z"),
        ("closedate", "2026-01-02T05:04:05+02:00", "1767323045000", "2026-01-02T03:04:05Z"),
    ],
)
def test_conformance_hs_70_dates_are_normalized_with_a_warning(
    portal: Portal, name: str, sent: str, normalized: str, stored: str
) -> None:
    properties = {"dealname": "D", "dealstage": "closedwon", name: sent}
    made = portal.post(f"{DATED}/deals", {"properties": properties}).json()
    assert made["properties"][name] == stored
    warning = {
        "category": "PROPERTY_VALUE_NORMALIZED",
        "message": f"{name} was normalized",
        "context": {"propertyName": name, "rawValue": sent, "normalizedValue": normalized},
    }
    assert made["warnings"] == [warning]
    rows = [{"id": made["id"], "properties": {name: sent}}]
    batch = portal.post(f"{DATED}/deals/batch/update", {"inputs": rows}).json()
    assert batch["results"][0]["warnings"] == [warning]
    patched = portal.patch(f"{DATED}/deals/{made['id']}", {"properties": {name: sent}}).json()
    assert patched["warnings"] == [warning]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("partner_protected_until", "1990-01-01"),
        ("partner_protected_until", "631152000000"),
        ("closedate", "2026-01-02T03:04:05Z"),
        ("closedate", "1767323045000"),
        ("description", "631152000"),
    ],
)
def test_conformance_hs_70_usual_forms_bring_no_warning(
    portal: Portal, name: str, sent: str
) -> None:
    properties = {"dealname": "D", "dealstage": "closedwon", name: sent}
    assert "warnings" not in portal.post(f"{DATED}/deals", {"properties": properties}).json()


def test_conformance_hs_70_v3_refuses_what_dated_paths_normalize(portal: Portal) -> None:
    off_midnight = {"dealname": "D", "dealstage": "closedwon", "partner_protected_until": "5000"}
    body = {"properties": off_midnight}
    assert codes(portal.post("/crm/v3/objects/deals", body)) == {
        "partner_protected_until": "INVALID_DATE"
    }
    assert portal.post(f"{DATED}/deals", body).status_code == 201
    body["properties"]["partner_protected_until"] = "soon"
    assert codes(portal.post(f"{DATED}/deals", body)) == {"partner_protected_until": "INVALID_DATE"}


def test_admin_rules_are_remembered_and_reset(portal: Portal) -> None:
    demand(portal, required_on_create={"companies": ["city"]})
    read = portal.get("/__sandbox__/admin-rules").json()
    assert read["required_on_create"] == {"companies": ["city"]}
    portal.control("reset")
    assert portal.get("/__sandbox__/admin-rules").json()["required_on_create"] == {}


# 414


def test_a_url_that_is_too_long_is_414(portal: Portal) -> None:
    path = "/crm/v3/objects/companies"
    room = 16_384 - len(path) - len("?properties=")
    assert portal.get(path, properties="x" * room).status_code == 200
    response = portal.get(path, properties="x" * (room + 1))
    assert response.status_code == 414
    assert response.headers["content-type"].startswith("text/html")
    assert "414 Request-URI Too Large" in response.text


def test_the_longest_url_is_a_switch(portal: Portal) -> None:
    portal.switches.turn("max_url_length", 40)
    assert portal.get("/crm/v3/objects/companies", properties="name").status_code == 414
    assert portal.get("/crm/v3/objects/companies").status_code == 200
    assert portal.get("/__sandbox__/switches", unasked="x" * 100).status_code == 200


def test_a_record_of_too_many_others_is_414(portal: Portal) -> None:
    portal.switches.turn("max_merged_ids", 2)
    ids = [portal.create("companies", name=name) for name in "ABC"]
    path = "/crm/v3/objects/companies/merge"
    first = portal.post(path, {"primaryObjectId": ids[0], "objectIdToMerge": ids[1]})
    assert first.status_code == 200
    survivor = first.json()["id"]
    again = portal.post(path, {"primaryObjectId": survivor, "objectIdToMerge": ids[2]})
    assert again.status_code == 414
    assert portal.read("companies", ids[2], "name")["name"] == "C"
    assert portal.get(f"/crm/v3/objects/companies/{ids[2]}").json()["updatedAt"] == NOON_ISO
