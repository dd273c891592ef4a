"""A real sandbox CRM, alone, with a hub on it: what a complaint needs to happen again.

`Crm` speaks of companies, people and work in words that both CRMs share, so that a scenario is
written once. `work` are records that the hub writes to: leads of a partner's territory in
Salesforce, deals registered by a partner in HubSpot.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import requests
import yaml
from sqlalchemy import Table, select
from starlette.types import ASGIApp, Receive, Scope, Send

from hub.commands.warehouse import Workplace, open_workplace
from hub.config import Settings, connector_kinds
from hub.connectors.contract import Connector
from hub.connectors.http import Patience
from hub.models.database import reading
from hub.models.sources import SOURCES
from hub.sync import flow
from hub.sync.batch import LandReport
from hub.sync.pipeline import sync
from hub.sync.report import SyncReport
from sandbox import hubspot, salesforce
from sandbox.clock import Clock
from sandbox.hubspot.store import known_type
from sandbox.requestlog import RequestLog
from sandbox.salesforce.schema import Field as SalesforceField

START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
_READS_BY_POST = ("/search", "/batch/read", "/oauth2/token")
_SECRET, _TOKEN = "demo-client-secret", "pat-na1-demo-0000"

Row = Mapping[str, Any]


class Stage:
    """A server that outlives its apps: starting one costs more than a test."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.app is not None:
            await self.app(scope, receive, send)


