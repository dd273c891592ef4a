"""Statement 50, and the other faults that refuse: limits, tokens, locks, batches, rows."""

import pytest
import requests
from hubspot_kit import TOKEN, Portal

COMPANIES = "/crm/v3/objects/companies"
REFRESH = {
    "grant_type": "refresh_token",
    "client_id": "demo-client-id",
    "client_secret": "demo-client-secret",
    "refresh_token": "demo-refresh-token",
}
HTML = "<html><head><title>502 Bad Gateway</title></head></html>"


def oauth(portal: Portal) -> dict[str, str]:
    """A session with a fresh access token in place of the static one."""
    granted = portal.call("POST", "/oauth/v1/token", data=REFRESH, headers={"Authorization": ""})
    return {"Authorization": f"Bearer {granted.json()['access_token']}"}


def pages(portal: Portal, headers: dict[str, str], count: int) -> list[int]:
    """The statuses of a client that pages through the companies, two at a time."""
    statuses, after = [], "0"
    for _ in range(count):
        path = f"{COMPANIES}?limit=2&after={after}"
        response = portal.call("GET", path, headers=headers)
        statuses.append(response.status_code)
        if response.status_code == 200:
            after = response.json()["paging"]["next"]["after"]
    return statuses


# Statement 50


def test_conformance_hs_50_423_while_locked(portal: Portal) -> None:
    portal.faults({"kind": "locked", "match": {"first": 1}})
    response = portal.post(COMPANIES, {"properties": {"name": "A"}})
    assert response.status_code == 423
    assert response.headers["content-type"] == "application/json;charset=utf-8"
    body = response.json()
    assert body["status"] == "error"
    assert body["correlationId"] == response.headers["x-hubspot-correlation-id"]
    assert portal.post(COMPANIES, {"properties": {"name": "A"}}).status_code == 201


@pytest.mark.parametrize(("given", "told"), [({}, "60"), ({"retry_after": 86400}, "86400")])
def test_conformance_hs_50_477_while_migrating(
    portal: Portal, given: dict[str, int], told: str
) -> None:
    portal.faults({"kind": "migrating", **given})
    response = portal.get(COMPANIES)
    assert (response.status_code, response.headers["Retry-After"]) == (477, told)


def test_conformance_hs_50_500_with_json(portal: Portal) -> None:
    body = {"status": "error", "message": "internal error", "correlationId": "x"}
    portal.faults({"kind": "status", "status": 500, "body": body})
    response = portal.get(COMPANIES)
    assert (response.status_code, response.json()) == (500, body)


@pytest.mark.parametrize("status", [502, 504])
def test_conformance_hs_50_gateway_errors_are_html(portal: Portal, status: int) -> None:
    portal.faults({"kind": "status", "status": status, "body": HTML})
    response = portal.get(COMPANIES)
    assert (response.status_code, response.text) == (status, HTML)
    assert response.headers["content-type"].startswith("text/html")


def test_conformance_hs_50_hang(portal: Portal) -> None:
    portal.faults({"kind": "hang", "seconds": 30, "match": {"path": "companies"}})
    with pytest.raises(requests.ReadTimeout):
        portal.session.get(portal.url + COMPANIES, timeout=0.1)


@pytest.mark.parametrize("commit", [False, True])
def test_conformance_hs_50_connection_reset(portal: Portal, commit: bool) -> None:
    portal.faults({"kind": "reset", "commit": commit, "match": {"method": "POST", "first": 1}})
    with pytest.raises(requests.ConnectionError):
        portal.post(COMPANIES, {"properties": {"name": "A"}})
    assert len(portal.get(COMPANIES).json()["results"]) == int(commit)


def test_conformance_hs_50_commit_then_timeout(portal: Portal) -> None:
    """The client cannot know; a second upsert by the same key finds that it was done."""
    rule = {"method": "POST", "first": 1}
    portal.faults({"kind": "hang", "seconds": 30, "commit": True, "match": rule})
    row = {"id": "K", "idProperty": "hub_company_key", "properties": {"name": "A"}}
    url = f"{portal.url}{COMPANIES}/batch/upsert"
    with pytest.raises(requests.ReadTimeout):
        portal.session.post(url, json={"inputs": [row]}, timeout=0.3)
    again = portal.session.post(url, json={"inputs": [row]}, timeout=5)
    assert [row["new"] for row in again.json()["results"]] == [False]


