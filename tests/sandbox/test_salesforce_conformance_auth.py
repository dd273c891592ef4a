"""Statements 1-9 of the checklist: signing in and losing the session."""

import re

import pytest
import requests
from salesforce_org import INTEGRATION_USER, START, OrgUnderTest, error_code

from sandbox.salesforce import Switches

LOGIN = """<?xml version="1.0" encoding="utf-8" ?>
<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/">
  <env:Body>
    <n1:login xmlns:n1="urn:partner.soap.sforce.com">
      <n1:username>integration@acme.example</n1:username>
      <n1:password>{password}</n1:password>
    </n1:login>
  </env:Body>
</env:Envelope>"""


@pytest.fixture
def org() -> OrgUnderTest:
    return OrgUnderTest()


def soap_login(
    org: OrgUnderTest, version: str = "59.0", password: str = "demo-passworddemo-security-token"
) -> requests.Response:
    return org.http.post(
        f"{org.url}/services/Soap/u/{version}",
        data=LOGIN.format(password=password),
        headers={"Content-Type": "text/xml", "SOAPAction": "login"},
    )


def exception_code(answer: requests.Response) -> str:
    found = re.search(r"<sf:exceptionCode>(\w+)</sf:exceptionCode>", answer.text)
    assert found is not None, answer.text
    return found.group(1)


def test_conformance_sf_01_token_answer_has_the_documented_keys(org: OrgUnderTest) -> None:
    answer = org.login()
    assert answer.keys() == {
        "access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope",
    }  # fmt: skip
    assert answer["token_type"] == "Bearer"
    assert answer["issued_at"] == str(int(START.timestamp()) * 1000)
    assert answer["id"] == f"{org.url}/id/00Dbn0000000001EAA/{INTEGRATION_USER}"
    assert answer["access_token"].startswith("00Dbn0000000001!")


def test_conformance_sf_02_client_credentials_by_basic_header(org: OrgUnderTest) -> None:
    answer = org.token_request(
        ("demo-client-id", "demo-client-secret"), grant_type="client_credentials"
    )
    assert answer.status_code == 200
    org.token = answer.json()["access_token"]
    assert org.get("limits").status_code == 200


@pytest.mark.parametrize("by_header", [True, False])
def test_conformance_sf_02_wrong_secret_is_invalid_client(
    org: OrgUnderTest, by_header: bool
) -> None:
    if by_header:
        answer = org.token_request(("demo-client-id", "no"), grant_type="client_credentials")
    else:
        answer = org.token_request(
            grant_type="client_credentials", client_id="demo-client-id", client_secret="no"
        )
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_client",
        "error_description": "invalid client credentials",
    }


def test_conformance_sf_02_unknown_client_and_missing_run_as_user(org: OrgUnderTest) -> None:
    unknown = org.token_request(("nobody", "x"), grant_type="client_credentials")
    assert (unknown.status_code, unknown.json()["error"]) == (400, "invalid_client_id")
    org.store.put_app("no-user", "secret", "Half configured", None)
    no_user = org.token_request(("no-user", "secret"), grant_type="client_credentials")
    assert no_user.json() == {
        "error": "invalid_grant",
        "error_description": "no client credentials user enabled",
    }


@pytest.mark.parametrize("grant", ["password", "authorization_code", "", "nonsense"])
def test_grants_that_are_not_enabled_are_unsupported(org: OrgUnderTest, grant: str) -> None:
    answer = org.token_request(("demo-client-id", "demo-client-secret"), grant_type=grant)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "unsupported_grant_type",
        "error_description": "grant type not supported",
    }


def test_conformance_sf_03_generic_login_host_refuses_client_credentials() -> None:
    org = OrgUnderTest()
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo-client-id",
        "client_secret": "demo-client-secret",
    }
    by_host = org.http.post(
        f"{org.url}/services/oauth2/token", data=form, headers={"Host": "login.salesforce.com"}
    )
    assert (by_host.status_code, by_host.json()["error"]) == (400, "invalid_grant")
    org.switch(generic_login_host=True)
    by_switch = org.token_request(**form)
    assert (by_switch.status_code, by_switch.json()["error"]) == (400, "invalid_grant")


def refresh(org: OrgUnderTest, token: str) -> requests.Response:
    return org.token_request(
        grant_type="refresh_token", refresh_token=token, client_id="demo-client-id"
    )


def test_conformance_sf_05_refresh_gives_a_new_access_token_only(org: OrgUnderTest) -> None:
    token = org.control("grant")["refresh_token"]
    first, second = refresh(org, token), refresh(org, token)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json()["access_token"] != second.json()["access_token"]
    assert "refresh_token" not in second.json()
    org.token = second.json()["access_token"]
    assert org.get("limits").status_code == 200


def test_conformance_sf_05_rotation_replaces_the_refresh_token() -> None:
    org = OrgUnderTest(Switches(rotate_refresh_tokens=True))
    old = org.control("grant")["refresh_token"]
    new = refresh(org, old).json()["refresh_token"]
    assert refresh(org, old).json() == {
        "error": "invalid_grant",
        "error_description": "expired access/refresh token",
    }
    assert refresh(org, new).status_code == 200


def test_conformance_sf_05_revoked_refresh_token_is_expired(org: OrgUnderTest) -> None:
    token = org.control("grant")["refresh_token"]
    revoked = org.http.post(f"{org.url}/services/oauth2/revoke", data={"token": token})
    assert revoked.status_code == 200
    answer = refresh(org, token)
    assert answer.status_code == 400
    assert answer.json()["error_description"] == "expired access/refresh token"


