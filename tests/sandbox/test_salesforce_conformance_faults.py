"""Statements 50, 51, 54, 58 and 60: what goes wrong on purpose."""

import pytest
import requests
from salesforce_org import OrgUnderTest, error_code

from sandbox.salesforce import DuplicateRule, Switches

LEAD = {"LastName": "Ada", "Company": "Acme", "Email": "ada@acme.example"}


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def faults(org: OrgUnderTest, *rules: dict[str, object]) -> None:
    org.control("faults", {"rules": list(rules)})


def leads(*names: str, **more: object) -> dict[str, object]:
    return {"records": [
        {"attributes": {"type": "Lead"}, "LastName": name, "Company": "Acme", **more}
        for name in names
    ]}  # fmt: skip


def test_conformance_sf_50_a_dropped_connection_has_taken_effect_or_not(org: OrgUnderTest) -> None:
    rule = {"kind": "reset", "commit": True, "match": {"method": "POST", "times": 1}}
    faults(org, rule)
    with pytest.raises(requests.ConnectionError):
        org.post("sobjects/Lead", LEAD)
    assert len(org.records("SELECT Id FROM Lead")) == 1
    faults(org, {**rule, "commit": False})
    with pytest.raises(requests.ConnectionError):
        org.post("sobjects/Lead", LEAD)
    assert len(org.records("SELECT Id FROM Lead")) == 1


def test_conformance_sf_50_a_token_expiring_in_mid_paging_leaves_no_effect(
    org: OrgUnderTest,
) -> None:
    org.store.load({"Lead": [LEAD] * 450})
    faults(org, {"kind": "expire_tokens", "match": {"path": "/query/", "times": 1}})
    page = org.query("SELECT Id FROM Lead", headers={"Sforce-Query-Options": "batchSize=200"})
    following = page.json()["nextRecordsUrl"]
    assert error_code(org.get(following)) == (401, "INVALID_SESSION_ID")
    assert error_code(org.post("sobjects/Lead", LEAD)) == (401, "INVALID_SESSION_ID")
    org.token = org.login()["access_token"]
    assert org.get(following).status_code == 200
    assert len(org.records("SELECT Id FROM Lead")) == 450


BLOCK = DuplicateRule("Lead", ("Email",), "block", "Standard_Lead_Duplicate_Rule")
ALERT = DuplicateRule("Lead", ("Email", "LastName"), "alert", "Alert_Rule")
INSIST = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true"}


def test_conformance_sf_51_a_block_rule_names_the_other_record() -> None:
    org = OrgUnderTest(Switches(duplicate_rules=(BLOCK,)))
    first = org.create("Lead", **LEAD)
    refused = org.post("sobjects/Lead", {**LEAD, "Email": "ADA@acme.example"}, headers=INSIST)
    assert refused.status_code == 400
    (error,) = refused.json()
    assert (error["errorCode"], error["message"]) == (
        "DUPLICATES_DETECTED", "Use one of these records?",
    )  # fmt: skip
    result = error["duplicateResult"]
    assert (result["allowSave"], result["duplicateRule"]) == (
        False, "Standard_Lead_Duplicate_Rule",
    )  # fmt: skip
    (match,) = result["matchResults"]
    assert [found["record"]["Id"] for found in match["matchRecords"]] == [first]
    assert len(org.records("SELECT Id FROM Lead")) == 1


def test_conformance_sf_51_the_result_may_be_missing() -> None:
    org = OrgUnderTest(Switches(duplicate_rules=(BLOCK,), duplicate_result_in_error=False))
    org.create("Lead", **LEAD)
    assert org.post("sobjects/Lead", LEAD).json() == [
        {"message": "Use one of these records?", "errorCode": "DUPLICATES_DETECTED"}
    ]


