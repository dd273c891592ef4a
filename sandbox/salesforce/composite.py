"""`/composite`: up to 25 subrequests in one call, later ones naming results of earlier ones."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

import msgspec

from sandbox.salesforce.calls import Call, Reply, Route, check_version
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.router import Router

MAX_SUBREQUESTS = 25
MAX_QUERIES_AND_COLLECTIONS = 5
MAX_REFERENCE = 40
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_INHERITED = ("authorization", "accept", "content-type")
_PATH = re.compile(r"/services/data/v(\d+)\.0/(.*)", re.IGNORECASE)
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."

Response = dict[str, object]


@dataclass(frozen=True)
class Subrequest:
    method: str
    url: str
    reference: str
    body: object
    headers: dict[str, str] = field(default_factory=dict)


class _RollBackError(Exception):
    """Leaves the transaction of an all-or-none composite after its first failure."""


class UnknownReferenceError(Exception):
    """A subrequest names a result that is not there."""


class Composite:
    """Dispatches subrequests through the same routes as direct calls."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.router = Router(routes)

    def run(self, org: Org, call: Call) -> Reply:
        body = call.json_object()
        requests = _subrequests(body)
        all_or_none = body.get("allOrNone") is True
        responses: list[Response] = []
        rows = 0
        try:
            with org.store.transaction():
                done: dict[str, object] = {}
                for request in requests:
                    reply = self._one(org, call, request, done, all_or_none=all_or_none)
                    responses.append(_response(request, reply))
                    rows += reply.rows
                    if all_or_none and _failed(reply):
                        raise _RollBackError
                    if reply.status < 300:
                        done[request.reference] = reply.body
        except _RollBackError:
            rows = 0
            responses = _halted(requests, responses)
        return Reply(body={"compositeResponse": responses}, rows=rows)

    def _one(
        self,
        org: Org,
        call: Call,
        request: Subrequest,
        done: Mapping[str, object],
        *,
        all_or_none: bool,
    ) -> Reply:
        try:
            url = _filled(request.url, done, in_url=True)
            body = _filled_body(request.body, done)
        except UnknownReferenceError as error:
            return Reply(status=400, body=ApiError("PROCESSING_HALTED", str(error)).body())
        match = _PATH.fullmatch(url.partition("?")[0])
        if match is None:
            return Reply(status=404, body=_no_resource())
        if all_or_none and isinstance(body, dict) and "records" in body:
            body = {**body, "allOrNone": True}
        inner = Call(
            method=request.method,
            version=int(match.group(1)),
            user_id=call.user_id,
            query=dict(parse_qsl(url.partition("?")[2], keep_blank_values=True)),
            headers={**_inherited(call), **request.headers},
            body=msgspec.json.encode(body) if body is not None else b"",
        )
        try:
            check_version(inner.version)
            return self.router.dispatch(org, inner, match.group(2))
        except ApiError as error:
            return Reply(status=error.status, body=error.body())


def _no_resource() -> list[dict[str, object]]:
    return ApiError("NOT_FOUND", "The requested resource does not exist").body()


def _inherited(call: Call) -> dict[str, str]:
    return {"content-type": "application/json"} | {
        name: value for name, value in call.headers.items() if name == "accept"
    }


def _failed(reply: Reply) -> bool:
    """Collections answer 200 whatever happened to their rows."""
    if reply.status >= 300:
        return True
    rows = reply.body if isinstance(reply.body, list) else []
    return any(isinstance(row, dict) and row.get("success") is False for row in rows)


def _response(request: Subrequest, reply: Reply) -> Response:
    return {
        "body": reply.body,
        "httpHeaders": dict(reply.headers),
        "httpStatusCode": reply.status,
        "referenceId": request.reference,
    }


def _halted(requests: list[Subrequest], responses: list[Response]) -> list[Response]:
    """The failure keeps its error, everything before and after it is marked."""
    halted = Reply(status=400, body=ApiError("PROCESSING_HALTED", _HALTED).body())
    failed = responses[-1]
    return [
        failed if request.reference == failed["referenceId"] else _response(request, halted)
        for request in requests
    ]


def _subrequests(body: Mapping[str, object]) -> list[Subrequest]:
    given = body.get("compositeRequest")
    if not isinstance(given, list) or not given:
        raise ApiError("INVALID_REQUEST", "compositeRequest has to be a list of subrequests")
    if len(given) > MAX_SUBREQUESTS:
        raise ApiError(
            "LIMIT_EXCEEDED",
            f"Composite API cannot have more than {MAX_SUBREQUESTS} subrequests, "
            f"this request has {len(given)}",
        )
    requests = [_subrequest(entry) for entry in given]
    heavy = sum(_is_heavy(request.url) for request in requests)
    if heavy > MAX_QUERIES_AND_COLLECTIONS:
        raise ApiError(
            "LIMIT_EXCEEDED",
            f"Composite API cannot have more than {MAX_QUERIES_AND_COLLECTIONS} query and "
            f"collection operations, this request has {heavy}",
        )
    references = [request.reference for request in requests]
    if len(set(references)) < len(references):
        raise ApiError("INVALID_REQUEST", "referenceId values have to be unique")
    return requests


def _is_heavy(url: str) -> bool:
    path = url.partition("?")[0].lower()
    return "/query" in path or "/composite/sobjects" in path


def _subrequest(entry: object) -> Subrequest:
    try:
        request = msgspec.convert(entry, _Given)
    except msgspec.ValidationError as error:
        raise ApiError("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None
    headers = {name.lower(): value for name, value in request.http_headers.items()}
    for name in _INHERITED:
        if name in headers:
            raise ApiError(
                "INVALID_REQUEST", f"subrequest {request.reference_id} cannot set header {name}"
            )
    if len(request.reference_id) > MAX_REFERENCE:
        raise ApiError("INVALID_REQUEST", f"referenceId is too long: {request.reference_id}")
    return Subrequest(
        request.method.upper(), request.url, request.reference_id, request.body, headers
    )


class _Given(msgspec.Struct, rename="camel"):
    method: str
    url: str
    reference_id: str
    body: object = None
    http_headers: dict[str, str] = {}


def _filled_body(value: object, done: Mapping[str, object]) -> object:
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return _resolved(whole, done) if whole is not None else _filled(value, done)
    if isinstance(value, list):
        return [_filled_body(part, done) for part in value]
    if isinstance(value, dict):
        return {name: _filled_body(part, done) for name, part in value.items()}
    return value


def _filled(text: str, done: Mapping[str, object], *, in_url: bool = False) -> str:
    def replacement(match: re.Match[str]) -> str:
        value = str(_resolved(match, done))
        return quote(value, safe="") if in_url else value

    return _REFERENCE.sub(replacement, text)


def _resolved(match: re.Match[str], done: Mapping[str, object]) -> object:
    """Follow `ref.field` or `ref[0].field` into an earlier answer; names ignore case."""
    reference, steps = match.groups()
    if reference not in done:
        raise UnknownReferenceError(f"Invalid reference specified. No value for {reference} found")
    value = done[reference]
    for name, index in _STEP.findall(steps):
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
            continue
        lowered = {k.lower(): v for k, v in value.items()} if isinstance(value, dict) else {}
        if name.lower() not in lowered:
            raise UnknownReferenceError(
                f"Invalid reference specified. No value for {reference}{steps} found in {reference}"
            )
        value = lowered[name.lower()]
    return value
