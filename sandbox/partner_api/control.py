"""Control routes: what a user of the portal, its admin or time itself would do. Not logged."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.partner_api.access import Portal
from sandbox.partner_api.schema import Field
from sandbox.partner_api.store import Record
from sandbox.partner_api.switches import Switches
from sandbox.requestlog import CONTROL_PREFIX


class _Clock(msgspec.Struct):
    freeze: datetime | None = None
    advance: float = 0.0
    release: bool = False


class _Named(msgspec.Struct):
    object: str
    id: str


class _Merge(msgspec.Struct):
    object: str
    survivor: str
    loser: str


class _Change(msgspec.Struct):
    object: str
    id: str
    values: dict[str, Any]


class _Fields(msgspec.Struct):
    object: str
    add: list[Field] = []
    drop: list[str] = []


def _clock(portal: Portal, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=_Clock)
    if asked.freeze is not None:
        portal.clock.freeze(asked.freeze)
    if asked.release:
        portal.clock.release()
    portal.clock.advance(timedelta(seconds=asked.advance))
    return {"now": portal.now()}


def _switches(portal: Portal, body: bytes) -> object:
    told = {**asdict(portal.switches), **msgspec.json.decode(body)}
    portal.switches = msgspec.convert(told, type=Switches)
    return asdict(portal.switches)


def _touched(portal: Portal, body: bytes, **changed: Any) -> object:
    asked = msgspec.json.decode(body, type=_Named)
    record = _known(portal, asked.object, asked.id)
    portal.store.put(asked.object, replace(record, updated_at=portal.now(), **changed))
    return {"id": asked.id}


def _delete(portal: Portal, body: bytes) -> object:
    return _touched(portal, body, deleted_at=portal.now())


def _restore(portal: Portal, body: bytes) -> object:
    return _touched(portal, body, deleted_at=None, merged_into=None)


def _hide(portal: Portal, body: bytes) -> object:
    """The record leaves our user's sight without a trace: nothing about it changes."""
    asked = msgspec.json.decode(body, type=_Named)
    record = _known(portal, asked.object, asked.id)
    portal.store.put(asked.object, replace(record, hidden=True))
    return {"id": asked.id}


def _show(portal: Portal, body: bytes) -> object:
    asked = msgspec.json.decode(body, type=_Named)
    record = _known(portal, asked.object, asked.id)
    portal.store.put(asked.object, replace(record, hidden=False))
    return {"id": asked.id}


def _merge(portal: Portal, body: bytes) -> object:
    """The loser is gone; it and all that were merged into it name the survivor."""
    asked = msgspec.json.decode(body, type=_Merge)
    survivor = _known(portal, asked.object, asked.survivor)
    now = portal.now()
    loser = _known(portal, asked.object, asked.loser)
    earlier = portal.store.select(asked.object, "merged_into = ?", [asked.loser])
    for gone in (loser, *earlier):
        gone.deleted_at, gone.merged_into, gone.updated_at = now, survivor.id, now
        portal.store.put(asked.object, gone)
    portal.store.put(asked.object, replace(survivor, updated_at=now))
    return {"id": survivor.id}


def _silently(portal: Portal, body: bytes) -> object:
    """Fields that are computed from elsewhere: they change, `updated_at` does not."""
    asked = msgspec.json.decode(body, type=_Change)
    record = _known(portal, asked.object, asked.id)
    record.values |= asked.values
    portal.store.put(asked.object, record)
    return {"id": asked.id}


def _fields(portal: Portal, body: bytes) -> object:
    """An admin adds fields, or takes some away."""
    asked = msgspec.json.decode(body, type=_Fields)
    known = portal.store.fields(asked.object)
    for name in asked.drop:
        known.pop(name)
    known |= {one.name: one for one in asked.add}
    portal.store.set_fields(asked.object, known.values())
    return {"fields": list(known)}


def _load(portal: Portal, body: bytes) -> object:
    told = msgspec.json.decode(body, type=dict[str, list[dict[str, Any]]])
    portal.store.load(told)
    return {obj: len(records) for obj, records in told.items()}


def _expire_tokens(portal: Portal, _body: bytes) -> object:
    portal.store.forget_tokens()
    return {}


def _use_calls(portal: Portal, body: bytes) -> object:
    """So many calls of somebody else's."""
    portal.day = portal.now()[:10]
    portal.used += msgspec.json.decode(body, type=dict[str, int])["calls"]
    return {"used": portal.used}


def _reset(portal: Portal, _body: bytes) -> object:
    portal.store.empty()
    portal.clock.release()
    portal.switches, portal.used = Switches(), 0
    return {}


_HANDLERS: dict[str, Callable[[Portal, bytes], object]] = {
    "clock": _clock,
    "switches": _switches,
    "load": _load,
    "delete": _delete,
    "restore": _restore,
    "merge": _merge,
    "hide": _hide,
    "show": _show,
    "silently": _silently,
    "fields": _fields,
    "expire-tokens": _expire_tokens,
    "use-calls": _use_calls,
    "reset": _reset,
}


def control_routes(portal: Portal) -> list[Route]:
    return [
        Route(f"{CONTROL_PREFIX}/{name}", _endpoint(portal, handler), methods=["POST"])
        for name, handler in _HANDLERS.items()
    ]


def _endpoint(portal: Portal, handler: Callable[[Portal, bytes], object]) -> Any:
    async def endpoint(request: Request) -> Response:
        body = await request.body() or b"{}"
        try:
            answer, status = handler(portal, body), 200
        except (msgspec.MsgspecError, KeyError, TypeError) as error:
            answer, status = {"error": f"{type(error).__name__}: {error}"}, 400
        return Response(msgspec.json.encode(answer), status, media_type="application/json")

    return endpoint


def _known(portal: Portal, obj: str, record_id: str) -> Record:
    record = portal.store.get(obj, record_id)
    if record is None:
        raise KeyError(f"{obj} {record_id}")
    return record
