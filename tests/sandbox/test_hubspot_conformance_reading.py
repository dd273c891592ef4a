"""Lists, single reads and values as they come out: statements 7-14, 25, 26 and 61."""

from typing import Any

import pytest
from hubspot_kit import NOON_ISO, Portal, link

LIST = "/crm/v3/objects/companies"


def ids(portal: Portal, **query: Any) -> list[str]:
    return [row["id"] for row in portal.get(LIST, **query).json()["results"]]


@pytest.mark.parametrize(
    ("name", "type_id"),
    [("companies", "0-2"), ("contacts", "0-1"), ("deals", "0-3"), ("leads", "0-136")],
)
def test_conformance_hs_07_plural_name_and_type_id_are_the_same(
    portal: Portal, name: str, type_id: str
) -> None:
    contact = portal.create("contacts", email="a@x.com")
    properties = {
        "companies": {"name": "A"},
        "contacts": {"email": "b@x.com"},
        "deals": {"dealname": "D", "dealstage": "closedwon"},
        "leads": {"hs_lead_name": "L"},
    }[name]
    associations = [link(contact, 578)] if name == "leads" else []
    body = {"properties": properties, "associations": associations}
    record_id = portal.post(f"/crm/v3/objects/{type_id}", body).json()["id"]
    by_name = portal.get(f"/crm/v3/objects/{name}/{record_id}").json()
    by_type = portal.get(f"/crm/v3/objects/{type_id}/{record_id}").json()
    assert by_name == by_type
    assert portal.get(f"/crm/v3/properties/{type_id}").status_code == 200
    assert portal.post(f"/crm/v3/objects/{type_id}/search", {}).json()["total"] >= 1


def test_conformance_hs_07_unknown_object_type_is_400(portal: Portal) -> None:
    response = portal.get("/crm/v3/objects/gizmos")
    assert response.status_code == 400
    assert response.json()["message"] == "Unable to infer object type from: gizmos"


@pytest.mark.parametrize("path", ["/crm/v3/objects/tickets", "/crm/v3/properties/calls"])
def test_conformance_hs_03_kinds_that_the_app_has_no_scope_for(portal: Portal, path: str) -> None:
    response = portal.get(path)
    assert (response.status_code, response.json()["category"]) == (403, "MISSING_SCOPES")
    (error,) = response.json()["errors"]
    kind = path.rsplit("/", 1)[1]
    assert error["context"] == {"requiredGranularScopes": [f"crm.objects.{kind}.read"]}


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("True", True), ("false", False)])
def test_conformance_hs_08_archived_in_any_case(portal: Portal, text: str, expected: bool) -> None:
    alive, gone = portal.create("companies", name="A"), portal.create("companies", name="B")
    portal.delete(f"{LIST}/{gone}")
    assert ids(portal, archived=text) == [gone if expected else alive]


def test_conformance_hs_08_archived_false_capitalised_and_nonsense(portal: Portal) -> None:
    alive = portal.create("companies", name="A")
    assert ids(portal, archived="False") == [alive]
    assert portal.get(LIST, archived="perhaps").status_code == 400


def test_conformance_hs_09_properties_repeated_or_comma_joined(portal: Portal) -> None:
    record_id = portal.create("companies", name="A", domain="a.com", city="Ulm")
    expected = {
        "name": "A",
        "city": "Ulm",
        "createdate": NOON_ISO,
        "hs_lastmodifieddate": NOON_ISO,
        "hs_object_id": record_id,
    }
    for query in (
        "properties=name&properties=city",
        "properties=name,city",
        "properties=name%2Ccity",
    ):
        assert portal.get(f"{LIST}?{query}").json()["results"][0]["properties"] == expected
        assert portal.get(f"{LIST}/{record_id}?{query}").json()["properties"] == expected


def test_conformance_hs_10_list_caps_page_at_100(portal: Portal) -> None:
    portal.load_companies(130)
    assert len(ids(portal)) == 10
    assert len(ids(portal, limit=100)) == 100
    refused = portal.get(LIST, limit=101)
    assert refused.status_code == 400
    assert refused.json()["category"] == "VALIDATION_ERROR"


