"""Faults that change what a client sees: delays, lost permissions, schema edits, clocks."""

from typing import Any

import pytest
import requests
from hubspot_kit import Portal, codes, link, where

COMPANIES = "/crm/v3/objects/companies"


# What is seen


def test_conformance_hs_44_index_lag_of_one_write(portal: Portal) -> None:
    portal.faults({"kind": "index_lag", "seconds": 30, "match": {"method": "POST", "first": 1}})
    late = portal.create("companies", name="A")
    early = portal.create("companies", name="B")
    assert portal.found("companies") == [early]
    assert portal.read("companies", late, "name")["name"] == "A"
    portal.pass_time(30)
    assert portal.found("companies") == [late, early]


def listed(portal: Portal, archived: str = "false") -> list[str]:
    rows = portal.get(COMPANIES, archived=archived).json()["results"]
    return [row["id"] for row in rows]


def test_a_late_commit_is_seen_by_nobody_until_it_is_there(portal: Portal) -> None:
    """Its stamps are of the moment it began, so a cursor without overlap passes it by."""
    old = portal.create("companies", name="old", city="Ulm")
    portal.faults({"kind": "late_commit", "seconds": 20, "match": {"method": "POST", "first": 1}})
    late = portal.create("companies", name="late")
    portal.pass_time(5)
    soon = portal.create("companies", name="soon")
    assert listed(portal) == portal.found("companies") == [old, soon]
    assert portal.get(f"{COMPANIES}/{late}").status_code == 404
    batch = portal.post(f"{COMPANIES}/batch/read", {"inputs": [{"id": late}, {"id": old}]}).json()
    assert [row["id"] for row in batch["results"]] == [old]
    portal.pass_time(15)
    assert listed(portal) == portal.found("companies") == [old, late, soon]
    stamps = [portal.get(f"{COMPANIES}/{one}").json()["updatedAt"] for one in (late, soon)]
    assert stamps == ["2026-03-10T12:00:00.500Z", "2026-03-10T12:00:05.500Z"]


def test_a_late_change_leaves_the_old_values_until_it_is_there(portal: Portal) -> None:
    company = portal.create("companies", name="A", city="Ulm")
    gone = portal.create("companies", name="B")
    portal.faults({"kind": "late_commit", "seconds": 20, "match": {"method": "PATCH"}})
    portal.patch(f"{COMPANIES}/{company}", {"properties": {"city": "Bonn"}})
    portal.patch(f"{COMPANIES}/{gone}", {"properties": {"city": "Bonn"}})
    portal.delete(f"{COMPANIES}/{gone}")
    assert portal.read("companies", company, "city")["city"] == "Ulm"
    assert portal.found("companies", where("city", "EQ", "Ulm")) == [company]
    assert (listed(portal), listed(portal, "true")) == ([company], [gone])
    portal.pass_time(20)
    assert portal.read("companies", company, "city")["city"] == "Bonn"
    assert portal.found("companies", where("city", "EQ", "Ulm")) == []


def test_conformance_hs_03_permission_for_an_object_is_lost(portal: Portal) -> None:
    rule = {"kind": "permission_lost", "object": "deals", "match": {"after": 1}}
    portal.faults(rule)
    assert portal.get("/crm/v3/objects/deals").status_code == 200
    needed = []
    for response in (
        portal.get("/crm/v3/objects/deals"),
        portal.search("deals"),
        portal.post("/crm/v3/objects/0-3/batch/read", {"inputs": []}),
        portal.post("/crm/v3/objects/deals", {"properties": {}}),
        portal.patch("/crm/v3/objects/deals/1", {"properties": {}}),
    ):
        assert response.status_code == 403
        assert response.json()["category"] == "MISSING_SCOPES"
        needed += response.json()["errors"][0]["context"]["requiredGranularScopes"]
    assert needed == [
        "crm.objects.deals.read",
        "crm.objects.deals.read",
        "crm.objects.deals.read",
        "crm.objects.deals.write",
        "crm.objects.deals.write",
    ]
    assert portal.get(COMPANIES).status_code == 200


