"""Sending a request: explicit time-outs, every call counted, patience with what passes by itself.

Which answer is worth another attempt differs from system to system; how attempts are made, spaced
and given up is the same and lives here.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from hub.connectors.contract import CallMeter
from hub.errors import RetryLater, SystemUnreachable

CONNECT_SECONDS = 10.0
_READ_BYTES = 1 << 20

_Result = TypeVar("_Result")


class AnswerLost(SystemUnreachable):
    """No answer came to a write. It may have had its effect: it must not be repeated unseen."""


class Again(Exception):
    """This attempt failed with `error`, but the same request may succeed after a pause.

    Attempt n is followed by a pause of n × `step` seconds.
    """

    def __init__(self, error: RetryLater, step: float) -> None:
        super().__init__(str(error))
        self.error = error
        self.step = step


@dataclass(frozen=True)
class Patience:
    """How many attempts a request gets. Time is injected so that tests need not wait."""

    attempts: int = 5
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def run(self, attempt: Callable[[], _Result]) -> _Result:
        """The first result that is not Again; the error of the last attempt otherwise."""
        for number in range(1, self.attempts):
            try:
                return attempt()
            except Again as again:
                self.sleep(number * again.step)
        try:
            return attempt()
        except Again as again:
            raise again.error from again


@dataclass(frozen=True)
class Request:
    """One HTTP request, complete: a repetition sends the very same method, headers and body.

    `replay` says that sending it twice has the effect of sending it once.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    replay: bool = True


class MeteredSession(requests.Session):
    """A session that never waits for ever and counts what it sends."""

    def __init__(self, meter: CallMeter, read_seconds: float) -> None:
        super().__init__()
        self._meter = meter
        self._timeout = (min(CONNECT_SECONDS, read_seconds), read_seconds)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout
        self._meter.spend()
        if kwargs.get("stream"):
            return super().send(request, **kwargs)
        response = super().send(request, **{**kwargs, "stream": True})
        # The library reads by 10 kB, and between two reads everybody else gets their turn.
        response._content = b"".join(response.iter_content(_READ_BYTES))
        return response

    def exchange(self, request: Request, system: str) -> requests.Response:
        """One attempt. A lost connection is Again when the request may be replayed.

        The request is prepared without the session: a `.netrc` entry for the host would otherwise
        replace our Authorization header. Redirects are not followed: none of the APIs redirects,
        and our token must not travel.
        """
        prepared = requests.Request(
            request.method,
            request.url,
            headers=dict(request.headers),
            params=dict(request.params),
            data=request.body,
        ).prepare()
        settings = self.merge_environment_settings(prepared.url or "", {}, False, None, None)
        try:
            return self.send(prepared, allow_redirects=False, **settings)
        except requests.RequestException as err:
            raise lost_connection(system, request.method, request.url, err, request.replay) from err


class Detour(HTTPAdapter):
    """Sends what was addressed elsewhere to `target`, below its path if it has one.

    simple-salesforce writes `https` into every address; a sandbox or a recording proxy on this
    machine speaks plain HTTP.
    """

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = urlsplit(target)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(request.url or "")
        turned = request.copy()
        target = self._target
        path = target.path.rstrip("/") + parts.path
        turned.url = urlunsplit(
            parts._replace(scheme=target.scheme, netloc=target.netloc, path=path)
        )
        return super().send(turned, **kwargs)


def lost_connection(
    system: str, method: str, url: str, err: Exception, replay: bool
) -> Again | SystemUnreachable:
    """What to raise when no answer came. What never left this machine may always be sent again."""
    parts = urlsplit(url)
    again = replay or _never_sent(err)
    error = (SystemUnreachable if again else AnswerLost)(
        f"{system}: no answer to {method} {parts.path} from {parts.netloc} ({type(err).__name__}).",
        remedy="check that the address is right and reachable from here; the next run tries again",
    )
    return Again(error, 1.0) if again else error


def _never_sent(err: Exception) -> bool:
    reason = err.args[0] if err.args else None
    causes = (err, reason, getattr(reason, "reason", None))
    return any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes)


def server_time(headers: Mapping[str, str], system: str) -> datetime:
    """The server's own time of its answer: watermarks never depend on this machine's clock."""
    try:
        return parsedate_to_datetime(headers.get("Date") or "").astimezone(UTC)
    except ValueError as err:
        raise SystemUnreachable(
            f"{system}: an answer without a usable Date header.",
            remedy="if a proxy removes it, let it pass",
        ) from err
