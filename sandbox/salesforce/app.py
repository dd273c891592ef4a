"""The web server side: paths outside the data API, sessions, headers, and how errors leave."""

import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.faults import FaultFile, Faults, FaultyApp
from sandbox.requestlog import CONTROL_PREFIX, LoggedApp, RequestLog
from sandbox.salesforce import (
    auth,
    bulk,
    collections,
    composite,
    composite_kin,
    describe,
    identity,
    limits,
    query,
    replication,
    rows,
    search,
    soap,
    tooling,
)
from sandbox.salesforce.calls import MAX_VERSION, OLDEST_VERSION, Call, Reply, check_version
from sandbox.salesforce.calls import Route as ApiRoute
from sandbox.salesforce.control import control_routes
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.faults import RowFault, knowledge
from sandbox.salesforce.metadata_api import metadata_call
from sandbox.salesforce.org import Org
from sandbox.salesforce.partners import seed_roles
from sandbox.salesforce.router import Router
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.store import ORG_ID, SalesforceStore
from sandbox.salesforce.switches import Switches
from sandbox.salesforce.tokens import TokenError

MAX_URI = 16_384
JSON = "application/json;charset=UTF-8"
CSV = "text/csv;charset=UTF-8"
GZIP_FROM = 1_024

_DATA = re.compile(r"/services/data/v(\d+)\.(\d)(?:/(.*))?\Z", re.IGNORECASE)
_SOAP = re.compile(r"/services/Soap/u/([\d.]+)/?\Z", re.IGNORECASE)
_METADATA = re.compile(r"/services/Soap/m/([\d.]+)(/.*)?\Z", re.IGNORECASE)
_IDENTITY = re.compile(r"/id/(\w+)/(\w+)/?\Z", re.IGNORECASE)


