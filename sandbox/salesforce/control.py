"""Control routes under `/__sandbox__/`: what an admin, a user in the browser or time itself would
do to the org. No CRM client ever calls them."""

from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.requestlog import CONTROL_PREFIX
from sandbox.salesforce.auth import grant_access
from sandbox.salesforce.bulk import jobs
from sandbox.salesforce.changefeed import NO_RECORD, Wanted, append_gap, events
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.ids import to_long
from sandbox.salesforce.lifecycle import convert_lead, merge
from sandbox.salesforce.org import Org
from sandbox.salesforce.recycle import empty_recycle_bin, undelete
from sandbox.salesforce.store import DEMO_CLIENT_ID, INTEGRATION_USER_ID
from sandbox.salesforce.switches import Switches

_Handler = Callable[[Org, bytes], object]


class _Merge(msgspec.Struct):
    object: str
    master: str
    losers: list[str]


class _Convert(msgspec.Struct):
    lead_id: str
    account_id: str | None = None
    opportunity_name: str | None = None
    with_opportunity: bool = True


class _Clock(msgspec.Struct):
    freeze: datetime | None = None
    advance_seconds: float = 0.0
    release: bool = False


class _Records(msgspec.Struct):
    object: str
    ids: list[str]


class _Grant(msgspec.Struct):
    client_id: str = DEMO_CLIENT_ID
    user_id: str = INTEGRATION_USER_ID


class _Session(msgspec.Struct):
    user_id: str


class _Locks(msgspec.Struct):
    ids: list[str]
    attempts: int = 1


class _Calls(msgspec.Struct):
    calls: int


class _Certificate(msgspec.Struct):
    public_key: str
    users: list[str] = []
    client_id: str = DEMO_CLIENT_ID


class _Gap(msgspec.Struct):
    object: str
    ids: list[str] = []
    change: Literal["CREATE", "UPDATE", "DELETE", "UNDELETE", "OVERFLOW"] = "UPDATE"


class _Reset(msgspec.Struct):
    records: bool = False


def _merge(org: Org, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=_Merge)
    merge(org, org.sobject(asked.object), _long(asked.master), [_long(i) for i in asked.losers])
    return {"master": _long(asked.master)}


def _convert(org: Org, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=_Convert)
    made = convert_lead(
        org,
        _long(asked.lead_id),
        _long(asked.account_id) if asked.account_id is not None else None,
        asked.opportunity_name,
        with_opportunity=asked.with_opportunity,
    )
    return {
        "accountId": made.account,
        "contactId": made.contact,
        "opportunityId": made.opportunity,
        "leadId": _long(asked.lead_id),
        "success": True,
    }


def _expire_tokens(org: Org, _body: bytes) -> object:
    return {"expired": org.sessions.expire_all()}


def _clock(org: Org, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=_Clock)
    if asked.release:
        org.clock.release()
    if asked.freeze is not None:
        org.clock.freeze(asked.freeze)
    org.clock.advance(timedelta(seconds=asked.advance_seconds))
    return {"now": org.now().isoformat()}


def _touch(org: Org, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=_Records)
    org.store.touch(org.sobject(asked.object), [_long(i) for i in asked.ids], org.now())
    return {"touched": len(asked.ids)}


def _empty_bin(org: Org, _body: bytes) -> object:
    return {"removed": empty_recycle_bin(org)}


def _grant(org: Org, body: bytes) -> object:
    asked = msgspec.json.decode(body or b"{}", type=_Grant)
    return {"refresh_token": grant_access(org, asked.client_id, asked.user_id)}


def _undelete(org: Org, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=_Records)
    for record in asked.ids:
        undelete(org, org.sobject(asked.object), _long(record))
    return {"restored": len(asked.ids)}


def _session(org: Org, body: bytes) -> object:
    """A token of another user, so that a colleague's edits carry their name."""
    user_id = _long(msgspec.json.decode(body, type=_Session).user_id)
    if org.store.fetch(org.sobject("User"), user_id) is None:
        raise ApiError("NOT_FOUND", f"no such user: {user_id}")
    return {"access_token": org.sessions.issue(user_id, None, org.now())}


