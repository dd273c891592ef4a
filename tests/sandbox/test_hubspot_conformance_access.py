"""Tokens, scopes, headers, rate limits: statements 1-6, 45-49 and 71."""

import re
import socket

import pytest
import requests
from hubspot_kit import PORTAL_ID, TOKEN, Portal

CORRELATION = "x-hubspot-correlation-id"
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
REFRESH = {
    "grant_type": "refresh_token",
    "client_id": "demo-client-id",
    "client_secret": "demo-client-secret",
    "refresh_token": "demo-refresh-token",
}
LIST = "/crm/v3/objects/companies"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def refresh(portal: Portal, **changes: str) -> requests.Response:
    url = f"{portal.url}/oauth/v1/token"
    return requests.post(url, data={**REFRESH, **changes}, timeout=10)


@pytest.mark.parametrize("headers", [{}, bearer("pat-na1-nobody"), {"Authorization": "Basic eDp5"}])
def test_conformance_hs_01_unknown_token_is_401(portal: Portal, headers: dict[str, str]) -> None:
    response = requests.get(portal.url + LIST, headers=headers, timeout=10)
    assert response.status_code == 401
    assert response.headers["x-hubspot-auth-failure"] == "401 Unauthorized"
    body = response.json()
    assert UUID.fullmatch(body.pop("correlationId"))
    assert body == {
        "status": "error",
        "message": "Authentication credentials not found. This API supports OAuth 2.0 "
        "authentication and you can find more details at "
        "https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "category": "INVALID_AUTHENTICATION",
    }


def test_conformance_hs_02_expired_oauth_token_is_401(portal: Portal) -> None:
    token = refresh(portal).json()["access_token"]
    assert portal.call("GET", LIST, headers=bearer(token)).status_code == 200
    portal.pass_time(1800 + 5 * 3600 + 60)
    response = portal.call("GET", LIST, headers=bearer(token))
    assert response.status_code == 401
    body = response.json()
    assert body["category"] == "EXPIRED_AUTHENTICATION"
    assert body["message"] == "The OAuth token used to make this call expired 5 hour(s) ago."
    assert body["context"] == {"expire time": ["2026-03-10T12:30:00.500Z"]}


def test_conformance_hs_02_tokens_can_be_ended_at_once(portal: Portal) -> None:
    token = refresh(portal).json()["access_token"]
    assert portal.control("tokens/expire").json() == {"expired": 1}
    response = portal.call("GET", LIST, headers=bearer(token))
    assert response.status_code == 401
    assert response.json()["message"].endswith("expired 0 second(s) ago.")


def test_conformance_hs_03_missing_scope_is_403(portal: Portal) -> None:
    scopes = ["crm.objects.contacts.read", "crm.objects.companies.read"]
    portal.control("tokens", {"token": "pat-na1-narrow", "scopes": scopes})
    assert portal.call("GET", LIST, headers=bearer("pat-na1-narrow")).status_code == 200
    body = {"properties": {"name": "A"}}
    response = portal.call("POST", LIST, json=body, headers=bearer("pat-na1-narrow"))
    assert response.status_code == 403
    told = response.json()
    assert told["category"] == "MISSING_SCOPES"
    assert told["message"] == (
        "This app hasn't been granted all required scopes to make this call. "
        "Read more about required scopes here: https://developers.hubspot.com/scopes."
    )
    assert told["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.companies.write"]
    assert told["links"] == {"scopes": "https://developers.hubspot.com/scopes"}


@pytest.mark.parametrize(
    ("path", "needed"),
    [
        ("/crm/v3/owners/", ["crm.objects.owners.read"]),
        ("/crm/v3/objects/0-136", ["crm.objects.leads.read"]),
        ("/crm/v3/properties/deals", ["crm.schemas.deals.read", "crm.objects.deals.read"]),
        ("/crm/v4/objects/contacts/1/associations/deals", ["crm.objects.deals.read"]),
        ("/crm/objects/2026-09/deals", ["crm.objects.deals.read"]),
    ],
)
def test_conformance_hs_03_each_object_has_its_own_scope(
    portal: Portal, path: str, needed: list[str]
) -> None:
    portal.control("tokens", {"token": "narrow", "scopes": ["crm.objects.contacts.read"]})
    response = portal.call("GET", path, headers=bearer("narrow"))
    assert response.status_code == 403
    assert response.json()["errors"][0]["context"]["requiredGranularScopes"] == needed


def test_conformance_hs_04_refresh_gives_a_new_access_token(portal: Portal) -> None:
    response = refresh(portal)
    assert response.status_code == 200
    body = response.json()
    assert body["refresh_token"] == "demo-refresh-token"
    assert body["expires_in"] == 1800
    assert body["token_type"] == "bearer"
    assert body["hub_id"] == PORTAL_ID
    again = refresh(portal).json()["access_token"]
    assert again != body["access_token"]
    for token in (again, body["access_token"]):
        assert portal.call("GET", LIST, headers=bearer(token)).status_code == 200


