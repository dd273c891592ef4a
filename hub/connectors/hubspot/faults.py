"""What HubSpot's answers mean for the hub: for a whole request, and for one row of a write."""

import re
from collections.abc import Mapping

import msgspec

from hub.connectors.contract import OutcomeStatus
from hub.connectors.http import Again
from hub.errors import (
    CredentialsRefused,
    HubError,
    PermissionLost,
    QuotaSpent,
    RetryLater,
    SchemaChanged,
    StopSync,
    SystemUnreachable,
)

_BUSY_STATUSES = frozenset({500, 502, 503, 504, 521, 523, 524})
_BUSY_SECONDS = 1.0
_LONGEST_WAIT = 60.0
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
TOO_MANY = 429
UNAUTHORIZED = 401
_LOCK_SECONDS = 2.0
_ROLLING_SECONDS = {"TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
_QUOTA_SECONDS = 3600.0
_MIGRATION_SECONDS = 3600.0
_EXISTING = re.compile(r"Existing ID: (\d+)")
_EMBEDDED_CODE = re.compile(r'"error"\s*:\s*"([A-Z_]+)"')


class Detail(msgspec.Struct, frozen=True):
    """One entry of `errors[]`."""

    message: str = ""
    code: str = ""
    context: dict[str, list[str]] = {}


class Fault(msgspec.Struct, frozen=True):
    """An error body, or one entry of the `errors` of a batch. Every field may be missing."""

    message: str = ""
    category: str = ""
    subCategory: str = ""  # noqa: N815 - the wire's name
    policyName: str = ""  # noqa: N815
    errors: list[Detail] = []
    context: dict[str, list[str]] = {}

    @property
    def code(self) -> str:
        """The narrowest code given: beside the detail, inside the message, or the category."""
        for detail in self.errors:
            if detail.code:
                return detail.code
        embedded = _EMBEDDED_CODE.search(self.message)
        if embedded:
            return embedded[1]
        return self.category or "ERROR"

    @property
    def repeats_a_key(self) -> bool:
        """Whether another record holds a value that must be unique."""
        return self.code == _UNIQUE_VALUE_TAKEN

    @property
    def holder(self) -> str | None:
        """The record that has the e-mail of a contact to be made, if that is the fault."""
        found = _EXISTING.search(self.said) if self.code == EMAIL_TAKEN else None
        return found[1] if found else None

    @property
    def ids(self) -> list[str]:
        """The records an entry of a batch is about."""
        named = [*self.context.get("ids", []), *self.context.get("id", [])]
        return [*named, *self.context.get("fromObjectId", [])]

    @property
    def said(self) -> str:
        """The message for people: the details when there are any, without the embedded JSON."""
        details = "; ".join(detail.message for detail in self.errors if detail.message)
        return details or self.message


class NotThere(SchemaChanged):
    """404: no such object, or no such record where one was asked for by itself."""


class RequestRefused(StopSync):
    """The request as a whole is not acceptable; in a batch, one row of it may be the cause."""

    def __init__(self, message: str, fault: Fault) -> None:
        super().__init__(message, remedy="run `hub doctor` for this system")
        self.fault = fault


def check(
    status: int, headers: Mapping[str, str], body: bytes, system: str, *, replay: bool
) -> None:
    """Return for a good answer, raise what the caller should do for any other."""
    if 200 <= status < 300:
        return
    fault = _fault(body)
    message = f"{system}: answered {status} ({fault.message or 'no readable error'})."
    told = _seconds(headers)
    if status in _BUSY_STATUSES:
        error = SystemUnreachable(message, remedy="wait; the next run takes up where this stopped")
        raise Again(error, told or _BUSY_SECONDS) if replay and _bearable(told) else error
    if status == 423:
        raise Again(SystemUnreachable(message, remedy="wait some seconds"), _LOCK_SECONDS)
    if status == TOO_MANY:
        raise _rate_limit(fault, message, told)
    raise _final(status, fault, message, told)


def _rate_limit(fault: Fault, message: str, told: float | None) -> Exception:
    if fault.policyName == "DAILY":
        return QuotaSpent(
            message,
            seconds=told or _QUOTA_SECONDS,
            remedy="the allowance returns at midnight in the account's time zone; until then sync "
            "less, or add API calls to the subscription",
        )
    pause = told or _ROLLING_SECONDS.get(fault.policyName, 10.0)
    waited = RetryLater(message, seconds=pause, remedy="another app or process uses the same limit")
    return Again(waited, pause) if _bearable(told) else waited


def _final(status: int, fault: Fault, message: str, told: float | None) -> HubError:
    if status == UNAUTHORIZED:
        return CredentialsRefused(
            message,
            remedy="put a valid token of the private app or service key into `auth`; an app that "
            "was taken out of the account has to be installed again",
        )
    if status == 403:
        return _forbidden(fault, message)
    if status == 404:
        return NotThere(
            message, remedy="check the object's name in `mappings`, and that it is switched on"
        )
    if status == 477:
        return RetryLater(
            message, seconds=told or _MIGRATION_SECONDS, remedy="the account is being moved; wait"
        )
    if status >= 500:
        return SystemUnreachable(message, remedy="ask HubSpot support if it lasts")
    return RequestRefused(message, fault)


def _forbidden(fault: Fault, message: str) -> PermissionLost:
    scopes = sorted(
        {scope for detail in fault.errors for scope in detail.context.get(_SCOPES, [])}
        | set(fault.context.get(_SCOPES, []))
    )
    if scopes:
        named = ", ".join(scopes)
        return PermissionLost(
            f"{message} Missing scopes: {named}.", remedy=f"grant the app the scopes {named}"
        )
    return PermissionLost(
        message, remedy="check the app's scopes and that its creator still has access"
    )


_SCOPES = "requiredGranularScopes"


def _fault(body: bytes) -> Fault:
    try:
        return msgspec.json.decode(body, type=Fault)
    except msgspec.MsgspecError:
        return Fault()


def _seconds(headers: Mapping[str, str]) -> float | None:
    told = headers.get("Retry-After") or ""
    return float(told) if _SECONDS.fullmatch(told) else None


def _bearable(told: float | None) -> bool:
    """Whether to wait here, or to leave it to the next run."""
    return told is None or told <= _LONGEST_WAIT


# -- rows of a write -----------------------------------------------------------------------------

_UNIQUE_VALUE_TAKEN = "CONFLICTING_UNIQUE_VALUE"
EMAIL_TAKEN = "CONFLICT"
GONE = "the record was merged or deleted there; the next sync reads what became of it"

_ROW_RULES: dict[str, tuple[OutcomeStatus, str]] = {
    "OBJECT_NOT_FOUND": ("stale", GONE),
    "PROPERTY_DOESNT_EXIST": ("rejected", "create the property (`hub provision`)"),
    "READ_ONLY_VALUE": ("rejected", "take the property out of the mapping's `push`"),
    "INVALID_OPTION": (
        "rejected",
        "add the option to the property, or translate the value with `map` in the mapping",
    ),
    "INVALID_EMAIL": ("rejected", "correct the address at its source"),
    "INVALID_INTEGER": ("rejected", "the property takes whole numbers; map another column"),
    "INVALID_LONG": ("rejected", "the property takes whole numbers; map another column"),
    "INVALID_DATE": ("rejected", "the property takes dates; map another column"),
    "MISSING_REQUIRED_PROPERTY": ("rejected", "map a value to the property it names"),
    "MISSING_CONDITIONAL_REQUIRED_PROPERTY": ("rejected", "map a value to the property it names"),
    _UNIQUE_VALUE_TAKEN: ("rejected", "another record holds this unique value; merge the two"),
    EMAIL_TAKEN: ("rejected", "the record exists; the next sync reads it and links it"),
    "OBJECT_ALREADY_EXISTS": ("rejected", "the record exists; the next sync reads and links it"),
    "INTERNAL_ERROR": ("pending", "it may pass; the next run tries again"),
    "RATE_LIMITS": ("pending", "it may pass; the next run tries again"),
}


def is_verdict(fault: Fault) -> bool:
    """Whether the fault of a whole request judges the rows it names, and not the request."""
    return fault.code in _ROW_RULES


def row_rule(code: str) -> tuple[OutcomeStatus, str]:
    """The outcome and remedy for one row's error code."""
    return _ROW_RULES.get(code, ("rejected", "see the message; correct the record or the mapping"))
