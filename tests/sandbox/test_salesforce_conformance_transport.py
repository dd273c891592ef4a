"""Statements 10-16, 59 and 63: versions, paths, headers, limits and describe."""

import re

import pytest
from salesforce_org import OrgUnderTest, error_code
from simple_salesforce import Salesforce

from sandbox.salesforce import Switches
from sandbox.salesforce.schema import Field


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def test_conformance_sf_10_versions_are_public_and_uncounted(org: OrgUnderTest) -> None:
    answer = org.http.get(f"{org.url}/services/data")
    assert answer.status_code == 200
    assert answer.json()[-1] == {
        "label": "Summer '26",
        "url": "/services/data/v67.0",
        "version": "67.0",
    }
    assert answer.json()[-2]["label"] == "Spring '26"
    assert "Sforce-Limit-Info" not in answer.headers


@pytest.mark.parametrize("version", ["31.0", "59.0", "67.0"])
def test_supported_versions_list_their_resources(org: OrgUnderTest, version: str) -> None:
    answer = org.get("", version=version)
    assert answer.json()["sobjects"] == f"/services/data/v{version}/sobjects"


def test_conformance_sf_11_retired_versions_are_gone(org: OrgUnderTest) -> None:
    assert error_code(org.get("limits", version="30.0")) == (410, "UNSUPPORTED_API_VERSION")


@pytest.mark.parametrize("version", ["20.0", "68.0", "99.0", "59.5"])
def test_conformance_sf_11_unknown_versions_are_not_found(org: OrgUnderTest, version: str) -> None:
    assert error_code(org.get("limits", version=version)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    ["limits", "limits/", "sobjects", "sobjects/", "sobjects/Lead", "sobjects/Lead/",
     "sobjects/Lead/describe", "sobjects/Lead/describe/", "query?q=SELECT+Id+FROM+Lead",
     "query/?q=SELECT+Id+FROM+Lead", "queryAll/?q=SELECT+Id+FROM+Lead",
     "queryall?q=SELECT+Id+FROM+Lead", "sobjects/lead/DESCRIBE"],
)  # fmt: skip
def test_conformance_sf_12_slashes_and_case_do_not_matter(org: OrgUnderTest, path: str) -> None:
    assert org.get(path).status_code == 200


def test_conformance_sf_12_object_and_field_names_ignore_case(org: OrgUnderTest) -> None:
    made = org.post("sobjects/ACCOUNT/", {"NAME": "Acme", "hub_company_key__c": "k1"})
    assert made.status_code == 201
    found = org.get("sobjects/account/HUB_COMPANY_KEY__C/k1")
    assert (found.json()["Name"], found.json()["attributes"]["type"]) == ("Acme", "Account")
    assert org.records("select name, ID from ACCOUNT") == [
        {"Name": "Acme", "Id": made.json()["id"]}
    ]


def test_conformance_sf_13_every_answer_reports_growing_usage(org: OrgUnderTest) -> None:
    answers = [org.get("limits"), org.get("nonsense"), org.query("nonsense"), org.get("sobjects")]
    assert [a.status_code for a in answers] == [200, 404, 400, 200]
    assert [a.headers["Sforce-Limit-Info"] for a in answers] == [
        "api-usage=1/15000", "api-usage=2/15000", "api-usage=3/15000", "api-usage=4/15000",
    ]  # fmt: skip


def test_conformance_sf_13_per_app_usage_parses_with_the_library() -> None:
    org = OrgUnderTest(Switches(per_app_usage=True))
    usage = Salesforce.parse_api_usage(org.get("limits").headers["Sforce-Limit-Info"])
    assert usage["api-usage"] == (1, 15_000)
    assert usage["per-app-api-usage"] == (1, 3_750, "partner-hub")


def test_conformance_sf_13_usage_is_forgotten_after_a_day(org: OrgUnderTest) -> None:
    org.get("limits")
    org.wait(24 * 3600 + 60)
    org.token = org.login()["access_token"]
    assert org.get("limits").headers["Sforce-Limit-Info"] == "api-usage=1/15000"


def test_conformance_sf_14_media_type_and_the_date_of_the_clock(org: OrgUnderTest) -> None:
    answer = org.get("limits")
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert answer.headers["Date"] == "Tue, 10 Mar 2026 12:00:00 GMT"
    account = org.create("Account", Name="Acme")
    org.wait(61)
    empty = org.patch(f"sobjects/Account/{account}", {"Phone": "1"})
    assert (empty.status_code, empty.content) == (204, b"")
    assert "Content-Type" not in empty.headers
    assert empty.headers["Date"] == "Tue, 10 Mar 2026 12:01:01 GMT"


def test_conformance_sf_16_long_uri_is_414(org: OrgUnderTest) -> None:
    fixed = len("/services/data/v59.0/limits?x=")
    assert org.get("limits", params={"x": "a" * (15_000 - fixed)}).status_code == 200
    assert org.get("limits", params={"x": "a" * (16_385 - fixed)}).status_code == 414


def test_conformance_sf_16_long_headers_are_431(org: OrgUnderTest) -> None:
    assert org.get("limits", headers={"X-Long": "a" * 8_000}).status_code == 200
    answer = org.get("limits", params={"x": "a" * 9_000}, headers={"X-Long": "a" * 8_000})
    assert answer.status_code == 431


def test_unsupported_method_names_what_is_allowed(org: OrgUnderTest) -> None:
    answer = org.call("PUT", "sobjects/Account/001bn0000000001AAA", json={})
    assert answer.status_code == 405
    assert answer.json()[0]["message"] == (
        "HTTP Method 'PUT' not allowed. Allowed are GET,PATCH,DELETE"
    )