def test_conformance_hs_04_bad_refresh_token_is_400(portal: Portal) -> None:
    response = refresh(portal, refresh_token="gone")
    assert response.status_code == 400
    assert response.json()["status"] == "BAD_REFRESH_TOKEN"


def test_conformance_hs_04_bad_refresh_token_in_oauth_form(portal: Portal) -> None:
    portal.switches.refresh_error = "oauth2"
    response = refresh(portal, refresh_token="gone")
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes", [{"client_secret": "wrong"}, {"client_id": "wrong"}, {"grant_type": "password"}]
)
def test_conformance_hs_04_wrong_client_or_grant_is_400(
    portal: Portal, changes: dict[str, str]
) -> None:
    assert refresh(portal, **changes).status_code == 400


def test_conformance_hs_05_every_response_has_a_correlation_id(portal: Portal) -> None:
    good = portal.get(LIST)
    assert UUID.fullmatch(good.headers[CORRELATION])
    seen = {good.headers[CORRELATION]}
    for path in (f"{LIST}/1", f"{LIST}/abc", "/crm/v3/objects/nothing", "/no/such/path"):
        bad = portal.get(path)
        assert bad.status_code in (400, 404)
        assert bad.json()["correlationId"] == bad.headers[CORRELATION]
        seen.add(bad.headers[CORRELATION])
    assert len(seen) == 5


