"""The fault engine before a small app: what strikes, what the client meets, what remains."""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.clock import Clock
from sandbox.faults import (
    Answer,
    FaultFile,
    Faults,
    FaultyApp,
    Hit,
    Kind,
    Knowledge,
    Parameters,
    Request,
)
from sandbox.requestlog import LoggedApp, RequestLog
from sandbox.server import ThreadedServer

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
ROWS = [{"id": number} for number in range(100)]


class Shout(Parameters, frozen=True):
    """A kind of the test's own: answers the first `times` attempts per parent with a word."""

    word: str
    attempts: int = 1


def shout(given: Shout, hit: Hit) -> Answer | None:
    parent = json.loads(hit.request.body or b"{}").get("parent", "none")
    hit.memory[parent] += 1
    if hit.memory[parent] > given.attempts:
        hit.state["calm"] = parent
        return None
    return Answer(418, given.word.encode(), "text/plain", {"X-Times": str(hit.number)})


def objects_of(request: Request) -> Collection[str]:
    return {request.path.strip("/")}


KNOWLEDGE = Knowledge({"shout": Kind(Shout, shout)}, ("rows", "files"), objects_of)


class Desk:
    """A service of two routes behind the engine, with an eye on its effects."""

    def __init__(self) -> None:
        self.stored: list[str] = []
        self.clock, self.log = Clock(), RequestLog(None)
        self.faults = Faults("desk", KNOWLEDGE)
        routes = [
            Route("/rows", self._page, methods=["GET"]),
            Route("/rows", self._store, methods=["POST"]),
            Route("/files", self._page, methods=["GET"]),
            Route("/__sandbox__/ping", self._page, methods=["GET"]),
        ]
        app = FaultyApp(Starlette(routes=routes), self.faults, self.clock)
        self.app = LoggedApp(app, "desk", self.log, self.clock)
        self.session = requests.Session()
        self.url = ""

    async def _page(self, request: WebRequest) -> Response:
        request.state.rows = len(ROWS)
        told = {"rows": ROWS, "calm": getattr(request.state, "calm", None)}
        return JSONResponse(told, headers={"date": self.clock.now().isoformat()})

    async def _store(self, request: WebRequest) -> Response:
        self.stored.append((await request.body()).decode())
        request.state.rows = 1
        return JSONResponse({"at": self.clock.now().isoformat()}, 201)

    def rule(self, kind: str, /, **parameters: Any) -> None:
        """Put one rule into force, over HTTP."""
        self.rules({"kind": kind, **parameters})

    def rules(self, *rules: dict[str, Any], seed: int = 7) -> None:
        told = self.session.post(
            f"{self.url}/__sandbox__/faults", json={"rules": list(rules), "seed": seed}, timeout=5
        )
        assert told.status_code == 200, told.text

    def get(self, path: str = "/rows", timeout: float = 5) -> requests.Response:
        return self.session.get(self.url + path, timeout=timeout)

    def post(self, body: Any = None, timeout: float = 5) -> requests.Response:
        return self.session.post(f"{self.url}/rows", json=body, timeout=timeout)

    def statuses(self, count: int) -> list[int]:
        return [self.get().status_code for _ in range(count)]


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    desk = Desk()
    with ThreadedServer(desk.app) as server:
        desk.url = server.url
        yield desk


@pytest.fixture
def desk(running: Desk) -> Desk:
    running.faults.clear()
    running.clock.freeze(NOON)
    running.stored.clear()
    running.log.lines.clear()
    return running


# When a fault strikes


def test_without_rules_nothing_is_touched(desk: Desk) -> None:
    assert desk.get().json()["rows"] == ROWS
    assert "fault" not in desk.log.lines[-1]


