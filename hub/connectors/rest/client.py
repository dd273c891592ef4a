"""The HTTP of one system: signing in, patience, the allowance, and what each answer means."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
import requests

from hub.connectors.contract import CallMeter
from hub.connectors.http import Again, MeteredSession, Patience, Request
from hub.connectors.rest.config import RestSystem
from hub.connectors.rest.places import at, steps
from hub.connectors.rest.signing import Signer
from hub.errors import (
    CredentialsRefused,
    PermissionLost,
    QuotaSpent,
    StopSync,
    SystemUnreachable,
)

_BUSY = frozenset({408, 423, 425, 500, 502, 503, 504})
_TOO_MANY = 429
_PAUSE_SECONDS = 1.0
_LONGEST_TOLD = 300
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


class Refused(StopSync):
    """The request itself is at fault: a status from 400 on that no repetition changes."""

    def __init__(self, status: int, code: str, said: str, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.status, self.code, self.said = status, code, said


class Client:
    """Sends requests to the one host of `base_url`. Every call is counted in `calls`."""

    def __init__(
        self, system: str, config: RestSystem, calls: CallMeter, patience: Patience
    ) -> None:
        self.system, self.calls = system, calls
        self._config, self._patience = config, patience
        self._session = MeteredSession(calls, config.timeout_seconds)
        self._signer = Signer(system, config.auth, self._session, patience, calls)

    def close(self) -> None:
        self._session.close()

    def sign_in(self) -> None:
        self._signer.headers()

    def sign_in_calls(self, *, anew: bool) -> int:
        """The calls that signing in takes: of a new session, or of this one."""
        return self._signer.calls(anew=anew)

    def get(self, path: str, params: Mapping[str, str]) -> tuple[requests.Response, Any]:
        """The answer and its document. Raises Refused, PermissionLost, RetryLater errors."""
        return self._send(Request("GET", self._url(path), params=params))

    def write(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, replay: bool
    ) -> Any:
        """The document of the answer, None when it has none. `replay`: it may be sent twice."""
        told = {"Content-Type": "application/json", **headers}
        return self._send(Request(method, self._url(path), told, body=body, replay=replay))[1]

    def _url(self, path: str) -> str:
        return f"{self._config.base_url}/{path.lstrip('/')}"

    def _send(self, request: Request) -> tuple[requests.Response, Any]:
        def attempt() -> tuple[requests.Response, Any]:
            response = self._exchange(request)
            if response.status_code == 401 and self._signer.renew():
                response = self._exchange(request)
            self._check(request, response)
            return response, self._document(request, response)

        return self._patience.run(attempt)

    def _exchange(self, request: Request) -> requests.Response:
        headers = {"Accept": "application/json", **request.headers, **self._signer.headers()}
        self.calls.writes += request.method != "GET"
        signed = Request(
            request.method, request.url, headers, request.params, request.body, request.replay
        )
        response = self._session.exchange(signed, self.system)
        self._note_quota(response)
        return response

    def _document(self, request: Request, response: requests.Response) -> Any:
        if not response.content:
            return None
        try:
            return decoded(response.content)
        except msgspec.MsgspecError as err:
            error = SystemUnreachable(
                f"{self.system}: {request.method} {_path(request)} answered "
                f"{response.status_code} with a body that is not JSON.",
                remedy="if a proxy or a log-in page answers in its place, let requests pass; "
                "otherwise correct `base_url` and `path`",
            )
            raise (Again(error, _PAUSE_SECONDS) if request.replay else error) from err

    def _check(self, request: Request, response: requests.Response) -> None:
        status = response.status_code
        if 200 <= status < 300:
            return
        code, said = self._said(response)
        spoken = f"{code}: {said}" if code else said or "no readable error"
        where = f"{request.method} {_path(request)}"
        message = f"{self.system}: {where} answered {status} ({spoken})."
        if status == _TOO_MANY:
            raise self._busy(message, response)
        if status in _BUSY:
            error = SystemUnreachable(message, remedy="wait; the next run goes on from here")
            raise Again(error, _PAUSE_SECONDS) if request.replay or status == 423 else error
        if status == 401:
            raise CredentialsRefused(message, remedy=f"correct `auth` of {self.system}")
        if status == 403:
            raise PermissionLost(
                message,
                remedy="have the owner of the system let our user do this, or correct `path`",
            )
        if status < 400:
            raise StopSync(message, remedy="set `base_url` to where the address has moved")
        remedy = "compare `path` and the parameters of this object with the system's description"
        raise Refused(status, code, said, message, remedy=remedy)

    def _busy(self, message: str, response: requests.Response) -> Exception:
        told = response.headers.get("Retry-After", "")
        seconds = float(told) if told.replace(".", "", 1).isdecimal() else None
        if seconds is not None and seconds > self._config.longest_wait_seconds:
            return QuotaSpent(
                message, seconds=seconds, remedy="wait, or have the allowance of the hub raised"
            )
        error = SystemUnreachable(message, seconds=seconds, remedy="sync less often")
        return Again(error, seconds or _PAUSE_SECONDS)

    def _said(self, response: requests.Response) -> tuple[str, str]:
        """The code and message of an error body; nothing of ours that should stay secret."""
        places = self._config.errors
        try:
            document = decoded(response.content)
        except msgspec.MsgspecError:
            return "", ""
        told = (at(document, steps(place)) for place in (places.code, places.message))
        code, said = (part if isinstance(part, str) else "" for part in told)
        return self._signer.redacted(code), self._signer.redacted(said)[:_LONGEST_TOLD]

    def _note_quota(self, response: requests.Response) -> None:
        quota = self._config.quota
        if quota is None:
            return
        limit = response.headers.get(quota.limit_header, "")
        left = response.headers.get(quota.remaining_header, "")
        if limit.isdecimal() and left.isdecimal():
            self.calls.quota_limit = int(limit)
            self.calls.quota_used = int(limit) - int(left)


def filled(path: str, **values: str) -> str:
    """A path with its placeholders filled; a value never reaches beyond its segment."""
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", quote(value, safe=""))
    return path


def decoded(body: bytes) -> Any:
    """JSON with numbers as told: no digit is lost to floating point."""
    return _DECODER.decode(body)


def _path(request: Request) -> str:
    return "/" + request.url.partition("://")[2].partition("/")[2]
