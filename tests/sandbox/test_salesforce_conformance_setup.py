"""Statements 57 and 61-63: partner records, fields made by API, and who may see them."""

from typing import Any

import pytest
from salesforce_org import INTEGRATION_USER, OrgUnderTest, error_code

from sandbox.salesforce import Switches

KEY = "Lead.Erp_Key__c"
TEXT = {
    "type": "Text", "label": "Erp Key", "length": 80, "externalId": True, "unique": True,
    "caseSensitive": False, "required": False,
}  # fmt: skip


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def made(org: OrgUnderTest, name: str = KEY, **changes: object) -> str:
    body = {"FullName": name, "Metadata": {**TEXT, **changes}}
    answer = org.post("tooling/sobjects/CustomField", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def granted(org: OrgUnderTest, name: str = KEY, *, read: bool = True, edit: bool = True) -> str:
    known = org.records("SELECT Id FROM PermissionSet WHERE Name = 'Hub'")
    permissions = (
        known[0]["Id"] if known else org.create("PermissionSet", Name="Hub", Label="Partner Hub")
    )
    if not known:
        org.create(
            "PermissionSetAssignment", AssigneeId=INTEGRATION_USER, PermissionSetId=permissions
        )
    return org.create(
        "FieldPermissions", ParentId=permissions, SobjectType=name.partition(".")[0], Field=name,
        PermissionsRead=read, PermissionsEdit=edit,
    )  # fmt: skip


def field(org: OrgUnderTest, name: str = "Erp_Key__c") -> dict[str, Any] | None:
    fields = org.get("sobjects/Lead/describe").json()["fields"]
    return next((entry for entry in fields if entry["name"] == name), None)


def lead(**more: object) -> dict[str, object]:
    return {"LastName": "Ada", "Company": "Acme", **more}


def test_conformance_sf_61_a_new_field_is_hidden_until_it_is_granted(org: OrgUnderTest) -> None:
    assert made(org)[:3] == "00N"
    assert field(org) is None
    assert error_code(org.query("SELECT Erp_Key__c FROM Lead")) == (400, "INVALID_FIELD")
    refused = org.post("sobjects/Lead", lead(Erp_Key__c="1"))
    assert error_code(refused) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert error_code(org.patch("sobjects/Lead/Erp_Key__c/1", lead())) == (404, "NOT_FOUND")
    granted(org)
    described = field(org)
    assert described is not None
    assert (described["type"], described["length"], described["externalId"], described["unique"],
            described["updateable"]) == ("string", 80, True, True, True)  # fmt: skip
    assert org.patch("sobjects/Lead/Erp_Key__c/1", lead()).status_code == 201
    assert org.records("SELECT Erp_Key__c FROM Lead") == [{"Erp_Key__c": "1"}]


def test_conformance_sf_61_the_grant_counts_for_the_calling_user_only(org: OrgUnderTest) -> None:
    made(org)
    granted(org)
    org.store.load({"User": [{"Username": "c@x", "LastName": "C", "Email": "c@x.example"}]})
    colleague = org.records("SELECT Id FROM User WHERE LastName = 'C'")[0]["Id"]
    own, org.token = org.token, org.control("session", {"user_id": colleague})["access_token"]
    assert field(org) is None
    assert error_code(org.query("SELECT Erp_Key__c FROM Lead")) == (400, "INVALID_FIELD")
    org.token = own
    assert field(org) is not None


def test_conformance_sf_61_an_unassigned_or_removed_grant_is_none(org: OrgUnderTest) -> None:
    made(org)
    grant = granted(org)
    assignment = org.records("SELECT Id FROM PermissionSetAssignment")[0]["Id"]
    assert org.delete(f"sobjects/PermissionSetAssignment/{assignment}").status_code == 204
    assert field(org) is None
    permissions = org.records("SELECT Id FROM PermissionSet")[0]["Id"]
    org.create("PermissionSetAssignment", AssigneeId=INTEGRATION_USER, PermissionSetId=permissions)
    assert field(org) is not None
    assert org.delete(f"sobjects/FieldPermissions/{grant}").status_code == 204
    assert field(org) is None


def test_conformance_sf_61_read_without_edit_is_read_only(org: OrgUnderTest) -> None:
    made(org)
    granted(org, edit=False)
    described = field(org)
    assert described is not None
    assert (described["createable"], described["updateable"]) == (False, False)
    refused = org.post("sobjects/Lead", lead(Erp_Key__c="1"))
    assert error_code(refused) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_conformance_sf_61_a_second_creation_is_refused(org: OrgUnderTest) -> None:
    made(org)
    again = org.post("tooling/sobjects/CustomField", {"FullName": KEY, "Metadata": TEXT})
    assert error_code(again) == (400, "DUPLICATE_DEVELOPER_NAME")


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("Nope.X__c", {}, "INVALID_TYPE"),
        ("Lead.NoSuffix", {}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.X__c", {"type": "Rhyme"}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.X__c", {"length": None}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.X__c", {"label": 7}, "JSON_PARSER_ERROR"),
    ],
)
def test_conformance_sf_61_senseless_metadata_is_refused(
    org: OrgUnderTest, name: str, changes: dict[str, object], code: str
) -> None:
    body = {"FullName": name, "Metadata": {**TEXT, **changes}}
    assert error_code(org.post("tooling/sobjects/CustomField", body)) == (400, code)


