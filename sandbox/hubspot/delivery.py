"""Sending webhook events out: signed POSTs to this machine, and what follows when one fails.

Nothing is sent by itself. `POST /__sandbox__/webhooks/deliver` sends what is due by the account's
clock, so a test decides when events arrive, and a day of retries passes in no time.
"""

import asyncio
import base64
import hashlib
import hmac
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import msgspec
import requests
from starlette.requests import Request
from starlette.responses import Response

from sandbox.hubspot.http import Box

MAX_EVENTS = 100
MAX_RETRIES = 10
_DAY_MS = 86_400_000
_STEPS = MAX_RETRIES * (MAX_RETRIES + 1) // 2
_DECODED = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Due:
    """A queued event, and how often it has been tried before."""

    id: int
    app_id: int
    attempt: int
    body: dict[str, object]


@dataclass(frozen=True, slots=True)
class Post:
    """One request to an app: at most a hundred events of one attempt."""

    url: str
    secret: str
    events: Sequence[Due]
    repeated: bool = False
    """Sent a second time on purpose; whatever comes of it, nothing follows."""


class Sent(msgspec.Struct, rename="camel"):
    """What the control route tells of one request. Status 0: no answer in time."""

    url: str
    status: int
    events: int
    attempt_number: int


def deliver(box: Box) -> list[Sent]:
    """Send everything that is due, in order; returns what was sent."""
    chance = random.Random(f"{box.store.portal_id}:{box.now()}")
    told = []
    with requests.Session() as session:
        session.trust_env = False
        for post in _posts(box, chance):
            status = _send(box, session, post)
            if not post.repeated:
                _settle(box, post, chance, delivered=200 <= status < 300)
            told.append(Sent(post.url, status, len(post.events), post.events[0].attempt))
    return told


def _posts(box: Box, chance: random.Random) -> list[Post]:
    with box.store.db.lock:
        rows = box.store.db.execute(
            "SELECT id, app_id, attempt, body FROM webhook WHERE due <= ? ORDER BY due, id",
            (box.now(),),
        ).fetchall()
        settings = dict(box.webhooks.settings)
    due = [
        Due(number, app_id, attempt, msgspec.json.decode(body))
        for number, app_id, attempt, body in rows
    ]
    if box.switches.webhook_shuffle:
        chance.shuffle(due)
    app = box.store.seed.oauth_app
    posts = [
        Post(settings[app.app_id].target_url, app.client_secret, batch)
        for batch in _batches([one for one in due if one.app_id == app.app_id])
        if app.app_id in settings
    ]
    if box.switches.webhook_duplicates:
        posts += [replace(post, repeated=True) for post in posts]
    return posts


def _batches(due: Sequence[Due]) -> list[Sequence[Due]]:
    """A hundred events at most, all of which have been tried equally often."""
    by_attempt: dict[int, list[Due]] = {}
    for one in due:
        by_attempt.setdefault(one.attempt, []).append(one)
    return [
        group[start : start + MAX_EVENTS]
        for group in by_attempt.values()
        for start in range(0, len(group), MAX_EVENTS)
    ]


def _send(box: Box, session: requests.Session, post: Post) -> int:
    """The status of the answer, 0 for none. The lock is free meanwhile: receivers read back."""
    body = _encoded(box, post.events)
    headers = {"Content-Type": "application/json", "User-Agent": "HubSpot Webhooks/1.0"}
    headers |= signatures(post.secret, post.url, body, box.now(), box.switches.webhook_signature)
    patience = box.switches.webhook_timeout_seconds
    try:
        answer = session.post(
            post.url, data=body, headers=headers, timeout=patience, allow_redirects=False
        )
    except requests.RequestException:
        return 0
    return answer.status_code


def _encoded(box: Box, events: Sequence[Due]) -> bytes:
    messages = [{**one.body, "attemptNumber": one.attempt} for one in events]
    if box.switches.webhook_same_event_id:
        messages = [{**one, "eventId": messages[0]["eventId"]} for one in messages]
    if box.switches.webhook_type_key == "eventType":
        names = {"subscriptionType": "eventType"}
        messages = [{names.get(key, key): one[key] for key in one} for one in messages]
    return msgspec.json.encode(messages)


def signatures(secret: str, url: str, body: bytes, now: int, which: str) -> dict[str, str]:
    """The headers by which a receiver knows who calls; v3 signs the very address and bytes."""
    first = hashlib.sha256(secret.encode() + body).hexdigest()
    headers = {"X-HubSpot-Signature": first, "X-HubSpot-Signature-Version": "v1"}
    if which == "v1":
        return headers
    address = _DECODED.sub(lambda found: chr(int(found[1], 16)), url)
    signed = f"POST{address}".encode() + body + str(now).encode()
    third = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest())
    return {
        **headers,
        "X-HubSpot-Signature-v3": third.decode(),
        "X-HubSpot-Request-Timestamp": str(now),
    }


def _settle(box: Box, post: Post, chance: random.Random, *, delivered: bool) -> None:
    """Forget what has arrived; try the rest again later, up to ten times spread over a day."""
    attempt = post.events[0].attempt + 1
    wait = int(_DAY_MS * attempt / _STEPS * (0.9 + 0.2 * chance.random()))
    ids = [(one.id,) for one in post.events]
    with box.store.db.transaction():
        if delivered or attempt > MAX_RETRIES:
            box.store.db.executemany("DELETE FROM webhook WHERE id = ?", ids)
        else:
            changes = [(attempt, box.now() + wait, one.id) for one in post.events]
            box.store.db.executemany(
                "UPDATE webhook SET attempt = ?, due = ? WHERE id = ?", changes
            )


def delivery_endpoint(box: Box) -> Callable[[Request], Awaitable[Response]]:
    """The control route. It works off the event loop, so that receivers can call the API."""

    async def endpoint(_request: Request) -> Response:
        sent = await asyncio.to_thread(deliver, box)
        return Response(msgspec.json.encode({"sent": sent}), media_type="application/json")

    return endpoint
