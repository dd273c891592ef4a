"""`/composite`: up to 25 subrequests in one call, later ones naming results of earlier ones."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import msgspec

from sandbox.salesforce.calls import Call, Reply, Route, check_version
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.router import Router
from sandbox.salesforce.subrequests import (
    COLLATES_SINCE,
    Subrequest,
    UnknownReferenceError,
    execution_order,
    filled,
    filled_body,
    subrequests_of,
)

_PATH = re.compile(r"/services/data/v(\d+)\.0/(.*)", re.IGNORECASE)
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."

Response = dict[str, object]


@dataclass(frozen=True)
class Executed:
    """What came of subrequests. Only an all-or-none request can be unsuccessful as a whole."""

    responses: list[Response]
    rows: int
    successful: bool


class _RollBackError(Exception):
    """Leaves the transaction of an all-or-none composite after its first failure."""

    def __init__(self, reference: str) -> None:
        super().__init__(reference)
        self.reference = reference


class Composite:
    """Dispatches subrequests through the same routes as direct calls."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.router = Router(routes)

    def run(self, org: Org, call: Call) -> Reply:
        body = call.json_object()
        collate = call.version >= COLLATES_SINCE and body.get("collateSubrequests") is not False
        all_or_none = body.get("allOrNone") is True
        done = self.execute(
            org, call, subrequests_of(body), collate=collate, all_or_none=all_or_none
        )
        return Reply(body={"compositeResponse": done.responses}, rows=done.rows)

    def execute(
        self, org: Org, call: Call, requests: list[Subrequest], *, collate: bool, all_or_none: bool
    ) -> Executed:
        """Carry out subrequests; responses come in the order of the request."""
        responses: dict[str, Response] = {}
        rows, successful = 0, True
        try:
            with org.store.transaction():
                done: dict[str, object] = {}
                for request in execution_order(requests, collate=collate):
                    reply = self._one(org, call, request, done, all_or_none=all_or_none)
                    responses[request.reference] = _response(request, reply)
                    rows += reply.rows
                    if all_or_none and _failed(reply):
                        raise _RollBackError(request.reference)
                    if reply.status < 300:
                        done[request.reference] = reply.body
        except _RollBackError as failure:
            rows, successful = 0, False
            responses = _halted(requests, responses[failure.reference])
        ordered = [responses[request.reference] for request in requests]
        return Executed(ordered, rows, successful)

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
            url = filled(request.url, done, in_url=True)
            body = filled_body(request.body, done)
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


def _halted(requests: list[Subrequest], failed: Response) -> dict[str, Response]:
    """The failure keeps its error, everything before and after it is marked."""
    halted = Reply(status=400, body=ApiError("PROCESSING_HALTED", _HALTED).body())
    responses = {request.reference: _response(request, halted) for request in requests}
    return {**responses, str(failed["referenceId"]): failed}