def test_conformance_hs_06_json_content_type_and_empty_204(portal: Portal) -> None:
    record_id = portal.create("companies", name="A")
    assert portal.get(LIST).headers["content-type"] == "application/json;charset=utf-8"
    assert portal.get(f"{LIST}/0").headers["content-type"] == "application/json;charset=utf-8"
    gone = portal.delete(f"{LIST}/{record_id}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert "content-type" not in gone.headers


def test_conformance_hs_45_headers_tell_of_the_limits(portal: Portal) -> None:
    portal.get(LIST)
    headers = portal.get(LIST).headers
    assert headers["X-HubSpot-RateLimit-Max"] == "190"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "188"
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert headers["X-HubSpot-RateLimit-Daily"] == "625000"
    assert headers["X-HubSpot-RateLimit-Daily-Remaining"] == "624998"
    assert headers["X-HubSpot-RateLimit-Secondly"] == "19"
    assert headers["X-HubSpot-RateLimit-Secondly-Remaining"] == "17"


def test_conformance_hs_45_oauth_apps_get_no_daily_pair(portal: Portal) -> None:
    token = refresh(portal).json()["access_token"]
    headers = portal.call("GET", LIST, headers=bearer(token)).headers
    assert headers["X-HubSpot-RateLimit-Max"] == "110"
    assert headers["X-HubSpot-RateLimit-Remaining"] == "109"
    assert not [name for name in headers if "daily" in name.lower()]


def test_conformance_hs_45_search_responses_carry_no_limits(portal: Portal) -> None:
    headers = portal.search("companies").headers
    assert not [name for name in headers if "ratelimit" in name.lower()]
    headers = portal.post("/crm/objects/2026-09/companies/search", {}).headers
    assert not [name for name in headers if "ratelimit" in name.lower()]


def test_conformance_hs_45_headers_can_be_switched_off(portal: Portal) -> None:
    portal.switches.rate_limit_headers = False
    assert not [name for name in portal.get(LIST).headers if "ratelimit" in name.lower()]


def test_conformance_hs_46_sixth_search_of_a_second_is_429(portal: Portal) -> None:
    portal.switches.enforce_search = True
    portal.control(
        "tokens", {"token": "other-app", "app_id": 9, "scopes": ["crm.objects.deals.read"]}
    )
    for _ in range(4):
        assert portal.search("companies").status_code == 200
    other = portal.call(
        "POST", "/crm/v3/objects/deals/search", json={}, headers=bearer("other-app")
    )
    assert other.status_code == 200
    refused = portal.search("companies")
    assert refused.status_code == 429
    body = refused.json()
    assert body["policyName"] == "SECONDLY"
    assert body["message"] == "You have reached your secondly limit."
    assert body["errorType"] == "RATE_LIMIT"
    assert body["correlationId"] == refused.headers[CORRELATION]
    assert portal.get(LIST).headers["X-HubSpot-RateLimit-Remaining"] == "189"
    portal.pass_time(1)
    assert portal.search("companies").status_code == 200


def test_conformance_hs_46_searches_are_not_limited_by_default(portal: Portal) -> None:
    assert {portal.search("companies").status_code for _ in range(7)} == {200}


def test_conformance_hs_47_full_window_is_429_and_recovers_as_it_slides(portal: Portal) -> None:
    portal.switches.enforce_burst, portal.switches.burst_max = True, 3
    for _ in range(3):
        assert portal.get(LIST).status_code == 200
        portal.pass_time(2)
    refused = portal.get(LIST)
    assert refused.status_code == 429
    assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert refused.json()["message"] == "You have reached your ten_secondly_rolling limit."
    assert refused.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    portal.pass_time(4)
    assert portal.get(LIST).status_code == 200
    assert portal.get(LIST).status_code == 429
    portal.pass_time(2)
    assert portal.get(LIST).status_code == 200


def test_conformance_hs_47_each_app_has_a_window_of_its_own(portal: Portal) -> None:
    portal.switches.enforce_burst, portal.switches.burst_max = True, 1
    scopes = ["crm.objects.companies.read"]
    portal.control("tokens", {"token": "other", "app_id": 9, "scopes": scopes})
    assert portal.get(LIST).status_code == 200
    assert portal.get(LIST).status_code == 429
    assert portal.call("GET", LIST, headers=bearer("other")).status_code == 200
    assert portal.search("companies").status_code == 200


def test_conformance_hs_48_spent_day_is_429_until_local_midnight(portal: Portal) -> None:
    portal.switches.enforce_daily, portal.switches.daily_max = True, 3
    scopes = ["crm.objects.companies.read"]
    portal.control("tokens", {"token": "other", "app_id": 9, "scopes": scopes})
    assert portal.get(LIST).status_code == 200
    assert portal.search("companies").status_code == 200
    assert portal.call("GET", LIST, headers=bearer("other")).status_code == 200
    for token in (TOKEN, "other"):
        refused = portal.call("GET", LIST, headers=bearer(token))
        assert refused.status_code == 429
        assert refused.json()["policyName"] == "DAILY"
        assert refused.json()["message"] == "You have reached your daily limit."
    assert portal.search("companies").status_code == 429
    portal.pass_time(15 * 3600)
    assert portal.get(LIST).status_code == 429, "23:00 in New York is still the same day"
    portal.pass_time(3600)
    assert portal.get(LIST).status_code == 200


def test_conformance_hs_49_429_says_nothing_of_when_to_come_back(portal: Portal) -> None:
    portal.switches.enforce_burst, portal.switches.burst_max = True, 1
    portal.get(LIST)
    refused = portal.get(LIST)
    assert "Retry-After" not in refused.headers
    assert "category" not in refused.json()


def test_conformance_hs_49_retry_after_in_seconds_by_switch(portal: Portal) -> None:
    portal.switches.enforce_burst, portal.switches.burst_max = True, 1
    portal.switches.retry_after_on_429 = portal.switches.rate_limit_category = True
    portal.get(LIST)
    portal.pass_time(2.5)
    refused = portal.get(LIST)
    assert refused.headers["Retry-After"] == "8"
    assert refused.json()["category"] == "RATE_LIMITS"


def test_conformance_hs_71_bound_to_loopback_only(portal: Portal) -> None:
    host, port = portal.url.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    addresses = {a[4][0] for a in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as probe:
            probe.settimeout(1)
            assert probe.connect_ex((address, int(port))) != 0


def test_conformance_hs_71_clock_is_controlled_over_http(portal: Portal) -> None:
    answer = portal.control("clock", {"freeze": "2026-07-01T00:00:00Z", "advance": 90})
    assert answer.json() == {"now": "2026-07-01T00:01:30+00:00", "frozen": True}
    assert portal.read("companies", portal.create("companies", name="A"))["createdate"] == (
        "2026-07-01T00:01:30Z"
    )
    assert portal.control("clock", {"release": True}).json()["frozen"] is False
    assert portal.call("GET", "/__sandbox__/clock").json()["frozen"] is False


def test_conformance_hs_71_date_header_follows_the_clock(portal: Portal) -> None:
    portal.pass_time(90)
    for path in (LIST, f"{LIST}/1", "/no/such/path"):
        assert portal.get(path).headers["date"] == "Tue, 10 Mar 2026 12:01:30 GMT"


def test_conformance_hs_71_reset_brings_the_seeded_state_back(portal: Portal) -> None:
    def story() -> list[str]:
        portal.start_over()
        first = portal.create("companies", name="A")
        portal.create("contacts", email="a@x.com")
        answers = [portal.get(LIST), portal.get(f"{LIST}/{first}"), portal.get("/crm/v3/owners")]
        answers.append(portal.get("/crm/v4/associations/deals/companies/labels"))
        answers.append(portal.get("/crm/v3/objects/contacts/0"))
        return [answer.text for answer in answers]

    once = story()
    portal.switches.burst_max = 7
    assert story() == once
    assert portal.switches.burst_max == 190


def test_conformance_hs_71_control_is_no_crm_traffic(portal: Portal) -> None:
    portal.control("clock")
    portal.get(LIST, limit=5)
    assert [(line["path"], line["status"]) for line in portal.log.lines] == [
        (f"{LIST}?limit=5", 200)
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"no_such": 1}, {"list_limit_over_max": "maybe"}, {"burst_max": "7"}, {"max_page": True}],
)
def test_conformance_hs_71_unknown_switches_are_refused(
    portal: Portal, wrong: dict[str, object]
) -> None:
    assert portal.control("switches", wrong).status_code == 400
    answer = portal.control("switches", {"index_lag_seconds": 30})
    assert answer.json()["index_lag_seconds"] == 30