def test_conformance_sf_61_picklists_numbers_and_required_fields(org: OrgUnderTest) -> None:
    values = [{"fullName": "Gold", "label": "Gold"}, {"fullName": "Silver", "default": True}]
    made(org, "Lead.Tier__c", type="Picklist", externalId=False, unique=False, valueSet={
        "restricted": True, "valueSetDefinition": {"sorted": False, "value": values},
    })  # fmt: skip
    made(org, "Lead.Score__c", type="Number", precision=6, scale=2, externalId=False, unique=False)
    made(org, "Lead.Must__c", required=True, externalId=False, unique=False)
    granted(org, "Lead.Tier__c")
    granted(org, "Lead.Score__c")
    must = field(org, "Must__c")
    assert must is not None
    assert (must["nillable"], must["permissionable"]) == (False, False)
    ok = lead(Tier__c="gold", Score__c="1234.567", Must__c="x")
    record = org.create("Lead", **ok)
    row = org.row("Lead", record)
    assert (row["Tier__c"], row["Score__c"]) == ("Gold", 1234.57)
    for change, code in (
        ({"Tier__c": "Lead"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Score__c": 12345}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"Must__c": None}, "REQUIRED_FIELD_MISSING"),
    ):
        assert error_code(org.post("sobjects/Lead", {**ok, **change})) == (400, code)


def test_conformance_sf_61_a_field_can_be_read_and_changed_by_its_id(org: OrgUnderTest) -> None:
    made_id = made(org)
    body = org.get(f"tooling/sobjects/CustomField/{made_id}").json()
    assert (body["FullName"], body["DeveloperName"]) == (KEY, "Erp_Key")
    assert body["Metadata"] == {
        "type": "Text", "label": "Erp Key", "length": 80, "externalId": True, "unique": True,
        "caseSensitive": False, "required": False,
    }  # fmt: skip
    longer = {"Metadata": {**TEXT, "length": 120}}
    assert org.patch(f"tooling/sobjects/CustomField/{made_id}", longer).status_code == 204
    granted(org)
    described = field(org)
    assert described is not None
    assert described["length"] == 120


def test_conformance_sf_61_tooling_tells_hidden_from_missing(org: OrgUnderTest) -> None:
    made(org)
    soql = (
        "SELECT QualifiedApiName, DataType FROM FieldDefinition "
        "WHERE EntityDefinition.QualifiedApiName = 'Lead' AND QualifiedApiName = '{}'"
    )
    assert field(org) is None
    assert org.records(soql.format("Erp_Key__c"), "tooling/query") == [
        {"QualifiedApiName": "Erp_Key__c",
         "DataType": "Text(80) (External ID) (Unique Case Insensitive)"}
    ]  # fmt: skip
    assert org.records(soql.format("Nope__c"), "tooling/query") == []
    customs = "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Lead'"
    names = [row["DeveloperName"] for row in org.records(customs, "tooling/query")]
    assert "Erp_Key" in names
    assert error_code(org.query(customs)) == (400, "INVALID_TYPE")


def test_conformance_sf_62_edit_without_read_is_refused(org: OrgUnderTest) -> None:
    made(org)
    permissions = org.create("PermissionSet", Name="Hub", Label="Hub")
    body = {"ParentId": permissions, "SobjectType": "Lead", "Field": KEY}
    refused = org.post(
        "sobjects/FieldPermissions", {**body, "PermissionsRead": False, "PermissionsEdit": True}
    )
    assert error_code(refused) == (400, "FIELD_INTEGRITY_EXCEPTION")
    both = {**body, "PermissionsRead": True, "PermissionsEdit": True}
    assert org.post("sobjects/FieldPermissions", both).status_code == 201
    assert error_code(org.post("sobjects/FieldPermissions", both)) == (400, "DUPLICATE_VALUE")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Lead.Must__c", "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.LastName", "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Id", "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.Nope__c", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Contact.Phone", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ],
)
def test_conformance_sf_62_only_permissionable_fields_can_be_granted(
    org: OrgUnderTest, name: str, code: str
) -> None:
    made(org, "Lead.Must__c", required=True, externalId=False, unique=False)
    permissions = org.create("PermissionSet", Name="Hub", Label="Hub")
    refused = org.post("sobjects/FieldPermissions", {
        "ParentId": permissions, "SobjectType": "Lead", "Field": name, "PermissionsRead": True,
    })  # fmt: skip
    assert error_code(refused) == (400, code)


def test_conformance_sf_62_setup_and_data_do_not_mix_in_one_call(org: OrgUnderTest) -> None:
    records = [
        {"attributes": {"type": "PermissionSet"}, "Name": "Hub", "Label": "Hub"},
        {"attributes": {"type": "Lead"}, **lead()},
    ]
    refused = org.post("composite/sobjects", {"records": records})
    assert error_code(refused) == (400, "MIXED_DML_OPERATION")
    assert org.post("composite/sobjects", {"records": records[:1]}).json()[0]["success"] is True


