"""The transport put under hubspot-api-client: it paces, counts, times out, retries and judges.

The library brings paths and parameters. Its own transport has no time-out, counts nothing, keeps
the token it began with, and drops what it does not expect.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import starmap
from typing import Any
from urllib.parse import quote_plus, urlsplit

import msgspec
import urllib3
from requests.utils import get_environ_proxies, select_proxy
from urllib3.exceptions import HTTPError

from hub.connectors.contract import CallMeter
from hub.connectors.http import CONNECT_SECONDS, Again, Patience, lost_connection, server_time
from hub.connectors.hubspot import faults
from hub.connectors.hubspot.auth import TokenKeeper
from hub.connectors.hubspot.config import HubSpotSystem
from hub.connectors.hubspot.pacing import limits_of
from hub.connectors.hubspot.paths import in_generation

_POOL_SIZE = 10

_SETTING = ("/batch/create", "/batch/update", "/batch/upsert")
_REMOVING = ("/batch/archive", "/gdpr-delete")
"""To take away twice is to take away once; to set twice touches a record twice."""

Parameters = Sequence[tuple[str, str]]


class Wire:
    """Answers the library's `rest_client` calls with raw responses of good status only."""

    def __init__(
        self, system: str, config: HubSpotSystem, calls: CallMeter, patience: Patience
    ) -> None:
        self._system, self._calls, self._patience = system, calls, patience
        self._paths = config.paths
        self._timeout = urllib3.Timeout(
            connect=min(CONNECT_SECONDS, config.timeout_seconds), read=config.timeout_seconds
        )
        self._pool = _pool(config.base_url)
        self._keeper = TokenKeeper(system, config, self._pool, self._timeout, calls, patience)
        self._limits = limits_of(config.base_url, self._keeper.identity, patience)
        self._heard: tuple[Mapping[str, str], float] | None = None

    def close(self) -> None:
        self._pool.clear()

    def sign_in_calls(self, *, anew: bool) -> int:
        return self._keeper.calls(anew=anew)

    def server_time(self) -> datetime | None:
        """The server's clock, by its last answer and the time since then; None before the first."""
        if self._heard is None:
            return None
        headers, at = self._heard
        elapsed = timedelta(seconds=self._patience.monotonic() - at)
        return server_time(headers, self._system) + elapsed

    def GET(  # noqa: N802 - the library's name, as below
        self, url: str, query_params: Parameters = (), headers: Any = None, **_: Any
    ) -> urllib3.BaseHTTPResponse:
        return self._send("GET", url, query_params, headers, None)

    def POST(  # noqa: N802
        self,
        url: str,
        query_params: Parameters = (),
        headers: Any = None,
        body: Any = None,
        **_: Any,
    ) -> urllib3.BaseHTTPResponse:
        return self._send("POST", url, query_params, headers, msgspec.json.encode(body))

    def PATCH(  # noqa: N802
        self,
        url: str,
        query_params: Parameters = (),
        headers: Any = None,
        body: Any = None,
        **_: Any,
    ) -> urllib3.BaseHTTPResponse:
        return self._send("PATCH", url, query_params, headers, msgspec.json.encode(body))

    def _send(
        self,
        method: str,
        url: str,
        parameters: Parameters | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
    ) -> urllib3.BaseHTTPResponse:
        url = in_generation(url, self._paths)
        path = urlsplit(url).path
        full = f"{url}?{'&'.join(starmap(_spelt, parameters))}" if parameters else url
        sent = {**(headers or {}), "Content-Type": "application/json"}
        pace = self._limits.of(path)
        repeatable = not path.endswith(_SETTING)
        replay = not path.endswith("/batch/create")

        def exchange(token: str) -> urllib3.BaseHTTPResponse:
            pace.wait()
            self._count(path)
            try:
                response = self._pool.request(
                    method,
                    full,
                    body=body,
                    headers={**sent, "Authorization": f"Bearer {token}"},
                    timeout=self._timeout,
                    retries=False,
                    redirect=False,
                )
            except HTTPError as err:
                raise lost_connection(self._system, method, url, err, repeatable) from err
            self._heard = response.headers, self._patience.monotonic()
            self._limits.learn(response.headers)
            self._note_quota(response.headers)
            return response

        def attempt() -> urllib3.BaseHTTPResponse:
            token = self._keeper.token()
            response = exchange(token)
            if response.status == faults.UNAUTHORIZED and self._keeper.renewed(token):
                response = exchange(self._keeper.token())
            try:
                faults.check(
                    response.status, response.headers, response.data, self._system, replay=replay
                )
            except Again as again:
                if response.status == faults.TOO_MANY:
                    pace.hold(again.step)
                raise
            return response

        return self._patience.run(attempt)

    def _count(self, path: str) -> None:
        self._calls.spend(write=path.endswith((*_SETTING, *_REMOVING)))

    def _note_quota(self, headers: Mapping[str, str]) -> None:
        daily = headers.get("X-HubSpot-RateLimit-Daily", "")
        left = headers.get("X-HubSpot-RateLimit-Daily-Remaining", "")
        if daily.isdigit() and left.isdigit():
            self._calls.quota_limit = int(daily)
            self._calls.quota_used = int(daily) - int(left)


@lru_cache(maxsize=4_096)
def _spelt(name: str, value: object) -> str:
    """One parameter. Pages of a list are asked for with hundreds of the same ones."""
    return f"{quote_plus(name)}={quote_plus(str(value))}"


def _pool(base_url: str) -> urllib3.PoolManager:
    proxy = select_proxy(base_url, get_environ_proxies(base_url))
    if proxy:
        return urllib3.ProxyManager(proxy, maxsize=_POOL_SIZE)
    return urllib3.PoolManager(maxsize=_POOL_SIZE)
