"""The JWT bearer flow: an assertion signed with the app's certificate stands for a user."""

import re
from collections.abc import Mapping
from datetime import timedelta

import jwt

from sandbox.salesforce.org import Org
from sandbox.salesforce.tokens import App, TokenError, find_app, success

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST = timedelta(hours=1)
_WHOLE = re.compile(r"\d+(\.\d+)?\Z")


def jwt_bearer(org: Org, form: Mapping[str, str]) -> dict[str, str]:
    """The success body for a good assertion, or TokenError telling which check it failed."""
    assertion = form.get("assertion", "")
    app = find_app(org, str(_unverified(assertion).get("iss", "")))
    if app is None:
        raise TokenError("invalid_client_id", "client identifier invalid")
    if GRANT not in app.flows:
        raise TokenError("unsupported_grant_type", "grant type not supported")
    claims = _verified(org, app, assertion)
    _check_audience(org, claims)
    _check_expiry(org, claims)
    return success(org, app, _user(org, app, str(claims.get("sub", ""))))


def _unverified(assertion: str) -> dict[str, object]:
    try:
        return jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise TokenError("invalid_grant", "invalid assertion") from None


def _verified(org: Org, app: App, assertion: str) -> dict[str, object]:
    row = org.store.db.execute(
        "SELECT public_key FROM _certificate WHERE client_id = ?", (app.client_id,)
    ).fetchone()
    if row is None:
        raise TokenError("invalid_grant", "invalid assertion")
    # Time is the sandbox's to tell, and the audience has an answer of its own.
    options = {"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False}
    try:
        return jwt.decode(assertion, row[0], algorithms=["RS256"], options=options)  # type: ignore[arg-type]
    except jwt.InvalidTokenError:
        raise TokenError("invalid_grant", "invalid assertion") from None


def _check_audience(org: Org, claims: Mapping[str, object]) -> None:
    accepted = {"https://login.salesforce.com", "https://test.salesforce.com"}
    if org.switches.jwt_my_domain_audience:
        accepted |= {org.base_url, f"https://{org.switches.my_domain}"}
    given = claims.get("aud")
    if not isinstance(given, str) or given.rstrip("/") not in accepted:
        raise TokenError("invalid_grant", "audience is invalid")


def _check_expiry(org: Org, claims: Mapping[str, object]) -> None:
    """Seconds since the epoch, as a number or as text; milliseconds are too far ahead."""
    text = str(claims.get("exp", ""))
    if _WHOLE.match(text) is None:
        raise TokenError("invalid_grant", "invalid assertion")
    left = float(text) - org.now().timestamp()
    if not 0 < left <= LONGEST.total_seconds():
        raise TokenError("invalid_grant", "expired authorization code")


def _user(org: Org, app: App, username: str) -> str:
    row = org.store.db.execute(
        'SELECT "Id", "IsActive" FROM "User" WHERE "Username" = ?', (username,)
    ).fetchone()
    approved = (
        row is not None
        and org.store.db.execute(
            "SELECT 1 FROM _approval WHERE client_id = ? AND user_id = ?", (app.client_id, row[0])
        ).fetchone()
    )
    if not approved:
        raise TokenError("invalid_grant", org.switches.jwt_unapproved_description)
    if not row[1]:
        raise TokenError("inactive_user", "user is inactive")
    return str(row[0])