def test_conformance_hs_10_list_clamps_to_100_by_switch(portal: Portal) -> None:
    portal.load_companies(130)
    portal.switches.list_limit_over_max = "clamp"
    response = portal.get(LIST, limit=500).json()
    assert len(response["results"]) == 100
    assert response["paging"]["next"]["after"] == "100"


def test_conformance_hs_10_history_halves_the_page(portal: Portal) -> None:
    portal.load_companies(60)
    assert portal.get(LIST, limit=51, propertiesWithHistory="name").status_code == 400
    page = portal.get(LIST, limit=50, propertiesWithHistory="name").json()["results"]
    assert len(page) == 50
    assert page[0]["propertiesWithHistory"]["name"][0]["value"] == "Company 1"


def test_conformance_hs_10_last_page_has_no_paging(portal: Portal) -> None:
    portal.load_companies(20)
    first = portal.get(LIST, limit=10).json()
    last = portal.get(LIST, limit=10, after=first["paging"]["next"]["after"]).json()
    assert len(last["results"]) == 10
    assert "paging" not in last
    assert "total" not in last
    assert "paging" not in portal.get(LIST, limit=20).json()


def test_conformance_hs_11_pages_join_without_gap_or_repeat(portal: Portal) -> None:
    portal.load_companies(107)
    seen: list[str] = []
    after = None
    while True:
        page = portal.get(LIST, limit=25, **({"after": after} if after else {})).json()
        seen += [row["id"] for row in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert seen == [str(n) for n in range(1, 108)]


def test_conformance_hs_11_link_leads_to_the_next_page(portal: Portal) -> None:
    portal.load_companies(5)
    first = portal.get(f"{LIST}?limit=2&properties=name&properties=city").json()
    following = portal.session.get(first["paging"]["next"]["link"], timeout=10).json()
    assert [row["id"] for row in following["results"]] == ["3", "4"]
    assert "city" in following["results"][0]["properties"]


def test_conformance_hs_11_pages_can_be_made_short(portal: Portal) -> None:
    portal.load_companies(7)
    portal.switches.max_page = 3
    first = portal.get(LIST, limit=100).json()
    assert [row["id"] for row in first["results"]] == ["1", "2", "3"]
    assert first["paging"]["next"]["after"] == "3"
    found = portal.search("companies", limit=100).json()
    assert (found["total"], len(found["results"])) == (7, 3)


def test_conformance_hs_12_unknown_absent_and_unset_null(portal: Portal) -> None:
    record_id = portal.create("companies", name="A")
    properties = portal.read("companies", record_id, "name", "city", "no_such_property")
    assert properties["name"] == "A"
    assert properties["city"] is None
    assert "no_such_property" not in properties


def test_conformance_hs_12_default_properties_of_each_object(portal: Portal) -> None:
    contact = portal.create("contacts", email="a@x.com")
    made = {
        "companies": portal.create("companies", name="A"),
        "contacts": contact,
        "deals": portal.create("deals", dealname="D", dealstage="closedwon"),
        "leads": portal.lead("L", contact),
    }
    assert {kind: sorted(portal.read(kind, record_id)) for kind, record_id in made.items()} == {
        "companies": ["createdate", "domain", "hs_lastmodifieddate", "hs_object_id", "name"],
        "contacts": [
            "createdate",
            "email",
            "firstname",
            "hs_object_id",
            "lastmodifieddate",
            "lastname",
        ],
        "deals": [
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline",
        ],
        "leads": ["createdate", "hs_lastmodifieddate", "hs_object_id"],
    }


def test_conformance_hs_13_values_are_strings_or_null(portal: Portal) -> None:
    record_id = portal.create(
        "deals",
        dealname="D",
        dealstage="closedwon",
        amount="1500.00",
        closedate="2026-01-02T03:04:05.678Z",
        partner_protected_until="2026-06-30",
    )
    names = [p["name"] for p in portal.get("/crm/v3/properties/deals").json()["results"]]
    record = portal.get(f"/crm/v3/objects/deals/{record_id}", properties=names).json()
    assert {type(value) for value in record["properties"].values()} == {str, type(None)}
    assert record["id"] == record["properties"]["hs_object_id"] == record_id
    assert record["properties"]["amount"] == "1500.00"
    assert record["properties"]["closedate"] == "2026-01-02T03:04:05.678Z"
    assert record["properties"]["partner_protected_until"] == "2026-06-30"
    assert record["properties"]["hs_is_closed"] == "true"
    assert record["properties"]["hs_is_closed_won"] == "true"
    assert record["properties"]["hs_v2_date_entered_closedwon"] == NOON_ISO


def test_conformance_hs_13_moments_without_milliseconds_print_without(portal: Portal) -> None:
    record_id = portal.create(
        "deals", dealname="D", dealstage="closedwon", closedate="1767323045000"
    )
    assert portal.read("deals", record_id)["closedate"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("kind", "modified", "absent"),
    [
        ("companies", "hs_lastmodifieddate", "lastmodifieddate"),
        ("contacts", "lastmodifieddate", "hs_lastmodifieddate"),
    ],
)
def test_conformance_hs_14_updated_at_is_the_modified_property(
    portal: Portal, kind: str, modified: str, absent: str
) -> None:
    name = "name" if kind == "companies" else "firstname"
    record_id = portal.create(kind, **{name: "A"})
    portal.pass_time(61)
    portal.patch(f"/crm/v3/objects/{kind}/{record_id}", {"properties": {name: "B"}})
    query = {"properties": [modified, absent]}
    record = portal.get(f"/crm/v3/objects/{kind}/{record_id}", **query).json()
    assert record["createdAt"] == record["properties"]["createdate"] == "2026-03-10T12:00:00.500Z"
    assert record["updatedAt"] == record["properties"][modified] == "2026-03-10T12:01:01.500Z"
    assert absent not in record["properties"]


def test_conformance_hs_25_get_and_patch_by_identifying_property(portal: Portal) -> None:
    contact = portal.create("contacts", email="ann+x@example.com", hub_contact_key="K1")
    base = "/crm/v3/objects/contacts"
    by_email = portal.get(f"{base}/ANN%2Bx%40example.com?idProperty=email")
    assert by_email.json()["id"] == contact
    assert portal.get(f"{base}/K1?idProperty=hub_contact_key").json()["id"] == contact
    changed = portal.patch(
        f"{base}/K1?idProperty=hub_contact_key", {"properties": {"firstname": "Ann"}}
    )
    assert (changed.status_code, changed.json()["id"]) == (200, contact)
    assert portal.read("contacts", contact)["firstname"] == "Ann"
    assert portal.get(f"{base}/K2?idProperty=hub_contact_key").status_code == 404


@pytest.mark.parametrize("name", ["firstname", "no_such_property", "lastmodifieddate"])
def test_conformance_hs_25_non_unique_property_is_400(portal: Portal, name: str) -> None:
    response = portal.get(f"/crm/v3/objects/contacts/x?idProperty={name}")
    assert response.status_code == 400
    assert response.json()["category"] == "VALIDATION_ERROR"


def test_conformance_hs_25_domain_leads_to_a_company(portal: Portal) -> None:
    first = portal.create("companies", domain="a.com")
    portal.create("companies", domain="a.com")
    assert portal.get(f"{LIST}/A.com?idProperty=domain").json()["id"] == first


def test_conformance_hs_26_missing_numeric_id(portal: Portal) -> None:
    for response in (portal.get(f"{LIST}/99"), portal.patch(f"{LIST}/99", {"properties": {}})):
        assert response.status_code == 404
        assert response.json()["message"] == "resource not found"
        assert "category" not in response.json()


def test_conformance_hs_26_missing_numeric_id_with_category_by_switch(portal: Portal) -> None:
    portal.switches.not_found_has_category = True
    assert portal.get(f"{LIST}/99").json()["category"] == "OBJECT_NOT_FOUND"


def test_conformance_hs_26_id_that_is_no_number(portal: Portal) -> None:
    response = portal.get(f"{LIST}/abc")
    assert response.status_code == 404
    body = response.json()
    assert body["category"] == "OBJECT_NOT_FOUND"
    assert body["message"] == "Object not found.  objectId are usually numeric."
    assert body["context"] == {"id": ["abc"]}


def test_conformance_hs_61_archived_records_move_to_their_own_list(portal: Portal) -> None:
    kept, gone = portal.create("companies", name="A"), portal.create("companies", name="B")
    portal.pass_time(60)
    assert portal.delete(f"{LIST}/{gone}").status_code == 204
    assert ids(portal) == [kept]
    archived = portal.get(LIST, archived="true").json()["results"]
    assert [row["id"] for row in archived] == [gone]
    assert archived[0]["archived"] is True
    assert archived[0]["archivedAt"] == "2026-03-10T12:01:00.500Z"
    assert "archivedAt" not in portal.get(f"{LIST}/{kept}").json()


def test_conformance_hs_61_second_delete_is_204(portal: Portal) -> None:
    gone = portal.create("companies", name="B")
    for _ in range(2):
        assert portal.delete(f"{LIST}/{gone}").status_code == 204
    assert portal.delete(f"{LIST}/424242").status_code == 204


def test_conformance_hs_61_second_delete_is_404_by_switch(portal: Portal) -> None:
    portal.switches.delete_missing = "not_found"
    gone = portal.create("companies", name="B")
    assert portal.delete(f"{LIST}/{gone}").status_code == 204
    assert portal.delete(f"{LIST}/{gone}").status_code == 404
    assert portal.delete(f"{LIST}/424242").status_code == 404


def test_conformance_hs_61_get_of_archived_needs_the_flag(portal: Portal) -> None:
    gone = portal.create("companies", name="B")
    portal.delete(f"{LIST}/{gone}")
    assert portal.get(f"{LIST}/{gone}").status_code == 404
    found = portal.get(f"{LIST}/{gone}", archived="true")
    assert (found.status_code, found.json()["archived"]) == (200, True)
    assert portal.patch(f"{LIST}/{gone}", {"properties": {"name": "C"}}).status_code == 404


def test_conformance_hs_61_get_serves_archived_by_switch(portal: Portal) -> None:
    portal.switches.get_archived = "served"
    gone = portal.create("companies", name="B")
    portal.delete(f"{LIST}/{gone}")
    assert portal.get(f"{LIST}/{gone}").json()["archived"] is True


def test_conformance_hs_61_merged_away_record_is_in_no_list(portal: Portal) -> None:
    first, second = portal.create("companies", name="A"), portal.create("companies", name="B")
    merged = {"primaryObjectId": first, "objectIdToMerge": second}
    survivor = portal.post(f"{LIST}/merge", merged).json()["id"]
    assert ids(portal) == [survivor]
    assert ids(portal, archived="true") == []


def test_conformance_hs_61_restored_by_a_person_it_lives_again(portal: Portal) -> None:
    gone = portal.create("contacts", email="a@x.com", hub_contact_key="K")
    portal.delete(f"/crm/v3/objects/contacts/{gone}")
    assert portal.control("restore", {"object": "contacts", "id": int(gone)}).status_code == 204
    assert portal.get("/crm/v3/objects/contacts/a@x.com?idProperty=email").json()["id"] == gone
    portal.delete(f"/crm/v3/objects/contacts/{gone}")
    portal.create("contacts", email="a@x.com")
    assert portal.control("restore", {"object": "contacts", "id": int(gone)}).status_code == 400


def test_associations_come_along_when_asked_for(portal: Portal) -> None:
    company = portal.create("companies", name="A")
    contact = portal.create("contacts", [link(company, 1)], email="a@x.com")
    lonely = portal.create("contacts", email="b@x.com")
    base = "/crm/v3/objects/contacts"
    page = portal.get(base, associations="companies,deals").json()["results"]
    expected = {
        "companies": {
            "results": [
                {"id": company, "type": "contact_to_company"},
                {"id": company, "type": "contact_to_company_unlabeled"},
            ]
        }
    }
    assert [(row["id"], row.get("associations")) for row in page] == [
        (contact, expected),
        (lonely, None),
    ]
    one = portal.get(f"{base}/{contact}", associations=["0-2"]).json()
    assert one["associations"] == expected