def test_conformance_hs_12_permission_for_a_property_is_lost(portal: Portal) -> None:
    company = portal.create("companies", name="A", city="Ulm", phone="1")
    path, names = f"{COMPANIES}/{company}", ["city", "phone"]
    portal.faults({"kind": "permission_lost", "object": "companies", "properties": ["city", "zip"]})
    seen = portal.read("companies", company, *names)
    assert (seen["phone"], "city" in seen) == ("1", False)
    assert "city" not in portal.search("companies", properties=names).json()["results"][0]
    defined = portal.get("/crm/v3/properties/companies").json()["results"]
    assert {"city", "zip"}.isdisjoint(one["name"] for one in defined)
    refused = portal.patch(path, {"properties": {"city": "Bonn", "phone": "2"}})
    assert codes(refused) == {"city": "PROPERTY_DOESNT_EXIST"}
    portal.faults()
    assert portal.read("companies", company, *names)["city"] == "Ulm"


def test_permission_for_some_records_is_lost(portal: Portal) -> None:
    ids = [portal.create("companies", name=name) for name in "ABC"]
    portal.faults({"kind": "permission_lost", "object": "companies", "ids": [int(ids[1])]})
    assert listed(portal) == portal.found("companies") == [ids[0], ids[2]]
    assert listed(portal, "true") == []
    path = f"{COMPANIES}/{ids[1]}"
    assert portal.get(path).status_code == 404
    assert portal.patch(path, {"properties": {"name": "X"}}).status_code == 404
    rows = [{"id": one, "properties": {"city": "Ulm"}} for one in ids]
    told = portal.post(f"{COMPANIES}/batch/update", {"inputs": rows}).json()
    assert told["errors"][0]["context"]["ids"] == [ids[1]]
    portal.faults()
    kept = portal.read("companies", ids[1], "name", "city")
    assert (kept["name"], kept["city"]) == ("B", None)


def test_two_permissions_are_lost_at_once(portal: Portal) -> None:
    company = portal.create("companies", name="A", city="Ulm")
    contact = portal.create("contacts", [link(company, 279)], email="a@x.com", city="Ulm")
    portal.faults(
        {"kind": "permission_lost", "object": "companies", "properties": ["city"]},
        {"kind": "permission_lost", "object": "contacts", "properties": ["city"]},
        {"kind": "permission_lost", "object": "companies", "properties": ["zip"]},
    )
    assert set(portal.read("companies", company, "city", "zip", "name")) == {
        "name", "createdate", "hs_lastmodifieddate", "hs_object_id"
    }  # fmt: skip
    assert "city" not in portal.read("contacts", contact, "city")


# The schema changes between pages


def change(kind: str, name: str, **more: Any) -> dict[str, Any]:
    rule = {"path": "/objects/companies", "after": 1, "first": 1}
    return {
        "kind": "schema_change",
        "object": "companies",
        "change": kind,
        "property": name,
        "match": rule,
        **more,
    }


def page_of(portal: Portal, name: str) -> dict[str, Any]:
    row = portal.get(COMPANIES, limit=1, properties=f"name,{name}").json()["results"][0]
    return dict(row["properties"])


def test_a_property_vanishes_between_pages(portal: Portal) -> None:
    portal.create("companies", name="A", city="Ulm")
    portal.faults(change("remove", "city"))
    assert page_of(portal, "city")["city"] == "Ulm"
    assert "city" not in page_of(portal, "city")
    assert portal.get("/crm/v3/properties/companies/city").status_code == 404


def test_a_property_appears_between_pages(portal: Portal) -> None:
    company = portal.create("companies", name="A")
    portal.faults(change("add", "segment", type="enumeration", option="SMB"))
    assert "segment" not in page_of(portal, "segment")
    assert page_of(portal, "segment")["segment"] is None
    path = f"{COMPANIES}/{company}"
    assert portal.patch(path, {"properties": {"segment": "SMB"}}).status_code == 200
    refused = portal.patch(path, {"properties": {"segment": "XL"}})
    assert codes(refused) == {"segment": "INVALID_OPTION"}


