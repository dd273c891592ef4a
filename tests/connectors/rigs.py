"""Sandbox systems for connector tests: a server, a steerable clock, and trouble on the way."""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

import requests
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.config import ObjectMapping, Settings, stock_mapping
from hub.connectors.contract import Batch, Change, Connector, ObjectSpec
from hub.connectors.http import Patience
from hub.connectors.hubspot import HubSpotConnector
from hub.connectors.hubspot.config import BearerToken, HubSpotSystem
from hub.connectors.salesforce import SalesforceConnector
from hub.connectors.salesforce.config import ClientCredentials, SalesforceSystem
from hub.errors import HubError
from sandbox import hubspot, salesforce
from sandbox.clock import Clock
from sandbox.requestlog import RequestLog

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECRET = "demo-client-secret"
TOKEN = "pat-na1-demo-0000"


@dataclass
class FakeTime:
    """Time that passes only by sleeping, also for the server when it is given its clock."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    clock: Clock | None = None

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if self.clock is not None:
            self.clock.advance(timedelta(seconds=seconds))

    def monotonic(self) -> float:
        return self.now

    def patience(self, attempts: int = 5) -> Patience:
        return Patience(attempts, self.sleep, self.monotonic)


@dataclass
class Incident:
    """What happens to requests of `path` from the `after`-th matching one on, `times` times.

    `path` is searched for as a regular expression. `status` 0 breaks the connection. With
    `committed` the request has its effect all the same. `when` narrows it to requests with such a
    body.
    """

    path: str
    status: int = 0
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    times: int = 1
    after: int = 0
    committed: bool = False
    hang: float = 0.0
    when: Callable[[bytes], bool] = lambda _body: True


@dataclass
class Meanwhile:
    """What somebody does just before the request of `path` after `after` matching ones."""

    path: str
    after: int
    act: Callable[[], object]


@dataclass
class Seen:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Trouble:
    """Stands before an app: remembers requests, and makes chosen ones go wrong."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app, self._clock = app, clock
        self.incidents: list[Incident] = []
        self.meanwhile: list[Meanwhile] = []
        self.seen: list[Seen] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        path = scope["path"]
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        self.seen.append(Seen(scope["method"], path, headers, body))
        for event in self._events(path):
            await asyncio.to_thread(event.act)
        incident = self._due(path, body)
        again = _repeat(body)
        if incident is None:
            await self._app(scope, again, send)
            return
        if incident.committed:
            await self._app(scope, again, _nowhere)
        await asyncio.sleep(incident.hang)
        date = ("date", format_datetime(self._clock.now(), usegmt=True))
        told = [
            (name.encode(), value.encode())
            for name, value in dict((date, *incident.headers)).items()
        ]
        length = len(incident.body) if incident.status else 10
        told.append((b"content-length", str(length).encode()))
        status = incident.status or 200
        await send({"type": "http.response.start", "status": status, "headers": told})
        if incident.status:
            await send({"type": "http.response.body", "body": incident.body})

    def _events(self, path: str) -> list[Meanwhile]:
        waiting = [event for event in self.meanwhile if event.path in path]
        due = [event for event in waiting if event.after == 0]
        for event in waiting:
            event.after -= 1
        self.meanwhile = [event for event in self.meanwhile if event not in due]
        return due

    def _due(self, path: str, body: bytes) -> Incident | None:
        for incident in self.incidents:
            found = re.search(incident.path, path)
            if found is None or incident.times <= 0 or not incident.when(body):
                continue
            if incident.after > 0:
                incident.after -= 1
                continue
            incident.times -= 1
            return incident
        return None


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _repeat(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _nowhere(message: Message) -> None:
    return None


@dataclass
class Rig:
    """One sandbox system, and a connector to it that never really sleeps."""

    system: str
    obj: str
    fields: tuple[str, ...]
    url: str
    clock: Clock
    log: RequestLog
    trouble: Trouble
    time: FakeTime = field(default_factory=FakeTime)
    store: Any = None

    @property
    def spec(self) -> ObjectSpec:
        return ObjectSpec(self.obj, self.fields)

    def settings(self, kind: str) -> Settings:
        mapping = {
            name: ObjectMapping.model_validate(raw) for name, raw in stock_mapping(kind).items()
        }
        return Settings(systems={}, mappings={self.system: mapping})

    def wait(self, **duration: float) -> None:
        self.clock.advance(timedelta(**duration))

    def control(self, route: str, **body: object) -> Any:
        answer = requests.post(f"{self.url}/__sandbox__/{route}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None


class SalesforceRig(Rig):
    secrets = (SECRET,)
    writes = "composite/sobjects"
    reads_after = "/query"
    pages = "/query"

    def connector(self, *, attempts: int = 5, secret: str = SECRET, **config: Any) -> Connector:
        auth = ClientCredentials(client_id="demo-client-id", client_secret=SecretStr(secret))
        system = SalesforceSystem(
            kind="salesforce", role="vendor", instance_url=self.url, auth=auth, **config
        )
        return SalesforceConnector(
            self.system, system, self.settings("salesforce"), patience=self.time.patience(attempts)
        )

    def badly_signed_in(self) -> Connector:
        return self.connector(secret="wrong-secret")

    def id(self, n: int) -> str:
        return salesforce.record_id("001", n)

    def seed(self, count: int, *, one_stamp: bool = False) -> list[str]:
        """Accounts 1…count, changed a day ago, a second apart or all at once."""
        day = self.clock.now() - timedelta(days=1)
        stamps = [day + timedelta(seconds=0 if one_stamp else n) for n in range(1, count + 1)]
        rows = [
            {"Id": self.id(n), "Name": f"Account {n}", "SystemModstamp": _iso(stamp)}
            for n, stamp in enumerate(stamps, start=1)
        ]
        self.store.load({"Account": rows})
        return [self.id(n) for n in range(1, count + 1)]

    def shrink_pages(self, rows: int) -> None:
        self.control("switches", page_shrink_to=rows)

    def touch(self, n: int, name: str) -> None:
        self.call("PATCH", f"sobjects/Account/{self.id(n)}", {"Name": name})

    def delete(self, n: int) -> None:
        self.call("DELETE", f"sobjects/Account/{self.id(n)}")

    def update(self, change_id: str, n: int, name: str | None = "New name") -> Change:
        return Change(change_id, "Account", "update", {"Name": name}, self.id(n))

    def create(self, change_id: str, key: str) -> Change:
        fields = {"LastName": "Lovelace", "Company": "Analytical Engines"}
        return Change(change_id, "Lead", "create", fields, key=("Hub_Lead_Key__c", key))

    def invalid(self, change_id: str, n: int) -> Change:
        fields = {"Partner_Tier__c": "Unobtainium"}
        return Change(change_id, "Account", "update", fields, self.id(n))

    def created(self, key: str) -> list[str]:
        found = self.query(f"SELECT Id FROM Lead WHERE Hub_Lead_Key__c = '{key}'")
        return [record["Id"] for record in found]

    def name_of(self, n: int) -> str:
        found = self.query(f"SELECT Name FROM Account WHERE Id = '{self.id(n)}'")
        return str(found[0]["Name"])

    def query(self, soql: str) -> list[dict[str, Any]]:
        answer = self.call("GET", "query", params={"q": soql})
        records: list[dict[str, Any]] = answer["records"]
        return records

    def call(self, method: str, path: str, body: Any = None, params: Any = None) -> Any:
        form = {
            "grant_type": "client_credentials",
            "client_id": "demo-client-id",
            "client_secret": SECRET,
        }
        login = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=10).json()
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        url = f"{self.url}/services/data/v62.0/{path}"
        answer = requests.request(
            method, url, json=body, params=params, headers=headers, timeout=10
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None


class HubSpotRig(Rig):
    secrets = (TOKEN,)
    writes = "/batch/u"
    reads_after = "/batch/read"
    pages = "/objects/companies"
    paths = "v3"

    def connector(self, *, attempts: int = 5, token: str = TOKEN, **config: Any) -> Connector:
        config.setdefault("search_lag_seconds", 0)
        config.setdefault("paths", self.paths)
        config.setdefault("auth", BearerToken(access_token=SecretStr(token)))
        system = HubSpotSystem(kind="hubspot", role="vendor", base_url=self.url, **config)
        return HubSpotConnector(
            self.system, system, self.settings("hubspot"), patience=self.time.patience(attempts)
        )

    def badly_signed_in(self) -> Connector:
        return self.connector(token="pat-na1-wrong-0000")

    def id(self, n: int) -> str:
        return str(1000 + n)

    def seed(self, count: int, *, one_stamp: bool = False) -> list[str]:
        day = self.clock.now() - timedelta(days=1)
        records = []
        for n in range(1, count + 1):
            stamp = _iso(day + timedelta(seconds=0 if one_stamp else n))
            properties = {"name": f"Account {n}", "domain": f"account{n}.example"}
            records.append(
                {"id": self.id(n), "properties": properties, "createdAt": stamp, "updatedAt": stamp}
            )
        self.store.load(objects={"companies": records})
        return [self.id(n) for n in range(1, count + 1)]

    def shrink_pages(self, rows: int) -> None:
        self.control("switches", max_page=rows)

    def touch(self, n: int, name: str) -> None:
        self.call("PATCH", f"objects/companies/{self.id(n)}", {"properties": {"name": name}})

    def delete(self, n: int) -> None:
        self.call("DELETE", f"objects/companies/{self.id(n)}")

    def update(self, change_id: str, n: int, name: str | None = "New name") -> Change:
        return Change(change_id, "companies", "update", {"name": name}, self.id(n))

    def create(self, change_id: str, key: str) -> Change:
        fields = {"firstname": "Ada", "lastname": "Lovelace"}
        return Change(change_id, "contacts", "create", fields, key=("hub_contact_key", key))

    def invalid(self, change_id: str, n: int) -> Change:
        return Change(change_id, "companies", "update", {"partner_tier": "Tin"}, self.id(n))

    def created(self, key: str) -> list[str]:
        filters = [{"propertyName": "hub_contact_key", "operator": "EQ", "value": key}]
        body = {"filterGroups": [{"filters": filters}]}
        return [row["id"] for row in self.call("POST", "objects/contacts/search", body)["results"]]

    def name_of(self, n: int) -> str:
        answer = self.call("GET", f"objects/companies/{self.id(n)}?properties=name")
        return str(answer["properties"]["name"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{self.url}/crm/v3/{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None


class DatedHubSpotRig(HubSpotRig):
    """The same portal, called by the dated generation of its paths."""

    pages = "/objects/2026-09/companies"
    paths = "2026-09"


class Stage:
    """A server that outlives its apps: starting one costs more than a test."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is not None:
            await self.app(scope, receive, send)


@contextmanager
def salesforce_rig(stage: Stage, url: str) -> Iterator[SalesforceRig]:
    clock, log = Clock(frozen_at=START), RequestLog(None)
    store = salesforce.SalesforceStore(None)
    app = salesforce.create_app(
        store,
        system="acme_salesforce",
        base_url="",
        log=log,
        clock=clock,
        switches=salesforce.Switches(),
    )
    stage.app = trouble = Trouble(app, clock)
    fields = ("Name", "Website")
    yield SalesforceRig("acme_salesforce", "Account", fields, url, clock, log, trouble, store=store)
    store.close()


@contextmanager
def hubspot_rig(
    stage: Stage, url: str, kind: type[HubSpotRig] = HubSpotRig
) -> Iterator[HubSpotRig]:
    clock, log = Clock(frozen_at=START), RequestLog(None)
    store = hubspot.HubSpotStore(None)
    app = hubspot.create_app(
        store, system="acme_hubspot", log=log, clock=clock, switches=hubspot.Switches()
    )
    stage.app = trouble = Trouble(app, clock)
    fields = ("name", "domain")
    time = FakeTime(clock=clock)
    yield kind(
        "acme_hubspot", "companies", fields, url, clock, log, trouble, time=time, store=store
    )
    store.close()


RIGS: dict[str, Callable[[Stage, str], Any]] = {
    "salesforce": salesforce_rig,
    "hubspot": hubspot_rig,
    "hubspot-dated": partial(hubspot_rig, kind=DatedHubSpotRig),
}


def until_broken(batches: Iterable[Batch]) -> tuple[list[Batch], HubError | None]:
    """What a pull yields before it fails, and how it failed."""
    read: list[Batch] = []
    try:
        for batch in batches:
            read.append(batch)
    except HubError as err:
        return read, err
    return read, None


def ids(batches: Iterable[Batch]) -> list[str]:
    return [record_id for batch in batches for record_id in batch.rows["record_id"]]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
