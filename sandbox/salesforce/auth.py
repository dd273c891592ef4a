"""The OAuth token endpoint, revocation, and who a token belongs to."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.jwt_bearer import GRANT, jwt_bearer
from sandbox.salesforce.org import Org
from sandbox.salesforce.tokens import App, TokenError, find_app, success

GENERIC_HOSTS = ("login.salesforce.com", "test.salesforce.com")


def token(org: Org, form: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, str]:
    """The success body for a token request, or TokenError."""
    grant = form.get("grant_type", "")
    if grant == GRANT:
        return jwt_bearer(org, form)
    if grant not in ("client_credentials", "refresh_token"):
        raise TokenError("unsupported_grant_type", "grant type not supported")
    client_id, secret = _credentials(form, headers)
    app = find_app(org, client_id)
    if app is None:
        raise TokenError("invalid_client_id", "client identifier invalid")
    if secret is None and grant == "client_credentials":
        raise TokenError("invalid_client", "invalid client credentials")
    if secret is not None and not hmac.compare_digest(secret.encode(), app.secret.encode()):
        raise TokenError("invalid_client", "invalid client credentials")
    if grant not in app.flows:
        raise TokenError("unsupported_grant_type", "grant type not supported")
    if grant == "refresh_token":
        return _refresh(org, app, form.get("refresh_token", ""))
    return _client_credentials(org, app, headers.get("host", ""))


def _credentials(form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str | None]:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise TokenError("invalid_client", "invalid client credentials") from None
        return client_id, secret
    return form.get("client_id", ""), form.get("client_secret")


def _client_credentials(org: Org, app: App, host: str) -> dict[str, str]:
    """Only the org's own host knows which org a client without a user belongs to."""
    host = host.partition(":")[0].lower()
    if org.switches.generic_login_host or host in GENERIC_HOSTS:
        raise TokenError("invalid_grant", "request not supported on this domain")
    if app.run_as is None:
        raise TokenError("invalid_grant", "no client credentials user enabled")
    return success(org, app, app.run_as)


def _refresh(org: Org, app: App, given: str) -> dict[str, str]:
    row = org.store.db.execute(
        "SELECT user_id FROM _grant WHERE token = ? AND client_id = ? AND NOT revoked",
        (given, app.client_id),
    ).fetchone()
    if row is None:
        raise TokenError("invalid_grant", "expired access/refresh token")
    body = success(org, app, row[0])
    if org.switches.rotate_refresh_tokens:
        org.sessions.revoke(given)
        body["refresh_token"] = grant_access(org, app.client_id, row[0])
    return body


def grant_access(org: Org, client_id: str, user_id: str) -> str:
    """A refresh token as the browser consent would give; the oldest beyond the limit ends."""
    db = org.store.db
    token = f"5Aep{secrets.token_urlsafe(48)}"
    db.execute(
        "INSERT INTO _grant VALUES (?,?,?,?,0)", (token, user_id, client_id, org.now().isoformat())
    )
    db.execute(
        "UPDATE _grant SET revoked = 1 WHERE rowid IN (SELECT rowid FROM _grant WHERE user_id = ? "
        "AND client_id = ? AND NOT revoked ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
        (user_id, client_id, org.switches.grants_per_user_and_app),
    )
    return token


def authenticate(org: Org, headers: Mapping[str, str], now: datetime) -> str:
    """The user a data call is made by, or INVALID_SESSION_ID."""
    scheme, _, credential = headers.get("authorization", "").partition(" ")
    if scheme.lower() in ("bearer", "oauth") and not org.switches.reject_all_sessions:
        lifetime = timedelta(seconds=org.switches.session_seconds)
        user_id = org.sessions.user_of(credential.strip(), now, lifetime)
        if user_id is not None:
            return user_id
    raise ApiError("INVALID_SESSION_ID", "Session expired or invalid")
