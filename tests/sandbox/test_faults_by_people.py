"""Kinds of fault in which somebody else does something to records just before a request."""

import pytest
from hubspot_kit import NOON_ISO, Portal
from salesforce_org import OrgUnderTest, error_code

PAGED = {"Sforce-Query-Options": "batchSize=200"}


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def strike(org: OrgUnderTest, **rule: object) -> None:
    """A rule that strikes the next request, and no other."""
    org.control("faults", {"rules": [{"match": {"times": 1}, **rule}], "seed": 5})


# -- Salesforce ----------------------------------------------------------------------------------


def test_records_are_deleted_between_two_pages(org: OrgUnderTest) -> None:
    org.store.load({"Contact": [{"LastName": str(n)} for n in range(450)]})
    page = org.query("SELECT Id FROM Contact ORDER BY Id", headers=PAGED).json()
    strike(org, kind="records_deleted", object="Contact", rows=7)
    assert org.get(page["nextRecordsUrl"]).status_code == 200
    assert len(org.records("SELECT Id FROM Contact")) == 443
    assert len(org.records("SELECT Id FROM Contact WHERE IsDeleted = true", "queryAll")) == 7


def test_a_purged_record_leaves_no_trace(org: OrgUnderTest) -> None:
    kept, gone = (org.create("Contact", LastName=name) for name in "AB")
    strike(org, kind="records_deleted", object="Contact", ids=[gone], purge=True)
    assert [row["Id"] for row in org.records("SELECT Id FROM Contact", "queryAll")] == [kept]


def test_a_named_record_is_merged_into_the_first(org: OrgUnderTest) -> None:
    first, second = (org.create("Contact", LastName=name) for name in "AB")
    strike(org, kind="records_merged", object="Contact", ids=[second, first])
    assert [row["Id"] for row in org.records("SELECT Id FROM Contact")] == [second]
    (gone,) = org.records("SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true",
                          "queryAll")  # fmt: skip
    assert gone == {"Id": first, "MasterRecordId": second}


def test_one_record_cannot_be_merged_with_itself(org: OrgUnderTest) -> None:
    org.create("Contact", LastName="A")
    strike(org, kind="records_merged", object="Contact")
    assert len(org.records("SELECT Id FROM Contact")) == 1


def test_a_lead_is_converted_just_before_it_is_written(org: OrgUnderTest) -> None:
    lead = org.create("Lead", LastName="Ada", Company="Acme")
    strike(org, kind="leads_converted")
    refused = org.patch(f"sobjects/Lead/{lead}", {"Phone": "1"})
    assert error_code(refused) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")
    assert len(org.records("SELECT Id FROM Opportunity")) == 1


def test_thousands_of_rows_change_in_one_second(org: OrgUnderTest) -> None:
    org.store.load({"Account": [{"Name": str(n)} for n in range(2500)]})
    org.wait(60)
    strike(org, kind="records_changed", object="Account", rows=2100, values={"Phone": "1"})
    told = org.records("SELECT SystemModstamp FROM Account WHERE Phone = '1'")
    assert len(told) == 2100
    assert {row["SystemModstamp"] for row in told} == {"2026-03-10T12:01:00.000+0000"}


def test_a_stamp_moves_alone(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    before = org.row("Account", account)
    org.wait(60)
    strike(org, kind="records_changed", object="Account", ids=[account])
    after = org.row("Account", account)
    assert {name for name in before if before[name] != after[name]} == {"SystemModstamp"}


def test_people_do_nothing_where_there_is_nothing(org: OrgUnderTest) -> None:
    for kind in ("records_deleted", "records_merged", "records_changed"):
        strike(org, kind=kind, object="Contact")
        assert org.records("SELECT Id FROM Contact") == []


def test_what_strikes_follows_from_the_seed() -> None:
    def left() -> list[str]:
        org = OrgUnderTest()
        org.store.load({"Contact": [{"LastName": str(n)} for n in range(50)]})
        rule = {"kind": "records_deleted", "object": "Contact", "match": {"probability": 0.5}}
        org.control("faults", {"rules": [rule], "seed": 11})
        for _ in range(20):
            org.get("limits")
        return [row["LastName"] for row in org.records("SELECT LastName FROM Contact ORDER BY Id")]

    first = left()
    assert 30 <= len(first) < 49
    assert left() == first


def test_a_revoked_app_has_to_be_let_in_again(org: OrgUnderTest) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": "demo-client-id",
        "client_secret": "demo-client-secret",
        "refresh_token": org.control("grant")["refresh_token"],
    }
    assert org.token_request(**form).status_code == 200
    strike(org, kind="revoked_token")
    assert error_code(org.get("limits")) == (401, "INVALID_SESSION_ID")
    assert org.token_request(**form).json() == {
        "error": "invalid_grant", "error_description": "expired access/refresh token",
    }  # fmt: skip


