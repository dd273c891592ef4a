"""Taking down what goes over the wire, and sending the very same again with nothing around it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.connectionpool import HTTPConnectionPool

_TOKEN_PATH = "/oauth2/token"
# What the client that sends the request makes up by itself.
_OWN = {"content-length", "host", "connection"}


@dataclass(frozen=True)
class Sent:
    """One request as it went out."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def is_token(self) -> bool:
        return self.path.endswith(_TOKEN_PATH)


@contextmanager
def recorded() -> Iterator[list[Sent]]:
    """Requests sent while the block runs: requests and urllib3 meet in the connection pool."""
    sent: list[Sent] = []
    original = HTTPConnectionPool.urlopen

    def urlopen(
        pool: Any, method: str, url: str, body: Any = None, headers: Any = None, **rest: Any
    ) -> Any:
        full = f"{pool.scheme}://{pool.host}:{pool.port}{url}"
        sent.append(Sent(method, full, dict(headers or {}), body))
        return original(pool, method, url, body=body, headers=headers, **rest)

    HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign,assignment]
    try:
        yield sent
    finally:
        HTTPConnectionPool.urlopen = original  # type: ignore[method-assign]


class Replay:
    """Sends recorded requests with `requests`, one connection per host, and reads the bytes.

    A token is asked for as it was then, and the one issued now takes the place of the old one.
    """

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._tokens: dict[str, str] = {}

    def send(self, sent: Sequence[Sent]) -> int:
        """Bytes of all answers. Raises on an answer that is an error."""
        return sum(len(self.fetch(request)) for request in sent)

    def fetch(self, request: Sent) -> bytes:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in _OWN}
        if request.host in self._tokens and not request.is_token:
            headers["Authorization"] = f"Bearer {self._tokens[request.host]}"
        answer = self._session.request(
            request.method, request.url, headers=headers, data=request.body, timeout=60
        )
        answer.raise_for_status()
        if request.is_token:
            self._tokens[request.host] = answer.json()["access_token"]
        return answer.content

    def close(self) -> None:
        self._session.close()
