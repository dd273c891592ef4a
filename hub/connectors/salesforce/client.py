"""One org over HTTP: paths and headers by simple-salesforce, sending and judging answers by us."""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import msgspec
import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.metadata import SfdcMetadataApi

from hub.connectors.contract import CallMeter
from hub.connectors.http import Detour, MeteredSession, Patience, Request
from hub.connectors.salesforce import faults
from hub.connectors.salesforce.auth import Token, TokenKeeper
from hub.connectors.salesforce.config import SalesforceSystem
from hub.errors import CredentialsRefused

_JSON = {"Content-Type": "application/json"}
_USAGE = re.compile(r"(?<!per-app-)api-usage=(\d+)/(\d+)")


class Org:
    """Sends requests as the integration user. Every call is counted in `calls`."""

    def __init__(
        self, system: str, config: SalesforceSystem, calls: CallMeter, patience: Patience
    ) -> None:
        self.system, self.calls, self.patience = system, calls, patience
        self.bulk = config.bulk
        self._config = config
        self._session = MeteredSession(calls, config.timeout_seconds)
        self._session.max_redirects = 0  # Neither token nor password may travel.
        if config.base_url is not None:
            for scheme in ("https://", "http://"):
                self._session.mount(scheme, Detour(config.base_url))
        self._keeper = TokenKeeper(system, config, self._session, patience)
        self.signed_in = False
        self._signed: tuple[Token, Salesforce] | None = None

    def close(self) -> None:
        self._session.close()

    def sign_in(self) -> Token:
        """The current token; the first one is part of the minimum."""
        if not self.signed_in:
            self.calls.minimum += 1
            self.signed_in = True
        return self._keeper.token()

    def get(
        self, path: str, params: Mapping[str, str] | None = None, *, forgettable: bool = False
    ) -> requests.Response:
        """`path` is below the versioned base, or on the host itself when it starts with `/`.

        `forgettable`: the path names a job; LocatorLost is raised when the org has forgotten it.
        """
        return self._send(Request("GET", path, params=params or {}), forgettable=forgettable)

    def post(self, path: str, body: object) -> requests.Response:
        """Ask by a JSON body; it writes no record."""
        return self._send(Request("POST", path, _JSON, body=msgspec.json.encode(body)))

    def write(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        attempts: int | None = None,
        replay: bool = True,
    ) -> requests.Response:
        """A write, repeated, headers and all, while the org answers that it is busy.

        `attempts`: how often at most, if not as often as usual. Without `replay` AnswerLost is
        raised when no answer comes.
        """
        request = Request(method, path, headers, body=body, replay=replay)
        return self._send(request, write=True, attempts=attempts)

    def metadata_api(self) -> SfdcMetadataApi:
        """The library's Metadata API, good for as long as the present token; its errors are its
        own. It spoils the headers it is given, so it gets some of its own."""
        library = self._library(self.sign_in())
        return SfdcMetadataApi(
            session=self._session,
            session_id=library.session_id,
            instance=library.sf_instance,
            metadata_url=library.metadata_url,
            headers={},
            api_version=library.sf_version,
        )

    def _send(
        self,
        request: Request,
        *,
        write: bool = False,
        forgettable: bool = False,
        attempts: int | None = None,
    ) -> requests.Response:
        def attempt() -> requests.Response:
            token = self.sign_in()
            response = self._exchange(token, request, write=write)
            if faults.wants_login(response):
                token = self._keeper.renewed(token)
                response = self._exchange(token, request, write=write)
                if faults.wants_login(response):
                    raise CredentialsRefused(
                        f"{self.system}: a token just issued is refused.",
                        remedy="check the session settings and login hours of the integration user",
                    )
            faults.check(response, self.system, forgettable=forgettable)
            return response

        usual = self.patience.attempts
        return replace(self.patience, attempts=min(attempts or usual, usual)).run(attempt)

    def _exchange(self, token: Token, request: Request, *, write: bool) -> requests.Response:
        library = self._library(token)
        path = request.url
        url = (
            f"https://{library.sf_instance}{path}"
            if path.startswith("/")
            else f"{library.base_url}{path}"
        )
        self.calls.writes += write
        headers = {**self._headers(library), **request.headers}
        response = self._session.exchange(replace(request, url=url, headers=headers), self.system)
        self._note_usage(response)
        return response

    def _library(self, token: Token) -> Salesforce:
        """The library in direct mode, where it adds nothing of its own; one per token."""
        if self._signed is None or self._signed[0] != token:
            parts = urlsplit(token.instance_url)
            if parts.scheme == "http" and self._config.base_url is None:
                self._session.mount(f"https://{parts.netloc}/", Detour(token.instance_url))
            library = Salesforce(
                session_id=token.access,
                instance_url=token.instance_url,
                version=self._config.api_version,
                session=self._session,
            )
            self._signed = (token, library)
        return self._signed[1]

    def _headers(self, library: Salesforce) -> dict[str, str]:
        headers = {
            name: value for name, value in library.headers.items() if name != "X-PrettyPrint"
        }
        if self._config.instance_url.startswith("https:"):
            headers["Accept-Encoding"] = "gzip"
        return headers

    def _note_usage(self, response: requests.Response) -> None:
        match = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if match:
            self.calls.quota_used, self.calls.quota_limit = int(match[1]), int(match[2])
