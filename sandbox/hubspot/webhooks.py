"""The API of classic webhooks: an app's settings and subscriptions, opened by a developer key."""

from urllib.parse import urlsplit

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.events import Action
from sandbox.hubspot.http import Call, Reply, Rule, batch_reply
from sandbox.hubspot.schema import object_type
from sandbox.hubspot.subscriptions import GENERIC, Settings, Subscription, known_event_type
from sandbox.hubspot.times import iso

MAX_SUBSCRIPTIONS = 1_000
_LEAST_CONCURRENT = 5
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Throttling(msgspec.Struct, rename="camel"):
    max_concurrent_requests: int = 10


class NewSettings(msgspec.Struct, rename="camel"):
    target_url: str
    throttling: Throttling = msgspec.field(default_factory=Throttling)


class NewSubscription(msgspec.Struct, rename="camel"):
    event_type: str
    active: bool = False
    property_name: str | None = None
    object_type_id: str | None = None


class Activation(msgspec.Struct):
    active: bool


class BatchInput(msgspec.Struct):
    id: int
    active: bool


class ActivationBatch(msgspec.Struct):
    inputs: list[BatchInput]


def _app(call: Call) -> int:
    """The app in the path, once the developer key has been checked."""
    seed = call.store.seed
    if call.query.get("hapikey") != seed.developer_key:
        raise ApiError(401, "The API key provided is invalid.", "INVALID_AUTHENTICATION")
    if call.params["app"] != str(seed.oauth_app.app_id):
        raise ApiError(404, f"App {call.params['app']} does not exist", "OBJECT_NOT_FOUND")
    return seed.oauth_app.app_id


# Settings


def get_settings(call: Call) -> Reply:
    found = call.box.webhooks.settings.get(_app(call))
    if found is None:
        raise ApiError(404, "No webhook settings have been made", "OBJECT_NOT_FOUND")
    return Reply(200, _shown(found))


def _shown(settings: Settings) -> dict[str, object]:
    return {
        "targetUrl": settings.target_url,
        "throttling": {"maxConcurrentRequests": settings.max_concurrent_requests},
        "createdAt": settings.created_at,
        "updatedAt": settings.updated_at,
    }


def put_settings(call: Call) -> Reply:
    """The sandbox stays on this machine: it sends to loopback addresses only."""
    app_id, body = _app(call), call.decode(NewSettings)
    if urlsplit(body.target_url).hostname not in _LOOPBACK:
        raise validation(f"targetUrl {body.target_url!r} is not an address on this machine")
    most = body.throttling.max_concurrent_requests
    if most <= _LEAST_CONCURRENT:
        raise validation(f"maxConcurrentRequests must be above {_LEAST_CONCURRENT}, it was {most}")
    now, present = iso(call.box.now()), call.box.webhooks.settings.get(app_id)
    made = Settings(
        target_url=body.target_url,
        max_concurrent_requests=most,
        created_at=present.created_at if present is not None else now,
        updated_at=now,
    )
    with call.store.db.transaction():
        call.box.webhooks.put_settings(app_id, made)
    return Reply(200, _shown(made))


def delete_settings(call: Call) -> Reply:
    with call.store.db.transaction():
        call.box.webhooks.put_settings(_app(call), None)
    return Reply(204)


# Subscriptions


def list_all(call: Call) -> Reply:
    return Reply(200, {"results": list(call.box.webhooks.of(_app(call)).values())})


def create(call: Call) -> Reply:
    app_id, body = _app(call), call.decode(NewSubscription)
    present = call.box.webhooks.of(app_id)
    _check(body)
    about = (body.event_type, body.property_name, body.object_type_id)
    if any(_about(one) == about for one in present.values()):
        raise ApiError(409, f"A subscription to {body.event_type} exists already", "CONFLICT")
    if len(present) >= MAX_SUBSCRIPTIONS:
        raise validation(f"An app can have at most {MAX_SUBSCRIPTIONS} subscriptions")
    now = iso(call.box.now())
    with call.store.db.transaction():
        made = Subscription(
            id=str(call.store.db.next_value("subscription", 2_600_001)),
            event_type=body.event_type,
            active=body.active,
            property_name=body.property_name or msgspec.UNSET,
            object_type_id=body.object_type_id or msgspec.UNSET,
            created_at=now,
            updated_at=now,
        )
        call.box.webhooks.put(app_id, made)
    return Reply(201, made)


def _check(body: NewSubscription) -> None:
    if not known_event_type(body.event_type):
        raise validation(f"{body.event_type!r} is not a valid eventType")
    subject, _, action = body.event_type.partition(".")
    if (action == Action.CHANGE) != bool(body.property_name):
        raise validation(f"propertyName goes with {Action.CHANGE} and with nothing else")
    if (subject == GENERIC) != bool(body.object_type_id):
        raise validation(f"objectTypeId goes with {GENERIC}.* and with nothing else")
    if body.object_type_id and object_type(body.object_type_id) is None:
        raise validation(f"objectTypeId {body.object_type_id!r} is unknown")


def _about(subscription: Subscription) -> tuple[str, str | None, str | None]:
    kept = (subscription.property_name, subscription.object_type_id)
    name, kind = (one if isinstance(one, str) else None for one in kept)
    return (subscription.event_type, name, kind)


def _subscription(call: Call, app_id: int, subscription_id: str) -> Subscription:
    found = call.box.webhooks.of(app_id).get(subscription_id)
    if found is None:
        raise ApiError(404, f"Subscription {subscription_id} does not exist", "OBJECT_NOT_FOUND")
    return found


def get_one(call: Call) -> Reply:
    return Reply(200, _subscription(call, _app(call), call.params["id"]))


def patch(call: Call) -> Reply:
    app_id = _app(call)
    with call.store.db.transaction():
        active = call.decode(Activation).active
        return Reply(200, _activated(call, app_id, call.params["id"], active=active))


def _activated(call: Call, app_id: int, subscription_id: str, *, active: bool) -> Subscription:
    changed = msgspec.structs.replace(
        _subscription(call, app_id, subscription_id),
        active=active,
        updated_at=iso(call.box.now()),
    )
    call.box.webhooks.put(app_id, changed)
    return changed


def batch_update(call: Call) -> Reply:
    app_id, rows = _app(call), []
    with call.store.db.transaction():
        for one in call.decode(ActivationBatch).inputs:
            changed = _activated(call, app_id, str(one.id), active=one.active)
            rows.append(msgspec.to_builtins(changed))
    return batch_reply(call, rows, ())


def delete(call: Call) -> Reply:
    app_id = _app(call)
    gone = _subscription(call, app_id, call.params["id"])
    with call.store.db.transaction():
        call.box.webhooks.drop(app_id, gone.id)
    return Reply(204)


def rules() -> list[Rule]:
    routes = (
        ("GET", "/settings", get_settings),
        ("PUT", "/settings", put_settings),
        ("DELETE", "/settings", delete_settings),
        ("GET", "/subscriptions", list_all),
        ("POST", "/subscriptions", create),
        ("POST", "/subscriptions/batch/update", batch_update),
        ("GET", "/subscriptions/{id}", get_one),
        ("PATCH", "/subscriptions/{id}", patch),
        ("DELETE", "/subscriptions/{id}", delete),
    )
    return [
        Rule(method, prefix + path, handler, None, dated=dated)
        for prefix, dated in (("/webhooks/v3/{app}", False), ("/webhooks/2026-09/{app}", True))
        for method, path, handler in routes
    ]
