"""Who we are to HubSpot: a token that was given to us, or tokens that an installed app is granted.

Granted tokens live for half an hour: they are renewed before they end, by one thread for all.
"""

from threading import Lock
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import HTTPError

from hub.connectors.contract import CallMeter
from hub.connectors.http import Again, Patience, lost_connection
from hub.connectors.hubspot.config import BearerToken, HubSpotSystem, InstalledApp
from hub.errors import CredentialsRefused, HubError, RetryLater, SystemUnreachable

_EARLY_SECONDS = 60.0
_PAUSE_SECONDS = 300.0
_REMEDIES = {
    "BAD_CLIENT_ID": "correct `client_id` and `client_secret`: they are those of the app",
    "BAD_REFRESH_TOKEN": "install the app in the account again and store its new `refresh_token`",
    "invalid_grant": "install the app in the account again and store its new `refresh_token`",
}


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float = 1800.0


class _Refused(msgspec.Struct):
    message: str = ""
    status: str = ""
    error: str = ""
    error_description: str = ""


class TokenKeeper:
    """Hands out the current token. A refusal is remembered: nobody is locked out by our retries."""

    def __init__(
        self,
        system: str,
        config: HubSpotSystem,
        pool: urllib3.PoolManager,
        timeout: urllib3.Timeout,
        calls: CallMeter,
        patience: Patience,
    ) -> None:
        self._system, self._auth = system, config.auth
        self._url = f"{config.base_url.rstrip('/')}/oauth/{config.paths}/token"
        self._pool, self._timeout = pool, timeout
        self._calls, self._patience = calls, patience
        self._lock = Lock()
        self._token, self._until = "", 0.0
        self._refusal: HubError | None = None

    @property
    def identity(self) -> str:
        """What stays the same while tokens come and go: the limits of the API belong to it."""
        match self._auth:
            case BearerToken(access_token=held) | InstalledApp(refresh_token=held):
                return held.get_secret_value()

    def calls(self, *, anew: bool) -> int:
        """The calls until there is a token: of a new session, or of this one."""
        return int(isinstance(self._auth, InstalledApp) and (anew or not self._token))

    def token(self) -> str:
        """Raises CredentialsRefused when the app is granted none."""
        auth = self._auth
        if isinstance(auth, BearerToken):
            return auth.access_token.get_secret_value()
        with self._lock:
            if not self._token or self._patience.monotonic() >= self._until:
                self._fetch(auth)
            return self._token

    def renewed(self, stale: str) -> bool:
        """Whether there is a token other than `stale`: fetched now, unless another thread did."""
        auth = self._auth
        if isinstance(auth, BearerToken):
            return False
        with self._lock:
            if self._token == stale:
                self._fetch(auth)
        return True

    def _fetch(self, app: InstalledApp) -> None:
        if self._refusal is not None:
            raise self._refusal
        if not self._token:
            self._calls.minimum += 1
        try:
            granted = self._patience.run(lambda: self._ask(app))
        except CredentialsRefused as refusal:
            self._refusal = refusal
            raise
        self._token = granted.access_token
        self._until = self._patience.monotonic() + granted.expires_in - _EARLY_SECONDS

    def _ask(self, app: InstalledApp) -> _Granted:
        form = {
            "grant_type": "refresh_token",
            "client_id": app.client_id,
            "client_secret": app.client_secret.get_secret_value(),
            "refresh_token": app.refresh_token.get_secret_value(),
        }
        self._calls.spend()
        try:
            response = self._pool.request(
                "POST",
                self._url,
                body=urlencode(form),
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                timeout=self._timeout,
                retries=False,
                redirect=False,
            )
        except HTTPError as err:
            raise lost_connection(self._system, "POST", self._url, err, replay=True) from err
        try:
            if response.status == 200:
                return msgspec.json.decode(response.data, type=_Granted)
            refused = msgspec.json.decode(response.data, type=_Refused)
        except msgspec.MsgspecError as err:
            raise Again(self._unreadable(response.status), 1.0) from err
        if response.status >= 500:
            raise Again(self._unreadable(response.status), 1.0)
        raise self._refused(response.status, refused)

    def _refused(self, status: int, refused: _Refused) -> HubError:
        code = refused.status if refused.status in _REMEDIES else refused.error or refused.status
        said = ": ".join(part for part in (code, refused.message) if part)
        message = f"{self._system}: no token was granted ({said})."
        if status == 429:
            return RetryLater(message, seconds=_PAUSE_SECONDS, remedy="wait some minutes")
        remedy = _REMEDIES.get(code, f"check `auth` of {self._system}")
        return CredentialsRefused(message, remedy=remedy)

    def _unreadable(self, status: int) -> SystemUnreachable:
        return SystemUnreachable(
            f"{self._system}: the token endpoint answered {status} without a token.",
            remedy=f"check `base_url` of {self._system}; if it is right, wait",
        )
