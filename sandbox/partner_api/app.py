"""The ASGI app: routes, the way of a request to its handler, and how answers leave."""

from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.faults import FaultFile, Faults, FaultyApp
from sandbox.partner_api import records
from sandbox.partner_api.access import Portal, admit, authorize, grant, quota_headers, sign_in
from sandbox.partner_api.control import control_routes
from sandbox.partner_api.errors import ApiError
from sandbox.partner_api.faults import knowledge
from sandbox.partner_api.paging import Page
from sandbox.partner_api.schema import OBJECTS
from sandbox.partner_api.store import PartnerStore
from sandbox.partner_api.switches import Switches
from sandbox.requestlog import LoggedApp, RequestLog

_NO_CONTENT = 204


@dataclass(frozen=True)
class Call:
    """One request to an object: its name, the rest of the path, and the body."""

    portal: Portal
    object: str
    request: Request
    body: bytes

    @property
    def id(self) -> str:
        return str(self.request.path_params["id"])


@dataclass(frozen=True)
class Reply:
    status: int
    body: object
    headers: dict[str, str] = field(default_factory=dict)
    rows: int = 0


Handler = Callable[[Call], Reply]


def create_app(
    store: PartnerStore,
    *,
    system: str,
    log: RequestLog,
    clock: Clock,
    switches: Switches,
    faults: FaultFile | None = None,
) -> ASGIApp:
    """One partner portal over HTTP, answering from `store`; FaultsError for unusable faults."""
    portal = Portal(store, switches, clock)
    routes = [
        Route("/oauth/token", _token_endpoint(portal), methods=["POST"]),
        *(
            Route(f"/v1/{obj}{path}", _endpoint(portal, obj, handler), methods=[method])
            for obj in OBJECTS
            for method, path, handler in _RULES
        ),
        *control_routes(portal),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _unrouted(portal)})
    app.router.redirect_slashes = False
    faulty = FaultyApp(app, Faults(system, knowledge(portal), faults), clock)
    return LoggedApp(faulty, system, log, clock)


# -- handlers


def _list(call: Call) -> Reply:
    page = records.listed(call.portal, call.object, call.request.query_params, call.request.url)
    told = [records.shown(call.portal, call.object, record) for record in page.records]
    return _page(page, told)


def _deleted(call: Call) -> Reply:
    page = records.deletions(call.portal, call.object, call.request.query_params, call.request.url)
    told = [
        {"id": r.id, "deleted_at": r.deleted_at, "merged_into": r.merged_into} for r in page.records
    ]
    return _page(page, told)


def _page(page: Page, told: list[dict[str, Any]]) -> Reply:
    return Reply(200, {"data": told, "meta": page.meta}, page.headers, len(told))


def _one(call: Call) -> Reply:
    record = records.one(call.portal, call.object, call.id, call.request.query_params)
    return _record(call, 200, record)


def _fields(call: Call) -> Reply:
    known = call.portal.store.fields(call.object)
    return Reply(200, {"object": call.object, "fields": list(known.values())})


def _create(call: Call) -> Reply:
    """An answer is kept under its `Idempotency-Key` and given again for the same request."""
    key = call.request.headers.get("idempotency-key")
    known = call.portal.store.answered(key) if key is not None else None
    if known is not None:
        request, status, body = known
        if request != call.body:
            raise ApiError(409, "idempotency_mismatch", "The key belongs to another request.")
        return Reply(status, msgspec.Raw(body), {"idempotency-replayed": "true"}, 1)
    reply = _record(call, 201, records.make(call.portal, call.object, call.body))
    if key is not None:
        call.portal.store.remember(key, call.body, reply.status, msgspec.json.encode(reply.body))
    return reply


def _update(call: Call) -> Reply:
    record = records.found(call.portal, call.object, call.id)
    return _record(call, 200, records.change(call.portal, call.object, record, call.body))


def _delete(call: Call) -> Reply:
    records.remove(call.portal, call.object, records.found(call.portal, call.object, call.id))
    return Reply(204, None, rows=1)


def _upsert(call: Call) -> Reply:
    """The record with this external reference: made, or changed when it is there."""
    key = str(call.request.path_params["key"])
    record = call.portal.store.by_key(call.object, key)
    if record is None:
        return _record(call, 201, records.make(call.portal, call.object, call.body, key))
    return _record(call, 200, records.change(call.portal, call.object, record, call.body))


def _record(call: Call, status: int, record: Any) -> Reply:
    return Reply(status, {"data": records.shown(call.portal, call.object, record)}, rows=1)


_RULES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", _list),
    ("POST", "", _create),
    ("GET", "/fields", _fields),
    ("GET", "/deleted", _deleted),
    ("PUT", "/by-ref/{key}", _upsert),
    ("GET", "/{id}", _one),
    ("PATCH", "/{id}", _update),
    ("DELETE", "/{id}", _delete),
)


# -- around them


def _endpoint(portal: Portal, obj: str, handler: Handler) -> Any:
    async def endpoint(request: Request) -> Response:
        body = await request.body()

        def answer() -> Reply:
            sign_in(portal, request.headers)
            admit(portal)
            authorize(portal, obj)
            return handler(Call(portal, obj, request, body))

        reply = _answered(answer)
        request.state.rows = reply.rows
        return _response(portal, reply, quota_headers(portal))

    return endpoint


def _token_endpoint(portal: Portal) -> Any:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        reply = _answered(lambda: Reply(200, grant(portal, request.headers, body)))
        return _response(portal, reply, {})

    return endpoint


def _answered(answer: Callable[[], Reply]) -> Reply:
    try:
        return answer()
    except ApiError as error:
        return Reply(error.status, error.body(), dict(error.headers))


def _response(portal: Portal, reply: Reply, more: dict[str, str]) -> Response:
    """`Date` follows the clock of the sandbox: clients measure their skew by it."""
    headers = {**more, **reply.headers, "date": format_datetime(portal.clock.now(), usegmt=True)}
    body = b"" if reply.status == _NO_CONTENT else msgspec.json.encode(reply.body)
    return Response(body, reply.status, headers=headers, media_type="application/json")


def _unrouted(portal: Portal) -> Callable[[Request, Exception], Response]:
    def handle(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        refused = ApiError(status, "not_found", "There is no such resource.")
        return _response(portal, Reply(status, refused.body()), {})

    return handle
