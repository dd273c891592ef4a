"""Statements 41-45, 49, 52 and 53 of the checklist: one record at a time."""

from urllib.parse import quote

import pytest
import requests
from salesforce_org import INTEGRATION_USER, OrgUnderTest, error_code

from sandbox.salesforce import Switches, ValidationRule, record_id
from sandbox.salesforce.ids import checksum, to_long
from sandbox.salesforce.schema import Field

DEAL = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-06-30"}

READ_ONLY = (
    "Unable to create/update fields: PartnerAccountId, IsConverted. Please check the security "
    "settings of this field and verify that it is read/write for your profile or permission set."
)


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def error(answer: requests.Response) -> tuple[int, str, str, list[str]]:
    (body,) = answer.json()
    return answer.status_code, body["errorCode"], body["message"], body["fields"]


# --- rows -------------------------------------------------------------------------------------


def test_conformance_sf_41_a_row_from_create_to_delete(org: OrgUnderTest) -> None:
    made = org.post("sobjects/Account/", {"Name": "Acme"})
    record = made.json()["id"]
    assert (made.status_code, made.json()) == (201, {"id": record, "success": True, "errors": []})
    assert made.headers["Location"] == f"/services/data/v59.0/sobjects/Account/{record}"
    changed = org.patch(f"sobjects/Account/{record}", {"Phone": "1", "Fax": "2"})
    assert (changed.status_code, changed.content) == (204, b"")
    assert org.patch(f"sobjects/Account/{record}", {"Fax": None}).status_code == 204
    row = org.row("Account", record)
    assert (row["Name"], row["Phone"], row["Fax"]) == ("Acme", "1", None)
    deleted = org.delete(f"sobjects/Account/{record}")
    assert (deleted.status_code, deleted.content) == (204, b"")


def test_conformance_sf_41_a_deleted_row_is_gone(org: OrgUnderTest) -> None:
    path = f"sobjects/Account/{org.create('Account', Name='Acme')}"
    org.delete(path)
    assert error(org.delete(path)) == (404, "ENTITY_IS_DELETED", "entity is deleted", [])
    assert error_code(org.patch(path, {"Name": "x"})) == (404, "ENTITY_IS_DELETED")
    assert error_code(org.get(path)) == (404, "NOT_FOUND")


def test_a_row_that_never_was_is_not_found(org: OrgUnderTest) -> None:
    path = f"sobjects/Account/{record_id('001', 4711)}"
    answers = [org.get(path), org.patch(path, {"Name": "x"}), org.delete(path)]
    assert [error_code(answer) for answer in answers] == [(404, "NOT_FOUND")] * 3
    assert error_code(org.get("sobjects/Nope/" + record_id("001", 1))) == (404, "NOT_FOUND")


def test_a_read_can_be_limited_to_some_fields(org: OrgUnderTest) -> None:
    record = org.create("Account", Name="Acme")
    answer = org.get(f"sobjects/Account/{record}", params={"fields": "name,IsDeleted"})
    assert answer.json() == {
        "attributes": {
            "type": "Account", "url": f"/services/data/v59.0/sobjects/Account/{record}",
        },
        "Name": "Acme", "IsDeleted": False, "Id": record,
    }  # fmt: skip
    wrong = org.get(f"sobjects/Account/{record}", params={"fields": "Nope"})
    assert error_code(wrong) == (400, "INVALID_FIELD")


# --- upsert -----------------------------------------------------------------------------------

KEY = "sobjects/Lead/Hub_Lead_Key__c"
LEAD = {"LastName": "Ada", "Company": "Acme"}


def test_conformance_sf_42_upsert_creates_then_updates(org: OrgUnderTest) -> None:
    made = org.patch(f"{KEY}/k1", LEAD)
    record = made.json()["id"]
    assert made.status_code == 201
    assert made.json() == {"id": record, "success": True, "errors": [], "created": True}
    again = org.patch(f"{KEY}/k1", {"Phone": "1"})
    assert again.status_code == 200
    assert again.json() == {"id": record, "success": True, "errors": [], "created": False}
    assert org.row("Lead", record)["Phone"] == "1"