@pytest.mark.parametrize(
    ("match", "statuses"),
    [
        ({}, [503, 503, 503, 503, 503, 503]),
        ({"first": 2}, [503, 503, 200, 200, 200, 200]),
        ({"every": 3}, [200, 200, 503, 200, 200, 503]),
        ({"after": 4}, [200, 200, 200, 200, 503, 503]),
        ({"after": 1, "every": 2}, [200, 200, 503, 200, 503, 200]),
        ({"after": 1, "first": 1}, [200, 503, 200, 200, 200, 200]),
        ({"every": 2, "times": 1}, [200, 503, 200, 200, 200, 200]),
        ({"method": "POST"}, [200, 200, 200, 200, 200, 200]),
        ({"path": "^/fil"}, [200, 200, 200, 200, 200, 200]),
        ({"path": "ro.s$", "method": "get", "first": 1}, [503, 200, 200, 200, 200, 200]),
        ({"object": "files"}, [200, 200, 200, 200, 200, 200]),
        ({"object": "rows", "every": 6}, [200, 200, 200, 200, 200, 503]),
        ({"probability": 0.0}, [200, 200, 200, 200, 200, 200]),
    ],
    ids=str,
)
def test_a_rule_strikes_the_requests_it_names(
    desk: Desk, match: dict[str, Any], statuses: list[int]
) -> None:
    desk.rule("status", status=503, match=match)
    assert desk.statuses(6) == statuses


def test_probability_follows_from_the_seed(desk: Desk) -> None:
    rule = {"kind": "status", "status": 503, "match": {"probability": 0.3}}
    desk.rules(rule, seed=1)
    once = desk.statuses(40)
    assert 4 <= once.count(503) <= 20
    desk.rules(rule, seed=1)
    assert desk.statuses(40) == once
    desk.rules(rule, seed=2)
    assert desk.statuses(40) != once


def test_rules_draw_from_sources_of_their_own(desk: Desk) -> None:
    """A rule before it, and what that rule strikes, leaves a rule's draws as they are."""
    drawn = {"kind": "status", "status": 503, "match": {"probability": 0.5}}
    desk.rules({"kind": "slow", "seconds": 0, "match": {"probability": 0.0}}, drawn)
    once = desk.statuses(20)
    desk.rules({"kind": "slow", "seconds": 0, "match": {"probability": 0.5}}, drawn)
    assert desk.statuses(20) == once


def test_each_rule_counts_what_it_matches(desk: Desk) -> None:
    desk.rules(
        {"name": "busy", "kind": "status", "status": 503, "match": {"every": 2}},
        {"name": "files", "kind": "status", "status": 404, "match": {"object": "files"}},
        {"kind": "slow", "seconds": 0, "match": {"every": 4}},
    )
    assert desk.statuses(4) == [200, 503, 200, 503]
    counted = desk.session.get(f"{desk.url}/__sandbox__/faults", timeout=5).json()
    assert counted == {
        "rules": [
            {"name": "busy", "kind": "status", "seen": 4, "struck": 2},
            {"name": "files", "kind": "status", "seen": 0, "struck": 0},
            {"name": "slow 2", "kind": "slow", "seen": 4, "struck": 1},
        ]
    }


def test_cleared_rules_strike_nobody(desk: Desk) -> None:
    desk.rule("status", status=503)
    assert desk.statuses(1) == [503]
    cleared = desk.session.delete(f"{desk.url}/__sandbox__/faults", timeout=5)
    assert cleared.json() == {"rules": []}
    assert desk.statuses(1) == [200]


def test_control_routes_are_never_struck(desk: Desk) -> None:
    desk.rule("status", status=503)
    assert desk.get("/__sandbox__/ping").status_code == 200
    assert desk.faults.counts()[0]["seen"] == 0


def test_restart_brings_the_rules_of_the_start_back() -> None:
    rules = [{"kind": "status", "status": 503, "match": {"first": 1}}]
    faults = Faults("desk", KNOWLEDGE, FaultFile(systems={"desk": rules, "other": []}))
    request = Request("GET", "/rows", "", {}, b"")
    assert [len(faults.striking(request)) for _ in range(3)] == [1, 0, 0]
    faults.clear()
    faults.restart()
    assert len(faults.striking(request)) == 1