def create_app(
    store: SalesforceStore,
    *,
    system: str,
    base_url: str,
    log: RequestLog,
    clock: Clock,
    switches: Switches,
    faults: FaultFile | None = None,
) -> ASGIApp:
    """One org as an ASGI app. `base_url` is what clients are told to send data calls to; when it
    is empty they are told the address they asked at."""
    org = Org(store, switches, clock, base_url, Sessions(store))
    seed_roles(org)
    org.faults = Faults(system, knowledge(org), faults)
    return LoggedApp(FaultyApp(SalesforceApp(org), org.faults, clock), system, log, clock)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request taken off the wire: header names lower case, the path still percent-encoded."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    row_faults: Sequence[RowFault] = ()

    def parameters(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A response before the headers every response gets. No media type means no body."""

    status: int
    body: bytes = b""
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0


class SalesforceApp:
    """Answers one request at a time; handlers run to their end on the event loop, so calls are
    serialised and every answer follows from the order of the calls."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.control = Starlette(routes=control_routes(org))
        self.router = Router(_api_routes())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith(CONTROL_PREFIX):
            await self.control(scope, receive, send)
            return
        request = Request(scope, receive)
        incoming = Incoming(
            request.method,
            scope["raw_path"].decode("latin-1").partition("?")[0],
            scope["query_string"].decode("latin-1"),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
            scope.get("state", {}).get("row_faults", ()),
        )
        if not self.org.base_url:
            self.org.base_url = f"{request.url.scheme}://{incoming.headers.get('host', '')}"
        outgoing = self._compressed(incoming, self.answer(incoming))
        request.state.rows = outgoing.rows
        await _send(outgoing, self._date(), send)

    def answer(self, incoming: Incoming) -> Outgoing:
        too_long = _too_long(incoming)
        if too_long is not None:
            return too_long
        path = incoming.path.rstrip("/").lower()
        if path == "/services/oauth2/token" and incoming.method == "POST":
            return self._token(incoming)
        if path == "/services/oauth2/revoke":
            return self._revoke(incoming)
        soap_call = _SOAP.match(incoming.path)
        if soap_call is not None:
            answered = soap.soap(self.org, soap_call.group(1), incoming.body)
            return Outgoing(answered.status, answered.xml.encode(), "text/xml;charset=UTF-8")
        if _METADATA.match(incoming.path) is not None:
            answered = metadata_call(self.org, incoming.body)
            return Outgoing(answered.status, answered.xml.encode(), "text/xml;charset=UTF-8")
        try:
            return self._rest(incoming, path)
        except ApiError as error:
            return self._refused(error)

    # --- outside the data API ---------------------------------------------------------------

    def _token(self, incoming: Incoming) -> Outgoing:
        try:
            granted = auth.token(self.org, incoming.form(), incoming.headers)
        except TokenError as error:
            return _json(400, error.body)
        return _json(200, granted, {"Cache-Control": "no-store"})

    def _revoke(self, incoming: Incoming) -> Outgoing:
        token = {**incoming.parameters(), **incoming.form()}.get("token", "")
        if self.org.sessions.revoke(token):
            return Outgoing(200)
        body = {"error": "unsupported_token_type", "error_description": "invalid token"}
        return _json(400, body)

    def _rest(self, incoming: Incoming, path: str) -> Outgoing:
        if path == "/services/data":
            return _json(200, _versions())
        data = _DATA.match(incoming.path)
        if data is not None:
            version = int(data.group(1))
            check_version(version, data.group(2))
            return self._data(incoming, version, data.group(3) or "")
        user_id = auth.authenticate(self.org, incoming.headers, self.org.now())
        if path == "/services/oauth2/userinfo":
            return _json(200, identity.userinfo(self.org, user_id))
        asked = _IDENTITY.match(incoming.path)
        if asked is not None and asked.groups() == (ORG_ID, user_id):
            return _json(200, identity.identity(self.org, user_id))
        raise not_found()

    # --- the data API -----------------------------------------------------------------------

    def _data(self, incoming: Incoming, version: int, rest: str) -> Outgoing:
        """The session is checked before anything happens: a 401 never leaves an effect."""
        user_id = auth.authenticate(self.org, incoming.headers, self.org.now())
        if self.org.usage.used(self.org.now()) >= self.org.switches.daily_api_requests:
            error = ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
            return self._with_usage(self._refused(error))
        self.org.usage.spend(self.org.now())
        self.org.locks.next_call(incoming.row_faults)
        call = Call(
            incoming.method, version, user_id,
            query=incoming.parameters(), headers=incoming.headers, body=incoming.body,
        )  # fmt: skip
        self.org.see_as(user_id)
        try:
            outgoing = _of_reply(self.router.dispatch(self.org, call, rest))
        except ApiError as error:
            outgoing = self._refused(error)
        finally:
            self.org.see_as(None)
        return self._with_usage(outgoing)

    def _with_usage(self, outgoing: Outgoing) -> Outgoing:
        headers = {"Sforce-Limit-Info": limits.limit_info(self.org), **outgoing.headers}
        return replace(outgoing, headers=headers)

    def _refused(self, error: ApiError) -> Outgoing:
        switches = self.org.switches
        if error.status == 401 and switches.unauthorized_body == "object":
            return _json(401, error.body()[0])
        if error.status == 401 and switches.unauthorized_body == "html":
            return Outgoing(401, b"<html><body>Session expired</body></html>", "text/html")
        if error.status == 412 and switches.precondition_body == "empty":
            return Outgoing(412)
        return _json(error.status, error.body())

    def _compressed(self, incoming: Incoming, outgoing: Outgoing) -> Outgoing:
        """What the org compresses for clients that accept it; bulk results at least."""
        wanted = self.org.switches.gzip
        eligible = wanted == "all" or (wanted == "bulk" and outgoing.media_type == CSV)
        accepted = "gzip" in incoming.headers.get("accept-encoding", "").lower()
        if not (eligible and accepted) or len(outgoing.body) < GZIP_FROM:
            return outgoing
        body = gzip.compress(outgoing.body, compresslevel=1, mtime=0)
        headers = {**outgoing.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return replace(outgoing, body=body, headers=headers)

    def _date(self) -> str:
        return format_datetime(self.org.now(), usegmt=True)


def _api_routes() -> list[ApiRoute]:
    """Modules of the data API; what is named first wins where paths overlap. Composite cannot
    call itself, so its subrequests reach the others only."""
    plain = [
        ApiRoute("GET", "", _resources),
        *query.ROUTES,
        *bulk.ROUTES,
        *search.ROUTES,
        *limits.ROUTES,
        *collections.ROUTES,
        *replication.ROUTES,
        *describe.ROUTES,
        *tooling.ROUTES,
        *rows.ROUTES,
    ]
    whole = composite.Composite(plain)
    return [ApiRoute("POST", "composite", whole.run), *composite_kin.routes(whole, plain), *plain]


def _resources(org: Org, call: Call) -> Reply:
    names = ("sobjects", "query", "queryAll", "jobs/query", "jobs/ingest", "limits", "composite")
    body = {name: f"{call.base}/{name}" for name in names}
    body["identity"] = f"{org.base_url}/id/{ORG_ID}/{call.user_id}"
    return Reply(body=body)


def _versions() -> list[dict[str, str]]:
    return [
        {"label": _season(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
        for number in range(OLDEST_VERSION, MAX_VERSION + 1)
    ]


def _season(version: int) -> str:
    """Three releases a year; 58 was Summer '23."""
    year, season = divmod(version - 57 + 3 * 23, 3)
    return f"{('Spring', 'Summer', 'Winter')[season]} '{year + (season == 2):02d}"


def _too_long(incoming: Incoming) -> Outgoing | None:
    uri = len(incoming.path) + (len(incoming.query) + 1 if incoming.query else 0)
    if uri > MAX_URI:
        return _server_page(414, "URI Too Long")
    if uri + sum(len(n) + len(v) + 4 for n, v in incoming.headers.items()) > MAX_URI:
        return _server_page(431, "Request Header Fields Too Large")
    return None


def _server_page(status: int, reason: str) -> Outgoing:
    """The web server in front refuses these, not the API: no JSON."""
    page = f"<h1>Bad Message {status}</h1><pre>reason: {reason}</pre>"
    return Outgoing(status, page.encode(), "text/html;charset=iso-8859-1")


def _of_reply(reply: Reply) -> Outgoing:
    if reply.csv is not None:
        return Outgoing(reply.status, reply.csv, CSV, reply.headers, reply.rows)
    if reply.body is None:
        return Outgoing(reply.status, headers=reply.headers, rows=reply.rows)
    return _json(reply.status, reply.body, reply.headers, reply.rows)


def _json(
    status: int, body: object, headers: Mapping[str, str] | None = None, rows: int = 0
) -> Outgoing:
    return Outgoing(status, msgspec.json.encode(body), JSON, headers or {}, rows)


async def _send(outgoing: Outgoing, date: str, send: Send) -> None:
    headers = [(b"date", date.encode())]
    headers += [(n.lower().encode(), v.encode("latin-1")) for n, v in outgoing.headers.items()]
    if outgoing.media_type is not None:
        headers.append((b"content-type", outgoing.media_type.encode()))
    if outgoing.status not in (204, 304):
        headers.append((b"content-length", str(len(outgoing.body)).encode()))
    await send({"type": "http.response.start", "status": outgoing.status, "headers": headers})
    await send({"type": "http.response.body", "body": outgoing.body})
