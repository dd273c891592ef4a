"""The kinds of fault that only a portal knows, and which object a request is about."""

import re
from collections.abc import Collection

import msgspec

from sandbox.faults import Answer, Hit, Kind, Knowledge, Parameters, Request
from sandbox.partner_api.access import Portal
from sandbox.partner_api.errors import ApiError
from sandbox.partner_api.schema import OBJECTS

_OBJECT = re.compile(r"/v1/(\w+)")


class ExpiredToken(Parameters, frozen=True):
    """401: every OAuth token ends now; other credentials are refused this once."""


class Throttled(Parameters, frozen=True):
    """429 with `Retry-After`, whatever has been used."""

    retry_after: float = 1.0


class Failing(Parameters, frozen=True):
    """500 in the portal's own words."""


def knowledge(portal: Portal) -> Knowledge:
    def expire(_given: ExpiredToken, _hit: Hit) -> Answer:
        portal.store.forget_tokens()
        return _refusal(ApiError(401, "unauthorized", "The token is expired."))

    return Knowledge(
        {
            "expired_token": Kind(ExpiredToken, expire),
            "throttled": Kind(Throttled, _throttle),
            "failing": Kind(Failing, _fail),
        },
        OBJECTS,
        _objects_of,
    )


def _throttle(given: Throttled, _hit: Hit) -> Answer:
    headers = {"retry-after": f"{given.retry_after:g}"}
    return _refusal(ApiError(429, "too_many_requests", "Slow down.", headers=headers))


def _fail(_given: Failing, _hit: Hit) -> Answer:
    return _refusal(ApiError(500, "internal", "Something went wrong on our side."))


def _refusal(error: ApiError) -> Answer:
    return Answer(error.status, msgspec.json.encode(error.body()), headers=error.headers)


def _objects_of(request: Request) -> Collection[str]:
    match = _OBJECT.match(request.path)
    return (match[1],) if match else ()