def test_a_property_changes_its_type_between_pages(portal: Portal) -> None:
    company = portal.create("companies", name="A", city="Ulm")
    portal.faults(change("retype", "city", type="number"))
    assert [page_of(portal, "city")["city"] for _ in range(2)] == ["Ulm", "Ulm"]
    defined = portal.get("/crm/v3/properties/companies/city").json()
    assert (defined["type"], defined["fieldType"]) == ("number", "number")
    refused = portal.patch(f"{COMPANIES}/{company}", {"properties": {"city": "Bonn"}})
    assert codes(refused) == {"city": "INVALID_INTEGER"}


@pytest.mark.parametrize(
    ("edit", "value", "values"),
    [
        ("remove_option", "Gold", ["Registered", "Silver", "Platinum"]),
        ("remove_option", "Tin", ["Registered", "Silver", "Gold", "Platinum"]),
        ("add_option", "Tin", ["Registered", "Silver", "Gold", "Platinum", "Tin"]),
        ("add_option", "Gold", ["Registered", "Silver", "Gold", "Platinum"]),
    ],
)
def test_options_come_and_go_between_pages(
    portal: Portal, edit: str, value: str, values: list[str]
) -> None:
    portal.create("companies", name="A")
    portal.faults(change(edit, "partner_tier", option=value))
    for _ in range(2):
        page_of(portal, "partner_tier")
    defined = portal.get("/crm/v3/properties/companies/partner_tier").json()
    assert [option["value"] for option in defined["options"]] == values


# The rest of the wire


def test_a_skewed_server_stamps_what_it_writes(portal: Portal) -> None:
    portal.faults({"kind": "clock_skew", "seconds": -3600, "match": {"method": "POST"}})
    made = portal.post(COMPANIES, {"properties": {"name": "A"}})
    assert made.json()["createdAt"] == "2026-03-10T11:00:00.500Z"
    assert made.headers["date"] == "Tue, 10 Mar 2026 11:00:00 GMT"
    assert portal.get(COMPANIES).headers["date"] == "Tue, 10 Mar 2026 12:00:00 GMT"


def test_created_can_come_as_200(portal: Portal) -> None:
    portal.faults({"kind": "other_status", "status": 200, "match": {"method": "POST"}})
    made = portal.post(COMPANIES, {"properties": {"name": "A"}})
    assert made.status_code == 200
    assert made.json()["properties"]["name"] == "A"


def test_struck_requests_are_named_in_the_log_and_in_the_counts(portal: Portal) -> None:
    portal.faults(
        {"name": "gone", "kind": "reset", "commit": True, "match": {"method": "POST", "first": 1}},
        {"name": "busy", "kind": "locked", "match": {"method": "GET", "every": 2}},
    )
    with pytest.raises(requests.ConnectionError):
        portal.post(COMPANIES, {"properties": {"name": "A"}})
    portal.get(COMPANIES)
    portal.get(COMPANIES)
    seen = [(line["status"], line["rows"], line.get("fault")) for line in portal.log.lines]
    assert seen == [(0, 1, "gone"), (200, 1, None), (423, 0, "busy")]
    assert portal.struck() == {"gone": 1, "busy": 1}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"kind": "row_lok"}, "kind: 'row_lok' is unknown here; did you mean row_lock?"),
        (
            {"kind": "permission_lost", "object": "unicorns"},
            "object: 'unicorns' does not fit (Invalid enum value 'unicorns'); correct the value",
        ),
        (
            {"kind": "rate_limit", "policy": "HOURLY"},
            "policy: 'HOURLY' does not fit (Invalid enum value 'HOURLY'); correct the value",
        ),
        (
            {"kind": "locked", "match": {"object": "company"}},
            "match: object: 'company' is unknown; did you mean companies?",
        ),
    ],
    ids=str,
)
def test_a_bad_rule_is_refused(portal: Portal, rule: dict[str, Any], told: str) -> None:
    response = portal.control("faults", {"rules": [rule]})
    assert response.status_code == 400
    assert response.json()["error"] == f"POST /__sandbox__/faults: acme_hubspot[0]: {told}"
