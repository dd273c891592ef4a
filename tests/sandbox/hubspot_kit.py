"""A running HubSpot account for tests, and short ways of talking to it over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from sandbox.clock import Clock
from sandbox.hubspot import HubSpotStore, Switches
from sandbox.requestlog import RequestLog

TOKEN = "pat-na1-demo-0000"
PORTAL_ID = 48112233
NOON = datetime(2026, 3, 10, 12, 0, 0, 500_000, tzinfo=UTC)
"""Where the clock of every test begins: 1773144000500 in epoch milliseconds, 08:00 in New York."""
NOON_MS = 1773144000500
NOON_ISO = "2026-03-10T12:00:00.500Z"

CONTACT_TO_COMPANY, CONTACT_TO_PRIMARY_COMPANY = 279, 1
DEAL_TO_COMPANY, DEAL_TO_PRIMARY_COMPANY = 341, 5
LEAD_TO_PRIMARY_CONTACT = 578


class Portal:
    """One account behind a URL. `get`, `post` and so on are authenticated and never raise."""

    def __init__(
        self, url: str, store: HubSpotStore, switches: Switches, clock: Clock, log: RequestLog
    ) -> None:
        self.url, self.store, self.switches = url, store, switches
        self.clock, self.log = clock, log
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def start_over(self) -> None:
        assert self.control("reset").status_code == 204
        self.clock.freeze(NOON)
        self.log.lines.clear()

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, self.url + path, timeout=10, **more)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.call("GET", path, params=query)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, json=body)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.call("PATCH", path, json=body)

    def put(self, path: str, body: Any = None) -> requests.Response:
        return self.call("PUT", path, json=body)

    def delete(self, path: str) -> requests.Response:
        return self.call("DELETE", path)

    def control(self, name: str, body: Any = None) -> requests.Response:
        return self.call("POST", f"/__sandbox__/{name}", json=body)

    def faults(self, *rules: dict[str, Any], seed: int = 7) -> None:
        """Put fault rules into force in place of those there are."""
        told = self.control("faults", {"rules": list(rules), "seed": seed})
        assert told.status_code == 200, told.text

    def struck(self) -> dict[str, int]:
        """How often each rule has struck, by name."""
        told = self.get("/__sandbox__/faults").json()["rules"]
        return {rule["name"]: rule["struck"] for rule in told}

    def create(self, kind: str, associations: Any = None, **properties: Any) -> str:
        """Make a record and return its id."""
        body = {"properties": properties, "associations": associations or []}
        response = self.post(f"/crm/v3/objects/{kind}", body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def lead(self, name: str, contact_id: str) -> str:
        return self.create("leads", [link(contact_id, LEAD_TO_PRIMARY_CONTACT)], hs_lead_name=name)

    def read(self, kind: str, record_id: str, *names: str) -> dict[str, Any]:
        """The properties of a record."""
        response = self.get(f"/crm/v3/objects/{kind}/{record_id}", properties=list(names))
        assert response.status_code == 200, response.text
        return dict(response.json()["properties"])

    def search(self, kind: str, *filters: dict[str, Any], **more: Any) -> requests.Response:
        body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}
        return self.post(f"/crm/v3/objects/{kind}/search", body)

    def found(self, kind: str, *filters: dict[str, Any], **more: Any) -> list[str]:
        """Ids that a search finds, in its order."""
        response = self.search(kind, *filters, **more)
        assert response.status_code == 200, response.text
        return [row["id"] for row in response.json()["results"]]

    def joined(self, left: str, from_id: str, right: str) -> dict[int, list[tuple[str, int]]]:
        """What v4 says a record is associated with: category and type id per other record."""
        response = self.get(f"/crm/v4/objects/{left}/{from_id}/associations/{right}")
        assert response.status_code == 200, response.text
        return {
            row["toObjectId"]: sorted((t["category"], t["typeId"]) for t in row["associationTypes"])
            for row in response.json()["results"]
        }

    def load_companies(self, count: int, **properties: str) -> None:
        """Companies 1..count, each made and changed one second after the one before."""
        base = int((NOON - timedelta(days=30)).timestamp() * 1000)
        self.store.load(
            {
                "companies": [
                    {
                        "id": n,
                        "createdAt": base + n * 1000,
                        "properties": {"name": f"Company {n}", **properties},
                    }
                    for n in range(1, count + 1)
                ]
            }
        )


def link(to_id: str, type_id: int, category: str = "HUBSPOT_DEFINED") -> dict[str, Any]:
    """One entry of `associations` in a create body."""
    spec = {"associationCategory": category, "associationTypeId": type_id}
    return {"to": {"id": to_id}, "types": [spec]}


def spec(type_id: int, category: str = "HUBSPOT_DEFINED") -> dict[str, Any]:
    return {"associationCategory": category, "associationTypeId": type_id}


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    """One search filter."""
    made: dict[str, Any] = {"propertyName": name, "operator": operator, **more}
    return made if value is None else {**made, "value": value}


def codes(response: requests.Response) -> dict[str, str]:
    """Property name to error code, from the `errors` of a 400."""
    return {e["context"]["propertyName"][0]: e["code"] for e in response.json()["errors"]}