# What the client meets


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ({"message": "no"}, "application/json;charset=utf-8", '{"message":"no"}'),
        ([{"errorCode": "X"}], "application/json;charset=utf-8", '[{"errorCode":"X"}]'),
        ("<html>Bad gateway</html>", "text/html;charset=utf-8", "<html>Bad gateway</html>"),
        ("busy", "text/plain;charset=utf-8", "busy"),
        (None, None, ""),
    ],
    ids=["object", "array", "html", "text", "none"],
)
def test_a_status_comes_with_any_body(desk: Desk, body: Any, kind: str | None, text: str) -> None:
    desk.rule("status", status=502, body=body)
    response = desk.get()
    assert (response.status_code, response.text) == (502, text)
    assert response.headers.get("content-type") == kind
    assert response.headers["date"] == "Tue, 10 Mar 2026 12:00:00 GMT"


def test_a_status_comes_with_headers_and_retry_after(desk: Desk) -> None:
    desk.rule("status", status=429, retry_after=7, headers={"X-Policy": "DAILY"})
    headers = desk.get().headers
    assert (headers["Retry-After"], headers["X-Policy"]) == ("7", "DAILY")
    desk.rule("status", status=429)
    assert "Retry-After" not in desk.get().headers


def test_a_struck_request_does_not_reach_the_app(desk: Desk) -> None:
    desk.rule("status", status=503)
    assert desk.post({"a": 1}).status_code == 503
    assert desk.stored == []


@pytest.mark.parametrize(("commit", "stored"), [(False, []), (True, ['{"a": 1}'])])
def test_a_reset_comes_before_or_after_the_effect(
    desk: Desk, commit: bool, stored: list[str]
) -> None:
    desk.rule("reset", commit=commit, match={"first": 1})
    with pytest.raises(requests.ConnectionError) as caught:
        desk.post({"a": 1})
    assert "reset by peer" in str(caught.value)
    assert desk.stored == stored
    assert desk.post({"b": 2}).status_code == 201


@pytest.mark.parametrize(("commit", "stored"), [(False, []), (True, ['{"a": 1}'])])
def test_a_hang_outlasts_a_patient_client(desk: Desk, commit: bool, stored: list[str]) -> None:
    desk.rule("hang", seconds=30, commit=commit)
    with pytest.raises(requests.ReadTimeout):
        desk.post({"a": 1}, timeout=0.1)
    assert desk.stored == stored


def test_a_hang_ends_in_a_reset(desk: Desk) -> None:
    desk.rule("hang", seconds=0.05)
    with pytest.raises(requests.ConnectionError) as caught:
        desk.get()
    assert "reset by peer" in str(caught.value)


@pytest.mark.parametrize(("keep", "length"), [(0.5, 506), (0.25, 253), (0.0, 0)])
def test_a_body_ends_in_the_middle(desk: Desk, keep: float, length: int) -> None:
    assert len(desk.get().content) == 1012
    desk.rule("truncate", keep=keep)
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
        desk.get()
    assert f"{length} bytes read, {1012 - length} more expected" in str(caught.value)


@pytest.mark.parametrize("trickle", [False, True])
def test_a_slow_answer_is_the_right_one(desk: Desk, trickle: bool) -> None:
    desk.rule("slow", seconds=0.12, trickle=trickle)
    response = desk.get()
    assert response.json()["rows"] == ROWS
    assert response.elapsed.total_seconds() < 0.1 if trickle else response.elapsed.seconds < 5


def test_a_slow_answer_is_too_late_for_an_impatient_client(desk: Desk) -> None:
    desk.rule("slow", seconds=30)
    with pytest.raises(requests.ReadTimeout):
        desk.post({"a": 1}, timeout=0.1)
    assert desk.stored == ['{"a": 1}']


