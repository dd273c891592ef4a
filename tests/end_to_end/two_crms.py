"""A vendor's Salesforce org and its HubSpot portal, both real servers that know the same firms."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import yaml

from hub.commands.warehouse import Workplace, open_workplace
from hub.sync.pipeline import sync
from hub.sync.report import SyncReport
from sandbox import hubspot, salesforce
from sandbox.clock import Clock
from sandbox.requestlog import RequestLog
from sandbox.server import ThreadedServer

SALESFORCE, HUBSPOT = "acme_salesforce", "acme_hubspot"
NAMES = ("Adler Systemhaus", "Berger Netzwerke", "Cordes Maschinenbau", "Dupont Logistique")
_START = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
_READS_BY_POST = ("/search", "/batch/read", "/oauth2/token")
_LOGIN = {"client_id": "demo-client-id", "client_secret": "demo-client-secret"}
_TOKEN = "pat-na1-demo-0000"


@dataclass
class TwoCrms:
    """Both CRMs, a hub on them, and the hands of the people who work there."""

    folder: Path
    warehouse: str
    urls: Mapping[str, str]
    logs: Mapping[str, RequestLog]
    org: salesforce.SalesforceStore
    portal: hubspot.HubSpotStore
    clock: Clock

    def configure(self, crm: Mapping[str, Any], portal: Mapping[str, Any]) -> Workplace:
        """Accounts and companies by these field rules; both CRMs are read for nothing else.

        Raises ConfigError when the linter refuses that.
        """
        auth = {"flow": "client_credentials", **_LOGIN}
        systems = {
            SALESFORCE: {
                "kind": "salesforce", "role": "vendor", "priority": 10,
                "instance_url": self.urls[SALESFORCE], "auth": auth,
            },
            HUBSPOT: {
                "kind": "hubspot", "role": "vendor", "priority": 20,
                "base_url": self.urls[HUBSPOT], "auth": {"access_token": _TOKEN},
            },
        }  # fmt: skip
        mappings = {
            SALESFORCE: {
                "Account": {
                    "source": "company",
                    "fields": {"Name": "name", "Website": "website", **crm},
                }
            },
            HUBSPOT: {
                "companies": {
                    "source": "company",
                    "fields": {"name": "name", "domain": "website", **portal},
                }
            },
        }
        raw = {"warehouse": self.warehouse, "systems": systems, "mappings": mappings}
        (self.folder / "policy.yaml").write_text('version: "1"\n')
        (self.folder / "hub.yaml").write_text(yaml.safe_dump(raw, sort_keys=False))
        self.place = open_workplace(self.folder / "hub.yaml")
        return self.place

    def sync(self, **options: Any) -> SyncReport:
        """A sync five minutes later."""
        self.clock.advance(timedelta(minutes=5))
        now = self.clock.now()
        return sync(self.place.engine, self.place.settings, clock=lambda: now, **options)

    def writes(self) -> int:
        """Requests so far that could change something."""
        return sum(
            line["method"] != "GET"
            and not line["path"].partition("?")[0].endswith(_READS_BY_POST)
            and "/__sandbox__/" not in line["path"]
            for log in self.logs.values()
            for line in log.lines
        )

    def phones(self) -> dict[str, list[str | None]]:
        """As the stores of both hold them, in the order of NAMES."""
        accounts = self.org.db.execute('SELECT "Phone" FROM "Account" ORDER BY "Id"')
        companies = self.portal.db.execute("SELECT p_phone FROM record_companies ORDER BY id")
        return {SALESFORCE: [r[0] for r in accounts], HUBSPOT: [r[0] for r in companies]}

    def edit(self, system: str, number: int, phone: str) -> None:
        """Somebody changes the phone of a firm, by the API that the CRM's own pages use."""
        self.clock.advance(timedelta(minutes=5))
        if system == SALESFORCE:
            form = {"grant_type": "client_credentials", **_LOGIN}
            url = self.urls[SALESFORCE]
            login = requests.post(f"{url}/services/oauth2/token", data=form, timeout=10).json()
            url += f"/services/data/v62.0/sobjects/Account/{_account(number)}"
            token, body = login["access_token"], {"Phone": phone}
        else:
            url = f"{self.urls[HUBSPOT]}/crm/v3/objects/companies/{_company(number)}"
            token, body = _TOKEN, {"properties": {"phone": phone}}
        headers = {"Authorization": f"Bearer {token}"}
        requests.patch(url, json=body, headers=headers, timeout=10).raise_for_status()


def _account(number: int) -> str:
    return str(salesforce.record_id("001", number))


def _company(number: int) -> str:
    return str(1000 + number)


@contextmanager
def two_crms(folder: Path, warehouse: str) -> Iterator[TwoCrms]:
    """The firms of NAMES in both; their phones are `crm-N` in Salesforce, `portal-N` in HubSpot."""
    clock = Clock(frozen_at=_START)
    logs = {SALESFORCE: RequestLog(None), HUBSPOT: RequestLog(None)}
    with ExitStack() as stack:
        org, portal = salesforce.SalesforceStore(None), hubspot.HubSpotStore(None)
        stack.callback(org.close)
        stack.callback(portal.close)
        stamp = "2026-05-03T12:00:00Z"
        org.load(
            {
                "Account": [
                    {"Id": _account(n), "Name": name, "Phone": f"crm-{n}",
                     "Website": f"https://{name.split()[0].lower()}.example",
                     "SystemModstamp": stamp, "LastModifiedDate": stamp, "CreatedDate": stamp}
                    for n, name in enumerate(NAMES)
                ]
            }
        )  # fmt: skip
        portal.load(
            objects={
                "companies": [
                    {"id": _company(n), "createdAt": stamp, "updatedAt": stamp,
                     "properties": {"name": name, "phone": f"portal-{n}",
                                    "domain": f"{name.split()[0].lower()}.example"}}
                    for n, name in enumerate(NAMES)
                ]
            }
        )  # fmt: skip
        urls = {
            SALESFORCE: stack.enter_context(
                ThreadedServer(
                    salesforce.create_app(
                        org, system=SALESFORCE, base_url="", log=logs[SALESFORCE], clock=clock,
                        switches=salesforce.Switches(),
                    )
                )
            ).url,
            HUBSPOT: stack.enter_context(
                ThreadedServer(
                    hubspot.create_app(
                        portal, system=HUBSPOT, log=logs[HUBSPOT], clock=clock,
                        switches=hubspot.Switches(),
                    )
                )
            ).url,
        }  # fmt: skip
        world = TwoCrms(folder, warehouse, urls, logs, org, portal, clock)
        yield world
        if hasattr(world, "place"):
            world.place.engine.dispose()
