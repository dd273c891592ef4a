"""What Salesforce's error codes mean for the hub: for a whole request, and for one row of a write.

Codes decide, never the HTTP status: the same code arrives under different statuses, and 403 stands
for a spent quota as well as for a missing permission.
"""

from typing import Literal

import msgspec
import requests

from hub.connectors.contract import OutcomeStatus
from hub.connectors.http import Again
from hub.errors import PermissionLost, QuotaSpent, RetryLater, SchemaChanged, StopSync
from hub.errors import SystemUnreachable as Unreachable

Action = Literal["login", "quota", "again", "schema", "permission", "restart", "version", "stop"]

_ACTIONS: dict[str, Action] = {
    "INVALID_SESSION_ID": "login",
    "REQUEST_LIMIT_EXCEEDED": "quota",
    "SERVER_UNAVAILABLE": "again",
    "UNKNOWN_EXCEPTION": "again",
    "QUERY_TIMEOUT": "again",
    "UNABLE_TO_LOCK_ROW": "again",
    "INVALID_FIELD": "schema",
    "INVALID_TYPE": "schema",
    "NOT_FOUND": "schema",
    "API_DISABLED_FOR_ORG": "permission",
    "API_CURRENTLY_DISABLED": "permission",
    "INSUFFICIENT_ACCESS": "permission",
    "INSUFFICIENT_ACCESS_OR_READONLY": "permission",
    "INVALID_QUERY_LOCATOR": "restart",
    "UNSUPPORTED_API_VERSION": "version",
    "GONE": "version",
}
_BUSY_STATUSES = frozenset({408, 429, 500, 502, 503, 504})
_FAILED_STATUS = 500
_LOST_STATUSES = frozenset({404, 409, 410})
_PAUSE_SECONDS = 1.0
_QUOTA_SECONDS = 3600.0
_CONCURRENCY_SECONDS = 30.0


class LocatorLost(RetryLater):
    """The server forgot where we were in a query; it must be asked again from the last key."""


class ServerBusy(Unreachable):
    """The server says itself that it has no time; what was sent has nothing to do with it."""


class Fault(msgspec.Struct, frozen=True):
    """One entry of an error body."""

    errorCode: str = ""  # noqa: N815 - the wire's name
    message: str = ""
    fields: list[str] | None = None


def faults_in(response: requests.Response) -> list[Fault]:
    """The faults of an error answer; empty when the body is not the documented JSON."""
    try:
        found = msgspec.json.decode(response.content, type=list[Fault] | Fault)
    except msgspec.MsgspecError:
        return []
    return found if isinstance(found, list) else [found]


def wants_login(response: requests.Response) -> bool:
    """Whether the answer says that our token is no longer good. Such a request had no effect."""
    return response.status_code == 401


def check(response: requests.Response, system: str, *, forgettable: bool = False) -> None:
    """Return for a good answer, raise what the caller should do for any other.

    `forgettable`: the request names a job, which is lost when it is not found, or when it was made
    with another version of the API.
    """
    if response.status_code < 300:
        return
    found = faults_in(response)
    fault = found[0] if found else Fault()
    said = f"{fault.errorCode}: {fault.message}" if fault.errorCode else "no readable error"
    message = f"{system}: answered {response.status_code} ({said})."
    action = _ACTIONS.get(fault.errorCode)
    if action is None:
        action = "again" if response.status_code in _BUSY_STATUSES else "stop"
    if action == "again":
        kind = Unreachable if response.status_code == _FAILED_STATUS else ServerBusy
        error = kind(message, remedy="wait; the next run takes up where this one stopped")
        raise Again(error, _PAUSE_SECONDS)
    if action == "quota":
        raise _quota(message, fault.message)
    if action == "restart" or (forgettable and response.status_code in _LOST_STATUSES):
        raise LocatorLost(message)
    raise _stop(action, message)


