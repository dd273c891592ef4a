"""The kinds of fault that only HubSpot knows, and which objects a request is about.

A kind either answers in HubSpot's words, or changes something (the token, the schema, what this
request sees) and lets the request go on to meet the consequences.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any

import msgspec

from sandbox.faults import Answer, Hit, Kind, Knowledge, Parameters, Request
from sandbox.hubspot import people
from sandbox.hubspot.auth import no_credentials, token_expired
from sandbox.hubspot.effects import STATE_KEY, UNDISTURBED, Effects, Refusals
from sandbox.hubspot.errors import ApiError, missing_scopes
from sandbox.hubspot.http import Box
from sandbox.hubspot.limits import Policy, refusal
from sandbox.hubspot.schema import OBJECT_TYPES, ObjectName, object_type
from sandbox.hubspot.schemaedits import Edit, SchemaEdit
from sandbox.hubspot.store import known_type
from sandbox.hubspot.tokens import Grant

Seconds = Annotated[float, msgspec.Meta(ge=0.0)]
ErrorStatus = Annotated[int, msgspec.Meta(ge=400, le=599)]
_WORD = re.compile(r"[^/]+")


class RateLimit(Parameters, frozen=True):
    """429 by one of the three policies, once, whatever has been used."""

    policy: Policy = "TEN_SECONDLY_ROLLING"
    retry_after: Seconds | None = None


class Locked(Parameters, frozen=True):
    """423, as under heavy upserting."""


class Migrating(Parameters, frozen=True):
    """477: the account is moving to another data centre."""

    retry_after: Seconds = 60.0


class RowLock(Parameters, frozen=True):
    """423 until every record that a write names has been tried `attempts` times."""

    attempts: Annotated[int, msgspec.Meta(ge=1)] = 1


class ExpiredToken(Parameters, frozen=True):
    """401: an OAuth token really expires now; a static one is refused once, as if it could."""


class RevokedToken(Parameters, frozen=True):
    """401 from here on, or once when not `lasting`. `refresh_token` takes the app's away too."""

    lasting: bool = True
    refresh_token: bool = False


class QuotaSpent(Parameters, frozen=True):
    """The calls of this day are used up: 429 until midnight where the account is."""


class PermissionLost(Parameters, frozen=True):
    """The object is refused with 403; or its `properties`, or the records `ids`, are not seen."""

    object: ObjectName
    properties: list[str] = msgspec.field(default_factory=list)
    ids: list[int] = msgspec.field(default_factory=list)


class IndexLag(Parameters, frozen=True):
    """Searches see what the request writes only so much later."""

    seconds: Seconds


class LateCommit(Parameters, frozen=True):
    """Nobody sees what the request writes until so much later; its stamps are of now.

    That is so for the values of records. Associations and archiving are there at once.
    """

    seconds: Seconds


class SchemaChange(Parameters, frozen=True):
    """An admin changes a property just before the request."""

    object: ObjectName
    property: str
    change: Edit
    type: str = "string"
    option: str = ""


class SetSwitches(Parameters, frozen=True):
    """From this request on the account has other switches."""

    switches: dict[str, object]


class BatchRejected(Parameters, frozen=True):
    """A batch is refused as a whole; only its first input is named."""

    status: ErrorStatus = 400
    category: str = "VALIDATION_ERROR"
    message: str = "One or more inputs are invalid"


class RowErrors(Parameters, frozen=True):
    """A share of the rows of a batch is refused for no fault of their own."""

    share: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 1.0
    status: ErrorStatus = 400
    category: str = "VALIDATION_ERROR"
    message: str = "The row could not be saved"


def knowledge(box: Box) -> Knowledge:
    """What the fault engine is told of this account."""
    handlers: Mapping[type[Parameters], Callable[[Box, Any, Hit], ApiError | None]] = {
        RateLimit: _rate_limit,
        Locked: _locked,
        Migrating: _migrating,
        RowLock: _row_lock,
        ExpiredToken: _expired_token,
        RevokedToken: _revoked_token,
        QuotaSpent: _quota_spent,
        PermissionLost: _permission_lost,
        IndexLag: _index_lag,
        LateCommit: _late_commit,
        SchemaChange: _schema_change,
        SetSwitches: _set_switches,
        BatchRejected: _batch_rejected,
        RowErrors: _row_errors,
    }
    kinds: dict[str, Kind[Any]] = {
        _snake(parameters): Kind(parameters, partial(_handled, box, handler))
        for parameters, handler in handlers.items()
    }
    kinds.update(people.kinds(box))
    names = [name for kind in OBJECT_TYPES for name in (kind.name, kind.type_id)]
    return Knowledge(kinds, names, objects_of)


