"""Everybody else who works in the HubSpot account, over its own API."""

from collections.abc import Awaitable, Callable, Sequence
from random import Random
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message

from sandbox.hubspot.demo import ALL_SCOPES
from sandbox.hubspot.effects import STATE_KEY, Effects
from sandbox.hubspot.store import HubSpotStore, known_type
from sandbox.hubspot.tokens import Grant
from sandbox.requestlog import CONTROL_PREFIX

_TOKEN = "pat-na1-colleagues"  # noqa: S105 - opens nothing but a sandbox
_LAG_SHARE = 0.25
_INDEX_LAG_SECONDS = 40.0
_LATE_SHARE = 0.05
_LATE_SECONDS = 400.0
_PRIMARY = {"contacts": 1, "deals": 5}
_STAGES = (
    "reg_submitted", "reg_in_review", "reg_info_requested", "reg_approved", "reg_rejected",
    "reg_won",
)  # fmt: skip
_MERGED = ("contacts", "companies", "deals")


class Marketers:
    """Each change is a request of its own, of another app than the hub."""

    def __init__(self, app: ASGIApp, store: HubSpotStore, chance: Random) -> None:
        self._app, self._store, self._chance = app, store, chance
        self._number = 0
        self.merges: list[tuple[str, str, str]] = []
        """Object, loser, survivor of every merge, in order."""
        with store.db.transaction():
            store.tokens.put(Grant(token=_TOKEN, app_id=2, scopes=list(ALL_SCOPES)))
        deals, companies = known_type("deals"), known_type("companies")
        self._label = next(
            link
            for link in store.catalog.link_types(deals, companies)
            if link.name == "registering_partner"
        )

    @property
    def habits(self) -> tuple[tuple[str, float, Callable[[], Awaitable[None]]], ...]:
        """What happens, how often beside the others, and how."""
        return (
            ("edit", 14, self._edit_company),
            ("edit", 16, self._edit_contact),
            ("edit", 6, self._edit_deal),
            ("edit", 6, self._move_stage),
            ("re-association", 5, lambda: self._relink("contacts")),
            ("re-association", 2, lambda: self._relink("deals")),
            ("re-association", 2, self._change_partner),
            ("re-association", 1, self._unlink),
            ("create", 3, self._new_company),
            ("create", 5, self._new_contact),
            ("create", 2, self._new_deal),
            ("delete", 3, lambda: self._archive("contacts")),
            ("delete", 2, lambda: self._archive("companies")),
            ("delete", 1, lambda: self._archive("deals")),
            ("delete", 0.5, lambda: self._archive("leads")),
            ("undelete", 2, self._restore),
            ("hard delete", 0.7, self._forget),
            ("merge", 3, self._merge),
            ("chained merge", 1, self._merge_again),
            ("edit of the hub's fields", 2, self._meddle),
        )

    async def bulk_update(self, rows: int) -> None:
        """Many contacts changed at one moment: thousands of records can share a time stamp."""
        ids = self._living("contacts")
        start = self._chance.randrange(max(1, len(ids) - rows))
        title = f"Title {self._next()}"
        inputs = [
            {"id": str(one), "properties": {"jobtitle": title}} for one in ids[start : start + rows]
        ]
        for first in range(0, len(inputs), 100):
            body = {"inputs": inputs[first : first + 100]}
            await self._ask("POST", "/crm/v3/objects/contacts/batch/update", body)

    # -- edits

    async def _edit_company(self) -> None:
        change = self._chance.choice(
            (
                {"phone": f"+31 20 {self._next():06d}"},
                {"city": f"Town{self._next()}"},
                {"domain": f"site{self._next()}.example"},
                {"numberofemployees": str(self._chance.randrange(1, 9000))},
                {"name": f"Rebranded {self._next()} BV"},
                {"address": ""},
            )
        )
        await self._change("companies", change)

    async def _edit_contact(self) -> None:
        change = self._chance.choice(
            (
                {"jobtitle": f"Lead of {self._next()}"},
                {"phone": f"+46 8 {self._next():06d}"},
                {"email": f"someone{self._next()}@mail{self._next()}.example"},
                {"lastname": f"Married{self._next()}"},
                {"city": ""},
            )
        )
        await self._change("contacts", change)

    async def _edit_deal(self) -> None:
        change = self._chance.choice(
            (
                {"amount": f"{self._chance.randrange(100, 9_000_000) / 100:.2f}"},
                {"dealname": f"Project {self._next()}"},
                {"registration_product": self._chance.choice(("Orbit Endpoint", "Atlas Backup"))},
            )
        )
        await self._change("deals", change)

    async def _move_stage(self) -> None:
        deal = self._any("deals")
        if deal is None:
            return
        pipeline = self._store.db.execute(
            "SELECT p_pipeline FROM record_deals WHERE id = ?", (deal,)
        ).fetchone()[0]
        if pipeline == "deal_registrations":
            await self._patch("deals", deal, {"dealstage": self._chance.choice(_STAGES)})

    async def _meddle(self) -> None:
        value = "" if self._chance.random() < 0.5 else f"by hand {self._next()}"
        if self._chance.random() < 0.3:
            await self._change("leads", {"hub_partner_name": value})
        else:
            await self._change("deals", {"partner_registration_note": value})

    # -- associations alone

    async def _relink(self, kind: str) -> None:
        """Another company becomes the primary one; no time stamp of the record moves."""
        record, company = self._any(kind), self._any("companies")
        if record is not None and company is not None:
            types = [
                {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _PRIMARY[kind]}
            ]
            path = f"/crm/v4/objects/{kind}/{record}/associations/companies/{company}"
            await self._ask("PUT", path, types)

    async def _change_partner(self) -> None:
        deal, company = self._any("deals"), self._any("companies")
        if deal is not None and company is not None:
            types = [
                {
                    "associationCategory": self._label.category,
                    "associationTypeId": self._label.type_id,
                }
            ]
            path = f"/crm/v4/objects/deals/{deal}/associations/companies/{company}"
            await self._ask("PUT", path, types)

    async def _unlink(self) -> None:
        contact = self._any("contacts")
        row = self._store.db.execute(
            "SELECT to_id FROM link WHERE from_type = 'contacts' AND to_type = 'companies' "
            "AND from_id = ? LIMIT 1",
            (contact,),
        ).fetchone()
        if row is not None:
            path = f"/crm/v4/objects/contacts/{contact}/associations/companies/{row[0]}"
            await self._ask("DELETE", path)

    # -- coming and going

    async def _new_company(self) -> None:
        number = self._next()
        await self._create(
            "companies", {"name": f"Founded {number}", "domain": f"f{number}.example"}
        )

    async def _new_contact(self) -> None:
        number = self._next()
        await self._create(
            "contacts", {"firstname": "Robin", "lastname": f"New{number}",
                         "email": f"robin{number}@new{number}.example"}, company=True,
        )  # fmt: skip

    async def _new_deal(self) -> None:
        await self._create(
            "deals",
            {
                "dealname": f"Registered {self._next()} - Orbit Endpoint",
                "pipeline": "deal_registrations",
                "dealstage": "reg_submitted",
                "amount": f"{self._chance.randrange(10, 900) * 100}",
                "deal_currency_code": "EUR",
                "registration_product": "Orbit Endpoint",
                "registration_submitted_at": "2026-08-20T08:00:00Z",
            },
            company=True,
        )

    async def _create(
        self, kind: str, properties: dict[str, str], *, company: bool = False
    ) -> None:
        links: list[dict[str, object]] = []
        other = self._any("companies") if company else None
        if other is not None:
            spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _PRIMARY[kind]}
            links = [{"to": {"id": str(other)}, "types": [spec]}]
        body = {"properties": properties, "associations": links}
        await self._ask("POST", f"/crm/v3/objects/{kind}", body)

    async def _archive(self, kind: str) -> None:
        record = self._any(kind)
        if record is not None:
            await self._ask("DELETE", f"/crm/v3/objects/{kind}/{record}")

    async def _restore(self) -> None:
        kind = self._chance.choice(("contacts", "companies", "deals"))
        rows = self._store.db.execute(
            f"SELECT id FROM record_{kind} WHERE archived_at IS NOT NULL "
            "ORDER BY archived_at DESC, id LIMIT 20"
        ).fetchall()
        if rows:
            body = {"object": kind, "id": self._chance.choice(rows)[0]}
            await self._ask("POST", f"{CONTROL_PREFIX}/restore", body)

    async def _forget(self) -> None:
        """Deleted for privacy: gone from everywhere, the recycle bin included."""
        contact = self._any("contacts")
        if contact is not None:
            body = {"objectId": str(contact)}
            await self._ask("POST", "/crm/v3/objects/contacts/gdpr-delete", body)

    # -- merging

    async def _merge(self) -> None:
        kind = self._chance.choice(_MERGED)
        await self._merge_these(kind, self._any(kind), self._any(kind))

    async def _merge_again(self) -> None:
        """The survivor of an earlier merge is merged away itself."""
        alive = [(kind, int(end)) for kind, _, end in self.merges[-20:] if self._alive(kind, end)]
        if alive:
            kind, loser = self._chance.choice(alive)
            await self._merge_these(kind, self._any(kind), loser)

    async def _merge_these(self, kind: str, primary: int | None, loser: int | None) -> None:
        if primary is None or loser is None or primary == loser:
            return
        body = {"primaryObjectId": str(primary), "objectIdToMerge": str(loser)}
        answer = await self._ask("POST", f"/crm/v3/objects/{kind}/merge", body)
        if answer is not None:
            survivor = str(answer["id"])
            for old in (str(primary), str(loser)):
                if old != survivor:
                    self.merges.append((kind, old, survivor))

    # -- below

    async def _change(self, kind: str, properties: dict[str, str]) -> None:
        record = self._any(kind)
        if record is not None:
            await self._patch(kind, record, properties)

    async def _patch(self, kind: str, record: int, properties: dict[str, str]) -> None:
        await self._ask("PATCH", f"/crm/v3/objects/{kind}/{record}", {"properties": properties})

    def _living(self, kind: str) -> list[int]:
        rows = self._store.db.execute(
            f"SELECT id FROM record_{kind} WHERE archived_at IS NULL ORDER BY id"
        )
        return [row[0] for row in rows]

    def _any(self, kind: str) -> int | None:
        count = self._store.db.execute(
            f"SELECT count(*) FROM record_{kind} WHERE archived_at IS NULL"
        ).fetchone()[0]
        if not count:
            return None
        row = self._store.db.execute(
            f"SELECT id FROM record_{kind} WHERE archived_at IS NULL ORDER BY id LIMIT 1 OFFSET ?",
            (self._chance.randrange(count),),
        ).fetchone()
        return int(row[0])

    def _alive(self, kind: str, record: str) -> bool:
        return self._store.records.alive(known_type(kind), int(record))

    def _next(self) -> int:
        self._number += 1
        return self._number

    async def _ask(self, method: str, path: str, body: Any = None) -> Any:
        """One request past the faults; None when it was refused."""
        status, answer = await asked(self._app, method, path, body, self._effects())
        if status >= 400:
            return None
        return msgspec.json.decode(answer) if answer else {}

    def _effects(self) -> Effects:
        """Now and then the search index, or the commit itself, comes late."""
        dice = self._chance.random()
        if dice < _LATE_SHARE:
            return Effects(commit_lag_seconds=_LATE_SECONDS)
        if dice < _LATE_SHARE + _LAG_SHARE:
            return Effects(index_lag_seconds=_INDEX_LAG_SECONDS)
        return Effects()


async def asked(
    app: ASGIApp, method: str, path: str, body: Any, effects: Effects
) -> tuple[int, bytes]:
    """Status and body that an app answers, without a network between."""
    sent = b"" if body is None else msgspec.json.encode(body)
    status, parts = 0, bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        parts.extend(message.get("body", b""))

    headers: Sequence[tuple[bytes, bytes]] = [
        (b"host", b"127.0.0.1"),
        (b"authorization", f"Bearer {_TOKEN}".encode()),
        (b"content-type", b"application/json"),
    ]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "http_version": "1.1",
        "headers": headers,
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "state": {STATE_KEY: effects},
    }
    await app(scope, receive, send)
    return status, bytes(parts)
