"""Kinds of fault that take a Salesforce org to produce, for `sandbox.faults`.

A kind either answers in the org's own words, or changes the org, or leaves word of what the rows
of this one request shall meet (`state["row_faults"]`), and lets the request go on.
"""

import re
from collections.abc import Callable, Collection, Sequence
from typing import Annotated, Literal, cast

import msgspec

from sandbox.faults import Answer, Hit, Kind, Knowledge, Parameters, Request
from sandbox.salesforce import people
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import PicklistValue
from sandbox.salesforce.switches import Switches

RowFault = Callable[[Sequence[str]], None]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]

_OBJECT_IN_PATH = re.compile(r"/sobjects/([A-Za-z]\w*)", re.IGNORECASE)
_OBJECT_IN_SOQL = re.compile(r"\bFROM(?:\s|\+|%20)+([A-Za-z]\w*)", re.IGNORECASE)
_OBJECT_IN_BODY = re.compile(rb'"(?:type|object)"\s*:\s*"(\w+)"')


class _ExpireTokens(Parameters, frozen=True):
    """Every session of the org ends just before this request."""


class _RevokedToken(Parameters, frozen=True):
    """An admin takes the access of every app away: all sessions end, and all refresh tokens."""


class _QuotaSpent(Parameters, frozen=True):
    """Whatever is left of the calls of the last 24 hours, other integrations have just used it."""


class _ApiError(Parameters, frozen=True):
    """The call is refused with an error code; the status follows from the code unless given."""

    code: str
    message: str = "An unexpected error occurred."
    status: int | None = None
    body: Literal["array", "object"] = "array"


class _RowLock(Parameters, frozen=True):
    """Writes to these records, or below them, meet a lock, each record `attempts` times; without
    `ids` any record or parent may be locked, a `share` of them."""

    ids: tuple[str, ...] = ()
    share: Share = 1.0
    attempts: int = 1


class _RowError(Parameters, frozen=True):
    """A `share` of the rows of a write fails with a code, as under an admin's new rule."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    share: Share = 1.0


class _SetSwitches(Parameters, frozen=True):
    """From this request on the org has other settings."""

    switches: dict[str, object]


class _ChangeField(Parameters, frozen=True):
    """From this request on a field is hidden or shown, read-only or writable, shorter, or has
    another picklist value."""

    object: str
    field: str
    readable: bool | None = None
    writable: bool | None = None
    length: int | None = None
    add_value: str | None = None
    drop_value: str | None = None


def knowledge(org: Org) -> Knowledge:
    """What the fault engine has to know about this org."""

    def expire(_given: _ExpireTokens, _hit: Hit) -> Answer | None:
        org.sessions.expire_all()
        return None

    def revoke(_given: _RevokedToken, _hit: Hit) -> Answer | None:
        org.sessions.revoke_all()
        return None

    def spend(_given: _QuotaSpent, _hit: Hit) -> Answer | None:
        org.usage.spend_all(org.now(), org.switches.daily_api_requests)
        return None

    def switch(given: _SetSwitches, _hit: Hit) -> Answer | None:
        current = cast(dict[str, object], msgspec.to_builtins(org.switches))
        org.switches = msgspec.convert({**current, **given.switches}, Switches)
        return None

    def change(given: _ChangeField, _hit: Hit) -> Answer | None:
        _change_field(org, given)
        return None

    kinds = {
        "expire_tokens": Kind(_ExpireTokens, expire),
        "revoked_token": Kind(_RevokedToken, revoke),
        "quota_spent": Kind(_QuotaSpent, spend),
        "api_error": Kind(_ApiError, _refuse),
        "row_lock": Kind(_RowLock, _lock),
        "row_error": Kind(_RowError, _spoil),
        "set_switches": Kind(_SetSwitches, switch),
        "change_field": Kind(_ChangeField, change),
        **people.kinds(org),
    }
    names = [sobject.name for sobject in org.store.schema]
    return Knowledge(cast(dict[str, Kind[Parameters]], kinds), names, objects_of)


def objects_of(request: Request) -> Collection[str]:
    """Object names in path, statement and body, spelled as they are there."""
    found = set(_OBJECT_IN_PATH.findall(request.path))
    found.update(_OBJECT_IN_SOQL.findall(request.query))
    found.update(name.decode() for name in _OBJECT_IN_BODY.findall(request.body))
    found.update(_OBJECT_IN_SOQL.findall(request.body[:4_000].decode(errors="replace")))
    return found


def _refuse(given: _ApiError, _hit: Hit) -> Answer:
    error = ApiError(given.code, given.message, status=given.status)
    body = error.body() if given.body == "array" else error.body()[0]
    return Answer(error.status, msgspec.json.encode(body), "application/json;charset=UTF-8")


def _lock(given: _RowLock, hit: Hit) -> None:
    seen: dict[str, bool] = {}

    def held(record: str) -> bool:
        if given.ids and record[:15] not in {known[:15] for known in given.ids}:
            return False
        if record not in seen:
            seen[record] = hit.memory[record] < given.attempts and (
                given.share >= 1.0 or hit.chance.random() < given.share
            )
            hit.memory[record] += seen[record]
        return seen[record]

    def meet(records: Sequence[str]) -> None:
        locked = [record for record in records if held(record)]
        if locked:
            raise ApiError(
                "UNABLE_TO_LOCK_ROW",
                "unable to obtain exclusive access to this record or "
                f"{len(locked)} records: {','.join(locked)}",
                [],
            )

    _leave(hit, meet)


def _spoil(given: _RowError, hit: Hit) -> None:
    def meet(_records: Sequence[str]) -> None:
        if given.share >= 1.0 or hit.chance.random() < given.share:
            raise ApiError(given.code, given.message, given.fields)

    _leave(hit, meet)


def _leave(hit: Hit, fault: RowFault) -> None:
    faults = cast(list[RowFault], hit.state.setdefault("row_faults", []))
    faults.append(fault)


def _change_field(org: Org, given: _ChangeField) -> None:
    sobject = org.store.schema.get(given.object)
    field = sobject.any_field(given.field) if sobject is not None else None
    if sobject is None or field is None:
        return
    wanted = {
        "readable": given.readable, "writable": given.writable, "length": given.length,
    }  # fmt: skip
    changes: dict[str, object] = {name: v for name, v in wanted.items() if v is not None}
    values = [choice for choice in field.values if choice.value != given.drop_value]
    if given.add_value is not None:
        values.append(PicklistValue(given.add_value))
    changed = msgspec.structs.replace(field, values=tuple(values), **changes)
    org.store.put_field(sobject.name, changed, org.now())
