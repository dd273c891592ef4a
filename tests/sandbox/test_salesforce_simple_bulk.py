"""Statements 62 and 65: simple-salesforce's Bulk 2.0, Tooling and Metadata calls, unchanged."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from salesforce_org import INTEGRATION_USER, OrgUnderTest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceOperationError
from test_salesforce_simple_client import ToSandbox

DEMO = {"consumer_key": "demo-client-id", "domain": "acme.my"}


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


@pytest.fixture
def session(org: OrgUnderTest) -> requests.Session:
    session = requests.Session()
    session.mount("https://acme.my.salesforce.com/", ToSandbox(org.url))
    session.mount(f"https://{urlsplit(org.url).netloc}/", ToSandbox(org.url))
    return session


@pytest.fixture
def sf(session: requests.Session) -> Salesforce:
    return Salesforce(**DEMO, consumer_secret="demo-client-secret", session=session)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_conformance_sf_65_jwt_login(org: OrgUnderTest, session: requests.Session) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    org.control("certificate", {"public_key": public.decode(), "users": [INTEGRATION_USER]})
    org.control("clock", {"release": True})
    sf = Salesforce(
        **DEMO, username="integration@acme.example", privatekey=private.decode(), session=session
    )
    assert sf.query("SELECT COUNT() FROM Lead")["totalSize"] == 0


def test_conformance_sf_65_bulk_query_yields_pages_of_text(
    org: OrgUnderTest, sf: Salesforce
) -> None:
    org.store.load({"Account": [{"Name": f"C{n}", "Description": "a\nb,ü"} for n in range(25)]})
    org.store.load({"Account": [{"Name": "Gone", "IsDeleted": True}]})
    soql = "SELECT Name, Description FROM Account"
    pages = list(sf.bulk2.Account.query(soql, max_records=10, wait=0))
    assert [len(rows(page)) - 1 for page in pages] == [10, 10, 5]
    assert all(rows(page)[0] == ["Name", "Description"] for page in pages)
    assert {row[1] for page in pages for row in rows(page)[1:]} == {"a\nb,ü"}
    (everything,) = sf.bulk2.Account.query_all(soql, wait=0)
    assert len(rows(everything)) - 1 == 26


def test_conformance_sf_65_bulk_download_writes_files(
    org: OrgUnderTest, sf: Salesforce, tmp_path: Path
) -> None:
    org.store.load({"Account": [{"Name": f"C{n}"} for n in range(15)]})
    results = sf.bulk2.Account.download(
        "SELECT Name FROM Account", path=str(tmp_path), max_records=10, wait=0
    )
    assert [result["number_of_records"] for result in results] == [10, 5]
    read = [rows(Path(result["file"]).read_text(encoding="utf-8")) for result in results]
    assert sum(len(page) - 1 for page in read) == 15


def test_conformance_sf_65_a_failed_bulk_query_raises(org: OrgUnderTest, sf: Salesforce) -> None:
    org.switch(bulk_query_failure="QUERY_TIMEOUT")
    with pytest.raises(SalesforceOperationError, match="QUERY_TIMEOUT"):
        list(sf.bulk2.Account.query("SELECT Id FROM Account", wait=0))


def test_conformance_sf_65_bulk_writes_of_every_kind(org: OrgUnderTest, sf: Salesforce) -> None:
    records: list[dict[str, Any]] = [
        {"LastName": "Ada", "Company": "Acme ü", "Hub_Lead_Key__c": "k1"},
        {"LastName": "Bob", "Company": "", "Hub_Lead_Key__c": "k2"},
    ]
    (made,) = sf.bulk2.Lead.insert(records=records, wait=0)
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"],
            made["numberRecordsTotal"]) == (2, 1, 2)  # fmt: skip
    job = made["job_id"]
    failed = list(csv.DictReader(io.StringIO(sf.bulk2.Lead.get_failed_records(job))))
    assert [(row["sf__Error"].partition(":")[0], row["Hub_Lead_Key__c"]) for row in failed] == [
        ("REQUIRED_FIELD_MISSING", "k2")
    ]
    worked = list(csv.DictReader(io.StringIO(sf.bulk2.Lead.get_successful_records(job))))
    assert [(row["sf__Created"], row["Company"]) for row in worked] == [("true", "Acme ü")]
    assert len(rows(sf.bulk2.Lead.get_unprocessed_records(job))) == 1
    everything = sf.bulk2.Lead.get_all_ingest_records(job)
    assert {name: len(part) for name, part in everything.items()} == {
        "successfulRecords": 1, "failedRecords": 1, "unprocessedRecords": 0,
    }  # fmt: skip
    again = [{"LastName": "Ada", "Company": "Acme", "Hub_Lead_Key__c": "k1", "Phone": "1"}]
    (upserted,) = sf.bulk2.Lead.upsert(
        records=again, external_id_field="Hub_Lead_Key__c", wait=0
    )  # fmt: skip
    assert upserted["numberRecordsFailed"] == 0
    record = worked[0]["sf__Id"]
    sf.bulk2.Lead.update(records=[{"Id": record, "Phone": "2"}], wait=0)
    assert org.row("Lead", record)["Phone"] == "2"
    sf.bulk2.Lead.delete(records=[{"Id": record}], wait=0)
    assert org.records("SELECT Id FROM Lead") == []
    sf.bulk2.Lead.insert(records=records[:1], wait=0)
    other = org.records("SELECT Id FROM Lead")[0]["Id"]
    sf.bulk2.Lead.hard_delete(records=[{"Id": other}], wait=0)
    assert [row["Id"] for row in org.records("SELECT Id FROM Lead", "queryAll")] == [record]


def test_conformance_sf_65_bulk_insert_from_a_file(sf: Salesforce, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text("LastName,Company\nAda,Acme\n", encoding="utf-8")
    (made,) = sf.bulk2.Lead.insert(csv_file=str(file), wait=0)
    assert (made["numberRecordsProcessed"], made["numberRecordsFailed"]) == (1, 0)


def test_conformance_sf_65_search_finds_by_words(org: OrgUnderTest, sf: Salesforce) -> None:
    org.create("Lead", LastName="Lovelace", FirstName="Ada", Company="Analytic (100%) Engines")
    org.create("Contact", LastName="Lovelace", Email="l@x.example")
    org.create("Lead", LastName="Babbage", Company="Difference")
    found = sf.search("FIND {Lovelace} IN NAME FIELDS RETURNING Lead(Id, Name), Contact(LastName)")
    assert [(row["attributes"]["type"], row.get("Name"), row.get("LastName"))
            for row in found["searchRecords"]] == [
        ("Lead", "Ada Lovelace", None), ("Contact", None, "Lovelace"),
    ]  # fmt: skip
    for sosl, count in (
        ("FIND {ada love*}", 1),
        ("FIND {l@x.example} IN EMAIL FIELDS RETURNING Contact", 1),
        ("FIND {l@x.example} IN PHONE FIELDS RETURNING Contact", 0),
        ("FIND {\\(100%\\)} RETURNING Lead(Id WHERE FirstName = 'Ada' ORDER BY Id LIMIT 5)", 1),
        ("FIND {lovelace} LIMIT 1", 1),
    ):
        assert len(sf.search(sosl)["searchRecords"]) == count
    assert len(sf.quick_search("Babbage")["searchRecords"]) == 1


FIELD = """<?xml version="1.0" encoding="UTF-8"?>
<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">
  <fields><fullName>Erp_Key__c</fullName><externalId>true</externalId><label>Erp Key</label>
    <length>80</length><type>Text</type><unique>true</unique></fields>
  <fields><fullName>Erp_Tier__c</fullName><label>Tier</label><type>Picklist</type>
    <valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>
      <value><fullName>Gold</fullName><default>false</default><label>Gold</label></value>
    </valueSetDefinition></valueSet></fields>