def test_conformance_sf_51_an_alert_rule_gives_way_to_allow_save() -> None:
    org = OrgUnderTest(Switches(duplicate_rules=(ALERT,)))
    org.create("Lead", **LEAD)
    refused = org.post("sobjects/Lead", LEAD)
    assert refused.json()[0]["duplicateResult"]["allowSave"] is True
    plain = {"Sforce-Duplicate-Rule-Header": "allowSave=false"}
    assert org.post("sobjects/Lead", LEAD, headers=plain).status_code == 400
    assert org.post("sobjects/Lead", LEAD, headers=INSIST, version="51.0").status_code == 400
    assert org.post("sobjects/Lead", LEAD, headers=INSIST).status_code == 201


def test_conformance_sf_51_collections_tell_it_per_row() -> None:
    org = OrgUnderTest(Switches(duplicate_rules=(ALERT,)))
    results = org.post("composite/sobjects", leads("A", "A", "B", Email="x@acme.example")).json()
    assert [result["success"] for result in results] == [True, False, True]
    (error,) = results[1]["errors"]
    assert (error["statusCode"], error["duplicateResult"]["duplicateRule"]) == (
        "DUPLICATES_DETECTED", "Alert_Rule",
    )  # fmt: skip
    again = org.post(
        "composite/sobjects", leads("A", Email="x@acme.example"), headers=INSIST
    ).json()  # fmt: skip
    assert again[0]["success"] is True


def test_conformance_sf_51_updates_are_asked_about_the_fields_they_touch() -> None:
    org = OrgUnderTest(Switches(duplicate_rules=(BLOCK,)))
    first = org.create("Lead", **LEAD)
    other = org.create("Lead", LastName="Bob", Company="Acme")
    assert org.patch(f"sobjects/Lead/{first}", {"Email": LEAD["Email"]}).status_code == 204
    assert org.patch(f"sobjects/Lead/{other}", {"Phone": "1"}).status_code == 204
    refused = org.patch(f"sobjects/Lead/{other}", {"Email": LEAD["Email"]})
    assert error_code(refused) == (400, "DUPLICATES_DETECTED")
    org.delete(f"sobjects/Lead/{first}")
    assert org.patch(f"sobjects/Lead/{other}", {"Email": LEAD["Email"]}).status_code == 204


