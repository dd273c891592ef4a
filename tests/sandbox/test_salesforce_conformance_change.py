"""Statements 28-31, 55 and 56 of the checklist: stamps, late commits, replication, life events."""

from datetime import timedelta

import pytest
from salesforce_org import INTEGRATION_USER, OrgUnderTest, error_code

from sandbox.salesforce import Switches, record_id
from sandbox.salesforce.schema import Field

NOON = "2026-03-10T12:00:00.000+0000"
LATER = "2026-03-10T12:00:07.000+0000"


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def stamps(org: OrgUnderTest, sobject: str, record: str) -> tuple[str, str]:
    row = org.row(sobject, record)
    return row["LastModifiedDate"], row["SystemModstamp"]


# --- stamps -----------------------------------------------------------------------------------


def test_conformance_sf_28_writes_bump_both_stamps_to_whole_seconds(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    row = org.row("Account", account)
    assert (row["CreatedDate"], row["CreatedById"]) == (NOON, INTEGRATION_USER)
    assert (row["LastModifiedDate"], row["SystemModstamp"]) == (NOON, NOON)
    org.wait(7.9)
    org.patch(f"sobjects/Account/{account}", {"Phone": "1"})
    row = org.row("Account", account)
    assert (row["CreatedDate"], row["LastModifiedDate"], row["SystemModstamp"]) == (
        NOON, LATER, LATER,
    )  # fmt: skip


def test_conformance_sf_28_an_update_without_change_bumps_too(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.wait(7)
    org.patch(f"sobjects/Account/{account}", {"Name": "Acme"})
    assert stamps(org, "Account", account) == (LATER, LATER)


def test_conformance_sf_28_system_touch_bumps_only_the_system_stamp(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.wait(7)
    org.control("system-touch", {"object": "Account", "ids": [account]})
    assert stamps(org, "Account", account) == (NOON, LATER)


def test_conformance_sf_28_renamed_parents_and_formulas_bump_no_child(org: OrgUnderTest) -> None:
    formula = Field(name="Company__c", type="string", label="Company", formula="Account.Name")
    org.store.put_field("Contact", formula)
    account = org.create("Account", Name="Old")
    contact = org.create("Contact", LastName="Ada", AccountId=account)
    org.wait(7)
    org.patch(f"sobjects/Account/{account}", {"Name": "New"})
    assert org.row("Contact", contact)["Company__c"] == "New"
    assert org.records("SELECT Id FROM Contact WHERE Company__c = 'new'") == [{"Id": contact}]
    assert stamps(org, "Contact", contact) == (NOON, NOON)
    refused = org.patch(f"sobjects/Contact/{contact}", {"Company__c": "x"})
    assert error_code(refused) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


# --- late commits -----------------------------------------------------------------------------


def pull(org: OrgUnderTest, since: str) -> set[str]:
    soql = f"SELECT Name FROM Account WHERE SystemModstamp >= {since} ORDER BY SystemModstamp, Id"
    return {row["Name"] for row in org.records(soql)}


def test_conformance_sf_29_late_commits_are_lost_without_an_overlap() -> None:
    org = OrgUnderTest(Switches(commit_lag_seconds=60))
    org.create("Account", Name="late")
    org.wait(30)
    seen = pull(org, "2026-03-10T11:00:00Z")
    assert seen == set()
    watermark = org.clock.now()
    org.wait(40)
    without_overlap = pull(org, f"{watermark:%Y-%m-%dT%H:%M:%SZ}")
    with_overlap = pull(org, f"{watermark - timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}")
    assert (without_overlap, with_overlap) == (set(), {"late"})


def test_conformance_sf_30_pages_by_stamp_and_id_see_each_row_once(org: OrgUnderTest) -> None:
    org.store.load(
        {
            "Lead": [
                {"LastName": f"L{n}", "Company": "C", "SystemModstamp": "2026-01-01T00:00:00Z"}
                for n in range(5_000)
            ]
        }
    )
    seen: list[str] = []
    condition = "SystemModstamp >= 2026-01-01T00:00:00Z"
    while rows := org.records(
        f"SELECT Id FROM Lead WHERE {condition} ORDER BY SystemModstamp, Id LIMIT 1500"
    ):
        seen += [row["Id"] for row in rows]
        condition = (
            "SystemModstamp > 2026-01-01T00:00:00Z OR "
            f"(SystemModstamp = 2026-01-01T00:00:00Z AND Id > '{seen[-1]}')"
        )
    assert (len(seen), len(set(seen))) == (5_000, 5_000)


# --- replication ------------------------------------------------------------------------------


def updated(org: OrgUnderTest, start: str, end: str, kind: str = "updated") -> dict[str, object]:
    answer = org.get(f"sobjects/Account/{kind}/", params={"start": start, "end": end})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_conformance_sf_31_get_updated_cuts_seconds(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.wait(300)
    asked = updated(org, "2026-03-10T12:00:45+00:00", "2026-03-10T12:01:59+00:00")
    assert asked == {"ids": [account], "latestDateCovered": "2026-03-10T12:01:00.000+0000"}
    assert updated(org, "2026-03-10T12:01:00Z", "2026-03-10T12:05:00Z")["ids"] == []


def test_conformance_sf_31_get_deleted_lists_what_went_away(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.wait(65)
    org.delete(f"sobjects/Account/{account}")
    org.wait(120)
    assert updated(org, "2026-03-10T12:01:00Z", "2026-03-10T12:03:00Z", "deleted") == {
        "deletedRecords": [{"id": account, "deletedDate": "2026-03-10T12:01:05.000+0000"}],
        "earliestDateAvailable": "2026-02-23T12:03:00.000+0000",
        "latestDateCovered": "2026-03-10T12:03:00.000+0000",
    }
    assert updated(org, "2026-03-10T12:00:00Z", "2026-03-10T12:03:00Z")["ids"] == []


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        ("updated", "2026-03-10T12:00:00Z", "2026-03-10T12:00:00Z"),
        ("updated", "2026-03-10T12:00:10Z", "2026-03-10T12:00:50Z"),
        ("deleted", "2026-03-10T11:00:00Z", "2026-03-10T10:00:00Z"),
        ("updated", "2026-02-08T11:59:00Z", "2026-03-10T12:00:00Z"),
        ("deleted", "2026-02-23T11:59:00Z", "2026-03-10T12:00:00Z"),
        ("updated", "2026-03-10T11:00:00", "2026-03-10T12:00:00Z"),
        ("updated", "yesterday", "2026-03-10T12:00:00Z"),
    ],
)
def test_conformance_sf_31_impossible_windows_are_refused(
    org: OrgUnderTest, kind: str, start: str, end: str
) -> None:
    answer = org.get(f"sobjects/Account/{kind}/", params={"start": start, "end": end})
    assert error_code(answer) == (400, "INVALID_REPLICATION_DATE")


def test_conformance_sf_31_windows_reach_30_and_15_days_back(org: OrgUnderTest) -> None:
    updated(org, "2026-02-08T12:00:00Z", "2026-03-10T12:00:00Z")
    updated(org, "2026-02-23T12:00:00Z", "2026-03-10T12:00:00Z", "deleted")


def test_conformance_sf_31_a_purged_delete_log_asks_for_a_full_pull() -> None:
    org = OrgUnderTest(Switches(deleted_log_purged=True))
    window = {"start": "2026-03-10T11:00:00Z", "end": "2026-03-10T12:00:00Z"}
    answer = org.get("sobjects/Account/deleted/", params=window)
    assert error_code(answer) == (400, "INVALID_REPLICATION_DATE")
    assert org.get("sobjects/Account/updated/", params=window).status_code == 200


def test_conformance_sf_31_open_transactions_hold_the_covered_date_back() -> None:
    org = OrgUnderTest(Switches(commit_lag_seconds=600))
    org.create("Account", Name="pending")
    org.wait(300)
    window = ("2026-03-10T11:00:00Z", "2026-03-10T12:05:00Z")
    pending = updated(org, *window)
    assert pending == {"ids": [], "latestDateCovered": "2026-03-10T12:00:00.000+0000"}
    org.wait(300)
    assert len(updated(org, *window)["ids"]) == 1
    assert updated(org, *window)["latestDateCovered"] == "2026-03-10T12:05:00.000+0000"


# --- conversion, merge, bin -------------------------------------------------------------------


def test_conformance_sf_55_conversion_fills_three_ids_and_locks_the_lead(
    org: OrgUnderTest,
) -> None:
    lead = org.create(
        "Lead", LastName="Ada", FirstName="Grace", Company="Acme", Email="a@acme.example",
        Street="Main 1", Hub_Lead_Key__c="k1", Product_Interest__c="Router",
    )  # fmt: skip
    made = org.control("convert-lead", {"lead_id": lead})
    row = org.row("Lead", lead)
    assert (row["IsConverted"], row["ConvertedDate"], row["Status"]) == (
        True, "2026-03-10", "Closed - Converted",
    )  # fmt: skip
    assert (
        row["ConvertedAccountId"], row["ConvertedContactId"], row["ConvertedOpportunityId"]
    ) == (made["accountId"], made["contactId"], made["opportunityId"])  # fmt: skip
    refused = org.patch(f"sobjects/Lead/{lead}", {"Phone": "1"})
    assert refused.json() == [
        {
            "message": "cannot reference converted lead",
            "errorCode": "CANNOT_UPDATE_CONVERTED_LEAD",
            "fields": [],
        }
    ]
    assert org.row("Account", made["accountId"])["Name"] == "Acme"
    contact = org.row("Contact", made["contactId"])
    assert (contact["Name"], contact["Email"], contact["MailingStreet"]) == (
        "Grace Ada", "a@acme.example", "Main 1",
    )  # fmt: skip


def test_conformance_sf_55_unmapped_custom_fields_are_lost(org: OrgUnderTest) -> None:
    lead = org.create("Lead", LastName="Ada", Company="Acme", Product_Interest__c="Router")
    made = org.control("convert-lead", {"lead_id": lead, "opportunity_name": "Acme routers"})
    opportunity = org.row("Opportunity", made["opportunityId"])
    assert (opportunity["Name"], opportunity["Product_Family__c"]) == ("Acme routers", None)
    assert opportunity["CloseDate"] == "2026-03-31"


def test_conformance_sf_55_conversion_into_a_known_account(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    lead = org.create("Lead", LastName="Ada", Company="Other")
    made = org.control(
        "convert-lead", {"lead_id": lead, "account_id": account, "with_opportunity": False}
    )
    assert (made["accountId"], made["opportunityId"]) == (account, None)
    again = org.http.post(f"{org.url}/__sandbox__/convert-lead", json={"lead_id": lead})
    assert error_code(again) == (400, "CANNOT_UPDATE_CONVERTED_LEAD")


def test_conformance_sf_56_merge_moves_children_and_keeps_a_trace(org: OrgUnderTest) -> None:
    master, loser = org.create("Account", Name="A"), org.create("Account", Name="B")
    contact = org.create("Contact", LastName="Ada", AccountId=loser)
    org.wait(7)
    org.control("merge", {"object": "Account", "master": master, "losers": [loser]})
    row = org.row("Contact", contact)
    assert (row["AccountId"], row["SystemModstamp"]) == (master, LATER)
    assert row["LastModifiedDate"] == NOON
    assert error_code(org.get(f"sobjects/Account/{loser}")) == (404, "NOT_FOUND")
    gone = org.records(
        "SELECT Id, MasterRecordId, SystemModstamp FROM Account WHERE IsDeleted = true "
        f"AND MasterRecordId != null AND SystemModstamp >= {LATER.replace('+0000', 'Z')}",
        "queryAll",
    )
    assert gone == [{"Id": loser, "MasterRecordId": master, "SystemModstamp": LATER}]


def test_conformance_sf_56_a_chain_of_merges_is_kept_link_by_link(org: OrgUnderTest) -> None:
    a, b, c = (org.create("Account", Name=name) for name in "ABC")
    org.control("merge", {"object": "Account", "master": b, "losers": [a]})
    org.control("merge", {"object": "Account", "master": c, "losers": [b]})
    soql = "SELECT MasterRecordId FROM Account WHERE IsDeleted = true ORDER BY Name, Id"
    assert org.records(soql, "queryAll") == [{"MasterRecordId": b}, {"MasterRecordId": c}]


def test_conformance_sf_56_emptying_the_bin_removes_the_trace(org: OrgUnderTest) -> None:
    master, loser = (
        org.create("Lead", LastName="A", Company="C"),
        org.create("Lead", LastName="B", Company="C"),
    )
    org.control("merge", {"object": "Lead", "master": master, "losers": [loser]})
    assert org.control("empty-bin") == {"removed": 1}
    assert org.records("SELECT Id FROM Lead", "queryAll") == [{"Id": master}]


def test_merge_takes_at_most_three_records_of_a_mergeable_object(org: OrgUnderTest) -> None:
    ids = [org.create("Account", Name=name) for name in "abcd"]
    for body in (
        {"object": "Account", "master": ids[0], "losers": ids[1:]},
        {"object": "Account", "master": ids[0], "losers": []},
        {"object": "Account", "master": ids[0], "losers": [ids[0]]},
        {"object": "Opportunity", "master": ids[0], "losers": [ids[1]]},
    ):
        answer = org.http.post(f"{org.url}/__sandbox__/merge", json=body)
        assert error_code(answer) == (400, "INVALID_OPERATION")


def test_restored_records_come_back_as_changed(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.delete(f"sobjects/Account/{account}")
    org.wait(7)
    org.control("undelete", {"object": "Account", "ids": [account]})
    assert stamps(org, "Account", account) == (LATER, LATER)
    body = {"object": "Account", "ids": [account]}
    again = org.http.post(f"{org.url}/__sandbox__/undelete", json=body)
    assert error_code(again) == (400, "UNDELETE_FAILED")


def test_a_colleagues_edit_carries_their_name(org: OrgUnderTest) -> None:
    rep = record_id("005", 7)
    user = {"Id": rep, "Username": "rep", "LastName": "Rep", "Email": "rep@acme.example"}
    org.store.load({"User": [user]})
    account = org.create("Account", Name="Acme")
    org.token = org.control("session", {"user_id": rep})["access_token"]
    org.patch(f"sobjects/Account/{account}", {"Phone": "1"})
    row = org.row("Account", account)
    assert (row["CreatedById"], row["LastModifiedById"]) == (INTEGRATION_USER, rep)
    assert org.row("Account", org.create("Account", Name="B"))["OwnerId"] == rep


def test_deleting_an_account_takes_contacts_and_opportunities_along(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    branch = org.create("Account", Name="Branch", ParentId=account)
    contact = org.create("Contact", LastName="Ada", AccountId=account)
    org.delete(f"sobjects/Account/{account}")
    assert error_code(org.get(f"sobjects/Contact/{contact}")) == (404, "NOT_FOUND")
    assert org.row("Account", branch)["ParentId"] is None
    deleted = org.records("SELECT Id FROM Contact WHERE IsDeleted = true", "queryAll")
    assert deleted == [{"Id": contact}]


def test_control_routes_refuse_what_they_do_not_know(org: OrgUnderTest) -> None:
    answer = org.http.post(f"{org.url}/__sandbox__/switches", json={"nonsense": 1})
    assert (answer.status_code, answer.json()) == (400, {"error": "no such switch: nonsense"})
    wrong = org.http.post(f"{org.url}/__sandbox__/switches", json={"session_seconds": "x"})
    assert wrong.status_code == 400


def test_reset_restores_switches_and_clock_and_empties_on_request(org: OrgUnderTest) -> None:
    org.create("Account", Name="Acme")
    org.switch(limits_permission=False)
    org.control("reset", {"records": True})
    assert org.clock.frozen_at is None
    org.token = org.login()["access_token"]
    assert org.get("limits").status_code == 200
    assert org.records("SELECT Id FROM Account", "queryAll") == []
    assert org.log.lines[-1]["rows"] == 0
