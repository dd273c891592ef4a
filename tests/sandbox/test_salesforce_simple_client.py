"""Statement 65: simple-salesforce, unchanged, speaks to the sandbox through a URL adapter."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from salesforce_org import OrgUnderTest
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)
from simple_salesforce.format import format_external_id

from sandbox.salesforce.schema import Field


class ToSandbox(HTTPAdapter):
    """Sends what the library believes to be https to a plain local server."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = urlsplit(target)

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        asked = urlsplit(str(request.url))
        request.url = asked._replace(scheme="http", netloc=self.target.netloc).geturl()
        return super().send(request, **more)


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
    return Salesforce(
        consumer_key="demo-client-id",
        consumer_secret="demo-client-secret",
        domain="acme.my",
        session=session,
    )


LEAD = {"LastName": "Ada", "Company": "Acme"}


def test_conformance_sf_65_client_credentials_login(org: OrgUnderTest, sf: Salesforce) -> None:
    assert sf.sf_instance == urlsplit(org.url).netloc
    assert sf.query("SELECT Id FROM Lead") == {"totalSize": 0, "done": True, "records": []}
    assert sf.api_usage["api-usage"] == (1, 15_000)


def test_conformance_sf_65_soap_login(session: requests.Session) -> None:
    sf = Salesforce(
        username="integration@acme.example",
        password="demo-password",
        security_token="demo-security-token",
        domain="acme.my",
        session=session,
    )
    assert sf.query("SELECT COUNT() FROM Lead")["totalSize"] == 0
    with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
        Salesforce(
            username="integration@acme.example", password="x", security_token="",
            domain="acme.my", session=session,
        )  # fmt: skip


def test_conformance_sf_65_failed_login_tells_error_and_description(
    session: requests.Session,
) -> None:
    with pytest.raises(SalesforceAuthenticationFailed) as caught:
        Salesforce(
            consumer_key="demo-client-id", consumer_secret="wrong", domain="acme.my",
            session=session,
        )  # fmt: skip
    assert (caught.value.code, caught.value.auth_message) == (
        "invalid_client", "invalid client credentials",
    )  # fmt: skip


def test_conformance_sf_65_queries_page_by_page(org: OrgUnderTest, sf: Salesforce) -> None:
    org.store.load({"Lead": [{**LEAD, "FirstName": str(n)} for n in range(2_500)]})
    first = sf.query("SELECT Id FROM Lead")
    assert (first["totalSize"], len(first["records"]), first["done"]) == (2_500, 2_000, False)
    second = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    assert (len(second["records"]), second["done"]) == (500, True)
    locator = first["nextRecordsUrl"].rsplit("/", 1)[1]
    assert len(sf.query_more(locator)["records"]) == 500
    assert len(sf.query_all("SELECT Id FROM Lead")["records"]) == 2_500
    assert len({row["Id"] for row in sf.query_all_iter("SELECT Id FROM Lead")}) == 2_500


def test_conformance_sf_65_query_options_reach_the_server(
    org: OrgUnderTest, sf: Salesforce
) -> None:
    org.store.load({"Lead": [LEAD] * 450})
    options = {"Sforce-Query-Options": "batchSize=200"}
    assert len(sf.query("SELECT Id FROM Lead", headers=options)["records"]) == 200


def test_conformance_sf_65_deleted_rows_on_request(org: OrgUnderTest, sf: Salesforce) -> None:
    org.store.load({"Lead": [{**LEAD, "IsDeleted": True}, LEAD]})
    soql = "SELECT Id FROM Lead"
    assert sf.query(soql)["totalSize"] == 1
    assert sf.query(soql, include_deleted=True)["totalSize"] == 2
    assert sf.query_all(soql, include_deleted=True)["totalSize"] == 2


def test_conformance_sf_65_row_calls(sf: Salesforce) -> None:
    record = sf.Lead.create({**LEAD, "Hub_Lead_Key__c": "k 1/ü"})["id"]
    assert sf.Lead.get(record)["LastName"] == "Ada"
    assert sf.Lead.update(record, {"Phone": "1"}) == 204
    key = format_external_id("Hub_Lead_Key__c", "k 1/ü")
    assert sf.Lead.upsert(key, {"Phone": "2"}) == 200
    answer = sf.Lead.upsert(key, {"Phone": "3"}, raw_response=True)
    assert answer.json() == {"id": record, "success": True, "errors": [], "created": False}
    assert sf.Lead.get(key)["Phone"] == "3"
    assert sf.Lead.delete(record) == 204
    with pytest.raises(SalesforceResourceNotFound):
        sf.Lead.get(record)


