"""The partner's portal: its ways to sign in and to page, its deletions, writes and refusals."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.clock import Clock
from sandbox.partner_api import PartnerStore, Switches, create_app
from sandbox.partner_api.demo import demo_records
from sandbox.partner_api.store import stamp
from sandbox.requestlog import RequestLog
from sandbox.server import ThreadedServer

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
KEY = {"X-Api-Key": "demo-partner-key"}


class Client:
    """The portal as its callers see it."""

    def __init__(self, url: str, store: PartnerStore, log: RequestLog) -> None:
        self.url, self.store, self.log = url, store, log
        self.headers: dict[str, str] = dict(KEY)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        url = path if path.startswith("http") else self.url + path
        return requests.request(method, url, headers=headers, timeout=10, **options)

    def get(self, path: str, **params: object) -> Any:
        answer = self.ask("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, path: str, **params: object) -> list[str]:
        return [record["id"] for record in self.get(path, **params)["data"]]

    def control(self, route: str, **body: object) -> Any:
        answer = requests.post(f"{self.url}/__sandbox__/{route}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seed(self, count: int) -> list[str]:
        rows = [
            {
                "id": f"L-{n:03}",
                "updated_at": stamp(NOON - timedelta(days=1) + timedelta(seconds=n)),
                "contact.last_name": f"Person {n}",
                "company.name": "Acme",
            }
            for n in range(1, count + 1)
        ]
        self.store.load({"leads": rows})
        return [row["id"] for row in rows]


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    store, log, clock = PartnerStore(), RequestLog(None), Clock()
    app = create_app(store, system="bravo_portal", log=log, clock=clock, switches=Switches())
    with ThreadedServer(app) as running:
        yield Client(running.url, store, log)


@pytest.fixture
def portal(server: Client) -> Client:
    server.control("reset")
    server.control("clock", freeze=NOON.isoformat())
    server.headers = dict(KEY)
    server.log.lines.clear()
    return server


# -- signing in


def test_each_way_to_sign_in_opens_the_portal_and_no_other_does(portal: Client) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo-client-id",
        "client_secret": "demo-client-secret",
    }
    granted = requests.post(f"{portal.url}/oauth/token", data=form, timeout=10).json()
    by_basic = requests.post(
        f"{portal.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("demo-client-id", "demo-client-secret"),
        timeout=10,
    ).json()
    assert granted["expires_in"] == by_basic["expires_in"] == 3600
    ways = {
        "api_key": KEY,
        "bearer": {"Authorization": "Bearer demo-partner-token"},
        "basic": {"Authorization": "Basic ZGVtby1wYXJ0bmVyOmRlbW8tcGFydG5lci1wYXNzd29yZA=="},
        "oauth": {"Authorization": f"Bearer {granted['access_token']}"},
    }
    for switch in ways:
        portal.control("switches", auth=switch)
        opened = []
        for name, headers in ways.items():
            portal.headers = headers
            answer = portal.ask("GET", "/v1/leads")
            if answer.status_code == 200:
                opened.append(name)
            else:
                assert answer.status_code == 401
                assert answer.json()["error"]["code"] == "unauthorized"
        assert opened == [switch]


def test_a_token_ends_with_its_time_and_on_command(portal: Client) -> None:
    portal.control("switches", auth="oauth")
    form = {"grant_type": "client_credentials"}
    auth = ("demo-client-id", "demo-client-secret")

    def sign_in() -> None:
        granted = requests.post(f"{portal.url}/oauth/token", data=form, auth=auth, timeout=10)
        portal.headers = {"Authorization": f"Bearer {granted.json()['access_token']}"}

    sign_in()
    portal.control("clock", advance=3599)
    assert portal.ask("GET", "/v1/leads").status_code == 200
    portal.control("clock", advance=1)
    assert portal.ask("GET", "/v1/leads").status_code == 401
    sign_in()
    portal.control("expire-tokens")
    assert portal.ask("GET", "/v1/leads").status_code == 401
    wrong = requests.post(f"{portal.url}/oauth/token", data=form, auth=("demo", "no"), timeout=10)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_client")


# -- paging


def test_pages_by_number(portal: Client) -> None:
    expected = portal.seed(7)
    portal.control("switches", paging="page")
    first = portal.get("/v1/leads", per_page=3)
    assert first["meta"] == {"page": 1, "pages": 3, "total": 7}
    pages = [portal.ids("/v1/leads", page=n, per_page=3) for n in (1, 2, 3, 4)]
    assert pages == [expected[:3], expected[3:6], expected[6:], []]


def test_pages_by_offset(portal: Client) -> None:
    expected = portal.seed(7)
    portal.control("switches", paging="offset")
    assert portal.get("/v1/leads", offset=5, limit=3)["meta"] == {"offset": 5, "total": 7}
    assert portal.ids("/v1/leads", offset=5, limit=3) == expected[5:]


def test_pages_by_cursor_keep_their_place_when_records_move(portal: Client) -> None:
    expected = portal.seed(5)
    first = portal.get("/v1/leads", limit=3)
    portal.ask("PATCH", "/v1/leads/L-001", json={"product": "Switch"})
    second = portal.get("/v1/leads", limit=3, cursor=first["meta"]["next_cursor"])
    assert [row["id"] for row in second["data"]] == [*expected[3:], "L-001"]
    assert second["meta"] == {"next_cursor": None}


def test_pages_by_link_header(portal: Client) -> None:
    expected = portal.seed(5)
    portal.control("switches", paging="link")
    answer = portal.ask("GET", "/v1/leads?limit=3")
    assert answer.json()["meta"] == {}
    last = portal.ask("GET", answer.links["next"]["url"])
    assert [row["id"] for row in last.json()["data"]] == expected[3:]
    assert "next" not in last.links


def test_no_page_is_longer_than_the_portal_allows(portal: Client) -> None:
    portal.seed(7)
    portal.control("switches", max_page=2)
    assert len(portal.ids("/v1/leads", limit=50)) == 2


def test_an_unknown_cursor_and_a_strange_number_are_refused(portal: Client) -> None:
    answer = portal.ask("GET", "/v1/leads?cursor=nonsense")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_cursor")
    portal.control("switches", paging="page")
    answer = portal.ask("GET", "/v1/leads?page=0")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameter")


# -- what changed, what is gone


@pytest.mark.parametrize(
    ("inclusive", "expected"), [(True, ["L-002", "L-003"]), (False, ["L-003"])]
)
def test_updated_since_holds_the_moment_itself_or_not(
    portal: Client, inclusive: bool, expected: list[str]
) -> None:
    portal.seed(3)
    portal.control("switches", since_inclusive=inclusive)
    assert portal.ids("/v1/leads", updated_since="2026-05-03T12:00:02.000Z") == expected


def test_deletions_are_told_by_a_field(portal: Client) -> None:
    portal.seed(2)
    portal.control("delete", object="leads", id="L-001")
    assert portal.ids("/v1/leads") == ["L-002"]
    rows = portal.get("/v1/leads", include_deleted="true")["data"]
    assert {row["id"]: row["deleted_at"] for row in rows} == {
        "L-001": "2026-05-04T12:00:00.000Z",
        "L-002": None,
    }
    assert portal.ask("GET", "/v1/leads/L-001").status_code == 404
    assert portal.get("/v1/leads/L-001", include_deleted="true")["data"]["deleted_at"]
    assert portal.ask("GET", "/v1/leads/deleted").status_code == 404


def test_deletions_are_told_by_an_endpoint(portal: Client) -> None:
    portal.seed(3)
    portal.control("switches", deletes="endpoint")
    portal.control("merge", object="leads", survivor="L-003", loser="L-001")
    portal.control("clock", advance=60)
    portal.control("delete", object="leads", id="L-002")
    gone = portal.get("/v1/leads/deleted")["data"]
    assert gone == [
        {"id": "L-001", "deleted_at": "2026-05-04T12:00:00.000Z", "merged_into": "L-003"},
        {"id": "L-002", "deleted_at": "2026-05-04T12:01:00.000Z", "merged_into": None},
    ]
    assert portal.ids("/v1/leads/deleted", since="2026-05-04T12:00:30.000Z") == ["L-002"]
    assert portal.ids("/v1/leads", include_deleted="true") == ["L-003"]


def test_deletions_are_not_told_at_all(portal: Client) -> None:
    portal.seed(2)
    portal.control("switches", deletes="none")
    portal.control("delete", object="leads", id="L-001")
    assert portal.ids("/v1/leads", include_deleted="true") == ["L-002"]
    assert portal.ask("GET", "/v1/leads/deleted").status_code == 404


def test_a_merge_leads_to_the_last_survivor_and_a_restored_record_is_back(portal: Client) -> None:
    portal.seed(3)
    portal.control("merge", object="leads", survivor="L-002", loser="L-001")
    portal.control("merge", object="leads", survivor="L-003", loser="L-002")
    rows = portal.get("/v1/leads", include_deleted="true")["data"]
    assert {row["id"]: row["merged_into"] for row in rows} == {
        "L-001": "L-003",
        "L-002": "L-003",
        "L-003": None,
    }
    portal.control("restore", object="leads", id="L-001")
    assert portal.ids("/v1/leads") == ["L-001", "L-003"]


def test_a_hidden_record_is_nowhere(portal: Client) -> None:
    portal.seed(2)
    portal.control("hide", object="leads", id="L-001")
    assert portal.ids("/v1/leads", include_deleted="true") == ["L-002"]
    assert portal.ask("GET", "/v1/leads/L-001").status_code == 404
    portal.control("show", object="leads", id="L-001")
    assert portal.ids("/v1/leads") == ["L-001", "L-002"]


def test_a_silent_change_does_not_move_the_record(portal: Client) -> None:
    portal.seed(1)
    seen = "2026-05-04T11:00:00.000Z"
    values = {"activity.last_seen_at": seen}
    portal.control("silently", object="leads", id="L-001", values=values)
    [row] = portal.get("/v1/leads")["data"]
    assert row["activity"] == {"last_seen_at": seen}
    assert row["updated_at"] == "2026-05-03T12:00:01.000Z"


# -- writing


def test_an_update_sets_what_it_names_and_moves_the_record(portal: Client) -> None:
    portal.seed(1)
    body = {"company": {"city": "Kiel"}, "score": 7.5}
    told = portal.ask("PATCH", "/v1/leads/L-001", json=body).json()["data"]
    assert (told["company"]["name"], told["company"]["city"], told["score"]) == (
        "Acme",
        "Kiel",
        7.5,
    )
    assert told["updated_at"] == "2026-05-04T12:00:00.000Z"
    assert portal.ask("PATCH", "/v1/leads/L-009", json={}).status_code == 404


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"status": "maybe"}, "invalid_value", "status"),
        ({"score": "high"}, "invalid_value", "score"),
        ({"opted_in": "yes"}, "invalid_value", "opted_in"),
        ({"contact": {"last_name": None}}, "required", "contact.last_name"),
        ({"product": "x" * 121}, "invalid_value", "product"),
        ({"updated_at": "2026-01-01T00:00:00.000Z"}, "read_only", "updated_at"),
        ({"shoe_size": 43}, "unknown_field", "shoe_size"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_field(
    portal: Client, body: dict[str, object], code: str, field: str
) -> None:
    portal.seed(1)
    answer = portal.ask("PATCH", "/v1/leads/L-001", json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, code, field)
    assert portal.get("/v1/leads/L-001")["data"]["updated_at"] == "2026-05-03T12:00:01.000Z"


def test_an_idempotency_key_makes_one_record_however_often_it_is_sent(portal: Client) -> None:
    body = {"contact": {"last_name": "Byrne"}, "company": {"name": "Byrne Dairies"}}
    headers = {"Idempotency-Key": "abc"}
    first = portal.ask("POST", "/v1/leads", json=body, headers=headers)
    second = portal.ask("POST", "/v1/leads", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert len(portal.ids("/v1/leads")) == 1
    other = portal.ask("POST", "/v1/leads", json={}, headers=headers)
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_mismatch")


def test_an_external_reference_belongs_to_one_record(portal: Client) -> None:
    body = {"contact": {"last_name": "Byrne"}, "company": {"name": "Byrne"}, "external_ref": "r-1"}
    made = portal.ask("POST", "/v1/leads", json=body).json()["data"]["id"]
    again = portal.ask("POST", "/v1/leads", json=body)
    assert (again.status_code, again.json()["error"]["id"]) == (409, made)
    assert portal.ids("/v1/leads", external_ref="r-1") == [made]


def test_an_upsert_makes_the_record_or_changes_it(portal: Client) -> None:
    body = {"contact": {"last_name": "Byrne"}, "company": {"name": "Byrne"}}
    made = portal.ask("PUT", "/v1/leads/by-ref/r-1", json=body)
    changed = portal.ask("PUT", "/v1/leads/by-ref/r-1", json={"product": "Switch"})
    assert (made.status_code, changed.status_code) == (201, 200)
    assert made.json()["data"]["id"] == changed.json()["data"]["id"]
    assert changed.json()["data"]["company"]["name"] == "Byrne"
    assert portal.ask("PUT", "/v1/leads/by-ref/r-2", json={}).status_code == 422


# -- limits, sight, schema, faults


def test_the_allowance_is_told_and_enforced_until_the_next_day(portal: Client) -> None:
    portal.control("switches", quota_limit=3, enforce_quota=True, retry_after=120)
    told = [portal.ask("GET", "/v1/leads") for _ in range(4)]
    assert [a.headers["x-ratelimit-remaining"] for a in told[:3]] == ["2", "1", "0"]
    assert (told[3].status_code, told[3].headers["retry-after"]) == (429, "120")
    portal.control("clock", advance=86_400)
    assert portal.ask("GET", "/v1/leads").status_code == 200


def test_an_object_out_of_sight_is_forbidden(portal: Client) -> None:
    portal.control("switches", forbidden=["deals"])
    assert portal.ask("GET", "/v1/deals").status_code == 403
    assert portal.ask("GET", "/v1/leads").status_code == 200


def test_the_fields_are_told_and_follow_the_admin(portal: Client) -> None:
    told = {field["name"]: field for field in portal.get("/v1/leads/fields")["fields"]}
    status = told["status"]
    assert (status["type"], status["values"]) == ("enum", ["new", "working", "won", "lost"])
    assert told["contact.last_name"] == {
        "name": "contact.last_name",
        "type": "string",
        "max_length": 80,
        "values": None,
        "required": True,
        "unique": False,
        "read_only": False,
    }
    portal.seed(1)
    portal.control("fields", object="leads", add=[{"name": "region"}], drop=["product"])
    names = {field["name"] for field in portal.get("/v1/leads/fields")["fields"]}
    assert {"region", "product"} & names == {"region"}
    [row] = portal.get("/v1/leads")["data"]
    assert "product" not in row
    assert row["region"] is None


def test_faults_strike_in_the_portals_own_words(portal: Client) -> None:
    rules = [
        {"kind": "throttled", "match": {"object": "leads", "times": 1}, "retry_after": 3},
        {"kind": "failing", "match": {"path": "/v1/deals", "times": 1}},
    ]
    answer = requests.post(f"{portal.url}/__sandbox__/faults", json={"rules": rules}, timeout=10)
    assert answer.status_code == 200
    throttled, failed = portal.ask("GET", "/v1/leads"), portal.ask("GET", "/v1/deals")
    requests.delete(f"{portal.url}/__sandbox__/faults", timeout=10)
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "3")
    assert (failed.status_code, failed.json()["error"]["code"]) == (500, "internal")
    assert [line["fault"] for line in portal.log.lines] == ["throttled 0", "failing 1"]


def test_everything_is_still_there_after_a_restart(tmp_path: Path) -> None:
    store = PartnerStore(tmp_path / "portal.sqlite")
    store.load(demo_records(NOON, leads=3, deals=2))
    store.close()
    again = PartnerStore(tmp_path / "portal.sqlite")
    kept = {obj: [r.id for r in again.select(obj, "1", [])] for obj in ("leads", "deals")}
    lead = again.get("leads", "L-100001")
    again.close()
    assert kept == {
        "leads": ["L-100001", "L-100002", "L-100003"],
        "deals": ["D-100001", "D-100002"],
    }
    assert lead is not None
    assert lead.values["score"] == 2.5
    assert replace(lead, values={}).updated_at == "2026-05-04T09:00:00.000Z"
