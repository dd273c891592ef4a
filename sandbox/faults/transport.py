"""Kinds of fault that any HTTP service can show: statuses, delays, broken connections.

A connection is really cut (see `sandbox.server.Connection`), so clients meet what they would meet
in the wild: a reset, an end in mid-body, silence.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from typing import Annotated

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import skewed
from sandbox.faults.kinds import Answer, Hit, Parameters
from sandbox.server import connection

Seconds = Annotated[float, msgspec.Meta(ge=0.0)]
_NO_BODY = (204, 304)
_PIECES = 10


class Status(Parameters, frozen=True):
    """A status with a body: a JSON object, a JSON array, or text (HTML when it begins with `<`)."""

    status: Annotated[int, msgspec.Meta(ge=200, le=599)]
    body: dict[str, object] | list[object] | str | None = None
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    retry_after: Seconds | None = None

    async def meet(
        self, hit: Hit, _app: ASGIApp, _scope: Scope, _receive: Receive, send: Send
    ) -> None:
        headers = dict(self.headers)
        if self.retry_after is not None:
            headers["Retry-After"] = f"{self.retry_after:g}"
        if isinstance(self.body, str):
            kind = "text/html" if self.body.lstrip().startswith("<") else "text/plain"
            body = self.body.encode()
            answer = Answer(self.status, body, f"{kind};charset=utf-8", headers)
        else:
            body = b"" if self.body is None else msgspec.json.encode(self.body)
            answer = Answer(self.status, body, "application/json;charset=utf-8", headers)
        await send_answer(answer, hit, send)


async def send_answer(answer: Answer, hit: Hit, send: Send) -> None:
    """A whole response, dated by the sandbox's clock."""
    given = {name.lower(): value for name, value in answer.headers.items()}
    headers = {"date": format_datetime(hit.clock.now(), usegmt=True)}
    if answer.status not in _NO_BODY:
        headers["content-length"] = str(len(answer.body))
        if answer.body:
            headers["content-type"] = answer.media_type
    pairs = [(n.encode(), v.encode("latin-1")) for n, v in {**headers, **given}.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer.body})


class Hang(Parameters, frozen=True):
    """Silence for so many seconds, then a reset. With `commit` the request has taken effect."""

    seconds: Seconds
    commit: bool = False

    async def meet(
        self, _hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, _send: Send
    ) -> None:
        if self.commit:
            await app(scope, receive, _nowhere)
        if not await _left_within(self.seconds, receive):
            await _reset(scope, receive)


class Reset(Parameters, frozen=True):
    """A connection reset without any answer. With `commit` the request has taken effect."""

    commit: bool = False

    async def meet(
        self, _hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, _send: Send
    ) -> None:
        if self.commit:
            await app(scope, receive, _nowhere)
        await _reset(scope, receive)


class Truncate(Parameters, frozen=True):
    """The answer ends in mid-body: only the first `keep` of it arrives. It has taken effect."""

    keep: Annotated[float, msgspec.Meta(ge=0.0, lt=1.0)] = 0.5

    async def meet(
        self, _hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        start, body = await _collected(app, scope, receive)
        if not start:
            return
        await send(start)
        if not body:
            await send({"type": "http.response.body", "body": b""})
            return
        part = body[: int(len(body) * self.keep)]
        await send({"type": "http.response.body", "body": part, "more_body": True})
        connection(scope).close()
        await _client_gone(receive)


class Slow(Parameters, frozen=True):
    """The right answer, late: after `seconds`, or with `trickle` piece by piece over them."""

    seconds: Seconds
    trickle: bool = False

    async def meet(
        self, _hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        start, body = await _collected(app, scope, receive)
        if not start:
            return
        pieces = _PIECES if self.trickle else 1
        if not self.trickle and await _left_within(self.seconds, receive):
            return
        await send(start)
        size = -(-len(body) // pieces)
        for _ in range(pieces - 1):
            piece, body = body[:size], body[size:]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if await _left_within(self.seconds / (pieces - 1), receive):
                return
        await send({"type": "http.response.body", "body": body})


class OtherStatus(Parameters, frozen=True):
    """The right answer under another status, as when a vendor turns a 201 into a 200."""

    status: Annotated[int, msgspec.Meta(ge=200, le=299)]

    async def meet(
        self, _hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def renamed(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                message = {**message, "status": self.status}
            await send(message)

        await app(scope, receive, renamed)


class ClockSkew(Parameters, frozen=True):
    """The request is served by a machine whose clock is so many seconds fast, or slow when below 0:
    its `Date` header and every stamp it sets are off."""

    seconds: float

    async def meet(
        self, _hit: Hit, app: ASGIApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        with skewed(timedelta(seconds=self.seconds)):
            await app(scope, receive, send)


Transport = Status | Hang | Reset | Truncate | Slow | OtherStatus | ClockSkew
TRANSPORT: Mapping[str, type[Transport]] = {
    "status": Status,
    "hang": Hang,
    "reset": Reset,
    "truncate": Truncate,
    "slow": Slow,
    "other_status": OtherStatus,
    "clock_skew": ClockSkew,
}


async def _nowhere(_message: Message) -> None:
    """A `send` for answers that nobody will see."""


async def _collected(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """What the app answers, kept back: the start of the response and its whole body.

    Both are empty when another fault has broken the connection instead of answering.
    """
    start: Message = {}
    body = bytearray()

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app(scope, receive, keep)
    return start, bytes(body)


async def _reset(scope: Scope, receive: Receive) -> None:
    connection(scope).reset()
    await _client_gone(receive)


async def _left_within(seconds: float, receive: Receive) -> bool:
    """Wait, and say whether the client gave up meanwhile."""
    with suppress(TimeoutError):
        await asyncio.wait_for(_client_gone(receive), seconds)
        return True
    return False


async def _client_gone(receive: Receive) -> None:
    """Wait for the end of the connection; a server that returns earlier answers with a 500."""
    while (await receive())["type"] != "http.disconnect":
        pass