def test_conformance_sf_54_a_locked_parent_refuses_n_attempts(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.control("lock-rows", {"ids": [account[:15]], "attempts": 2})
    contact = {"LastName": "Ada", "AccountId": account}
    for _ in range(2):
        refused = org.post("sobjects/Contact", contact)
        assert error_code(refused) == (400, "UNABLE_TO_LOCK_ROW")
        assert refused.json()[0]["message"] == (
            "unable to obtain exclusive access to this record or 1 records: " + account
        )
    assert org.post("sobjects/Contact", {"LastName": "Free"}).status_code == 201
    assert org.post("sobjects/Contact", contact).status_code == 201


def test_conformance_sf_54_all_rows_below_the_parent_fail_in_one_attempt(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.control("lock-rows", {"ids": [account], "attempts": 1})
    records = [{"attributes": {"type": "Contact"}, "LastName": str(n), "AccountId": parent}
               for n, parent in enumerate([account, None, account])]  # fmt: skip
    first = org.post("composite/sobjects", {"records": records}).json()
    assert [result["success"] for result in first] == [False, True, False]
    assert {result["errors"][0]["statusCode"] for result in first if result["errors"]} == {
        "UNABLE_TO_LOCK_ROW"
    }
    second = org.post("composite/sobjects", {"records": records}).json()
    assert [result["success"] for result in second] == [True, True, True]


def test_conformance_sf_54_the_record_itself_can_be_locked(org: OrgUnderTest) -> None:
    lead = org.create("Lead", **LEAD)
    org.control("lock-rows", {"ids": [lead], "attempts": 1})
    refused = org.patch(f"sobjects/Lead/{lead}", {"Phone": "1"})
    assert error_code(refused) == (400, "UNABLE_TO_LOCK_ROW")
    org.control("lock-rows", {"ids": [lead], "attempts": 1})
    assert error_code(org.delete(f"sobjects/Lead/{lead}")) == (400, "UNABLE_TO_LOCK_ROW")
    assert org.delete(f"sobjects/Lead/{lead}").status_code == 204


def test_conformance_sf_54_locks_can_strike_by_rule(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    contact = {"LastName": "Ada", "AccountId": account}
    faults(org, {"kind": "row_lock", "ids": [account[:15]], "attempts": 1})
    assert error_code(org.post("sobjects/Contact", contact)) == (400, "UNABLE_TO_LOCK_ROW")
    assert org.post("sobjects/Contact", contact).status_code == 201
    faults(org, {"kind": "row_lock", "share": 0.5, "match": {"path": "composite"}})
    accounts = org.store
    accounts.load({"Account": [{"Name": str(n)} for n in range(20)]})
    ids = [row["Id"] for row in org.records("SELECT Id FROM Account")]
    records = [{"attributes": {"type": "Account"}, "Id": i, "Phone": "1"} for i in ids]
    done = [
        sum(r["success"] for r in org.patch("composite/sobjects", {"records": records}).json())
        for _ in range(8)
    ]
    assert 0 < done[0] < 21
    assert done[-1] == 21


def test_conformance_sf_58_a_spent_quota_refuses_everything_but_tokens(org: OrgUnderTest) -> None:
    org.control("use-calls", {"calls": 14_999})
    last = org.get("limits")
    assert last.headers["Sforce-Limit-Info"] == "api-usage=15000/15000"
    for refused in (
        org.get("limits"),
        org.post("sobjects/Lead", LEAD),
        org.query("SELECT Id FROM Lead"),
    ):
        assert error_code(refused) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert refused.json()[0]["message"] == "TotalRequests Limit exceeded."
        assert refused.headers["Sforce-Limit-Info"] == "api-usage=15000/15000"
    assert org.login()["access_token"]
    assert org.http.get(f"{org.url}/services/data").status_code == 200


def test_conformance_sf_58_the_window_slides(org: OrgUnderTest) -> None:
    org.switch(daily_api_requests=10, session_seconds=200_000)
    org.control("use-calls", {"calls": 6})
    org.wait(3_600)
    org.control("use-calls", {"calls": 4})
    assert error_code(org.get("limits")) == (403, "REQUEST_LIMIT_EXCEEDED")
    org.wait(82_800)
    assert org.get("limits").json()["DailyApiRequests"] == {"Max": 10, "Remaining": 5}
    org.wait(3_600)
    assert org.get("limits").json()["DailyApiRequests"] == {"Max": 10, "Remaining": 8}


def test_conformance_sf_60_errors_of_the_platform_strike_by_route_and_count(
    org: OrgUnderTest,
) -> None:
    faults(
        org,
        {"kind": "api_error", "code": "UNKNOWN_EXCEPTION",
         "message": "An unexpected error occurred. Please include this ErrorId: 1-2 (3)",
         "match": {"path": "/sobjects/Lead", "times": 1}},
        {"kind": "api_error", "code": "SERVER_UNAVAILABLE", "message": "try later",
         "match": {"path": "/limits", "times": 2}},
    )  # fmt: skip
    broken = org.post("sobjects/Lead", LEAD)
    assert error_code(broken) == (500, "UNKNOWN_EXCEPTION")
    assert [org.get("limits").status_code for _ in range(3)] == [503, 503, 200]
    assert org.post("sobjects/Lead", LEAD).status_code == 201


def test_conformance_sf_60_maintenance_pages_are_html(org: OrgUnderTest) -> None:
    html = "<html><body>We are down for maintenance.</body></html>"
    faults(org, {"kind": "status", "status": 503, "body": html, "match": {"times": 1}})
    answer = org.get("limits")
    assert (answer.status_code, answer.text) == (503, html)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert org.get("limits").status_code == 200


def test_conformance_sf_60_slow_truncated_and_reset_answers(org: OrgUnderTest) -> None:
    org.store.load({"Lead": [LEAD] * 100})
    soql = "SELECT Id, Name FROM Lead"
    faults(org, {"kind": "slow", "seconds": 0.2, "match": {"times": 1}})
    with pytest.raises(requests.Timeout):
        org.query(soql, timeout=0.05)
    faults(org, {"kind": "truncate", "keep": 0.5, "match": {"times": 1}})
    with pytest.raises(requests.RequestException):
        org.query(soql)
    faults(org, {"kind": "reset", "match": {"times": 1}})
    with pytest.raises(requests.ConnectionError):
        org.query(soql)
    assert len(org.records(soql)) == 100


def test_conformance_sf_60_limits_of_concurrency_read_unlike_the_daily_one(
    org: OrgUnderTest,
) -> None:
    message = "ConcurrentPerOrgLongTxn Limit exceeded."
    faults(org, {"kind": "api_error", "code": "REQUEST_LIMIT_EXCEEDED", "message": message,
                 "match": {"object": "Lead", "every": 2}})  # fmt: skip
    assert org.query("SELECT Id FROM Lead").status_code == 200
    refused = org.query("SELECT Id FROM Lead")
    assert error_code(refused) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert refused.json()[0]["message"] == message
    assert org.query("SELECT Id FROM Account").status_code == 200


def test_rows_can_fail_by_rule_while_others_land(org: OrgUnderTest) -> None:
    faults(org, {"kind": "row_error", "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "share": 0.5,
                 "message": "No deals on Fridays", "fields": ["StageName"],
                 "match": {"times": 1}})  # fmt: skip
    names = [str(n) for n in range(40)]
    results = org.post("composite/sobjects", leads(*names)).json()
    landed = sum(result["success"] for result in results)
    assert 0 < landed < 40
    assert len(org.records("SELECT Id FROM Lead")) == landed
    (error,) = next(result["errors"] for result in results if not result["success"])
    assert error == {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
                     "message": "No deals on Fridays", "fields": ["StageName"]}  # fmt: skip


def test_the_schema_can_change_between_two_pages(org: OrgUnderTest) -> None:
    org.store.load({"Lead": [LEAD] * 450})
    small = {"Sforce-Query-Options": "batchSize=200"}
    faults(
        org,
        {"kind": "change_field", "object": "Lead", "field": "Phone", "readable": False,
         "match": {"path": "/query/", "times": 1}},
        {"kind": "change_field", "object": "Lead", "field": "Status", "add_value": "Parked",
         "drop_value": "Working - Contacted", "match": {"path": "/query/", "times": 1}},
    )  # fmt: skip
    page = org.query("SELECT Id, Phone FROM Lead", headers=small)
    assert org.get(page.json()["nextRecordsUrl"]).status_code == 200
    assert error_code(org.query("SELECT Id, Phone FROM Lead")) == (400, "INVALID_FIELD")
    described = org.get("sobjects/Lead/describe").json()["fields"]
    assert "Phone" not in [field["name"] for field in described]
    status = next(field for field in described if field["name"] == "Status")
    assert [choice["value"] for choice in status["picklistValues"]] == [
        "Open - Not Contacted", "Closed - Converted", "Closed - Not Converted", "Parked",
    ]  # fmt: skip


def test_settings_can_change_in_mid_run(org: OrgUnderTest) -> None:
    faults(org, {"kind": "set_switches", "switches": {"page_shrink_to": 3},
                 "match": {"after": 1, "times": 1}})  # fmt: skip
    org.store.load({"Lead": [LEAD] * 5})
    assert len(org.query("SELECT Id FROM Lead").json()["records"]) == 5
    assert len(org.query("SELECT Id FROM Lead").json()["records"]) == 3