def test_success_can_come_under_another_status(desk: Desk) -> None:
    desk.rule("other_status", status=200)
    assert desk.post({"a": 1}).status_code == 200
    assert desk.get("/nowhere").status_code == 404


def test_a_skewed_request_reads_another_clock(desk: Desk) -> None:
    desk.rule("clock_skew", seconds=-90, match={"every": 2})
    stamps = [desk.post().json()["at"] for _ in range(3)]
    assert stamps == [
        "2026-03-10T12:00:00+00:00",
        "2026-03-10T11:58:30+00:00",
        "2026-03-10T12:00:00+00:00",
    ]


def test_a_system_declares_kinds_of_its_own(desk: Desk) -> None:
    """Here: the first two attempts for each parent fail, as rows locked by another writer do."""
    desk.rule("shout", word="locked", attempts=2, match={"method": "POST"})
    parents = ["A", "B", "A", "A", "B"]
    responses = [desk.post({"parent": parent}) for parent in parents]
    assert [r.status_code for r in responses] == [418, 418, 418, 201, 418]
    assert responses[2].text == "locked"
    assert responses[2].headers["X-Times"] == "3"
    assert desk.stored == ['{"parent": "A"}']


def test_a_handler_can_leave_word_for_the_app(desk: Desk) -> None:
    desk.rule("shout", word="x", attempts=0)
    assert desk.get().json()["calm"] == "none"


def test_faults_stand_around_each_other_in_the_order_of_the_rules(desk: Desk) -> None:
    desk.rules(
        {"kind": "other_status", "status": 202},
        {"kind": "clock_skew", "seconds": 60},
        {"kind": "status", "status": 200, "body": "told", "match": {"method": "GET"}},
    )
    response = desk.get()
    assert (response.status_code, response.text) == (202, "told")
    assert response.headers["date"] == "Tue, 10 Mar 2026 12:01:00 GMT"
    assert desk.post().json()["at"] == "2026-03-10T12:01:00+00:00"


@pytest.mark.parametrize("outer", [{"kind": "truncate"}, {"kind": "slow", "seconds": 0}])
def test_an_answer_that_another_fault_has_taken_is_not_missed(
    desk: Desk, outer: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    desk.rules(outer, {"kind": "reset"})
    with pytest.raises(requests.ConnectionError):
        desk.get()
    desk.faults.clear()
    assert desk.get().status_code == 200
    assert "Exception in ASGI application" not in caplog.text


def test_the_request_log_shows_what_the_client_saw(desk: Desk) -> None:
    desk.rules(
        {"name": "gone", "kind": "reset", "commit": True, "match": {"first": 1}},
        {"name": "busy", "kind": "status", "status": 503, "match": {"after": 1, "first": 1}},
    )
    with pytest.raises(requests.ConnectionError):
        desk.post()
    desk.post()
    desk.post()
    seen = [(line["status"], line["rows"], line.get("fault")) for line in desk.log.lines]
    assert seen == [(0, 1, "gone"), (503, 0, "busy"), (201, 1, None)]


def test_bad_rules_over_http_change_nothing(desk: Desk) -> None:
    desk.rule("status", status=503)
    url = f"{desk.url}/__sandbox__/faults"
    for body, told in [
        (b"{", "POST /__sandbox__/faults: is no JSON object"),
        (b'{"rules": 3}', "POST /__sandbox__/faults: rules: is no list"),
        (b'{"rules": [], "extra": 1}', "POST /__sandbox__/faults: rules: is no list"),
        (b'{"rules": [], "seed": "x"}', "POST /__sandbox__/faults: seed: is not a whole number"),
        (b'{"rules": [{"kind": "nope"}]}', "POST /__sandbox__/faults: desk[0]: kind: 'nope' is"),
    ]:
        response = desk.session.post(url, data=body, timeout=5)
        assert response.status_code == 400
        assert response.json()["error"].startswith(told)
    assert desk.statuses(1) == [503]
