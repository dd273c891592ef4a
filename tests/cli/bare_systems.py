"""A bare org, a bare portal and a hub folder that names them: what `hub provision` starts from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import requests
import yaml
from demo_folder import Answer, run

from hub.config import stock_mapping
from sandbox import hubspot, salesforce
from sandbox.clock import Clock
from sandbox.hubspot.demo import ALL_SCOPES, DEMO, Seed
from sandbox.requestlog import RequestLog
from sandbox.salesforce.custom_fields import put_custom_field
from sandbox.server import ThreadedServer

TOKEN = "pat-na1-setup-0000"
SCOPES = [*ALL_SCOPES, "crm.schemas.leads.read", "crm.schemas.leads.write"]


@dataclass
class Place:
    """A folder of the hub, and the two systems it names."""

    folder: Path
    org: salesforce.SalesforceStore
    portal: hubspot.HubSpotStore
    log: RequestLog
    urls: dict[str, str]

    def hub(self, *arguments: str) -> Answer:
        return run(*arguments, "--config", str(self.folder / "hub.yaml"))

    def items(self, *arguments: str) -> dict[tuple[str, str, str], dict[str, Any]]:
        """(system, object, name) → item, of what there is to say."""
        answer = self.hub("provision", *arguments, "--json")
        return {
            (one["system"], item["object"], item["name"]): item
            for one in answer.json["systems"]
            for item in one["items"]
            if item["action"] != "present"
        }

    def writes(self) -> list[str]:
        """Paths of all requests so far that may have written."""
        asking = ("/oauth2/token", "/search", "/batch/read", "checkDeployStatus")
        return [
            entry["path"]
            for entry in self.log.lines
            if entry["method"] != "GET" and not entry["path"].endswith(asking)
        ]

    def remap(self, system: str, obj: str, **changed: Any) -> None:
        """Another mapping of one stock object."""
        mapping = {**stock_mapping(system.removeprefix("acme_"))[obj], **changed}
        file = self.folder / "hub.yaml"
        raw = yaml.safe_load(file.read_text())
        raw.setdefault("mappings", {}).setdefault(system, {})[obj] = mapping
        file.write_text(yaml.safe_dump(raw, sort_keys=False))


def _without_custom_fields(store: salesforce.SalesforceStore) -> None:
    """The org as its vendor sold it."""
    for sobject in list(store.schema):
        stock = tuple(f for f in sobject.fields if not f.name.endswith("__c"))
        if len(stock) < len(sobject.fields):
            store.db.execute(f'DROP TABLE "{sobject.name}"')
            store.db.execute("DELETE FROM _schema WHERE object = ?", (sobject.name,))
            store.read_schema()
            store.put_object(msgspec.structs.replace(sobject, fields=stock))


@contextmanager
def bare_place(folder: Path) -> Iterator[Place]:
    """Two CRMs as their vendors sold them, and a folder whose `hub.yaml` names them."""
    clock, log = Clock(), RequestLog(None)
    org = salesforce.SalesforceStore(None)
    _without_custom_fields(org)
    portal = hubspot.HubSpotStore(None, seed=Seed(owners=DEMO.owners))
    crm = salesforce.create_app(
        *(org,), system="acme_salesforce", base_url="", log=log, clock=clock,
        switches=salesforce.Switches(),
    )  # fmt: skip
    marketing = hubspot.create_app(
        portal, system="acme_hubspot", log=log, clock=clock, switches=hubspot.Switches()
    )
    with ThreadedServer(crm) as one, ThreadedServer(marketing) as other:
        grant = {"token": TOKEN, "scopes": SCOPES}
        requests.post(f"{other.url}/__sandbox__/tokens", json=grant, timeout=10).raise_for_status()
        _write_folder(folder, one.url, other.url)
        yield Place(
            folder, org, portal, log, {"acme_salesforce": one.url, "acme_hubspot": other.url}
        )
    org.close()
    portal.close()


def _write_folder(folder: Path, salesforce_url: str, hubspot_url: str) -> None:
    systems = {
        "acme_salesforce": {
            "kind": "salesforce",
            "role": "vendor",
            "priority": 10,
            "instance_url": salesforce_url,
            "auth": {
                "flow": "client_credentials",
                "client_id": "demo-client-id",
                "client_secret": "demo-client-secret",
            },
        },
        "acme_hubspot": {
            "kind": "hubspot",
            "role": "vendor",
            "priority": 20,
            "base_url": hubspot_url,
            "auth": {"access_token": TOKEN},
            "search_lag_seconds": 0,
        },
    }
    (folder / "hub.yaml").write_text(yaml.safe_dump({"systems": systems}, sort_keys=False))
    (folder / "policy.yaml").write_text("version: test-1\n")


def salesforce_field(
    place: Place, name: str, how: Literal["create", "update"] = "create", **metadata: Any
) -> None:
    """What an admin makes, and grants to nobody, or changes."""
    with place.org.transaction():
        put_custom_field(_Org(place.org), name, metadata, how)  # type: ignore[arg-type]


class _Org:
    """As much of an org as making a field takes."""

    def __init__(self, store: salesforce.SalesforceStore) -> None:
        self.store = store

    def now(self) -> Any:
        return Clock().now()