def test_conformance_sf_05_sixth_grant_revokes_the_first(org: OrgUnderTest) -> None:
    tokens = [org.control("grant")["refresh_token"] for _ in range(6)]
    assert [refresh(org, token).status_code for token in tokens] == [400, 200, 200, 200, 200, 200]
    org.switch(grants_per_user_and_app=2)
    last = org.control("grant")["refresh_token"]
    codes = [refresh(org, token).status_code for token in (*tokens[-2:], last)]
    assert codes == [400, 200, 200]


def test_conformance_sf_06_soap_login_returns_session_and_server_url(org: OrgUnderTest) -> None:
    answer = soap_login(org, "64.0")
    assert answer.status_code == 200
    assert f"<serverUrl>{org.url}/services/Soap/u/64.0/00Dbn0000000001</serverUrl>" in answer.text
    session = re.search("<sessionId>(.+?)</sessionId>", answer.text)
    assert session is not None
    org.token = session.group(1)
    assert org.get("limits").status_code == 200


def test_conformance_sf_06_soap_login_is_gone_from_version_65(org: OrgUnderTest) -> None:
    answer = soap_login(org, "65.0")
    assert (answer.status_code, exception_code(answer)) == (500, "INVALID_OPERATION")


def test_conformance_sf_06_soap_login_can_be_disabled() -> None:
    org = OrgUnderTest(Switches(soap_login_enabled=False))
    assert exception_code(soap_login(org)) == "INVALID_OPERATION"


def test_conformance_sf_06_bad_password_is_500_invalid_login(org: OrgUnderTest) -> None:
    answer = soap_login(org, password="guess")
    assert (answer.status_code, exception_code(answer)) == (500, "INVALID_LOGIN")


def test_conformance_sf_06_soap_of_a_retired_version_is_refused(org: OrgUnderTest) -> None:
    assert exception_code(soap_login(org, "30.0")) == "UNSUPPORTED_API_VERSION"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer 00D!unknown"},
        {"Authorization": "Basic eA=="},
    ],
)
def test_conformance_sf_07_bad_sessions_are_401_row_errors(
    org: OrgUnderTest, headers: dict[str, str]
) -> None:
    answer = org.get("query", params={"q": "SELECT Id FROM Lead"}, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    assert answer.history == []


def test_conformance_sf_07_session_ends_after_its_lifetime(org: OrgUnderTest) -> None:
    org.wait(7_199)
    assert org.get("limits").status_code == 200
    org.wait(1)
    assert error_code(org.get("limits")) == (401, "INVALID_SESSION_ID")


def test_session_lifetime_is_a_setting_of_the_org() -> None:
    org = OrgUnderTest(Switches(session_seconds=900))
    org.wait(900)
    assert error_code(org.get("limits")) == (401, "INVALID_SESSION_ID")


def test_conformance_sf_08_expire_tokens_hook_ends_all_sessions(org: OrgUnderTest) -> None:
    assert org.control("expire-tokens") == {"expired": 1}
    assert error_code(org.get("limits")) == (401, "INVALID_SESSION_ID")
    org.token = org.login()["access_token"]
    assert org.get("limits").status_code == 200


def test_conformance_sf_08_sessions_can_stay_rejected_after_a_new_login(org: OrgUnderTest) -> None:
    org.switch(reject_all_sessions=True)
    org.token = org.login()["access_token"]
    assert error_code(org.get("limits")) == (401, "INVALID_SESSION_ID")


def test_conformance_sf_08_a_401_can_have_an_object_body(org: OrgUnderTest) -> None:
    org.switch(reject_all_sessions=True, unauthorized_body="object")
    answer = org.get("limits")
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_conformance_sf_08_a_401_can_have_an_html_body(org: OrgUnderTest) -> None:
    org.switch(reject_all_sessions=True, unauthorized_body="html")
    answer = org.get("limits")
    assert answer.status_code == 401
    assert answer.text == "<html><body>Session expired</body></html>"


def test_conformance_sf_09_instance_url_names_scheme_and_port(org: OrgUnderTest) -> None:
    assert org.login()["instance_url"] == org.url
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", org.url)


def test_identity_url_tells_who_the_session_belongs_to(org: OrgUnderTest) -> None:
    answer = org.get(f"/id/00Dbn0000000001EAA/{INTEGRATION_USER}")
    assert answer.json()["username"] == "integration@acme.example"
    info = org.get("/services/oauth2/userinfo").json()
    assert (info["user_id"], info["preferred_username"]) == (
        INTEGRATION_USER,
        "integration@acme.example",
    )
    assert org.get(f"/id/00Dbn0000000001EAA/{INTEGRATION_USER}", headers={
        "Authorization": ""}).status_code == 401  # fmt: skip


def test_identity_of_somebody_else_is_not_found(org: OrgUnderTest) -> None:
    answer = org.get("/id/00Dbn0000000001EAA/005bn0000000007AAA")
    assert error_code(answer) == (404, "NOT_FOUND")


def test_revoked_access_token_is_an_invalid_session(org: OrgUnderTest) -> None:
    org.http.post(f"{org.url}/services/oauth2/revoke", data={"token": org.token})
    assert error_code(org.get("limits")) == (401, "INVALID_SESSION_ID")
    again = org.http.post(f"{org.url}/services/oauth2/revoke", data={"token": "never issued"})
    assert again.status_code == 400
