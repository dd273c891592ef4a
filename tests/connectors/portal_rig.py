"""The partner's portal as a rig: the `rest` connector in front of it, in any of its ways."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import requests
from rigs import START, FakeTime, Incident, Stage, Trouble

from hub.config import Settings
from hub.connectors.contract import Change, ObjectSpec
from hub.connectors.rest import RestConnector
from hub.connectors.rest.config import RestSystem
from sandbox.clock import Clock
from sandbox.partner_api import PartnerStore, Switches, create_app
from sandbox.partner_api.store import stamp
from sandbox.requestlog import RequestLog

AUTH: Mapping[str, dict[str, str]] = {
    "api_key": {"scheme": "api_key", "header": "X-Api-Key", "key": "demo-partner-key"},
    "bearer": {"scheme": "bearer", "token": "demo-partner-token"},
    "basic": {
        "scheme": "basic",
        "username": "demo-partner",
        "password": "demo-partner-password",
    },
    "oauth": {
        "scheme": "client_credentials",
        "token_url": "/oauth/token",
        "client_id": "demo-client-id",
        "client_secret": "demo-client-secret",
    },
}
PAGING: Mapping[str, dict[str, Any]] = {
    "page": {"style": "page", "total": "meta.total"},
    "offset": {"style": "offset", "total": "meta.total"},
    "cursor": {"style": "cursor", "next": "meta.next_cursor"},
    "link": {"style": "link"},
}
DELETES: Mapping[str, dict[str, Any] | None] = {
    "field": {
        "path": "deleted_at",
        "params": {"include_deleted": "true"},
        "merged_into": "merged_into",
    },
    "endpoint": {
        "list": "/v1/leads/deleted",
        "at": "deleted_at",
        "param": "since",
        "merged_into": "merged_into",
    },
    "none": None,
}
DESCRIBE = {
    "path": "/v1/leads/fields",
    "records": "fields",
    "length": "max_length",
    "choices": "values",
    "required": "required",
    "unique": "unique",
    "read_only": "read_only",
}
LEADS: dict[str, Any] = {
    "path": "/v1/leads",
    "records": "data",
    "fields": {
        "company": "company.name",
        "city": "/company/city",
        "last_name": "contact.last_name",
        "product": "product",
        "status": {"path": "status", "kind": "choice"},
        "score": {"path": "score", "kind": "number"},
        "opted_in": {"path": "opted_in", "kind": "boolean"},
        "created_at": {"path": "created_at", "kind": "datetime", "writable": False},
        "seen_at": {"path": "activity.last_seen_at", "kind": "datetime", "volatile": True},
        "ref": {"path": "external_ref", "unique": True},
    },
    "modified": {"path": "updated_at", "param": "updated_since"},
    "named": {"param": "ids"},
    "describe": DESCRIBE,
    "update": {"path": "/v1/leads/{id}"},
    "delete": {"path": "/v1/leads/{id}"},
    "create": {"path": "/v1/leads/by-ref/{key}", "method": "PUT", "id": "data.id"},
}


class PortalRig:
    """Leads of the portal, told as accounts: the first field is the company's name."""

    spec = ObjectSpec("leads", ("company", "score", "opted_in", "created_at", "product"))
    volatile_spec = ObjectSpec("leads", ("company", "seen_at"))
    unknown_id = "L-999999"

    def __init__(self, url: str, store: PartnerStore, clock: Clock, log: RequestLog) -> None:
        self.url, self.store, self.clock, self.log = url, store, clock, log
        self.time = FakeTime()
        self.trouble: Trouble
        self.auth, self.paging, self.deletes = "api_key", "cursor", "field"
        self.leads = dict(LEADS)
        self.system: dict[str, Any] = {}

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(
            value
            for name, value in AUTH[self.auth].items()
            if name in ("key", "token", "password", "client_secret")
        )

    def ways(
        self,
        *,
        auth: str = "api_key",
        paging: str = "cursor",
        deletes: str = "field",
        since_inclusive: bool = True,
    ) -> None:
        """The portal goes these ways, and our settings say so."""
        self.auth, self.paging, self.deletes = auth, paging, deletes
        switches = {"auth": auth, "paging": paging, "deletes": deletes}
        self.control("switches", since_inclusive=since_inclusive, **switches)
        modified = {**LEADS["modified"], "inclusive": since_inclusive}
        self.leads |= {"modified": modified, "deleted": DELETES[deletes]}

    def config(self, **settings: Any) -> RestSystem:
        auth = dict(AUTH[self.auth])
        if "token_url" in auth:
            auth["token_url"] = f"{self.url}/oauth/token"
        told = {
            "kind": "rest",
            "role": "vendor",
            "base_url": self.url,
            "auth": auth,
            "paging": PAGING[self.paging],
            "quota": {},
            "objects": {"leads": {"deleted": DELETES[self.deletes], **self.leads}},
            **self.system,
            **settings,
        }
        return RestSystem.model_validate(told)

    def connector(self, **settings: Any) -> RestConnector:
        patience = self.time.patience()
        config = self.config(**settings)
        return RestConnector("bravo_portal", config, Settings(systems={}), patience=patience)

    def badly_signed_in(self) -> RestConnector:
        wrong = {
            name: "wrong-secret" if value in self.secrets else value
            for name, value in AUTH[self.auth].items()
        }
        if "token_url" in wrong:
            wrong["token_url"] = f"{self.url}/oauth/token"
        return self.connector(auth=wrong)

    def seed(self, count: int, *, one_stamp: bool = False) -> list[str]:
        day = self.clock.now() - timedelta(days=1)
        rows = [
            {
                "id": f"L-{n:06}",
                "updated_at": stamp(day + timedelta(seconds=0 if one_stamp else n)),
                "company.name": f"Account {n}",
                "contact.last_name": "Lovelace",
                "product": "Switch",
                "score": n * 1.50,
                "opted_in": n % 2 == 0,
            }
            for n in range(1, count + 1)
        ]
        self.store.load({"leads": rows})
        return [str(row["id"]) for row in rows]

    def text_of(self, record_id: str) -> str | None:
        record = self.store.get("leads", record_id)
        return None if record is None else record.values.get("company.name")

    def requests(self) -> int:
        """Also those that never reached the portal, because something went wrong on the way."""
        return len([seen for seen in self.trouble.seen if "__sandbox__" not in seen.path])

    # -- what happens there

    def wait(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    def touch(self, record_id: str, text: str) -> None:
        self._named("silently", record_id, values={"company.name": text})
        self._named("restore", record_id)

    def delete(self, record_id: str) -> None:
        self._named("delete", record_id)

    def restore(self, record_id: str) -> None:
        self._named("restore", record_id)

    def merge(self, survivor: str, loser: str) -> str:
        self.control("merge", object="leads", survivor=survivor, loser=loser)
        return survivor

    def hide(self, record_id: str) -> None:
        self._named("hide", record_id)

    def show(self, record_id: str) -> None:
        self._named("show", record_id)

    def change_silently(self, record_id: str) -> tuple[str, str]:
        seen = {"activity.last_seen_at": "2026-05-04T11:00:00Z"}
        self._named("silently", record_id, values=seen)
        return "seen_at", "2026-05-04T11:00:00.000Z"

    def add_field(self, name: str) -> None:
        self.control("fields", object="leads", add=[{"name": name}])

    def drop_field(self, name: str) -> None:
        self.control("fields", object="leads", drop=[name])

    def spend_allowance(self) -> None:
        self.control("switches", enforce_quota=True, quota_limit=1)

    # -- what goes wrong

    def shorten_pages(self, rows: int) -> None:
        self.control("switches", max_page=rows)

    def fail(self, where: str, status: int, *, times: int = 1, **how: Any) -> None:
        path = {
            "pages": "/v1/leads$",
            "writes": "/v1/leads/(L-|by-ref)",
            "removals": "/v1/leads/L-",
            "everything": "/v1/",
        }
        self.trouble.incidents.append(Incident(path[where], status, times=times, **how))

    def heal(self) -> None:
        self.trouble.incidents.clear()

    # -- what is written

    def update(self, change_id: str, record_id: str, text: str) -> Change:
        return Change(change_id, "leads", "update", {"company": text}, record_id)

    def clear(self, change_id: str, record_id: str) -> Change:
        return Change(change_id, "leads", "update", {"product": None}, record_id)

    def is_cleared(self, record_id: str) -> bool:
        record = self.store.get("leads", record_id)
        return record is not None and record.values.get("product") is None

    def invalid(self, change_id: str, record_id: str) -> Change:
        return Change(change_id, "leads", "update", {"status": "maybe"}, record_id)

    def create(self, change_id: str, key: str) -> Change:
        fields = {"company": "Analytical Engines", "last_name": "Lovelace", "product": "Switch"}
        return Change(change_id, "leads", "create", fields, key=("ref", key))

    def created(self, key: str) -> list[str]:
        return [record.id for record in self.store.select("leads", "key = ?", [key])]

    def control(self, route: str, **body: object) -> Any:
        answer = requests.post(f"{self.url}/__sandbox__/{route}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def _named(self, route: str, record_id: str, **more: object) -> None:
        self.control(route, object="leads", id=record_id, **more)


@contextmanager
def portal_rig(stage: Stage, url: str) -> Iterator[PortalRig]:
    clock, log, store = Clock(frozen_at=START), RequestLog(None), PartnerStore()
    app = create_app(store, system="bravo_portal", log=log, clock=clock, switches=Switches())
    rig = PortalRig(url, store, clock, log)
    stage.app = rig.trouble = Trouble(app, clock)
    yield rig
    store.close()