def test_unreadable_body_is_a_parser_error(org: OrgUnderTest) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    broken = org.call("POST", "sobjects/Account", data=b'{"Name": ', headers=headers)
    assert error_code(broken) == (400, "JSON_PARSER_ERROR")
    text = org.call("POST", "sobjects/Account", data=b"x", headers={"Content-Type": "text/plain"})
    assert error_code(text) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_conformance_sf_59_limits_agree_with_the_header(org: OrgUnderTest) -> None:
    org.get("sobjects")
    answer = org.get("limits/")
    assert answer.json()["DailyApiRequests"] == {"Max": 15_000, "Remaining": 14_998}
    assert answer.headers["Sforce-Limit-Info"] == "api-usage=2/15000"
    assert answer.json()["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 15_000}


def test_conformance_sf_59_limits_need_a_permission() -> None:
    org = OrgUnderTest(Switches(limits_permission=False))
    assert error_code(org.get("limits")) == (403, "INSUFFICIENT_ACCESS")


def fields_of(org: OrgUnderTest, sobject: str) -> dict[str, dict[str, object]]:
    described = org.get(f"sobjects/{sobject}/describe").json()
    return {field["name"]: field for field in described["fields"]}


def test_conformance_sf_63_object_list_names_the_objects(org: OrgUnderTest) -> None:
    answer = org.get("sobjects").json()
    assert (answer["encoding"], answer["maxBatchSize"]) == ("UTF-8", 200)
    prefixes = {entry["name"]: entry["keyPrefix"] for entry in answer["sobjects"]}
    known = {
        "Account": "001", "Contact": "003", "Lead": "00Q", "Opportunity": "006", "User": "005",
        "PermissionSet": "0PS", "FieldPermissions": "01k", "ObjectPermissions": "110",
        "PermissionSetAssignment": "0Pa", "Partner": "00I",
    }  # fmt: skip
    assert {name: prefixes[name] for name in known} == known
    assert len(set(prefixes.values())) == len(prefixes)


def test_conformance_sf_63_describe_tells_keys_picklists_and_read_only(org: OrgUnderTest) -> None:
    fields = fields_of(org, "Opportunity")
    key = fields["Hub_Registration_Key__c"]
    assert (key["type"], key["length"], key["externalId"], key["unique"], key["idLookup"]) == (
        "string", 80, True, True, True,
    )  # fmt: skip
    status = fields["Partner_Registration_Status__c"]
    assert (status["type"], status["restrictedPicklist"]) == ("picklist", True)
    assert [choice["value"] for choice in status["picklistValues"]] == [
        "Submitted", "In Review", "Info Requested", "Approved", "Rejected", "Expired",
        "Withdrawn", "Revoked", "Won", "Lost",
    ]  # fmt: skip
    partner = fields["PartnerAccountId"]
    assert (partner["createable"], partner["updateable"], partner["referenceTo"]) == (
        False, False, ["Account"],
    )  # fmt: skip
    amount = fields["Amount"]
    assert (amount["type"], amount["precision"], amount["scale"]) == ("currency", 18, 2)
    assert fields["CloseDate"]["nillable"] is False
    assert fields["CloseDate"]["defaultedOnCreate"] is False
    assert fields["SystemModstamp"]["updateable"] is False


def test_conformance_sf_63_required_on_create_follows_from_describe(org: OrgUnderTest) -> None:
    required = {
        name
        for name, field in fields_of(org, "Lead").items()
        if not field["nillable"] and not field["defaultedOnCreate"] and field["createable"]
    }
    assert required == {"LastName", "Company"}


def test_conformance_sf_63_describe_of_an_object_lists_children_and_flags(
    org: OrgUnderTest,
) -> None:
    described = org.get("sobjects/Account/describe").json()
    assert described["mergeable"] is True
    children = {
        (child["childSObject"], child["field"]): child["relationshipName"]
        for child in described["childRelationships"]
    }
    assert children["Contact", "AccountId"] == "Contacts"
    assert children["Account", "ParentId"] == "ChildAccounts"


def test_conformance_sf_63_describe_leaves_out_what_the_user_may_not_see(
    org: OrgUnderTest,
) -> None:
    hidden = Field(name="Secret__c", type="string", label="Secret", length=10, readable=False)
    org.store.put_field("Lead", hidden)
    assert "Secret__c" not in fields_of(org, "Lead")


def test_conformance_sf_63_unchanged_describe_is_304_without_a_body(org: OrgUnderTest) -> None:
    first = org.get("sobjects/Lead/describe")
    since = first.headers["Last-Modified"]
    again = org.get("sobjects/Lead/describe", headers={"If-Modified-Since": since})
    assert (again.status_code, again.content) == (304, b"")
    later = org.clock.now().replace(year=2037)
    org.store.put_field("Lead", Field(name="New__c", type="boolean", label="New"), later)
    changed = org.get("sobjects/Lead/describe", headers={"If-Modified-Since": since})
    assert changed.status_code == 200
    assert changed.headers["Last-Modified"] == "Tue, 10 Mar 2037 12:00:00 GMT"


def test_describe_of_an_unknown_object_is_not_found(org: OrgUnderTest) -> None:
    assert error_code(org.get("sobjects/Nope/describe")) == (404, "NOT_FOUND")


def test_request_log_tells_path_status_and_rows(org: OrgUnderTest) -> None:
    org.create("Account", Name="Acme")
    org.query("SELECT Id FROM Account")
    assert [(line["method"], line["status"], line["rows"]) for line in org.log.lines[-2:]] == [
        ("POST", 201, 1),
        ("GET", 200, 1),
    ]
    assert re.fullmatch(r"/services/data/v59\.0/query\?q=SELECT.*", org.log.lines[-1]["path"])