def _snake(parameters: type[Parameters]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", parameters.__name__).lower()


def objects_of(request: Request) -> Collection[str]:
    """Every object type that the path names, by name and by type id."""
    found = [object_type(word) for word in _WORD.findall(request.path)]
    return {name for kind in found if kind is not None for name in (kind.name, kind.type_id)}


def _handled(
    box: Box, handler: Callable[[Box, Any, Hit], ApiError | None], given: Any, hit: Hit
) -> Answer | None:
    with box.store.db.transaction():
        error = handler(box, given, hit)
        if error is None:
            return None
        correlation_id = box.correlation_id()
    headers = {**error.headers, "x-hubspot-correlation-id": correlation_id}
    body = msgspec.json.encode(error.body(correlation_id))
    return Answer(error.status, body, "application/json;charset=utf-8", headers)


# Refusals


def _rate_limit(box: Box, given: RateLimit, _hit: Hit) -> ApiError:
    return refusal(given.policy, given.retry_after, with_category=box.switches.rate_limit_category)


def _locked(_box: Box, _given: Locked, _hit: Hit) -> ApiError:
    return _lock()


def _lock() -> ApiError:
    return ApiError(423, "The resource is locked by another request. Wait at least 2 seconds.")


def _migrating(_box: Box, given: Migrating, _hit: Hit) -> ApiError:
    text = "This account is being moved to another data centre."
    return ApiError(477, text, headers={"Retry-After": f"{given.retry_after:g}"})


def _row_lock(_box: Box, given: RowLock, hit: Hit) -> ApiError | None:
    keys = _named_records(hit.request)
    locked = [key for key in keys if hit.memory[key] < given.attempts]
    hit.memory.update(keys)
    return _lock() if locked else None


def _named_records(request: Request) -> list[str]:
    """Ids and unique values by which a write names records: in its body, else in its path."""
    inputs = [str(one["id"]) for one in _inputs(request) if "id" in one]
    return inputs or [request.path]


def _inputs(request: Request) -> list[dict[str, object]]:
    try:
        body: object = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        return []
    inputs = body.get("inputs") if isinstance(body, dict) else None
    return [one for one in inputs or () if isinstance(one, dict)]


def _batch_rejected(_box: Box, given: BatchRejected, hit: Hit) -> ApiError | None:
    inputs = _inputs(hit.request)
    if not inputs:
        return None
    named = {
        key: [str(inputs[0][word])]
        for key, word in (("objectWriteTraceId", "objectWriteTraceId"), ("ids", "id"))
        if word in inputs[0]
    }
    return ApiError(given.status, given.message, given.category, context=named)


# Tokens and quota


def _caller(box: Box, hit: Hit) -> Grant | None:
    _, _, token = hit.request.headers.get("authorization", "").partition(" ")
    return box.store.tokens.grant(token.strip())


def _expired_token(box: Box, _given: ExpiredToken, hit: Hit) -> ApiError | None:
    grant = _caller(box, hit)
    if grant is None:
        return None
    if not grant.oauth:
        return token_expired(box.now(), box.now())
    box.store.tokens.put(msgspec.structs.replace(grant, expires_at=box.now()))
    return None


def _revoked_token(box: Box, given: RevokedToken, hit: Hit) -> ApiError | None:
    grant = _caller(box, hit)
    if not given.lasting or grant is None:
        return no_credentials()
    box.store.tokens.revoke(grant.token)
    if given.refresh_token:
        box.store.tokens.uninstall_app(grant.app_id)
    return None


def _quota_spent(box: Box, _given: QuotaSpent, _hit: Hit) -> None:
    box.limiter.spend_day(box.now())


# What the request sees, and what is seen of it


def _present(hit: Hit) -> Effects:
    present = hit.state.get(STATE_KEY)
    return present if isinstance(present, Effects) else UNDISTURBED


def _disturb(hit: Hit, **changes: Any) -> None:
    hit.state[STATE_KEY] = replace(_present(hit), **changes)


def _permission_lost(_box: Box, given: PermissionLost, hit: Hit) -> ApiError | None:
    kind = known_type(given.object)
    if kind.name not in objects_of(hit.request):
        return None
    before = _present(hit)
    if given.properties:
        hidden = frozenset((kind.name, name) for name in given.properties)
        _disturb(hit, hidden=before.hidden | hidden)
    if given.ids:
        ids = before.unseen.get(kind.name, frozenset()) | frozenset(given.ids)
        _disturb(hit, unseen={**before.unseen, kind.name: ids})
    if given.properties or given.ids:
        return None
    writes = hit.request.method != "GET" and not re.search("/(read|search)$", hit.request.path)
    return missing_scopes([f"crm.objects.{kind.name}.{'write' if writes else 'read'}"])


def _index_lag(_box: Box, given: IndexLag, hit: Hit) -> None:
    _disturb(hit, index_lag_seconds=given.seconds)


def _late_commit(_box: Box, given: LateCommit, hit: Hit) -> None:
    _disturb(hit, commit_lag_seconds=given.seconds)


def _row_errors(_box: Box, given: RowErrors, hit: Hit) -> None:
    error = ApiError(given.status, given.message, given.category)
    _disturb(hit, refusals=Refusals(given.share, error, hit.chance))


def _schema_change(box: Box, given: SchemaChange, _hit: Hit) -> None:
    change = SchemaEdit(given.change, given.property, given.type, given.option)
    change.happen(box.store, known_type(given.object), box.now())


def _set_switches(box: Box, given: SetSwitches, _hit: Hit) -> None:
    for name, value in given.switches.items():
        box.switches.turn(name, value)
