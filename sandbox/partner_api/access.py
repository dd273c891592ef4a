"""Who may call: one of four ways to sign in, an allowance of calls, objects out of sight."""

import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs

from sandbox.clock import Clock
from sandbox.partner_api.errors import ApiError
from sandbox.partner_api.store import PartnerStore, stamp
from sandbox.partner_api.switches import Switches

API_KEY_HEADER = "x-api-key"
API_KEY = "demo-partner-key"
TOKEN = "demo-partner-token"  # noqa: S105 - opens nothing but a sandbox
USER, PASSWORD = "demo-partner", "demo-partner-password"
CLIENT_ID, CLIENT_SECRET = "demo-client-id", "demo-client-secret"


@dataclass
class Portal:
    """One running portal: its state, its settings, its clock, the calls of its day."""

    store: PartnerStore
    switches: Switches
    clock: Clock
    used: int = 0
    day: str = ""

    def now(self) -> str:
        return stamp(self.clock.now())


def sign_in(portal: Portal, headers: Mapping[str, str]) -> None:
    """401 unless the request carries what the `auth` switch asks for."""
    if not _accepted(portal, headers):
        scheme = {"basic": "Basic", "api_key": "ApiKey"}.get(portal.switches.auth, "Bearer")
        raise ApiError(
            401,
            "unauthorized",
            "The credentials are missing, wrong or expired.",
            headers={"www-authenticate": f'{scheme} realm="partner"'},
        )


def _accepted(portal: Portal, headers: Mapping[str, str]) -> bool:
    told = headers.get("authorization", "")
    match portal.switches.auth:
        case "api_key":
            return headers.get(API_KEY_HEADER) == API_KEY
        case "bearer":
            return told == f"Bearer {TOKEN}"
        case "basic":
            return told == f"Basic {_basic(USER, PASSWORD)}"
        case "oauth":
            return portal.store.granted(told.removeprefix("Bearer "), portal.now())


def _basic(user: str, password: str) -> str:
    return b64encode(f"{user}:{password}".encode()).decode()


def grant(portal: Portal, headers: Mapping[str, str], body: bytes) -> dict[str, object]:
    """The token endpoint of the client credentials grant; credentials as form fields or Basic."""
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    if form.get("grant_type") != "client_credentials":
        raise ApiError(400, "unsupported_grant_type", "Only client_credentials is granted.")
    by_form = (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
    by_header = headers.get("authorization") == f"Basic {_basic(CLIENT_ID, CLIENT_SECRET)}"
    if not (by_form or by_header):
        raise ApiError(401, "invalid_client", "Unknown client, or a wrong secret.")
    token = secrets.token_urlsafe(24)
    seconds = portal.switches.token_seconds
    portal.store.grant(token, stamp(portal.clock.now() + timedelta(seconds=seconds)))
    return {"access_token": token, "token_type": "Bearer", "expires_in": int(seconds)}


def admit(portal: Portal) -> None:
    """Count a call; 429 with Retry-After when the day's allowance is spent and enforced."""
    today = portal.now()[:10]
    if today != portal.day:
        portal.day, portal.used = today, 0
    switches = portal.switches
    if switches.enforce_quota and portal.used >= switches.quota_limit:
        raise ApiError(
            429,
            "quota_exceeded",
            f"All {switches.quota_limit} calls of the day are used.",
            headers={"retry-after": f"{switches.retry_after:g}"},
        )
    portal.used += 1


def quota_headers(portal: Portal) -> dict[str, str]:
    if not portal.switches.quota_headers:
        return {}
    limit = portal.switches.quota_limit
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(max(limit - portal.used, 0)),
    }


def authorize(portal: Portal, obj: str) -> None:
    if obj in portal.switches.forbidden:
        raise ApiError(403, "forbidden", f"Your user may not see {obj}.")
