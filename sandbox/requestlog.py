"""The sandbox's own account of what was asked of it: one JSON line a request.

The hub's figures (calls used, write calls) are checked against this file, so it is written by the
servers and by nobody else. Control routes (`/__sandbox__/…`) are not CRM traffic and are left out.
"""

from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.clock import Clock

CONTROL_PREFIX = "/__sandbox__"


class RequestLog:
    """Appends `{"at", "system", "method", "path", "status", "rows"}` lines to one file.

    A request that a fault struck has `"fault"` too; one that got no answer has status 0. With
    `bodies` a line tells the request's `"body"` as well: what a system was sent, word for word.
    """

    def __init__(self, path: Path | None, *, bodies: bool = False) -> None:
        self.bodies = bodies
        self._file = path.open("ab", buffering=0) if path is not None else None
        self._lock = Lock()
        self.lines: list[dict[str, Any]] = []

    def write(self, line: dict[str, Any]) -> None:
        with self._lock:
            if self._file is None:
                self.lines.append(line)
            else:
                self._file.write(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class LoggedApp:
    """ASGI middleware: logs each request after its response has been sent.

    A handler tells how many records the answer carries, or the write touched, by setting
    `request.state.rows`.
    """

    def __init__(self, app: ASGIApp, system: str, log: RequestLog, clock: Clock) -> None:
        self.app, self.system, self.log, self.clock = app, system, log, clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        status = 0
        sent = bytearray()

        async def listen() -> Message:
            message = await receive()
            if self.log.bodies and message["type"] == "http.request":
                sent.extend(message.get("body", b""))
            return message

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        at = self.clock.now()
        try:
            await self.app(scope, listen, watch)
        finally:
            line = {
                "at": at.isoformat(timespec="milliseconds"),
                "system": self.system,
                "method": scope["method"],
                "path": _path(scope),
                "status": status,
                "rows": state.get("rows", 0),
            }
            if self.log.bodies:
                line["body"] = sent.decode("utf-8", "replace")
            if "fault" in state:
                line["fault"] = state["fault"]
            self.log.write(line)


def _path(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return f"{scope['path']}?{query}" if query else scope["path"]
