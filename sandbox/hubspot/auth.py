"""Who is calling and what they may do; and the OAuth endpoints that hand out tokens."""

from collections.abc import Iterable
from urllib.parse import parse_qs

from sandbox.hubspot.demo import APP_SCOPES
from sandbox.hubspot.errors import ApiError, missing_scopes
from sandbox.hubspot.http import Box, Call, Reply, Rule
from sandbox.hubspot.schema import object_type
from sandbox.hubspot.times import iso
from sandbox.hubspot.tokens import ACCESS_TOKEN_SECONDS, Grant, Install

_FAILED = {"x-hubspot-auth-failure": "401 Unauthorized"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def authenticate(box: Box, header: str | None) -> Grant:
    """The grant behind an Authorization header; 401 for none, an unknown or an expired one."""
    scheme, _, token = (header or "").partition(" ")
    grant = box.store.tokens.grant(token.strip()) if scheme.lower() == "bearer" else None
    if grant is None:
        raise no_credentials()
    if grant.expires_at is not None and grant.expires_at <= box.now():
        raise token_expired(grant.expires_at, box.now())
    return grant


def no_credentials() -> ApiError:
    return ApiError(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication "
        "and you can find more details at "
        "https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
        headers=_FAILED,
    )


def token_expired(expired_at: int, now: int) -> ApiError:
    return ApiError(
        401,
        f"The OAuth token used to make this call expired {_ago(now - expired_at)}.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [iso(expired_at)]},
        headers=_FAILED,
    )


def _ago(elapsed_ms: int) -> str:
    seconds = elapsed_ms // 1000
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}(s) ago"
    return "0 second(s) ago"


def authorize(grant: Grant, rule: Rule, call: Call) -> None:
    """403 unless the token has one of the scopes of the rule, for each object type in the path."""
    for wanted in _requirements(rule.scopes or (), call):
        if wanted and not set(wanted) & set(grant.scopes):
            raise missing_scopes(wanted)


def _requirements(scopes: tuple[str, ...], call: Call) -> Iterable[list[str]]:
    """The alternatives to be met, one list for each object type that the path names."""
    if not any("{object}" in scope for scope in scopes):
        yield list(scopes)
        return
    for parameter in ("object", "to_object"):
        kind = object_type(call.params.get(parameter, ""))
        if kind is not None:
            yield [scope.replace("{object}", kind.name) for scope in scopes]


def _form(call: Call) -> dict[str, str]:
    return {
        key: values[-1] for key, values in parse_qs(call.body.decode("utf-8", "replace")).items()
    }


def issue_token(call: Call) -> Reply:
    """`grant_type=refresh_token`: a new access token, the same refresh token.

    `client_credentials` gives an app a token of its own, which opens the webhooks journal only.
    """
    form = _form(call)
    if form.get("grant_type") == "client_credentials":
        return _issue_app_token(call, form)
    if form.get("grant_type") != "refresh_token":
        raise ApiError(400, "missing or unknown grant type", extra={"status": "BAD_GRANT_TYPE"})
    install = call.store.tokens.installed(form.get("refresh_token", ""))
    if install is None:
        raise _bad_refresh_token(call)
    secret = (form.get("client_id"), form.get("client_secret"))
    if secret != (install.client_id, install.client_secret):
        raise ApiError(400, "missing or invalid client id", extra={"status": "BAD_CLIENT_ID"})
    with call.store.db.transaction():
        grant = call.store.tokens.issue(install, call.box.now())
    return Reply(
        200,
        {
            "token_type": "bearer",
            "token_use": "access",
            "access_token": grant.token,
            "refresh_token": install.refresh_token,
            "expires_in": ACCESS_TOKEN_SECONDS,
            "hub_id": call.store.portal_id,
            "user_id": 52_000_001,
            "scopes": install.scopes,
        },
    )


def _issue_app_token(call: Call, form: dict[str, str]) -> Reply:
    app = call.store.seed.oauth_app
    if (form.get("client_id"), form.get("client_secret")) != (app.client_id, app.client_secret):
        raise ApiError(400, "missing or invalid client id", extra={"status": "BAD_CLIENT_ID"})
    asked = form.get("scope", "").split()
    unknown = [scope for scope in asked if scope not in APP_SCOPES]
    if unknown:
        raise ApiError(400, f"unknown scope {unknown[0]}", extra={"status": "BAD_SCOPE"})
    scopes = asked or list(APP_SCOPES)
    with call.store.db.transaction():
        grant = call.store.tokens.issue_for_app(app.app_id, scopes, call.box.now())
    return Reply(
        200,
        {
            "token_type": "bearer",
            "token_use": "access",
            "access_token": grant.token,
            "expires_in": ACCESS_TOKEN_SECONDS,
            "app_id": app.app_id,
            "scopes": scopes,
        },
    )


def _bad_refresh_token(call: Call) -> ApiError:
    text = "missing or invalid refresh token"
    if call.switches.refresh_error == "legacy":
        return ApiError(400, text, extra={"status": "BAD_REFRESH_TOKEN"})
    return ApiError(400, text, extra={"error": "invalid_grant", "error_description": text})


def token_details(call: Call) -> Reply:
    grant = call.store.tokens.grant(call.params["token"])
    if grant is None or grant.expires_at is None or grant.expires_at <= call.box.now():
        raise ApiError(404, "the token does not exist or has expired", "OBJECT_NOT_FOUND")
    left = (grant.expires_at - call.box.now()) // 1000
    facts = _facts(call, grant.token, grant.scopes)
    return Reply(200, {**facts, "app_id": grant.app_id, "expires_in": left, "token_type": "access"})


def refresh_token_details(call: Call) -> Reply:
    install = _installed(call)
    facts = _facts(call, install.refresh_token, install.scopes)
    return Reply(200, {**facts, "client_id": install.client_id, "token_type": "refresh"})


def delete_refresh_token(call: Call) -> Reply:
    install = _installed(call)
    with call.store.db.transaction():
        call.store.tokens.uninstall(install.refresh_token)
    return Reply(204)


def _installed(call: Call) -> Install:
    install = call.store.tokens.installed(call.params["token"])
    if install is None:
        raise ApiError(404, "the refresh token does not exist", "OBJECT_NOT_FOUND")
    return install


def _facts(call: Call, token: str, scopes: list[str]) -> dict[str, object]:
    return {
        "token": token,
        "user": "admin@acme.example",
        "user_id": 52_000_001,
        "hub_id": call.store.portal_id,
        "hub_domain": "acme.example",
        "scopes": scopes,
    }


def rules() -> list[Rule]:
    return [
        Rule("POST", "/oauth/v1/token", issue_token, None),
        Rule("POST", "/oauth/v3/token", issue_token, None),
        Rule("POST", "/oauth/2026-09/token", issue_token, None),
        Rule("GET", "/oauth/v1/access-tokens/{token}", token_details, None),
        Rule("GET", "/oauth/v1/refresh-tokens/{token}", refresh_token_details, None),
        Rule("DELETE", "/oauth/v1/refresh-tokens/{token}", delete_refresh_token, None),
    ]