</CustomObject>"""
PERMISSIONS = """<?xml version="1.0" encoding="UTF-8"?>
<PermissionSet xmlns="http://soap.sforce.com/2006/04/metadata">
  <fieldPermissions><editable>true</editable><field>Lead.Erp_Key__c</field>
    <readable>true</readable></fieldPermissions>
  <fieldPermissions><editable>{edit}</editable><field>Lead.Erp_Tier__c</field>
    <readable>{read}</readable></fieldPermissions>
  <objectPermissions><allowCreate>true</allowCreate><allowRead>true</allowRead>
    <object>Lead</object></objectPermissions>
  <label>Partner Hub</label>
</PermissionSet>"""


def package(edit: str = "true", read: str = "true") -> io.BytesIO:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("package.xml", "<Package/>")
        archive.writestr("objects/Lead.object", FIELD)
        archive.writestr(
            "permissionsets/Hub.permissionset", PERMISSIONS.format(edit=edit, read=read)
        )
    return target


def assigned(org: OrgUnderTest) -> None:
    permissions = org.records("SELECT Id, Label FROM PermissionSet WHERE Name = 'Hub'")
    assert permissions[0]["Label"] == "Partner Hub"
    org.create(
        "PermissionSetAssignment", AssigneeId=INTEGRATION_USER,
        PermissionSetId=permissions[0]["Id"],
    )  # fmt: skip


def deployed(sf: Salesforce, package: io.BytesIO, **options: Any) -> dict[str, Any]:
    started = sf.deploy(package, sandbox=True, **options)
    assert started["state"] == "Queued"
    states = []
    while True:
        status: dict[str, Any] = sf.checkDeployStatus(started["asyncId"])
        states.append(status["state"])
        if status["state"] in ("Succeeded", "Failed"):
            assert states[:-1] == ["InProgress"]
            return status


def test_conformance_sf_62_a_package_makes_fields_and_grants_in_one_go(
    org: OrgUnderTest, sf: Salesforce
) -> None:
    checked = deployed(sf, package(), checkOnly=True)
    assert checked["state"] == "Succeeded"
    assert org.records("SELECT Id FROM PermissionSet") == []
    status = deployed(sf, package())
    assert status["deployment_detail"] == {
        "total_count": "3", "failed_count": "0", "deployed_count": "3", "errors": [],
    }  # fmt: skip
    assigned(org)
    record = org.create("Lead", LastName="A", Company="B", Erp_Key__c="1", Erp_Tier__c="Gold")
    assert org.row("Lead", record)["Erp_Key__c"] == "1"
    assert deployed(sf, package())["state"] == "Succeeded"
    assert len(org.records("SELECT Id FROM FieldPermissions")) == 2


def test_conformance_sf_62_a_failing_package_leaves_nothing(
    org: OrgUnderTest, sf: Salesforce
) -> None:
    status = deployed(sf, package(edit="true", read="false"))
    assert status["state"] == "Failed"
    (error,) = status["deployment_detail"]["errors"]
    assert (error["type"], error["file"], error["status"]) == (
        "PermissionSet", "permissionsets/Hub.permissionset", "Error",
    )  # fmt: skip
    assert error["message"] == "Edit permission needs Read permission"
    assert org.records("SELECT Id FROM PermissionSet") == []
    customs = "SELECT Id FROM CustomField WHERE DeveloperName = 'Erp_Key'"
    assert org.records(customs, "tooling/query") == []
    assert deployed(sf, package())["state"] == "Succeeded"


def test_conformance_sf_62_a_deployment_can_take_longer(org: OrgUnderTest, sf: Salesforce) -> None:
    org.switch(deploy_polls=3)
    process = sf.deploy(package(), sandbox=True)["asyncId"]
    states = [sf.checkDeployStatus(process)["state"] for _ in range(4)]
    assert states == ["InProgress", "InProgress", "InProgress", "Succeeded"]


def test_conformance_sf_62_what_is_no_package_fails(sf: Salesforce) -> None:
    assert deployed(sf, io.BytesIO(b"no zip"))["state"] == "Failed"


def test_conformance_sf_65_tooling_by_toolingexecute(sf: Salesforce) -> None:
    made = sf.toolingexecute(
        "sobjects/CustomField",
        method="POST",
        data={"FullName": "Lead.A__c", "Metadata": {"type": "Checkbox", "label": "A"}},
    )
    assert made["success"] is True
    found = sf.toolingexecute(
        "query/?q=SELECT+DataType+FROM+FieldDefinition+WHERE+QualifiedApiName='A__c'"
    )
    assert [row["DataType"] for row in found["records"]] == ["Checkbox"]


def test_conformance_sf_65_metadata_calls_for_one_field(
    org: OrgUnderTest, sf: Salesforce, session: requests.Session
) -> None:
    api = sf.mdapi
    api._client.transport.session = session
    field = api.CustomField(
        fullName="Lead.Erp__c", label="Erp", type=api._client.get_type("ns0:FieldType")("Text"),
        length=80, externalId=True, unique=True,
    )  # fmt: skip
    api.CustomField.create([field])
    with pytest.raises(Exception, match="DUPLICATE_DEVELOPER_NAME"):
        api.CustomField.create([field])
    api.CustomField.upsert([field])
    api.CustomField.update([field])
    found = "SELECT Length FROM FieldDefinition WHERE QualifiedApiName = 'Erp__c'"
    assert org.records(found, "tooling/query") == [{"Length": 80}]
    org.control("expire-tokens")
    with pytest.raises(Exception, match="INVALID_SESSION_ID"):
        api.CustomField.upsert([field])
