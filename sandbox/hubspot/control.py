"""The hand behind the scenery, under `/__sandbox__/`: clock, switches, reset, tokens, data.

Not part of HubSpot: no token is asked for and nothing is written to the request log.
"""

from dataclasses import asdict, fields
from datetime import datetime, timedelta

import msgspec

from sandbox.hubspot.admin import AdminRules
from sandbox.hubspot.errors import validation
from sandbox.hubspot.events import Action
from sandbox.hubspot.http import Box, Call, Reply, Rule, known_kind
from sandbox.hubspot.merge import merge_records
from sandbox.hubspot.store import Association, LoadedRecord
from sandbox.hubspot.switches import Switches
from sandbox.hubspot.tokens import Grant
from sandbox.hubspot.uniques import EMAIL, addresses
from sandbox.requestlog import CONTROL_PREFIX


class ClockBody(msgspec.Struct):
    """`freeze` at a moment, `advance` by seconds, or `release`; in this order when combined."""

    release: bool = False
    freeze: datetime | None = None
    advance: float = 0.0


class MergeBody(msgspec.Struct):
    object: str
    primary: int
    loser: int


class RestoreBody(msgspec.Struct):
    object: str
    id: int


class TokenBody(msgspec.Struct):
    """A token with chosen scopes. `expires_in` seconds make it an OAuth access token."""

    token: str
    scopes: list[str]
    app_id: int = 1_414_214
    expires_in: float | None = None


class JsonRecord(msgspec.Struct, rename="camel"):
    id: str | int
    created_at: str | int
    properties: dict[str, object] = {}
    updated_at: str | int | None = None
    archived_at: str | int | None = None

    def loaded(self) -> LoadedRecord:
        record: LoadedRecord = {
            "id": self.id,
            "properties": self.properties,
            "createdAt": self.created_at,
            "updatedAt": self.created_at if self.updated_at is None else self.updated_at,
            "archivedAt": self.archived_at,
        }
        return record


class LoadBody(msgspec.Struct):
    objects: dict[str, list[JsonRecord]] = {}
    associations: list[Association] = []


def clock(call: Call) -> Reply:
    if call.method == "POST":
        body = call.decode(ClockBody)
        if body.release:
            call.box.clock.release()
        if body.freeze is not None:
            call.box.clock.freeze(body.freeze)
        call.box.clock.advance(timedelta(seconds=body.advance))
    frozen = call.box.clock.frozen_at is not None
    return Reply(200, {"now": call.box.clock.now().isoformat(), "frozen": frozen})


def switches(call: Call) -> Reply:
    if call.method == "POST":
        for name, value in call.decode(dict[str, object]).items():
            try:
                call.switches.turn(name, value)
            except ValueError as error:
                raise validation(str(error)) from error
    return Reply(200, asdict(call.switches))


def reset(call: Call) -> Reply:
    """The seeded state, default switches, real time, empty rate counters, the first faults."""
    reset_box(call.box)
    return Reply(204)


def reset_box(box: Box) -> None:
    box.store.reset()
    box.webhooks.reload()
    box.journal.reload()
    box.clock.release()
    box.limiter.clear()
    box.chance.seed(box.store.portal_id)
    if box.faults is not None:
        box.faults.restart()
    for field in fields(Switches):
        setattr(box.switches, field.name, field.default)


def merge(call: Call) -> Reply:
    """A merge as a user does it in the browser."""
    body = call.decode(MergeBody)
    kind = known_kind(body.object, call.switches)
    with call.store.db.transaction():
        survivor = merge_records(call.box, kind, body.primary, body.loser)
    return Reply(200, {"id": str(survivor)})


def restore(call: Call) -> Reply:
    """Out of the recycle bin, which only the browser can do. Associations do not come back."""
    body = call.decode(RestoreBody)
    kind = known_kind(body.object, call.switches)
    store = call.store
    unique = [p.name for p in store.catalog.properties(kind) if p.has_unique_value]
    emails = [EMAIL, "hs_additional_emails"] if kind.name == "contacts" else []
    stored = store.records.stored(kind, body.id, [*unique, *emails])
    if stored is None or stored.archived_at is None:
        raise validation(f"{kind.upper} {body.id} is not in the recycle bin")
    held = [(name, str(stored.values[name])) for name in unique if stored.values[name]]
    known = addresses(kind, stored.values.get(EMAIL), stored.values.get("hs_additional_emails"))
    held += [(EMAIL, address) for address in known]
    if any(store.uniques.holder(kind, name, value) is not None for name, value in held):
        raise validation(f"{kind.upper} {body.id} has a unique value that is in use again")
    with store.db.transaction():
        store.records.set_archived(kind, body.id, None)
        store.records.update(kind, body.id, call.box.now(), {})
        for name, value in held:
            store.uniques.claim(kind, name, value, body.id)
        call.box.events.tell(kind, body.id, Action.RESTORE)
    return Reply(204)


def put_token(call: Call) -> Reply:
    body = call.decode(TokenBody)
    expires = None
    if body.expires_in is not None:
        expires = call.box.now() + int(body.expires_in * 1000)
    with call.store.db.transaction():
        call.store.tokens.put(
            Grant(token=body.token, app_id=body.app_id, scopes=body.scopes, expires_at=expires)
        )
    return Reply(204)


def revoke_token(call: Call) -> Reply:
    with call.store.db.transaction():
        call.store.tokens.revoke(call.params["token"])
    return Reply(204)


def expire_tokens(call: Call) -> Reply:
    """Every OAuth access token ends now."""
    with call.store.db.transaction():
        ended = call.store.tokens.expire_oauth(call.box.now())
    return Reply(200, {"expired": ended})


def load(call: Call) -> Reply:
    body = call.decode(LoadBody)
    objects = {name: [one.loaded() for one in rows] for name, rows in body.objects.items()}
    try:
        call.store.load(objects, body.associations)
    except ValueError as error:
        raise validation(str(error)) from error
    return Reply(204)


def admin_rules(call: Call) -> Reply:
    """What an admin demands of writes, as a whole; see `AdminRules`."""
    if call.method == "POST":
        with call.store.db.transaction():
            call.store.admin.put(call.decode(AdminRules))
    return Reply(200, call.store.admin.rules)


def rules() -> list[Rule]:
    return [
        Rule(method, CONTROL_PREFIX + path, handler, None)
        for method, path, handler in (
            ("GET", "/clock", clock),
            ("POST", "/clock", clock),
            ("GET", "/switches", switches),
            ("POST", "/switches", switches),
            ("POST", "/reset", reset),
            ("POST", "/merge", merge),
            ("POST", "/restore", restore),
            ("POST", "/tokens", put_token),
            ("POST", "/tokens/expire", expire_tokens),
            ("DELETE", "/tokens/{token}", revoke_token),
            ("POST", "/load", load),
            ("GET", "/admin-rules", admin_rules),
            ("POST", "/admin-rules", admin_rules),
        )
    ]
