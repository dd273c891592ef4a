"""What a composite call asks for: its subrequests, their order, and the references between them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

import msgspec

from sandbox.salesforce.errors import ApiError

MAX_SUBREQUESTS = 25
MAX_QUERIES_AND_COLLECTIONS = 5
MAX_REFERENCE = 40
COLLATES_SINCE = 49
INHERITED = ("authorization", "accept", "content-type")

_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Subrequest:
    method: str
    url: str
    reference: str
    body: object
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> tuple[str, str]:
        """What the platform takes together: the same method on the same resource."""
        words = self.url.partition("?")[0].lower().split("/")[4:6]
        return self.method, "/".join(words)

    def references(self) -> set[str]:
        """The names of other subrequests this one waits for."""
        text = self.url + msgspec.json.encode(self.body).decode()
        return {match.group(1) for match in _REFERENCE.finditer(text)}


class UnknownReferenceError(Exception):
    """A subrequest names a result that is not there."""


def subrequests_of(body: Mapping[str, object], most: int = MAX_SUBREQUESTS) -> list[Subrequest]:
    """What `compositeRequest` lists, at most so many."""
    given = body.get("compositeRequest")
    if not isinstance(given, list) or not given:
        raise ApiError("INVALID_REQUEST", "compositeRequest has to be a list of subrequests")
    if len(given) > most:
        raise ApiError(
            "LIMIT_EXCEEDED",
            f"Composite API cannot have more than {most} subrequests, "
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
    for name in INHERITED:
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


def execution_order(requests: Sequence[Subrequest], *, collate: bool) -> list[Subrequest]:
    """As given, or with later subrequests of the same kind pulled forward to be done together,
    which is what surprises clients that count on the order."""
    if not collate:
        return list(requests)
    waiting, order = list(requests), list[Subrequest]()
    while waiting:
        first = waiting[0]
        done = {request.reference for request in order}
        together = [
            request for request in waiting
            if request is first or (request.kind == first.kind and request.references() <= done)
        ]  # fmt: skip
        order += together
        waiting = [request for request in waiting if request not in together]
    return order


def filled_body(value: object, done: Mapping[str, object]) -> object:
    if isinstance(value, str):
        whole = _REFERENCE.fullmatch(value)
        return _resolved(whole, done) if whole is not None else filled(value, done)
    if isinstance(value, list):
        return [filled_body(part, done) for part in value]
    if isinstance(value, dict):
        return {name: filled_body(part, done) for name, part in value.items()}
    return value


def filled(text: str, done: Mapping[str, object], *, in_url: bool = False) -> str:
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