def test_conformance_hs_50_a_page_ends_in_the_middle(portal: Portal) -> None:
    portal.load_companies(50)
    portal.faults({"kind": "truncate", "match": {"object": "0-2", "first": 1}})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        portal.get(COMPANIES, limit=50)
    assert len(portal.get(COMPANIES, limit=50).json()["results"]) == 50


def test_conformance_hs_50_faults_by_object_leave_others_alone(portal: Portal) -> None:
    portal.faults({"kind": "locked", "match": {"object": "deals"}})
    answered = {
        path: portal.get(path).status_code
        for path in (
            "/crm/v3/objects/deals",
            "/crm/v3/objects/0-3",
            "/crm/objects/2026-09/deals",
            "/crm/v3/properties/deals",
            "/crm/v4/objects/companies/1/associations/deals",
            COMPANIES,
            "/crm/v3/owners",
        )
    }
    assert list(answered.values()) == [423, 423, 423, 423, 423, 200, 200]


def test_conformance_hs_50_a_reset_account_has_no_faults(portal: Portal) -> None:
    portal.faults({"kind": "locked"})
    portal.start_over()
    assert portal.get(COMPANIES).status_code == 200


# Statements 46 to 49: limits out of the blue


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit."),
        ("SECONDLY", "You have reached your secondly limit."),
        ("DAILY", "You have reached your daily limit."),
    ],
)
def test_conformance_hs_49_429_by_any_policy(portal: Portal, policy: str, message: str) -> None:
    portal.faults({"kind": "rate_limit", "policy": policy, "match": {"first": 1}})
    response = portal.get(COMPANIES)
    assert response.status_code == 429
    assert "Retry-After" not in response.headers
    body = response.json()
    assert (body["message"], body["policyName"]) == (message, policy)
    assert (body["errorType"], body.get("category")) == ("RATE_LIMIT", None)
    assert portal.get(COMPANIES).status_code == 200


def test_conformance_hs_49_429_with_retry_after_and_category(portal: Portal) -> None:
    portal.switches.turn("rate_limit_category", True)
    portal.faults({"kind": "rate_limit", "retry_after": 3})
    response = portal.get(COMPANIES)
    assert response.headers["Retry-After"] == "3"
    assert response.json()["category"] == "RATE_LIMITS"


def test_conformance_hs_48_quota_spent_until_local_midnight(portal: Portal) -> None:
    portal.faults({"kind": "quota_spent", "match": {"after": 1, "first": 1}})
    assert [portal.get(COMPANIES).status_code for _ in range(3)] == [200, 429, 429]
    refused = portal.search("companies")
    assert refused.json()["policyName"] == "DAILY"
    portal.pass_time(16 * 3600 - 60)
    assert portal.get(COMPANIES).status_code == 429
    portal.pass_time(120)
    assert portal.get(COMPANIES).status_code == 200


# Tokens in mid-paging


def test_conformance_hs_02_token_expires_between_pages(portal: Portal) -> None:
    portal.load_companies(10)
    headers = oauth(portal)
    portal.faults({"kind": "expired_token", "match": {"object": "companies", "after": 2}})
    assert pages(portal, headers, 4) == [200, 200, 401, 401]
    expired = portal.call("GET", COMPANIES, headers=headers).json()
    assert expired["category"] == "EXPIRED_AUTHENTICATION"
    portal.faults()
    assert pages(portal, headers, 1) == [401]
    assert pages(portal, oauth(portal), 1) == [200]


def test_conformance_hs_02_static_token_is_refused_once(portal: Portal) -> None:
    portal.load_companies(10)
    portal.faults({"kind": "expired_token", "match": {"after": 1, "first": 1}})
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert pages(portal, headers, 4) == [200, 401, 200, 200]