def test_the_quota_is_spent_by_others(org: OrgUnderTest) -> None:
    strike(org, kind="quota_spent")
    assert error_code(org.get("limits")) == (403, "REQUEST_LIMIT_EXCEEDED")
    org.wait(86_401)
    org.token = org.login()["access_token"]
    assert org.get("limits").status_code == 200


# -- HubSpot -------------------------------------------------------------------------------------


def once(portal: Portal, **rule: object) -> None:
    portal.faults({"match": {"times": 1}, **rule}, seed=5)


def listed(portal: Portal, kind: str, *, archived: bool = False) -> list[str]:
    told = portal.get(f"/crm/v3/objects/{kind}", limit=100, archived=str(archived).lower())
    return [row["id"] for row in told.json()["results"]]


def test_hubspot_records_are_archived_between_two_pages(portal: Portal) -> None:
    portal.load_companies(90)
    first = portal.get("/crm/v3/objects/companies", limit=50).json()
    once(portal, kind="records_deleted", object="companies", rows=5)
    after = first["paging"]["next"]["after"]
    assert portal.get("/crm/v3/objects/companies", limit=50, after=after).status_code == 200
    assert len(listed(portal, "companies")) == 85
    assert len(listed(portal, "companies", archived=True)) == 5


def test_a_contact_is_erased_without_a_trace(portal: Portal) -> None:
    kept, gone = (portal.create("contacts", email=f"{name}@acme.example") for name in "ab")
    once(portal, kind="records_deleted", object="contacts", ids=[int(gone)], purge=True)
    assert listed(portal, "contacts") == [kept]
    assert listed(portal, "contacts", archived=True) == []


def test_hubspot_records_are_merged_into_a_survivor(portal: Portal) -> None:
    ids = [portal.create("companies", name=name) for name in "AB"]
    once(portal, kind="records_merged", object="companies", ids=[int(ids[1]), int(ids[0])])
    (survivor,) = listed(portal, "companies")
    told = portal.read("companies", survivor, "name", "hs_merged_object_ids")
    assert (told["name"], set(told["hs_merged_object_ids"].split(";"))) == ("B", set(ids))


def test_hubspot_rows_change_at_one_moment(portal: Portal) -> None:
    portal.load_companies(90)
    once(portal, kind="records_changed", object="companies", rows=80, values={"city": "Ulm"})
    told = portal.get("/crm/v3/objects/companies", limit=100, properties=["city"]).json()["results"]
    moved = [row["updatedAt"] for row in told if row["properties"]["city"] == "Ulm"]
    assert (len(moved), set(moved)) == (80, {NOON_ISO})


def test_hubspot_forbids_people_what_it_forbids_everybody(portal: Portal) -> None:
    portal.load_companies(3)
    for rule in (
        {"kind": "records_merged", "object": "companies", "ids": [1, 99]},
        {"kind": "records_changed", "object": "companies", "values": {"no_such_name": "x"}},
        {"kind": "records_deleted", "object": "leads"},
    ):
        once(portal, **rule)
        assert listed(portal, "companies") == ["1", "2", "3"]


def test_hubspot_switches_turn_in_mid_run(portal: Portal) -> None:
    portal.load_companies(9)
    rule = {"kind": "set_switches", "switches": {"search_results_max": 5}, "match": {"after": 1}}
    portal.faults(rule)
    assert portal.search("companies", limit=2, after="6").status_code == 200
    assert portal.search("companies", limit=2, after="6").status_code == 400
