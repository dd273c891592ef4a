"""The ASGI app: every rule of every module as a route, and the way of a request to its handler.

A further subject is a module with `rules()`, listed here; a further gate is a step in `_answer`.
"""

import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from email.utils import formatdate

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.clock import Clock
from sandbox.faults import FaultFile, Faults, FaultyApp
from sandbox.hubspot import (
    account,
    associations,
    auth,
    batch,
    control,
    exports,
    groups,
    journalapi,
    labels,
    merge,
    objects,
    owners,
    pipelines,
    privacy,
    properties,
    search,
    webhooks,
)
from sandbox.hubspot.adminrules import require_association_editing
from sandbox.hubspot.delivery import delivery_endpoint
from sandbox.hubspot.effects import STATE_KEY, UNDISTURBED, Effects
from sandbox.hubspot.errors import ApiError
from sandbox.hubspot.events import Events
from sandbox.hubspot.faults import knowledge
from sandbox.hubspot.http import Box, Call, Reply, Rule
from sandbox.hubspot.journal import Journal
from sandbox.hubspot.limits import Limiter
from sandbox.hubspot.store import HubSpotStore
from sandbox.hubspot.subscriptions import Webhooks
from sandbox.hubspot.switches import Switches
from sandbox.hubspot.times import to_millis
from sandbox.requestlog import CONTROL_PREFIX, LoggedApp, RequestLog

CONTENT_TYPE = "application/json;charset=utf-8"
_SUBJECTS = (
    batch,
    search,
    merge,
    privacy,
    objects,
    associations,
    labels,
    groups,
    properties,
    pipelines,
    owners,
    account,
    exports,
    webhooks,
    journalapi,
    auth,
    control,
)
_URI_TOO_LONG = "<html><head><title>414 Request-URI Too Large</title></head></html>"
_CALM = nullcontext()
_encoder = msgspec.json.Encoder()
Endpoint = Callable[[Request], Coroutine[None, None, Response]]


def create_app(
    store: HubSpotStore,
    *,
    system: str,
    log: RequestLog,
    clock: Clock,
    switches: Switches,
    faults: FaultFile | None = None,
) -> ASGIApp:
    """One HubSpot account over HTTP, answering from `store`; FaultsError for unusable faults."""
    box = _box(store, clock, switches)
    routes = [
        Route(rule.path, _endpoint(box, rule), methods=[rule.method])
        for subject in _SUBJECTS
        for rule in subject.rules()
    ]
    delivery = Route(f"{CONTROL_PREFIX}/webhooks/deliver", delivery_endpoint(box), methods=["POST"])
    app = Starlette(routes=[*routes, delivery], exception_handlers={HTTPException: _unrouted(box)})
    app.router.redirect_slashes = False
    box.faults = Faults(system, knowledge(box), faults)
    return LoggedApp(FaultyApp(app, box.faults, clock), system, log, clock)


def _box(store: HubSpotStore, clock: Clock, switches: Switches) -> Box:
    hooks = Webhooks(store.db, store.portal_id, switches)
    journal = Journal(store.db, store.portal_id)
    events = Events(store.catalog, lambda: to_millis(clock.now()), (hooks, journal))
    store.links.listener = events.joined
    return Box(
        store=store,
        switches=switches,
        clock=clock,
        limiter=Limiter(switches, store.seed.time_zone),
        chance=random.Random(store.portal_id),
        webhooks=hooks,
        journal=journal,
        events=events,
    )


def _endpoint(box: Box, rule: Rule) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        if _url_length(request) > box.switches.max_url_length and rule.scopes is not None:
            return Response(_URI_TOO_LONG, 414, media_type="text/html")
        call = Call(
            box=box,
            method=request.method,
            origin=f"{request.url.scheme}://{request.url.netloc}",
            path=request.url.path,
            raw_query=request.url.query,
            params=request.path_params,
            query=request.query_params,
            body=await request.body(),
            dated=rule.dated,
        )
        effects = request.scope["state"].get(STATE_KEY)
        with box.store.db.lock, _disturbed(box, effects) if effects else _CALM:
            response = _answer(call, rule, request.headers.get("authorization"))
        request.state.rows = call.rows
        return response

    return endpoint


@contextmanager
def _disturbed(box: Box, effects: Effects) -> Iterator[None]:
    """The account as a fault has left it for one request."""
    box.effects = effects
    try:
        with box.store.catalog.hiding(effects.hidden):
            yield
    finally:
        box.effects = UNDISTURBED


def _url_length(request: Request) -> int:
    return len(request.scope["raw_path"]) + 1 + len(request.scope["query_string"])


def _answer(call: Call, rule: Rule, authorization: str | None) -> Response:
    """Authentication, limits, permission, handler: the order in which the live API refuses."""
    box = call.box
    correlation_id = box.correlation_id()
    try:
        if rule.scopes is not None:
            call.grant = auth.authenticate(box, authorization)
            if rule.limited:
                box.limiter.admit(call.grant, box.now(), search=rule.search)
            auth.authorize(call.grant, rule, call)
            if rule.associates:
                require_association_editing(call)
        box.events.caller = call.grant
        reply = rule.handler(call)
    except ApiError as error:
        call.rows = 0
        reply = Reply(error.status, error.body(correlation_id), dict(error.headers))
    silent = rule.search or not rule.limited or not box.switches.rate_limit_headers
    if call.grant is not None and not silent:
        reply.headers.update(box.limiter.headers(call.grant, box.now()))
    return _response(box, reply, correlation_id)


def _response(box: Box, reply: Reply, correlation_id: str) -> Response:
    """`Date` follows the clock of the sandbox: clients measure their skew by it."""
    headers = {
        **reply.headers,
        "date": formatdate(box.now() / 1000, usegmt=True),
        "x-hubspot-correlation-id": correlation_id,
    }
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    if isinstance(reply.body, bytes):
        return Response(reply.body, status_code=reply.status, headers=headers)
    headers["content-type"] = CONTENT_TYPE
    return Response(_encoder.encode(reply.body), status_code=reply.status, headers=headers)


def _unrouted(box: Box) -> Callable[[Request, Exception], Response]:
    """Unknown paths and methods, in the same clothes as every other error."""

    def handle(_request: Request, error: Exception) -> Response:
        correlation_id = box.correlation_id()
        status = error.status_code if isinstance(error, HTTPException) else 500
        message = "resource not found" if status == 404 else f"Method not allowed ({status})"
        body = ApiError(status, message).body(correlation_id)
        return _response(box, Reply(status, body), correlation_id)

    return handle
