"""The ways to get a token: the forms of the OAuth flows, a signed assertion, and SOAP's login."""

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin

from hub.connectors.http import Again, MeteredSession, lost_connection
from hub.connectors.salesforce.config import (
    ClientCredentials,
    JwtBearer,
    RefreshToken,
    SalesforceSystem,
    SoapLogin,
)
from hub.errors import CredentialsRefused, HubError, SystemUnreachable

_ASSERTION_SECONDS = 180
_SOAP_REMEDIES = {
    "INVALID_LOGIN": "correct `username`, `password` and `security_token`, or unlock the user",
    "LOGIN_MUST_USE_SECURITY_TOKEN": "set `security_token`; a new password has a new one",
    "INVALID_OPERATION": "the org has SOAP login switched off: use another flow",
    "UNSUPPORTED_API_VERSION": "set `api_version` to one that has SOAP login (31 to 64)",
}
_SOAP_BUSY = frozenset({"SERVER_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"})


def token_form(
    auth: ClientCredentials | RefreshToken | JwtBearer, system: str, now: datetime
) -> dict[str, str]:
    """What to post to the token endpoint. `now` decides how long a signed assertion is good."""
    if isinstance(auth, ClientCredentials):
        return {
            "grant_type": auth.flow,
            "client_id": auth.client_id,
            "client_secret": auth.client_secret.get_secret_value(),
        }
    if isinstance(auth, JwtBearer):
        return {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": _assertion(auth, system, now),
        }
    form = {
        "grant_type": auth.flow,
        "client_id": auth.client_id,
        "refresh_token": auth.refresh_token.get_secret_value(),
    }
    if auth.client_secret is not None:
        form["client_secret"] = auth.client_secret.get_secret_value()
    return form


def _assertion(auth: JwtBearer, system: str, now: datetime) -> str:
    claims = {
        "iss": auth.client_id,
        "sub": auth.username,
        "aud": auth.audience,
        "exp": int(now.astimezone(UTC).timestamp()) + _ASSERTION_SECONDS,
    }
    try:
        if auth.private_key is not None:
            key = auth.private_key.get_secret_value()
        else:
            key = Path(str(auth.private_key_file)).read_text(encoding="ascii")
        return jwt.encode(claims, key, algorithm="RS256")
    except (OSError, ValueError, TypeError, jwt.PyJWTError) as err:
        # The text of such an error may quote the key: only its kind is told.
        raise CredentialsRefused(
            f"{system}: the private key cannot be used ({type(err).__name__}).",
            remedy="give `private_key` or `private_key_file` an RSA key in PEM form, with all its "
            "line breaks",
        ) from None


def soap_session(
    auth: SoapLogin, config: SalesforceSystem, system: str, session: MeteredSession
) -> tuple[str, str]:
    """A session id by SOAP's login, and the address it is good for."""
    address = config.instance_url.rstrip("/")
    try:
        session_id, host = SalesforceLogin(
            username=auth.username,
            password=auth.password.get_secret_value(),
            security_token=auth.security_token.get_secret_value(),
            sf_version=config.api_version,
            scratch_url=address,
            session=session,
        )
    except requests.RequestException as err:
        raise lost_connection(system, "POST", f"{address}/services/Soap/u", err, True) from err
    except SalesforceAuthenticationFailed as err:
        raise _soap_refusal(err, system) from None
    return str(session_id), f"{urlsplit(address).scheme}://{host}"


def _soap_refusal(err: SalesforceAuthenticationFailed, system: str) -> HubError | Again:
    # A number stands for an answer that was no SOAP at all: an error page on the way.
    if isinstance(err.code, int) or err.code is None or err.code in _SOAP_BUSY:
        error = SystemUnreachable(
            f"{system}: the SOAP login cannot be reached ({err.code}).",
            remedy=f"check `instance_url` of {system}; if it is right, wait",
        )
        return Again(error, 1.0)
    return CredentialsRefused(
        f"{system}: login refused ({err.code}).",
        remedy=_SOAP_REMEDIES.get(str(err.code), f"check `auth` and `instance_url` of {system}"),
    )
