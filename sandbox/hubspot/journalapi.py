"""The API of the webhooks journal: subscriptions, and reading on from an offset.

It asks for an app's own token, which the client credentials grant gives out, and is exempt from
the rate limits.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, Handler, Reply, Rule, batch_reply
from sandbox.hubspot.journal import File, JournalSubscription
from sandbox.hubspot.signedurls import denied, signed_url
from sandbox.hubspot.times import iso

READ = ("developer.webhooks_journal.read",)
SUBSCRIPTIONS_READ = ("developer.webhooks_journal.subscriptions.read",)
SUBSCRIPTIONS_WRITE = ("developer.webhooks_journal.subscriptions.write",)
MAX_BATCH = 100
URL_SECONDS = 600
_FILES = "/journal-files"
_TYPES = ("OBJECT", "ASSOCIATION", "GDPR_PRIVACY_DELETION")


class NewSubscription(msgspec.Struct, rename="camel"):
    subscription_type: str
    portal_id: int
    object_type_id: str
    actions: list[str]
    properties: list[str] | None = None
    object_ids: list[int] | None = None
    associated_object_type_ids: list[str] | None = None


class OffsetBatch(msgspec.Struct):
    inputs: list[str]


def _app(call: Call) -> int:
    if call.grant is None:
        raise LookupError("the journal is read with a token")
    return call.grant.app_id


# Subscriptions


def subscribe(call: Call) -> Reply:
    """One subscription per kind of event and object: asking again replaces what was asked."""
    body = call.decode(NewSubscription)
    if body.subscription_type not in _TYPES or not body.actions:
        raise validation(f"subscriptionType is one of {', '.join(_TYPES)}, with actions")
    if body.portal_id != call.store.portal_id:
        raise ApiError(404, f"The app is not installed in {body.portal_id}", "OBJECT_NOT_FOUND")
    journal, now = call.box.journal, iso(call.box.now())
    about = (_app(call), body.subscription_type, body.object_type_id)
    present = next((one for one in journal.subscriptions.values() if _about(one) == about), None)
    with call.store.db.transaction():
        made = JournalSubscription(
            id=present.id if present else call.store.db.next_value("journal_subscription", 7_001),
            app_id=_app(call),
            portal_id=body.portal_id,
            subscription_type=body.subscription_type,
            object_type_id=body.object_type_id,
            actions=body.actions,
            properties=body.properties,
            object_ids=body.object_ids,
            associated_object_type_ids=body.associated_object_type_ids,
            created_at=present.created_at if present else now,
            updated_at=now,
        )
        journal.put(made)
    return Reply(200, made)


def _about(subscription: JournalSubscription) -> tuple[int, str, str]:
    return (subscription.app_id, subscription.subscription_type, subscription.object_type_id)


def _mine(call: Call) -> list[JournalSubscription]:
    return [one for one in call.box.journal.subscriptions.values() if one.app_id == _app(call)]


def list_subscriptions(call: Call) -> Reply:
    return Reply(200, {"results": _mine(call)})


def get_subscription(call: Call) -> Reply:
    return Reply(200, _subscription(call))


def _subscription(call: Call) -> JournalSubscription:
    for one in _mine(call):
        if str(one.id) == call.params["id"]:
            return one
    raise ApiError(404, f"Subscription {call.params['id']} does not exist", "OBJECT_NOT_FOUND")


def delete_subscription(call: Call) -> Reply:
    gone = _subscription(call)
    with call.store.db.transaction():
        call.box.journal.drop(gone.id)
    return Reply(204)


def delete_for_portal(call: Call) -> Reply:
    gone = [one for one in _mine(call) if str(one.portal_id) == call.params["portal"]]
    with call.store.db.transaction():
        for one in gone:
            call.box.journal.drop(one.id)
    return Reply(204)


# Reading


def earliest(call: Call) -> Reply:
    return _one(call, _files(call)[:1])


def latest(call: Call) -> Reply:
    return _one(call, _files(call)[-1:])


def following(call: Call) -> Reply:
    return _one(call, _after(call, call.params["offset"])[:1])


def batch_earliest(call: Call) -> Reply:
    return _many(call, _files(call)[: _count(call)])


def batch_latest(call: Call) -> Reply:
    return _many(call, _files(call)[-_count(call) :])


def batch_following(call: Call) -> Reply:
    return _many(call, _after(call, call.params["offset"])[: _count(call)])


def batch_read(call: Call) -> Reply:
    wanted = call.decode(OffsetBatch).inputs
    found = {file.offset: file for file in _files(call)}
    errors = [
        _gone(offset).entry({"offset": [offset]}, full=call.switches.full_batch_errors)
        for offset in wanted
        if offset not in found
    ]
    rows = [_shown(call, found[offset]) for offset in wanted if offset in found]
    reply = batch_reply(call, rows, errors)
    return Reply(207 if errors else 200, reply.body)


def _files(call: Call) -> list[File]:
    portal = call.query.get("installPortalId", str(call.store.portal_id))
    if portal != str(call.store.portal_id):
        return []
    with call.store.db.transaction():
        return call.box.journal.files(_app(call), call.box.now())


def _after(call: Call, offset: str) -> list[File]:
    """The files after an offset. One whose own file is gone leads nowhere, or to the earliest."""
    try:
        known = str(uuid.UUID(offset))
    except ValueError:
        raise validation(f"{offset!r} is not an offset") from None
    files = _files(call)
    kept = any(file.offset == known for file in files)
    if not kept and call.switches.journal_aged_offset == "not_found":
        raise _gone(offset)
    return [file for file in files if file.offset > known]


def _gone(offset: str) -> ApiError:
    return ApiError(404, f"Offset {offset} is not in the journal", "OBJECT_NOT_FOUND")


def _count(call: Call) -> int:
    text = call.params["count"]
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_BATCH:
        raise validation(f"count must be between 1 and {MAX_BATCH}, it was {text}")
    return int(text)


def _one(call: Call, files: Sequence[File]) -> Reply:
    """204 when the reader has caught up, or an empty object by switch."""
    if files:
        return Reply(200, _shown(call, files[0]))
    return Reply(204) if call.switches.journal_caught_up == "no_content" else Reply(200, {})


def _many(call: Call, files: Sequence[File]) -> Reply:
    return batch_reply(call, [_shown(call, file) for file in files], ())


def _shown(call: Call, file: File) -> dict[str, object]:
    url, expires = signed_url(call, f"{_FILES}/{file.offset}", URL_SECONDS)
    return {"url": url, "expiresAt": iso(expires), "currentOffset": file.offset}


def download(call: Call) -> Reply:
    refused = denied(call)
    if refused is not None:
        return refused
    content = call.box.journal.content(call.params["offset"])
    if content is None:
        raise _gone(call.params["offset"])
    return Reply(200, content)


def rules() -> list[Rule]:
    reading: list[tuple[str, str, Handler]] = [
        ("GET", "/earliest", earliest),
        ("GET", "/latest", latest),
        ("GET", "/offset/{offset}/next", following),
        ("GET", "/batch/earliest/{count}", batch_earliest),
        ("GET", "/batch/latest/{count}", batch_latest),
        ("GET", "/batch/{offset}/next/{count}", batch_following),
        ("POST", "/batch/read", batch_read),
    ]
    made = [
        Rule(method, f"/webhooks-journal/{journal}/2026-09{path}", handler, READ)
        for journal in ("journal", "journal-local")
        for method, path, handler in reading
    ]
    prefix = "/webhooks-journal/subscriptions/2026-09"
    made += [
        Rule("POST", prefix, subscribe, SUBSCRIPTIONS_WRITE),
        Rule("GET", prefix, list_subscriptions, SUBSCRIPTIONS_READ),
        Rule("DELETE", prefix + "/portals/{portal}", delete_for_portal, SUBSCRIPTIONS_WRITE),
        Rule("GET", prefix + "/{id}", get_subscription, SUBSCRIPTIONS_READ),
        Rule("DELETE", prefix + "/{id}", delete_subscription, SUBSCRIPTIONS_WRITE),
    ]
    return [
        *(replace(rule, limited=False) for rule in made),
        Rule("GET", _FILES + "/{offset}", download, None),
    ]