@dataclass
class HubTime:
    """Time that passes only by waiting for it."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def impatient() -> Iterator[HubTime]:
    """Inside, no connector waits by the clock on the wall."""
    time = HubTime()

    def connect(settings: Settings, system: str) -> Connector:
        config = settings.systems[system]
        kind = connector_kinds()[config.kind].load()
        if config.kind == "feed":
            made: Connector = kind(system, config, settings)
            return made
        patience = Patience(sleep=time.sleep, monotonic=lambda: time.now)
        patient: Connector = kind(system, config, settings, patience=patience)
        return patient

    with mock.patch.object(flow, "connect", connect):
        yield time


class Hub:
    """A folder with a hub.yaml and an empty warehouse; `now` is the time its runs begin at."""

    def __init__(self, folder: Path, systems: str, clock: Clock | None = None) -> None:
        self.folder, self._clock = folder, clock or Clock(frozen_at=START)
        (folder / "policy.yaml").write_text('version: "1"\n')
        text = f"warehouse: sqlite:///hub.db\narchive: ./archive\nsystems:\n{systems}"
        (folder / "hub.yaml").write_text(text + "policy: policy.yaml\n")
        self.place: Workplace = open_workplace(folder / "hub.yaml")

    def sync(self, **options: Any) -> SyncReport:
        now = self._clock.now()
        return sync(self.place.engine, self.place.settings, clock=lambda: now, **options)

    def land(self, system: str, obj: str) -> LandReport:
        """Pull one object and land it; what follows from it is left to the next sync."""
        now = self._clock.now()
        place = self.place
        with flow.opened(place.engine, place.settings, "sync", clock=lambda: now) as one:
            return one.land(system, obj)

    @contextmanager
    def connector(self, system: str) -> Iterator[Connector]:
        """The connector itself, for what no run would ask of it."""
        with flow.connected(self.place.settings, [system]) as connectors:
            yield connectors[system]

    def remap(self, system: str, obj: str, mapping: Mapping[str, Any]) -> None:
        """The same hub under a hub.yaml in which an object is mapped like this."""
        file = self.folder / "hub.yaml"
        told = yaml.safe_load(file.read_text())
        told.setdefault("mappings", {}).setdefault(system, {})[obj] = mapping
        file.write_text(yaml.safe_dump(told))
        self.place.engine.dispose()
        self.place = open_workplace(file)

    def table(self, table: Table, **where: Any) -> list[Row]:
        query = select(table).where(*(table.c[name] == value for name, value in where.items()))
        with reading(self.place.engine) as conn:
            return [dict(row) for row in conn.execute(query).mappings()]

    def source(self, name: str, **where: Any) -> dict[str, Row]:
        """Rows of a source table by record id."""
        return {row["record_id"]: row for row in self.table(SOURCES[name], **where)}

    def living(self, name: str) -> set[str]:
        return set(self.source(name, is_deleted=False))


class Crm(Hub):
    """A hub on one CRM, and the hand of everybody else who works in it."""

    kind: str
    system: str
    work: str
    """The object that the hub writes to."""
    work_source: str
    companies: str
    people: str

    def __init__(self, folder: Path, url: str, stage: Stage) -> None:
        self.clock, self.log = Clock(frozen_at=START), RequestLog(None)
        self.url = url
        stage.app = self.serve()
        super().__init__(folder, self.configured(), self.clock)

    def serve(self) -> ASGIApp:
        raise NotImplementedError

    def configured(self) -> str:
        raise NotImplementedError

    def close(self) -> None:
        self.place.engine.dispose()

    def wait(self, **duration: float) -> None:
        self.clock.advance(timedelta(**duration))

    def control(self, route: str, **body: Any) -> Any:
        answer = requests.post(f"{self.url}/__sandbox__/{route}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def faults(self, *rules: Mapping[str, Any]) -> None:
        """These go wrong from here on; none when there are none."""
        self.control("faults", rules=list(rules), seed=7)

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        return self.log.lines[since:]

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        """Requests that could change something."""
        return [
            line
            for line in self.log.lines[since:]
            if line["method"] != "GET"
            and not line["path"].partition("?")[0].endswith(_READS_BY_POST)
        ]

    def stamp(self, **ago: float) -> str:
        return (self.clock.now() - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


class SalesforceCrm(Crm):
    kind, system = "salesforce", "acme_salesforce"
    companies, people, work, work_source = "Account", "Contact", "Lead", "lead"
    writes_path = "composite/sobjects|jobs/ingest"

    def serve(self) -> ASGIApp:
        self.store = salesforce.SalesforceStore(None)
        return salesforce.create_app(
            self.store,
            system=self.system,
            base_url="",
            log=self.log,
            clock=self.clock,
            switches=salesforce.Switches(),
        )

    def configured(self) -> str:
        return (
            f"  {self.system}:\n    kind: salesforce\n    role: vendor\n"
            f"    instance_url: {self.url}\n"
            "    auth: {flow: client_credentials, client_id: demo-client-id, "
            f"client_secret: {_SECRET}}}\n"
        )

    def close(self) -> None:
        super().close()
        self.store.close()

    def id(self, n: int, prefix: str = "001") -> str:
        return salesforce.record_id(prefix, n)

    def add_companies(
        self, count: int, *, modified: str | None = None, first: int = 1
    ) -> list[str]:
        stamp = modified or self.stamp(days=1)
        rows = [
            {"Id": self.id(n), "Name": f"Account {n}", "CreatedDate": stamp,
             "LastModifiedDate": stamp, "SystemModstamp": stamp}
            for n in range(first, first + count)
        ]  # fmt: skip
        self.store.load({"Account": rows})
        return [str(row["Id"]) for row in rows]

    def add_people(self, count: int, company: str) -> list[str]:
        stamp = self.stamp(days=1)
        rows = [
            {"Id": self.id(n, "003"), "LastName": f"Person{n}", "AccountId": company,
             "Email": f"person{n}@mail{n}.example", "SystemModstamp": stamp}
            for n in range(1, count + 1)
        ]  # fmt: skip
        self.store.load({"Contact": rows})
        return [str(row["Id"]) for row in rows]

    def add_work(self, count: int) -> list[str]:
        """Leads in the territory of the one active partner; each is to be told who has it."""
        stamp = self.stamp(days=1)
        partner = {
            "Id": self.id(900), "Name": "Bravo Systems GmbH", "Type": "Partner",
            "Partner_Tier__c": "Gold", "Partner_Status__c": "Active",
            "Partner_Territories__c": "DE", "SystemModstamp": stamp,
        }  # fmt: skip
        leads = [
            {
                "Id": self.id(n, "00Q"),
                "LastName": f"Seeker{n}",
                "Company": _name(n),
                "Country": "Germany",
                "Status": "Open - Not Contacted",
                "SystemModstamp": stamp,
            }
            for n in range(1, count + 1)
        ]
        self.store.load({"Account": [partner], "Lead": leads})
        return [str(row["Id"]) for row in leads]

    def written(self, record: str) -> str | None:
        """What the hub has written into a record of work."""
        return self.value("Lead", record, "Hub_Partner_Name__c")

    def value(self, obj: str, record: str, name: str) -> Any:
        row = self.store.db.execute(
            f'SELECT "{name}" FROM "{obj}" WHERE "Id" = ?', (record,)
        ).fetchone()
        return None if row is None else row[0]

    def rename(self, record: str, name: str) -> None:
        self.call("PATCH", f"sobjects/Account/{record}", {"Name": name})

    def delete(self, obj: str, record: str) -> None:
        self.call("DELETE", f"sobjects/{obj}/{record}")

    def wipe(self, obj: str, record: str) -> None:
        """Out of the recycle bin too: nothing but its absence tells."""
        self.delete(obj, record)
        self.store.db.execute(f'DELETE FROM "{obj}" WHERE "Id" = ?', (record,))

    def merge(self, obj: str, master: str, loser: str) -> str:
        self.control("merge", object=obj, master=master, losers=[loser])
        return master

    def add_field(self, name: str) -> None:
        """An admin makes a new field on accounts."""
        field = SalesforceField(name=f"{name}__c", type="string", label=name, length=80)
        self.store.put_field("Account", field)

    def spend_quota(self, after: int) -> None:
        """After so many calls of ours none is left for a day."""
        self.control("switches", daily_api_requests=after)

    def renew_quota(self) -> None:
        self.control("switches", daily_api_requests=15_000)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        form = {
            "grant_type": "client_credentials",
            "client_id": "demo-client-id",
            "client_secret": _SECRET,
        }
        login = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=10).json()
        headers = {"Authorization": f"Bearer {login['access_token']}"}
        url = f"{self.url}/services/data/v62.0/{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None


class HubSpotCrm(Crm):
    kind, system = "hubspot", "acme_hubspot"
    companies, people, work, work_source = "companies", "contacts", "deals", "opportunity"
    writes_path = "/batch/(update|upsert|create)$"

    def serve(self) -> ASGIApp:
        self.store = hubspot.HubSpotStore(None)
        return hubspot.create_app(
            self.store,
            system=self.system,
            log=self.log,
            clock=self.clock,
            switches=hubspot.Switches(),
        )

    def configured(self) -> str:
        return (
            f"  {self.system}:\n    kind: hubspot\n    role: vendor\n"
            f"    base_url: {self.url}\n    search_lag_seconds: 30\n"
            f"    auth: {{access_token: {_TOKEN}}}\n"
        )

    def close(self) -> None:
        super().close()
        self.store.close()

    def add_companies(
        self, count: int, *, modified: str | None = None, first: int = 1
    ) -> list[str]:
        stamp = modified or self.stamp(days=1)
        records = [
            self._record(1000 + n, stamp, name=f"Account {n}", domain=f"account{n}.example")
            for n in range(first, first + count)
        ]
        self.store.load(objects={"companies": records})
        return [record["id"] for record in records]

    def add_people(self, count: int, company: str) -> list[str]:
        records = [
            self._record(
                5000 + n, self.stamp(days=1), lastname=f"Person{n}", email=f"p{n}@mail{n}.example"
            )
            for n in range(1, count + 1)
        ]
        links = [
            ("contacts", record["id"], "companies", company, "HUBSPOT_DEFINED", 1)
            for record in records
        ]
        self.store.load(objects={"contacts": records}, associations=links)
        return [record["id"] for record in records]

    def add_work(self, count: int) -> list[str]:
        """Deals that the one active partner has registered; each is to be told its status."""
        stamp = self.stamp(days=1)
        partner = self._record(
            900, stamp, name="Bravo Systems GmbH", domain="bravo.example",
            partner_tier="Gold", partner_status="Active", partner_territories="DE",
        )  # fmt: skip
        customers = [
            self._record(10_000 + n, stamp, name=_name(n), domain=f"c{n}.example")
            for n in range(1, count + 1)
        ]
        deals = [
            self._record(
                20_000 + n, stamp, dealname=f"Deal {n}", pipeline="deal_registrations",
                dealstage="reg_in_review", registration_submitted_at=stamp,
                registration_product="Orbit Endpoint",
            )
            for n in range(1, count + 1)
        ]  # fmt: skip
        label = next(
            link for link in self.store.catalog.link_types(*self._pair("deals", "companies"))
            if link.name == "registering_partner"
        )  # fmt: skip
        links: list[Any] = []
        for deal, customer in zip(deals, customers, strict=True):
            links.append(("deals", deal["id"], "companies", customer["id"], "HUBSPOT_DEFINED", 5))
            links.append(
                ("deals", deal["id"], "companies", partner["id"], label.category, label.type_id)
            )
        self.store.load(
            objects={"companies": [partner, *customers], "deals": deals}, associations=links
        )
        return [deal["id"] for deal in deals]

    def _pair(self, left: str, right: str) -> tuple[Any, Any]:
        return known_type(left), known_type(right)

    def _record(self, number: int, stamp: str, **properties: str) -> Any:
        return {
            "id": str(number), "properties": properties, "createdAt": stamp, "updatedAt": stamp,
        }  # fmt: skip

    def written(self, record: str) -> str | None:
        status = self.value("deals", record, "partner_registration_status")
        return None if status is None else str(status)

    def value(self, obj: str, record: str, name: str) -> Any:
        row = self.store.db.execute(
            f'SELECT "p_{name}" FROM record_{obj} WHERE id = ?', (int(record),)
        ).fetchone()
        return None if row is None else row[0]

    def rename(self, record: str, name: str) -> None:
        self.call("PATCH", f"v3/objects/companies/{record}", {"properties": {"name": name}})

    def delete(self, obj: str, record: str) -> None:
        self.call("DELETE", f"v3/objects/{obj}/{record}")

    def wipe(self, obj: str, record: str) -> None:
        """Gone for good, from the recycle bin too: nothing but its absence tells."""
        self.delete(obj, record)
        self.store.db.execute(f"DELETE FROM record_{obj} WHERE id = ?", (int(record),))

    def merge(self, obj: str, master: str, loser: str) -> str:
        """Returns the id of the survivor, which is a new one."""
        merged = self.control("merge", object=obj, primary=int(master), loser=int(loser))
        return str(merged["id"])

    def add_field(self, name: str) -> None:
        """An admin makes a new property of companies."""
        definition = {
            "name": name, "label": name, "type": "string", "fieldType": "text",
            "groupName": "companyinformation",
        }  # fmt: skip
        self.call("POST", "v3/properties/companies", definition)

    def spend_quota(self, after: int) -> None:
        """After so many calls of ours none is left until midnight."""
        self.faults({"kind": "quota_spent", "match": {"after": after, "times": 1}})

    def renew_quota(self) -> None:
        self.faults()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {_TOKEN}"}
        url = f"{self.url}/crm/{path}"
        answer = requests.request(method, url, json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None


CRMS: dict[str, type[SalesforceCrm] | type[HubSpotCrm]] = {
    "salesforce": SalesforceCrm,
    "hubspot": HubSpotCrm,
}

# Names far apart: who is who is not in question here.
_NAMES: Sequence[str] = (
    "Aurora Mills", "Bergmann Stahl", "Cobalt Foods", "Delta Werft", "Ehrlich Optik",
    "Fjord Kabel", "Gustav Papier", "Hafen Logistik", "Iberia Vinos", "Jupiter Glas",
    "Kranich Druck", "Lumen Energie", "Mistral Textil", "Nordlicht Medien", "Olympia Keramik",
    "Pfeffer Pharma", "Quarz Sensorik", "Rhein Chemie", "Silva Holzbau", "Turm Brauerei",
    "Ural Maschinen", "Viktoria Hotels", "Wacholder Gin", "Xenon Leuchten", "Yacht Zubehoer",
    "Zeppelin Flug",
)  # fmt: skip


def _name(number: int) -> str:
    return _NAMES[number % len(_NAMES)] * (number // len(_NAMES) + 1)


def with_pushed(mapping: Mapping[str, Any], field: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping that pushes one field more."""
    push = {**mapping["push"], "fields": {**mapping["push"]["fields"], field: rule}}
    return {**mapping, "push": push}