def test_conformance_sf_65_reading_by_custom_id(org: OrgUnderTest, sf: Salesforce) -> None:
    org.create("Lead", **LEAD, Hub_Lead_Key__c="k1")
    assert sf.Lead.get_by_custom_id("Hub_Lead_Key__c", "k1")["LastName"] == "Ada"


def test_conformance_sf_65_descriptions(sf: Salesforce) -> None:
    described = sf.describe()
    assert described is not None
    assert [entry["name"] for entry in described["sobjects"]][:5] == [
        "Account", "Contact", "Lead", "Opportunity", "User",
    ]  # fmt: skip
    assert sf.Lead.describe()["name"] == "Lead"
    assert sf.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"
    with pytest.raises(SalesforceGeneralError) as caught:
        sf.Lead.describe(headers={"If-Modified-Since": "Sat, 01 Jan 2050 00:00:00 GMT"})
    assert caught.value.status == 304


def test_conformance_sf_65_updated_and_deleted(org: OrgUnderTest, sf: Salesforce) -> None:
    kept, gone = org.create("Lead", **LEAD), org.create("Lead", **LEAD)
    org.delete(f"sobjects/Lead/{gone}")
    org.wait(120)
    start = datetime(2026, 3, 10, 11, tzinfo=UTC)
    end = datetime(2026, 3, 10, 12, 1, tzinfo=UTC)
    assert sf.Lead.updated(start, end)["ids"] == [kept]
    assert [row["id"] for row in sf.Lead.deleted(start, end)["deletedRecords"]] == [gone]


def test_conformance_sf_65_limits(sf: Salesforce) -> None:
    assert sf.limits()["DailyApiRequests"]["Max"] == 15_000


def test_conformance_sf_65_collections_and_composite_by_restful(sf: Salesforce) -> None:
    record = {"attributes": {"type": "Lead"}, **LEAD}
    results = sf.restful("composite/sobjects", method="POST", json={"records": [record, record]})
    assert [result["success"] for result in results] == [True, True]
    body = {
        "compositeRequest": [
            {"method": "GET", "url": "/services/data/v59.0/limits", "referenceId": "l"}
        ]
    }
    answer = sf.restful("composite", method="POST", json=body)
    assert answer["compositeResponse"][0]["httpStatusCode"] == 200


def test_conformance_sf_65_money_can_be_read_as_decimal(
    org: OrgUnderTest, session: requests.Session
) -> None:
    org.create(
        "Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-30", Amount="0.1"
    )
    sf = Salesforce(
        session_id=org.token, instance=urlsplit(org.url).netloc, session=session,
        parse_float=Decimal,
    )  # fmt: skip
    assert sf.query("SELECT Amount FROM Opportunity")["records"][0]["Amount"] == Decimal("0.1")


def test_conformance_sf_65_formatted_statements_parse(org: OrgUnderTest, sf: Salesforce) -> None:
    org.create("Account", Name='O\'Brien \\ "50%" _x')
    soql = format_soql(
        "SELECT Id FROM Account WHERE Name = {} AND CreatedDate >= {} AND Name LIKE '%{:like}%'",
        'O\'Brien \\ "50%" _x',
        datetime(2026, 3, 10, tzinfo=UTC),
        '50%" _',
    )
    assert sf.query(soql)["totalSize"] == 1
    with pytest.raises(SalesforceMalformedRequest):
        sf.query(format_soql("SELECT Id FROM Account WHERE Id IN {}", []))


def test_conformance_sf_65_several_matches_are_their_own_error(
    org: OrgUnderTest, sf: Salesforce
) -> None:
    field = Field(name="Erp__c", type="string", label="ERP", length=9, external_id=True)
    org.store.put_field("Account", field)
    for _ in range(2):
        org.create("Account", Name="A", Erp__c="7")
    with pytest.raises(SalesforceMoreThanOneRecord):
        sf.Account.upsert("Erp__c/7", {"Name": "B"})


def test_conformance_sf_65_direct_mode_reports_the_expired_session(
    org: OrgUnderTest, session: requests.Session
) -> None:
    sf = Salesforce(session_id=org.token, instance=urlsplit(org.url).netloc, session=session)
    org.control("expire-tokens")
    with pytest.raises(SalesforceExpiredSession):
        sf.query("SELECT Id FROM Lead")


def test_conformance_sf_65_the_library_logs_in_again_by_itself(
    org: OrgUnderTest, sf: Salesforce
) -> None:
    org.control("expire-tokens")
    assert sf.query("SELECT Id FROM Lead")["totalSize"] == 0
    assert [line["status"] for line in org.log.lines[-3:]] == [401, 200, 200]