def test_conformance_sf_63_describe_changes_with_permissions(org: OrgUnderTest) -> None:
    made(org)
    seen = {"If-Modified-Since": "Tue, 10 Mar 2026 12:00:30 GMT"}
    assert org.get("sobjects/Lead/describe", headers=seen).status_code == 304
    org.wait(60)
    granted(org)
    assert org.get("sobjects/Lead/describe", headers=seen).status_code == 200


def test_conformance_sf_63_partner_objects_and_fields_come_with_the_licence() -> None:
    org = OrgUnderTest()
    names = [entry["name"] for entry in org.get("sobjects").json()["sobjects"]]
    assert {"PartnerFundClaim", "ChannelProgramMember", "Partner"} <= set(names)
    assert field(org, "PartnerAccountId") is not None
    org.switch(partner_features=False)
    names = [entry["name"] for entry in org.get("sobjects").json()["sobjects"]]
    assert {"PartnerFundClaim", "ChannelProgramMember"}.isdisjoint(names)
    assert "Partner" in names
    assert field(org, "PartnerAccountId") is None
    assert error_code(org.query("SELECT PartnerAccountId FROM Lead")) == (400, "INVALID_FIELD")
    assert error_code(org.query("SELECT Id FROM ChannelProgram")) == (400, "INVALID_TYPE")
    assert org.post("sobjects/Lead", lead()).status_code == 201


@pytest.fixture
def companies(org: OrgUnderTest) -> tuple[str, str]:
    return org.create("Account", Name="Vendor AG"), org.create("Account", Name="Reseller AG")


def test_conformance_sf_57_a_partner_of_an_account_makes_two_rows(
    org: OrgUnderTest, companies: tuple[str, str]
) -> None:
    vendor, reseller = companies
    record = org.create("Partner", AccountFromId=vendor, AccountToId=reseller, Role="Reseller")
    soql = (
        "SELECT Id, AccountFromId, AccountToId, Role, ReversePartnerId FROM AccountPartner "
        "ORDER BY Role, Id"
    )
    there, back = org.records(soql)
    assert (there["AccountFromId"], there["AccountToId"], there["Role"]) == (
        vendor, reseller, "Reseller",
    )  # fmt: skip
    assert (back["AccountFromId"], back["AccountToId"], back["Role"]) == (
        reseller, vendor, "Vendor",
    )  # fmt: skip
    assert (there["ReversePartnerId"], back["ReversePartnerId"]) == (back["Id"], there["Id"])
    assert org.delete(f"sobjects/Partner/{record}").status_code == 204
    assert org.records(soql) == []


def test_conformance_sf_57_a_partner_of_an_opportunity_makes_one_row(
    org: OrgUnderTest, companies: tuple[str, str]
) -> None:
    deal = org.create(
        "Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-30",
        AccountId=companies[0],
    )  # fmt: skip
    for account in companies:
        org.create("Partner", OpportunityId=deal, AccountToId=account, IsPrimary=True)
    rows = org.records("SELECT AccountToId, IsPrimary FROM OpportunityPartner")
    assert {row["AccountToId"]: row["IsPrimary"] for row in rows} == {
        companies[0]: False, companies[1]: True,
    }  # fmt: skip
    assert org.records("SELECT Id FROM AccountPartner") == []


def test_conformance_sf_57_both_ends_neither_end_and_updates_are_refused(
    org: OrgUnderTest, companies: tuple[str, str]
) -> None:
    vendor, reseller = companies
    deal = org.create(
        "Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-30"
    )  # fmt: skip
    both = {"AccountFromId": vendor, "OpportunityId": deal, "AccountToId": reseller}
    assert error_code(org.post("sobjects/Partner", both)) == (400, "FIELD_INTEGRITY_EXCEPTION")
    neither = {"AccountToId": reseller}
    assert error_code(org.post("sobjects/Partner", neither)) == (400, "FIELD_INTEGRITY_EXCEPTION")
    record = org.create("Partner", AccountFromId=vendor, AccountToId=reseller)
    changed = org.patch(f"sobjects/Partner/{record}", {"Role": "Agency"})
    assert error_code(changed) == (400, "INVALID_TYPE_FOR_OPERATION")
    made_by_hand = org.post("sobjects/AccountPartner", {"Role": "Agency"})
    assert error_code(made_by_hand) == (400, "INVALID_TYPE_FOR_OPERATION")


def test_conformance_sf_57_roles_are_data_and_account_partners_do_not_replicate() -> None:
    org = OrgUnderTest(Switches())
    roles = org.records("SELECT ApiName, ReverseRole FROM PartnerRole WHERE ApiName = 'Reseller'")
    assert roles == [{"ApiName": "Reseller", "ReverseRole": "Vendor"}]
    span = {"start": "2026-03-10T10:00:00Z", "end": "2026-03-10T11:00:00Z"}
    assert org.get("sobjects/Partner/updated", params=span).status_code == 200
    refused = org.get("sobjects/AccountPartner/updated", params=span)
    assert error_code(refused) == (400, "INVALID_TYPE_FOR_OPERATION")