@pytest.mark.parametrize(("version", "status"), [("45.0", 204), ("46.0", 200)])
def test_conformance_sf_42_update_has_a_body_from_version_46(
    org: OrgUnderTest, version: str, status: int
) -> None:
    org.patch(f"{KEY}/k1", LEAD)
    answer = org.patch(f"{KEY}/k1", LEAD, version=version)
    assert (answer.status_code, bool(answer.content)) == (status, status == 200)


def test_conformance_sf_42_several_matches_are_300_and_change_nothing(org: OrgUnderTest) -> None:
    org.store.put_field(
        "Account",
        Field(name="Erp__c", type="string", label="ERP", length=20, external_id=True),
    )
    ids = [org.create("Account", Name=name, Erp__c="7") for name in ("a", "b")]
    answer = org.patch("sobjects/Account/Erp__c/7", {"Name": "c"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v59.0/sobjects/Account/{i}" for i in ids]
    assert [org.row("Account", i)["Name"] for i in ids] == ["a", "b"]
    assert org.get("sobjects/Account/Erp__c/7").status_code == 300
    assert org.delete("sobjects/Account/Erp__c/7").status_code == 300


@pytest.mark.parametrize("name", ["Hub_Lead_Key__c", "hub_lead_key__C", "Id"])
def test_conformance_sf_42_key_or_id_in_the_body_is_refused(org: OrgUnderTest, name: str) -> None:
    answer = org.patch(f"{KEY}/k1", {**LEAD, name: "k1"})
    assert error(answer) == (
        400,
        "INVALID_FIELD",
        "The Hub_Lead_Key__c field should not be specified in the sobject data.",
        ["Hub_Lead_Key__c"],
    )


@pytest.mark.parametrize("name", ["Nope__c", "LastName"])
def test_conformance_sf_42_unknown_external_field_is_not_found(
    org: OrgUnderTest, name: str
) -> None:
    answer = org.patch(f"sobjects/Lead/{name}/x", LEAD)
    assert answer.status_code == 404
    assert answer.json() == [
        {
            "errorCode": "NOT_FOUND",
            "message": f"Provided external ID field does not exist or is not accessible: {name}",
        }
    ]


def test_rows_are_read_and_deleted_by_external_id(org: OrgUnderTest) -> None:
    record = org.patch(f"{KEY}/k1", LEAD).json()["id"]
    assert org.get(f"{KEY}/k1").json()["Id"] == record
    assert org.get(f"sobjects/Lead/Id/{record}").json()["Id"] == record
    assert org.delete(f"{KEY}/k1").status_code == 204
    assert error_code(org.get(f"{KEY}/k1")) == (404, "NOT_FOUND")
    assert error_code(org.delete(f"{KEY}/k1")) == (404, "NOT_FOUND")


def test_conformance_sf_43_keys_match_without_case(org: OrgUnderTest) -> None:
    record = org.patch(f"{KEY}/abc-Ö", LEAD).json()["id"]
    assert org.patch(f"{KEY}/ABC-ö", LEAD).json()["id"] == record


def test_conformance_sf_43_case_sensitive_unique_keys_match_with_case(org: OrgUnderTest) -> None:
    org.store.put_field(
        "Lead",
        Field(
            name="Code__c", type="string", label="Code", length=9, external_id=True, unique=True,
            case_sensitive=True,
        ),
    )  # fmt: skip
    answers = [org.patch(f"sobjects/Lead/Code__c/{key}", LEAD) for key in ("a", "A", "a")]
    assert [answer.json()["created"] for answer in answers] == [True, True, False]


@pytest.mark.parametrize("long", [False, True])
def test_conformance_sf_43_duplicate_value_names_the_other_record(long: bool) -> None:
    org = OrgUnderTest(Switches(short_id_in_duplicate_message=not long))
    first = org.create("Lead", **LEAD, Hub_Lead_Key__c="k1")
    answer = org.post("sobjects/Lead", {**LEAD, "Hub_Lead_Key__c": "K1"})
    shown = first if long else first[:15]
    assert error(answer) == (
        400,
        "DUPLICATE_VALUE",
        f"duplicate value found: Hub_Lead_Key__c duplicates value on record with id: {shown}",
        [],
    )


def test_a_record_may_keep_its_own_key(org: OrgUnderTest) -> None:
    lead = org.create("Lead", **LEAD, Hub_Lead_Key__c="k1")
    assert org.patch(f"sobjects/Lead/{lead}", {"Hub_Lead_Key__c": "K1"}).status_code == 204
    assert org.row("Lead", lead)["Hub_Lead_Key__c"] == "K1"


def test_a_deleted_record_frees_its_key(org: OrgUnderTest) -> None:
    first = org.create("Lead", **LEAD, Hub_Lead_Key__c="k1")
    org.delete(f"sobjects/Lead/{first}")
    assert org.patch(f"{KEY}/k1", LEAD).json()["created"] is True


@pytest.mark.parametrize("key", ["a/b", "a b", "a+b", "naïve", "100%", "a?b", "x.inc", "東京"])
def test_conformance_sf_43_percent_encoded_keys_decode(org: OrgUnderTest, key: str) -> None:
    path = f"{KEY}/{quote(key, safe='')}"
    record = org.patch(path, LEAD).json()["id"]
    assert org.row("Lead", record)["Hub_Lead_Key__c"] == key
    assert org.get(path).json()["Id"] == record


# --- ids --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "suffix"), [("0018a00001rBqb8", "AAC"), ("00190000001pPvH", "AAU")]
)
def test_conformance_sf_44_checksum_of_the_documented_samples(short: str, suffix: str) -> None:
    assert checksum(short) == suffix
    assert to_long(short) == short + suffix
    assert to_long((short + suffix).lower()) == short + suffix
    assert to_long((short + suffix).upper()) == short + suffix
    assert to_long(short + "ZZZ") is None


def test_conformance_sf_44_both_lengths_go_in_and_the_long_one_comes_out(
    org: OrgUnderTest,
) -> None:
    account = org.create("Account", Name="Acme")
    assert len(account) == 18
    assert org.get(f"sobjects/Account/{account[:15]}").json()["Id"] == account
    assert org.patch(f"sobjects/Account/{account[:15]}", {"Phone": "1"}).status_code == 204
    contact = org.create("Contact", LastName="Ada", AccountId=account[:15])
    assert org.row("Contact", contact)["AccountId"] == account


def test_conformance_sf_44_wrong_prefix_is_malformed(org: OrgUnderTest) -> None:
    contact = org.create("Contact", LastName="Ada")
    for answer in (
        org.get(f"sobjects/Account/{contact}"),
        org.patch(f"sobjects/Account/{contact}", {"Name": "x"}),
        org.delete(f"sobjects/Account/{contact}"),
    ):
        assert error(answer)[:3] == (
            400, "MALFORMED_ID", f"Account ID: id value of incorrect type: {contact}",
        )  # fmt: skip
    lookup = org.post("sobjects/Contact", {"LastName": "x", "AccountId": contact})
    assert error(lookup) == (
        400, "MALFORMED_ID", f"Account ID: id value of incorrect type: {contact}", ["AccountId"],
    )  # fmt: skip


@pytest.mark.parametrize("value", ["1", "001bn000000000", "001bn00000000-1"])
def test_something_that_is_no_id_is_taken_for_a_key(org: OrgUnderTest, value: str) -> None:
    answer = org.get(f"sobjects/Account/{value}")
    assert error_code(answer) == (404, "NOT_FOUND")


# --- rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sobject", "body", "code", "message", "fields"),
    [
        ("Lead", {}, "REQUIRED_FIELD_MISSING",
         "Required fields are missing: [LastName, Company]", ["LastName", "Company"]),
        ("Lead", {"LastName": "  ", "Company": "C"}, "REQUIRED_FIELD_MISSING",
         "Required fields are missing: [LastName]", ["LastName"]),
        ("Lead", {**LEAD, "FirstName": "x" * 41}, "STRING_TOO_LONG",
         f"First Name: data value too large: {'x' * 41} (max length=40)", ["FirstName"]),
        ("Account", {"Name": "A", "Partner_Tier__c": "Iron"},
         "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
         "Partner Tier: bad value for restricted picklist field: Iron", ["Partner_Tier__c"]),
        ("Account", {"Name": "A", "Partner_Territories__c": "DE;XX"},
         "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
         "Partner Territories: bad value for restricted picklist field: XX",
         ["Partner_Territories__c"]),
        ("Lead", {**LEAD, "Email": "nobody"}, "INVALID_EMAIL_ADDRESS",
         "Email: invalid email address: nobody", ["Email"]),
        ("Lead", {**LEAD, "PartnerAccountId": record_id("001", 1), "IsConverted": True},
         "INVALID_FIELD_FOR_INSERT_UPDATE",
         READ_ONLY, ["PartnerAccountId", "IsConverted"]),
        ("Contact", {"LastName": "A", "AccountId": record_id("001", 4711)},
         "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []),
        ("Contact", {"LastName": "A", "AccountId": "nope"}, "MALFORMED_ID",
         "Account ID: id value of incorrect type: nope", ["AccountId"]),
        ("Opportunity", {**DEAL, "Amount": 10**16}, "NUMBER_OUTSIDE_VALID_RANGE",
         "Amount: value outside of valid range on numeric field: 10000000000000000", ["Amount"]),
    ],
)  # fmt: skip
def test_conformance_sf_45_each_refusal_has_code_and_fields(
    org: OrgUnderTest, sobject: str, body: object, code: str, message: str, fields: list[str]
) -> None:
    assert error(org.post(f"sobjects/{sobject}", body)) == (400, code, message, fields)
    assert org.records(f"SELECT Id FROM {sobject}") == []


def test_conformance_sf_45_unknown_field_names_the_object(org: OrgUnderTest) -> None:
    answer = org.post("sobjects/Lead", {**LEAD, "Nope": 1})
    assert answer.json() == [
        {
            "errorCode": "INVALID_FIELD",
            "message": "No such column 'Nope' on sobject of type Lead",
        }
    ]


@pytest.mark.parametrize(
    ("field", "value", "start"),
    [
        ("CloseDate", "soon", "Cannot deserialize instance of date from VALUE_STRING value soon"),
        ("CloseDate", 5, "Cannot deserialize instance of date from VALUE_NUMBER_INT value 5"),
        ("Amount", "much", "Cannot deserialize instance of currency from VALUE_STRING value much"),
        ("Amount", True, "Cannot deserialize instance of currency from VALUE_TRUE value true"),
        ("Name", {"a": 1}, "Cannot deserialize instance of string from START_OBJECT"),
    ],
)
def test_values_of_the_wrong_kind_are_parser_errors(
    org: OrgUnderTest, field: str, value: object, start: str
) -> None:
    answer = org.post("sobjects/Opportunity", {**DEAL, field: value})
    (body,) = answer.json()
    assert (answer.status_code, body["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert body["message"].startswith(start)


def test_parser_errors_point_at_the_field(org: OrgUnderTest) -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"Name": "x",\n "NumberOfEmployees": "many"}'
    answer = org.call("POST", "sobjects/Account", data=body, headers=headers)
    assert answer.json()[0]["message"] == (
        "Cannot deserialize instance of int from VALUE_STRING value many or request may be "
        "missing a required field at [line:2, column:23]"
    )


def test_conformance_sf_45_a_required_field_cannot_be_emptied(org: OrgUnderTest) -> None:
    path = f"sobjects/Account/{org.create('Account', Name='Acme')}"
    assert error(org.patch(path, {"Name": None}))[1:] == (
        "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"],
    )  # fmt: skip


def test_conformance_sf_45_validation_rule_speaks_in_the_admins_words() -> None:
    rule = ValidationRule(
        "Opportunity",
        "StageName = 'Closed Won' AND Amount = null",
        "A won deal needs an amount.",
        "Amount",
    )
    org = OrgUnderTest(Switches(validation_rules=(rule,)))
    deal = org.create("Opportunity", **DEAL)
    refused = org.patch(f"sobjects/Opportunity/{deal}", {"StageName": "Closed Won"})
    assert error(refused) == (
        400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "A won deal needs an amount.", ["Amount"],
    )  # fmt: skip
    assert org.row("Opportunity", deal)["StageName"] == "Prospecting"
    body = {"StageName": "Closed Won", "Amount": 1}
    assert org.patch(f"sobjects/Opportunity/{deal}", body).status_code == 204


@pytest.mark.parametrize("status", [400, 404])
def test_conformance_sf_45_status_of_a_bad_lookup_is_a_switch(status: int) -> None:
    org = OrgUnderTest(Switches(invalid_cross_reference_status=status))  # type: ignore[arg-type]
    body = {"LastName": "A", "AccountId": record_id("001", 4711)}
    assert error_code(org.post("sobjects/Contact", body)) == (
        status, "INVALID_CROSS_REFERENCE_KEY",
    )  # fmt: skip


def test_conformance_sf_45_lookup_to_a_deleted_record_is_refused(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.delete(f"sobjects/Account/{account}")
    answer = org.post("sobjects/Contact", {"LastName": "A", "AccountId": account})
    assert error_code(answer) == (404, "ENTITY_IS_DELETED")


def test_fields_without_edit_permission_refuse_writes(org: OrgUnderTest) -> None:
    org.store.put_field("Lead", Field(name="Seen__c", type="boolean", label="Seen", writable=False))
    answer = org.post("sobjects/Lead", {**LEAD, "Seen__c": True})
    assert error(answer)[1::2] == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["Seen__c"])
    described = org.get("sobjects/Lead/describe").json()["fields"]
    (field,) = [field for field in described if field["name"] == "Seen__c"]
    assert (field["createable"], field["updateable"]) == (False, False)


# --- what the platform makes of values --------------------------------------------------------


def test_values_are_stored_as_the_platform_stores_them(org: OrgUnderTest) -> None:
    account = org.create(
        "Account", Name="  Acme  ", Type="customer", Partner_Tier__c="gold",
        Partner_Territories__c="FR;de", NumberOfEmployees="12", AnnualRevenue=10.5, Phone="",
    )  # fmt: skip
    row = org.row("Account", account)
    assert {name: row[name] for name in (
        "Name", "Type", "Partner_Tier__c", "Partner_Territories__c", "NumberOfEmployees",
        "AnnualRevenue", "Phone",
    )} == {
        "Name": "Acme", "Type": "Customer", "Partner_Tier__c": "Gold",
        "Partner_Territories__c": "DE;FR", "NumberOfEmployees": 12, "AnnualRevenue": 11.0,
        "Phone": None,
    }  # fmt: skip


def test_trimming_of_text_is_a_switch() -> None:
    org = OrgUnderTest(Switches(trim_text=False))
    assert org.row("Account", org.create("Account", Name=" Acme "))["Name"] == " Acme "


def test_unrestricted_picklists_take_any_value(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme", Industry="Basket weaving")
    assert org.row("Account", account)["Industry"] == "Basket weaving"


def test_stage_decides_probability_forecast_and_closing(org: OrgUnderTest) -> None:
    deal = org.create("Opportunity", **DEAL, Amount="99.995")
    names = ("IsClosed", "IsWon", "Probability", "ForecastCategoryName", "Amount")

    def state() -> list[object]:
        row = org.row("Opportunity", deal)
        return [row[name] for name in names]

    assert state() == [False, False, 10.0, "Pipeline", 100.0]
    org.patch(f"sobjects/Opportunity/{deal}", {"StageName": "Closed Won"})
    assert state() == [True, True, 100.0, "Closed", 100.0]
    org.patch(
        f"sobjects/Opportunity/{deal}", {"StageName": "Negotiation/Review", "Probability": 33}
    )
    assert state() == [False, False, 33.0, "Commit", 100.0]
    org.patch(f"sobjects/Opportunity/{deal}", {"NextStep": "call"})
    assert state() == [False, False, 33.0, "Commit", 100.0]


def test_defaults_fill_what_nobody_gave(org: OrgUnderTest) -> None:
    lead = org.row("Lead", org.create("Lead", **LEAD, FirstName="Grace"))
    assert (lead["Status"], lead["IsConverted"], lead["OwnerId"], lead["Name"]) == (
        "Open - Not Contacted", False, INTEGRATION_USER, "Grace Ada",
    )  # fmt: skip
    deal = org.row("Opportunity", org.create("Opportunity", **DEAL))
    assert deal["CurrencyIsoCode"] == "EUR"


def test_lookups_can_be_set_by_the_parents_external_id(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme", Hub_Company_Key__c="c1")
    contact = org.create("Contact", LastName="Ada", Account={"Hub_Company_Key__c": "C1"})
    assert org.row("Contact", contact)["AccountId"] == account
    missing = {"LastName": "Ada", "Account": {"Hub_Company_Key__c": "c2"}}
    assert error(org.post("sobjects/Contact", missing))[1:] == (
        "INVALID_FIELD",
        "Foreign key external ID: c2 not found for field Hub_Company_Key__c in entity Account",
        [],
    )


def test_users_cannot_be_deleted(org: OrgUnderTest) -> None:
    answer = org.delete(f"sobjects/User/{INTEGRATION_USER}")
    assert error_code(answer) == (400, "INVALID_TYPE_FOR_OPERATION")


# --- conditional writes -----------------------------------------------------------------------


def conditional(
    org: OrgUnderTest, path: str, since: str, method: str = "PATCH"
) -> requests.Response:
    headers = {"If-Unmodified-Since": since}
    return org.call(method, path, json={"Phone": "new"}, headers=headers)


def test_conformance_sf_49_older_condition_is_412_and_changes_nothing(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme", Phone="old")
    path = f"sobjects/Account/{account}"
    answer = conditional(org, path, "Tue, 10 Mar 2026 11:59:59 GMT")
    assert error_code(answer) == (412, "PRECONDITION_FAILED")
    assert org.row("Account", account)["Phone"] == "old"


@pytest.mark.parametrize(
    "since", ["Tue, 10 Mar 2026 12:00:00 GMT", "Tue, 10 Mar 2026 12:00:01 GMT"]
)
def test_conformance_sf_49_equal_or_newer_condition_writes(org: OrgUnderTest, since: str) -> None:
    account = org.create("Account", Name="Acme")
    assert conditional(org, f"sobjects/Account/{account}", since).status_code == 204
    assert org.row("Account", account)["Phone"] == "new"


def test_conformance_sf_49_condition_compares_the_modified_date_not_the_system_stamp(
    org: OrgUnderTest,
) -> None:
    account = org.create("Account", Name="Acme")
    org.wait(60)
    org.control("system-touch", {"object": "Account", "ids": [account]})
    answer = conditional(org, f"sobjects/Account/{account}", "Tue, 10 Mar 2026 12:00:00 GMT")
    assert answer.status_code == 204


def test_conformance_sf_49_malformed_date_is_400(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    answer = conditional(org, f"sobjects/Account/{account}", "2026-03-10T12:00:00Z")
    assert answer.status_code == 400
    assert org.row("Account", account)["Phone"] is None


def test_conformance_sf_49_condition_is_ignored_on_delete_and_collections(
    org: OrgUnderTest,
) -> None:
    account = org.create("Account", Name="Acme")
    headers = {"If-Unmodified-Since": "Mon, 09 Mar 2026 12:00:00 GMT"}
    many = org.patch(
        "composite/sobjects",
        {"records": [{"attributes": {"type": "Account"}, "Id": account, "Phone": "new"}]},
        headers=headers,
    )
    assert many.json() == [{"id": account, "success": True, "errors": []}]
    assert org.delete(f"sobjects/Account/{account}", headers=headers).status_code == 204


def test_conformance_sf_49_body_of_a_412_is_a_switch() -> None:
    org = OrgUnderTest(Switches(precondition_body="empty"))
    account = org.create("Account", Name="Acme")
    answer = conditional(org, f"sobjects/Account/{account}", "Tue, 10 Mar 2026 11:59:59 GMT")
    assert (answer.status_code, answer.content) == (412, b"")


def test_conformance_sf_49_condition_holds_on_upsert_too(org: OrgUnderTest) -> None:
    lead = org.create("Lead", **LEAD, Hub_Lead_Key__c="k1")
    assert conditional(org, f"{KEY}/k1", "Tue, 10 Mar 2026 11:59:59 GMT").status_code == 412
    assert org.row("Lead", lead)["Phone"] is None


def test_entity_tags_guard_accounts_only(org: OrgUnderTest) -> None:
    account = f"sobjects/Account/{org.create('Account', Name='Acme')}"
    lead = f"sobjects/Lead/{org.create('Lead', **LEAD)}"
    tag = org.get(account).headers["ETag"]
    assert "ETag" not in org.get(lead).headers
    assert org.get(account, headers={"If-None-Match": tag}).status_code == 304
    org.wait(1)
    assert org.patch(account, {"Phone": "1"}, headers={"If-Match": tag}).status_code == 204
    assert org.get(account, headers={"If-None-Match": tag}).status_code == 200
    stale = org.patch(account, {"Phone": "2"}, headers={"If-Match": tag})
    assert error_code(stale) == (412, "PRECONDITION_FAILED")
    assert org.patch(lead, {"Phone": "1"}, headers={"If-Match": '"x"'}).status_code == 204


def test_an_unchanged_row_can_be_answered_by_304(org: OrgUnderTest) -> None:
    path = f"sobjects/Lead/{org.create('Lead', **LEAD)}"
    since = org.get(path).headers["Last-Modified"]
    assert since == "Tue, 10 Mar 2026 12:00:00 GMT"
    assert org.get(path, headers={"If-Modified-Since": since}).status_code == 304
    org.wait(1)
    org.patch(path, {"Phone": "1"})
    assert org.get(path, headers={"If-Modified-Since": since}).status_code == 200


def test_conformance_sf_50_an_expired_session_leaves_no_effect(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Acme")
    org.control("expire-tokens")
    assert org.patch(f"sobjects/Account/{account}", {"Phone": "1"}).status_code == 401
    org.token = org.login()["access_token"]
    assert org.row("Account", account)["Phone"] is None


# --- owners -----------------------------------------------------------------------------------


def put_user(org: OrgUnderTest, number: int, **fields: object) -> str:
    user = record_id("005", number)
    base = {"Id": user, "Username": f"u{number}", "LastName": "U", "Email": "u@acme.example"}
    org.store.load({"User": [{**base, **fields}]})
    return user


@pytest.mark.parametrize(
    ("headers", "kept"),
    [({}, False), ({"Sforce-Auto-Assign": "TRUE"}, False), ({"Sforce-Auto-Assign": "FALSE"}, True),
     ({"sforce-auto-assign": "false"}, True)],
)  # fmt: skip
def test_conformance_sf_52_assignment_rule_takes_new_leads_unless_told_not_to(
    headers: dict[str, str], kept: bool
) -> None:
    org = OrgUnderTest()
    queue_owner, rep = put_user(org, 7), put_user(org, 8)
    org.switch(lead_assignment_owner=queue_owner)
    made = org.post("sobjects/Lead", {**LEAD, "OwnerId": rep}, headers=headers)
    assert org.row("Lead", made.json()["id"])["OwnerId"] == (rep if kept else queue_owner)


@pytest.mark.parametrize("on_update", [True, False])
def test_conformance_sf_52_assignment_on_update_is_a_switch(on_update: bool) -> None:
    org = OrgUnderTest()
    lead = org.create("Lead", **LEAD)
    rep = put_user(org, 7)
    org.switch(lead_assignment_owner=rep, auto_assign_on_update=on_update)
    org.patch(f"sobjects/Lead/{lead}", {"Phone": "1"}, headers={"Sforce-Auto-Assign": "FALSE"})
    assert org.row("Lead", lead)["OwnerId"] == INTEGRATION_USER
    org.patch(f"sobjects/Lead/{lead}", {"Phone": "2"})
    assert org.row("Lead", lead)["OwnerId"] == (rep if on_update else INTEGRATION_USER)


def test_conformance_sf_52_assignment_rules_leave_other_objects_alone(org: OrgUnderTest) -> None:
    org.switch(lead_assignment_owner=put_user(org, 7))
    account = org.create("Account", Name="Acme")
    assert org.row("Account", account)["OwnerId"] == INTEGRATION_USER


def test_conformance_sf_53_partner_account_follows_the_owner(org: OrgUnderTest) -> None:
    partner = org.create("Account", Name="Partner")
    rep = put_user(org, 7, UserType="PowerPartner", AccountId=partner)
    deal = org.create("Opportunity", **DEAL, OwnerId=rep)
    assert org.row("Opportunity", deal)["PartnerAccountId"] == partner
    org.patch(f"sobjects/Opportunity/{deal}", {"OwnerId": INTEGRATION_USER})
    assert org.row("Opportunity", deal)["PartnerAccountId"] is None
    org.patch(f"sobjects/Opportunity/{deal}", {"OwnerId": rep})
    assert org.row("Opportunity", deal)["PartnerAccountId"] == partner


def test_partner_users_take_the_account_of_their_contact(org: OrgUnderTest) -> None:
    account = org.create("Account", Name="Partner")
    contact = org.create("Contact", LastName="Rep", AccountId=account)
    user = org.create(
        "User", Username="rep@p.example", LastName="Rep", Email="rep@p.example",
        UserType="PowerPartner", ContactId=contact,
    )  # fmt: skip
    assert org.row("User", user)["AccountId"] == account
