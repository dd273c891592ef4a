"""Who we are to Salesforce: one token, fetched once, renewed by one thread at a time.

The library's own renewal is not used: it repeats requests without their headers and can log in
without end.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from urllib.parse import urlencode

import msgspec

from hub.connectors.http import Again, MeteredSession, Patience, Request, server_time
from hub.connectors.salesforce.config import (
    ClientCredentials,
    JwtBearer,
    RefreshToken,
    SalesforceSystem,
    SoapLogin,
)
from hub.connectors.salesforce.logins import soap_session, token_form
from hub.errors import CredentialsRefused, HubError, RetryLater, SystemUnreachable

_REMEDIES = {
    "invalid_client_id": "correct `client_id`: the org knows no such app",
    "invalid_client": "correct `client_secret`",
    "unsupported_grant_type": "enable this flow on the app",
    "inactive_user": "reactivate the integration user",
    "inactive_org": "the org is locked or expired",
    "app_not_found": "install the external client app in this org",
}
_GRANT_REMEDIES = {
    "no client credentials user enabled": "choose a run-as user for the client credentials flow",
    "expired access/refresh token": "authorise the app again and store the new refresh token",
    "user is not admin approved": "approve the integration user for the app",
    "user hasn't approved this consumer": "approve the integration user for the app",
    "audience is invalid": "set `audience` to https://login.salesforce.com, or "
    "https://test.salesforce.com for a sandbox",
    "invalid assertion": "upload the certificate of this private key to the app",
    "expired authorization code": "correct the clock of this machine",
}
_CLOCK_OFF = "expired authorization code"
_CLOCK_TOLERANCE = timedelta(seconds=60)


class _ClockOffError(Exception):
    """Our clock is wrong: an assertion signed by it has expired, or is good for too long."""

    def __init__(self, server_time: datetime) -> None:
        super().__init__()
        self.server_time = server_time


@dataclass(frozen=True)
class Token:
    """An access token and the host it is good for. The token stays out of any repr."""

    access: str
    instance_url: str

    def __repr__(self) -> str:
        return f"Token({self.instance_url})"


class _Granted(msgspec.Struct):
    access_token: str
    instance_url: str = ""


class _Refused(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class TokenKeeper:
    """Hands out the current token. A refusal is remembered: nobody is locked out by our retries."""

    def __init__(
        self, system: str, config: SalesforceSystem, session: MeteredSession, patience: Patience
    ) -> None:
        self._system, self._config = system, config
        self._session, self._patience = session, patience
        self._lock = Lock()
        self._token: Token | None = None
        self._refusal: HubError | None = None

    def token(self) -> Token:
        with self._lock:
            return self._token or self._fetch()

    def renewed(self, stale: Token) -> Token:
        """A token other than `stale`: fetched now, unless another thread has already done it."""
        with self._lock:
            if self._token is None or self._token == stale:
                self._token = None
                return self._fetch()
            return self._token

    def _fetch(self) -> Token:
        if self._refusal is not None:
            raise self._refusal
        try:
            self._token = self._patience.run(self._ask)
        except CredentialsRefused as refusal:
            self._refusal = refusal
            raise
        return self._token

    def _ask(self) -> Token:
        auth = self._config.auth
        if isinstance(auth, SoapLogin):
            return Token(*soap_session(auth, self._config, self._system, self._session))
        try:
            return self._granted(auth, datetime.now(UTC))
        except _ClockOffError as off:
            return self._granted(auth, off.server_time)

    def _granted(self, auth: ClientCredentials | RefreshToken | JwtBearer, now: datetime) -> Token:
        response = self._session.exchange(
            Request(
                "POST",
                f"{self._config.instance_url.rstrip('/')}/services/oauth2/token",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=urlencode(token_form(auth, self._system, now)).encode(),
            ),
            self._system,
        )
        if response.status_code == 200:
            try:
                granted = msgspec.json.decode(response.content, type=_Granted)
            except msgspec.MsgspecError as err:
                raise Again(self._unreadable(response.status_code), 1.0) from err
            return Token(granted.access_token, granted.instance_url or self._config.instance_url)
        if response.status_code >= 500:
            raise Again(self._unreadable(response.status_code), 1.0)
        try:
            refused = msgspec.json.decode(response.content, type=_Refused)
        except msgspec.MsgspecError as err:
            raise self._unreadable(response.status_code) from err
        if isinstance(auth, JwtBearer) and refused.error_description == _CLOCK_OFF:
            server = server_time(response.headers, self._system)
            if abs(server - now) > _CLOCK_TOLERANCE:
                raise _ClockOffError(server)
        raise self._refused(refused)

    def _refused(self, refused: _Refused) -> HubError:
        said = ": ".join(part for part in (refused.error, refused.error_description) if part)
        message = f"{self._system}: login refused ({said})."
        if refused.error == "rate_limit_exceeded":
            return RetryLater(message, seconds=300, remedy="too many logins; wait some minutes")
        remedy = _GRANT_REMEDIES.get(refused.error_description) or _REMEDIES.get(refused.error)
        return CredentialsRefused(
            message, remedy=remedy or f"check `auth` and `instance_url` of {self._system}"
        )

    def _unreadable(self, status: int) -> SystemUnreachable:
        return SystemUnreachable(
            f"{self._system}: the token endpoint answered {status} without a readable body.",
            remedy=f"check `instance_url` of {self._system}; if it is right, wait",
        )
