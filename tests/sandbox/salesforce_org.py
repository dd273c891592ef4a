"""An org for one test, behind a server that all tests share: starting one would take longest."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import requests
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.requestlog import RequestLog
from sandbox.salesforce import SalesforceStore, Switches, create_app
from sandbox.server import ThreadedServer

START = datetime(2026, 3, 10, 12, 0, 0, tzinfo=UTC)
INTEGRATION_USER = "005bn0000003m89AAA"


class _Stage:
    """Serves whatever app the running test has put on it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@cache
def _stage() -> tuple[_Stage, ThreadedServer, requests.Session]:
    stage = _Stage()
    server = ThreadedServer(stage)
    server.__enter__()
    return stage, server, requests.Session()


class OrgUnderTest:
    """A fresh org at noon of 10 March 2026, with a session to call it by."""

    def __init__(self, switches: Switches | None = None) -> None:
        stage, server, self.http = _stage()
        self.http.cookies.clear()
        self.url = server.url
        self.store = SalesforceStore(None)
        self.clock = Clock(frozen_at=START)
        self.log = RequestLog(None)
        stage.app = create_app(
            self.store,
            system="acme_salesforce",
            base_url=self.url,
            log=self.log,
            clock=self.clock,
            switches=switches or Switches(),
        )
        self.token = self.login()["access_token"]

    # --- signing in -------------------------------------------------------------------------

    def token_request(self, auth: tuple[str, str] | None = None, **form: str) -> requests.Response:
        return self.http.post(f"{self.url}/services/oauth2/token", data=form, auth=auth)

    def login(self) -> dict[str, Any]:
        answer = self.token_request(
            grant_type="client_credentials",
            client_id="demo-client-id",
            client_secret="demo-client-secret",
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    # --- calling ----------------------------------------------------------------------------

    def call(
        self,
        method: str,
        path: str,
        *,
        version: str = "59.0",
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> requests.Response:
        """A call below the version, or to a full path when it starts with a slash."""
        full = path if path.startswith("/") else f"/services/data/v{version}/{path}"
        sent = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.http.request(method, self.url + full, headers=sent, **more)

    def get(self, path: str, **more: Any) -> requests.Response:
        return self.call("GET", path, **more)

    def post(self, path: str, body: object, **more: Any) -> requests.Response:
        return self.call("POST", path, json=body, **more)

    def patch(self, path: str, body: object, **more: Any) -> requests.Response:
        return self.call("PATCH", path, json=body, **more)

    def delete(self, path: str, **more: Any) -> requests.Response:
        return self.call("DELETE", path, **more)

    def query(self, soql: str, resource: str = "query", **more: Any) -> requests.Response:
        return self.get(resource, params={"q": soql}, **more)

    def records(self, soql: str, resource: str = "query", **more: Any) -> list[dict[str, Any]]:
        """All records over all pages, without their attributes."""
        page = self.query(soql, resource, **more)
        found: list[dict[str, Any]] = []
        while True:
            assert page.status_code == 200, page.text
            body = page.json()
            found += [_plain(record) for record in body["records"]]
            if body["done"]:
                return found
            page = self.get(body["nextRecordsUrl"], **more)

    def create(self, sobject: str, **fields: object) -> str:
        answer = self.post(f"sobjects/{sobject}", fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def row(self, sobject: str, record: str) -> dict[str, Any]:
        answer = self.get(f"sobjects/{sobject}/{record}")
        assert answer.status_code == 200, answer.text
        return _plain(answer.json())

    # --- behind the scenes ------------------------------------------------------------------

    def control(self, name: str, body: object = None) -> dict[str, Any]:
        answer = self.http.post(f"{self.url}/__sandbox__/{name}", json=body or {})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def switch(self, **switches: object) -> None:
        self.control("switches", switches)

    def wait(self, seconds: float) -> None:
        self.control("clock", {"advance_seconds": seconds})


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != "attributes"}


def error_code(answer: requests.Response) -> tuple[int, str]:
    """Status and code of a row error body, which is an array of one."""
    (error,) = answer.json()
    return answer.status_code, error["errorCode"]