def _quota(message: str, said: str) -> RetryLater:
    if "Concurrent" in said:
        return Unreachable(
            message, seconds=_CONCURRENCY_SECONDS, remedy="other long requests are running; wait"
        )
    return QuotaSpent(
        message,
        seconds=_QUOTA_SECONDS,
        remedy="wait until requests of the last 24 hours expire, or raise the org's API limit",
    )


def _stop(action: Action, message: str) -> StopSync:
    if action == "schema":
        return SchemaChanged(
            message,
            remedy="compare the mapping with the object's fields (`hub doctor` names each) and "
            "grant read access or correct the mapping",
        )
    if action == "permission":
        return PermissionLost(
            message,
            remedy="give the integration user 'API Enabled' and access to the object in its "
            "permission set",
        )
    if action == "version":
        return StopSync(message, remedy="set `api_version` of this system to a supported one")
    return StopSync(message, remedy="run `hub doctor` for this system")


# -- rows of a write -----------------------------------------------------------------------------

LOCKED = "UNABLE_TO_LOCK_ROW"
CONVERTED = "CANNOT_UPDATE_CONVERTED_LEAD"

_STALE = "the record is gone there; the next sync reads its deletion or merge"
_DATA = "correct the value at its source, or map it to one the field takes"
_ACCESS = "give the integration user's permission set edit access to the object and field"

_ROW_RULES: dict[str, tuple[OutcomeStatus, str]] = {
    "ENTITY_IS_DELETED": ("stale", _STALE),
    "NOT_FOUND": ("stale", _STALE),
    CONVERTED: ("stale", "the lead was converted; the next sync follows it to what it became"),
    "unprocessed": ("pending", "the job ended before this row; the next run tries again"),
    "fails_alone": (
        "rejected",
        "look into the org's triggers and flows for this record; it is tried again a day later",
    ),
    LOCKED: ("pending", "somebody else is writing the same records; the next run tries again"),
    "UNKNOWN_EXCEPTION": ("pending", "Salesforce failed; the next run reads what came of it"),
    "REQUEST_LIMIT_EXCEEDED": ("pending", "the API allowance is spent; a later run tries again"),
    "REQUIRED_FIELD_MISSING": ("rejected", "map a value to the named fields for creates"),
    "STRING_TOO_LONG": ("rejected", _DATA),
    "NUMBER_OUTSIDE_VALID_RANGE": ("rejected", _DATA),
    "INVALID_EMAIL_ADDRESS": ("rejected", _DATA),
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": (
        "rejected",
        "add the value to the picklist, or translate it with `map` in the mapping",
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (
        "rejected",
        "a validation rule of the org forbids it; its message says why",
    ),
    "INVALID_FIELD": ("rejected", "create the field or grant access to it; see `hub provision`"),
    "INVALID_FIELD_FOR_INSERT_UPDATE": ("rejected", _ACCESS),
    "INSUFFICIENT_ACCESS_OR_READONLY": ("rejected", _ACCESS),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": ("rejected", _ACCESS),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": ("rejected", "a trigger or flow of the org failed"),
    "MALFORMED_ID": ("rejected", "a lookup holds an id of another object; check the mapping"),
    "INVALID_CROSS_REFERENCE_KEY": (
        "rejected",
        "the record it points to is gone or hidden from the integration user",
    ),
    "DUPLICATE_VALUE": ("rejected", "another record holds this unique value; merge the two"),
    "DUPLICATES_DETECTED": (
        "rejected",
        "a duplicate rule of the org blocks it: review the candidates and merge or link them",
    ),
}


def row_rule(code: str, *, own_record: bool) -> tuple[OutcomeStatus, str]:
    """The outcome and remedy for one row's error code.

    `own_record`: the fault names no field of an update, so an invalid id is that of the record.
    """
    if code == "INVALID_CROSS_REFERENCE_KEY" and own_record:
        return "stale", _STALE
    return _ROW_RULES.get(code, ("rejected", "see the message; correct the record or the mapping"))