def _switches(org: Org, body: bytes) -> object:
    """Changes the switches named; the answer lists all of them as they are now."""
    changes = msgspec.json.decode(body or b"{}", type=dict[str, object])
    current = msgspec.to_builtins(org.switches)
    unknown = changes.keys() - {field.name for field in fields(Switches)}
    if unknown:
        raise msgspec.ValidationError(f"no such switch: {', '.join(sorted(unknown))}")
    org.switches = msgspec.convert({**current, **changes}, Switches)
    return msgspec.to_builtins(org.switches)


def _lock_rows(org: Org, body: bytes) -> object:
    """Somebody else's transaction holds these records for so many of our attempts."""
    asked = msgspec.json.decode(body, type=_Locks)
    for record in asked.ids:
        org.locks.hold(_long(record), asked.attempts)
    return {"locked": len(asked.ids)}


def _use_calls(org: Org, body: bytes) -> object:
    """Calls that other integrations of the org have made just now."""
    for _ in range(msgspec.json.decode(body, type=_Calls).calls):
        org.usage.spend(org.now())
    return {"used": org.usage.used(org.now())}


def _certificate(org: Org, body: bytes) -> object:
    """What an admin sets up for the JWT bearer flow: a certificate and pre-approved users."""
    asked = msgspec.json.decode(body, type=_Certificate)
    users = [_long(user) for user in asked.users]
    org.store.put_certificate(asked.client_id, asked.public_key, users)
    return {"approved": users}


def _change_events(org: Org, body: bytes) -> object:
    return {"events": events(org, msgspec.json.decode(body or b"{}", type=Wanted))}


def _change_gap(org: Org, body: bytes) -> object:
    """The bus could not deliver some changes and says so in its way."""
    asked = msgspec.json.decode(body, type=_Gap)
    ids = [NO_RECORD] if asked.change == "OVERFLOW" else [_long(record) for record in asked.ids]
    return {"replayId": append_gap(org, org.sobject(asked.object).name, asked.change, ids)}


def _long(value: str) -> str:
    long_id = to_long(value)
    if long_id is None:
        raise msgspec.ValidationError(f"not an id: {value}")
    return long_id


def _reset(start: Switches) -> _Handler:
    def handler(org: Org, body: bytes) -> object:
        """Settings, clock and open cursors as at start; the records only when asked."""
        asked = msgspec.json.decode(body or b"{}", type=_Reset)
        org.switches = start
        org.clock.release()
        org.cursors.clear()
        org.locks.clear()
        if org.faults is not None:
            org.faults.restart()
        if asked.records:
            org.store.clear_records()
            jobs.clear(org)
        return {"reset": True}

    return handler


def control_routes(org: Org) -> list[Route]:
    """All control routes; each takes a JSON object by POST."""
    handlers: dict[str, _Handler] = {
        "merge": _merge,
        "convert-lead": _convert,
        "expire-tokens": _expire_tokens,
        "clock": _clock,
        "system-touch": _touch,
        "empty-bin": _empty_bin,
        "undelete": _undelete,
        "session": _session,
        "grant": _grant,
        "lock-rows": _lock_rows,
        "use-calls": _use_calls,
        "certificate": _certificate,
        "change-events": _change_events,
        "change-gap": _change_gap,
        "switches": _switches,
        "reset": _reset(org.switches),
    }
    return [
        Route(f"{CONTROL_PREFIX}/{name}", _endpoint(org, handler), methods=["POST"])
        for name, handler in handlers.items()
    ]


def _endpoint(org: Org, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            status, answer = 200, handler(org, await request.body())
        except ApiError as error:
            status, answer = error.status, error.body()
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            status, answer = 400, {"error": str(error)}
        return Response(msgspec.json.encode(answer), status, media_type="application/json")

    return endpoint
