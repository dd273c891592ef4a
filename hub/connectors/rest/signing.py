"""Who we are to the system: headers that prove it, renewed where they can be."""

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from hub.connectors.contract import CallMeter
from hub.connectors.http import Again, MeteredSession, Patience, Request
from hub.connectors.rest.config import ApiKey, Auth, Basic, Bearer, ClientCredentials
from hub.errors import CredentialsRefused, HubError, SystemUnreachable

_HIDDEN = "***"


class _Granted(msgspec.Struct):
    access_token: str


class Signer:
    """Hands out headers. A refusal is remembered: nobody is locked out by our retries."""

    def __init__(
        self,
        system: str,
        auth: Auth,
        session: MeteredSession,
        patience: Patience,
        calls: CallMeter,
    ) -> None:
        self._system, self._auth = system, auth
        self._session, self._patience, self._calls = session, patience, calls
        self._token: str | None = None
        self._fetched = False
        self._refusal: HubError | None = None

    def headers(self) -> Mapping[str, str]:
        match self._auth:
            case ApiKey(header=header, key=key):
                return {header: key.get_secret_value()}
            case Bearer(token=token):
                return {"Authorization": f"Bearer {token.get_secret_value()}"}
            case Basic(username=username, password=password):
                return {"Authorization": _basic(username, password.get_secret_value())}
            case ClientCredentials() as granted:
                return {"Authorization": f"Bearer {self._current(granted)}"}

    def calls(self, *, anew: bool) -> int:
        """The calls until there is a token: of a new session, or of this one."""
        return int(isinstance(self._auth, ClientCredentials) and (anew or self._token is None))

    def renew(self) -> bool:
        """Whether there can be other headers than those just refused."""
        if isinstance(self._auth, ClientCredentials) and self._token is not None:
            self._token = None
            return True
        return False

    def redacted(self, text: str) -> str:
        """The text without any secret of ours that the system may have repeated in it."""
        for secret in self._secrets():
            text = text.replace(secret, _HIDDEN)
        return text

    def _secrets(self) -> list[str]:
        match self._auth:
            case ApiKey(key=secret) | Bearer(token=secret) | Basic(password=secret):
                held = [secret.get_secret_value()]
            case ClientCredentials(client_secret=secret):
                held = [secret.get_secret_value(), self._token or ""]
        return [secret for secret in held if secret]

    def _current(self, auth: ClientCredentials) -> str:
        if self._refusal is not None:
            raise self._refusal
        if self._token is None:
            if not self._fetched:
                self._calls.minimum += 1
                self._fetched = True
            try:
                self._token = self._patience.run(lambda: self._ask(auth))
            except CredentialsRefused as refusal:
                self._refusal = refusal
                raise
        return self._token

    def _ask(self, auth: ClientCredentials) -> str:
        form = {"grant_type": "client_credentials"}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        secret = auth.client_secret.get_secret_value()
        if auth.scope is not None:
            form["scope"] = auth.scope
        if auth.send == "basic":
            headers["Authorization"] = _basic(auth.client_id, secret)
        else:
            form |= {"client_id": auth.client_id, "client_secret": secret}
        request = Request("POST", auth.token_url, headers, body=urlencode(form).encode())
        response = self._session.exchange(request, self._system)
        status = response.status_code
        if status in (400, 401, 403):
            raise CredentialsRefused(
                f"{self._system}: the token endpoint answered {status}.",
                remedy=f"correct `auth` of {self._system}: client_id, client_secret, scope, `send`",
            )
        try:
            if status == 200:
                return msgspec.json.decode(response.content, type=_Granted).access_token
        except msgspec.MsgspecError:
            pass
        error = SystemUnreachable(
            f"{self._system}: the token endpoint answered {status} without a token.",
            remedy="correct `auth.token_url`; if it is right, wait",
        )
        raise Again(error, 1.0)


def _basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