@pytest.mark.parametrize(
    ("lasting", "statuses"), [(True, [200, 401, 401]), (False, [200, 401, 200])]
)
def test_conformance_hs_01_token_revoked_between_pages(
    portal: Portal, lasting: bool, statuses: list[int]
) -> None:
    portal.load_companies(10)
    rule = {"kind": "revoked_token", "lasting": lasting, "match": {"after": 1, "first": 1}}
    portal.faults(rule)
    assert pages(portal, {"Authorization": f"Bearer {TOKEN}"}, 3) == statuses


@pytest.mark.parametrize(("too", "status"), [(False, 200), (True, 400)])
def test_conformance_hs_04_a_disconnected_app_cannot_refresh(
    portal: Portal, too: bool, status: int
) -> None:
    headers = oauth(portal)
    portal.faults({"kind": "revoked_token", "refresh_token": too, "match": {"first": 1}})
    told = portal.call("GET", COMPANIES, headers=headers)
    assert told.json()["category"] == "INVALID_AUTHENTICATION"
    refreshed = portal.call("POST", "/oauth/v1/token", data=REFRESH, headers={"Authorization": ""})
    assert refreshed.status_code == status


# Locks, batches, rows


def test_rows_are_locked_for_so_many_attempts_each(portal: Portal) -> None:
    ids = [portal.create("companies", name=name) for name in "AB"]
    portal.faults({"kind": "row_lock", "attempts": 2, "match": {"path": "/batch/update$"}})

    def update(*names: str) -> int:
        rows = [{"id": name, "properties": {"city": "Ulm"}} for name in names]
        return portal.post(f"{COMPANIES}/batch/update", {"inputs": rows}).status_code

    assert [update(ids[0]), update(ids[0]), update(ids[0])] == [423, 423, 200]
    assert [update(*ids), update(*ids), update(*ids)] == [423, 423, 200]
    assert portal.read("companies", ids[1], "city")["city"] == "Ulm"


def test_a_single_record_is_locked_by_its_path(portal: Portal) -> None:
    company = portal.create("companies", name="A")
    portal.faults({"kind": "row_lock", "match": {"method": "PATCH"}})
    body = {"properties": {"city": "Ulm"}}
    path = f"{COMPANIES}/{company}"
    assert [portal.patch(path, body).status_code for _ in range(2)] == [423, 200]


def test_conformance_hs_30_a_batch_is_refused_whole_and_names_one(portal: Portal) -> None:
    portal.faults({"kind": "batch_rejected", "status": 409, "category": "CONFLICT"})
    rows = [{"objectWriteTraceId": f"t{n}", "properties": {"name": "A"}} for n in range(3)]
    response = portal.post(f"{COMPANIES}/batch/create", {"inputs": rows})
    assert response.status_code == 409
    assert response.json()["context"] == {"objectWriteTraceId": ["t0"]}
    assert response.json()["category"] == "CONFLICT"
    assert portal.get(COMPANIES).json()["results"] == []


def test_conformance_hs_32_some_rows_are_refused_for_no_fault_of_theirs(portal: Portal) -> None:
    portal.faults({"kind": "row_errors", "share": 0.4, "message": "no", "category": "X"}, seed=3)
    rows = [
        {"objectWriteTraceId": f"t{n}", "properties": {"name": f"Company {n}"}} for n in range(50)
    ]
    response = portal.post(f"{COMPANIES}/batch/create", {"inputs": rows})
    assert response.status_code == 207
    told = response.json()
    (error,) = told["errors"]
    assert (error["message"], error["category"]) == ("no", "X")
    refused = set(error["context"]["objectWriteTraceId"])
    landed = {row["objectWriteTraceId"] for row in told["results"]}
    assert refused | landed == {f"t{n}" for n in range(50)}
    assert not refused & landed
    assert 10 < len(refused) < 30
    assert len(portal.get(COMPANIES, limit=100).json()["results"]) == len(landed)


def test_conformance_hs_30_one_refused_row_fails_a_create_without_trace_ids(
    portal: Portal,
) -> None:
    portal.faults({"kind": "row_errors", "share": 0.4}, seed=3)
    rows = [{"properties": {"name": f"Company {n}"}} for n in range(50)]
    response = portal.post(f"{COMPANIES}/batch/create", {"inputs": rows})
    assert response.status_code == 400
    assert portal.get(COMPANIES).json()["results"] == []
