"""Running sandbox apps over real HTTP on loopback: in a thread for tests, else in a process."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self, cast

import uvicorn
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

LOOPBACK = "127.0.0.1"
_CONNECTION = "sandbox.connection"
_LINGER_NOT = struct.pack("ii", 1, 0)


class _Wired(Protocol):
    transport: asyncio.Transport


class Connection:
    """The wire under a request, for faults that cut it."""

    protocol: _Wired

    def reset(self) -> None:
        """End it with an RST, whatever was still to be sent."""
        transport = self.protocol.transport
        taken = transport.get_extra_info("socket")
        if taken is not None:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()

    def close(self) -> None:
        """End it politely once everything written so far has been sent."""
        self.protocol.transport.close()


def connection(scope: Scope) -> Connection:
    """The connection a request came by; only the servers of this module tell it."""
    return cast(Connection, scope["state"][_CONNECTION])


def _protocol(**given: Any) -> asyncio.Protocol:
    """What uvicorn would have made, its connection known to the app by `request.state`."""
    wire = Connection()
    given["app_state"] = {**given["app_state"], _CONNECTION: wire}
    made = AutoHTTPProtocol(**given)
    wire.protocol = cast(_Wired, made)
    return made


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _server(app: ASGIApp, port: int) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        host=LOOPBACK,
        port=port,
        http=cast(type[asyncio.Protocol], _protocol),
        log_level="warning",
        proxy_headers=False,
        ws="none",
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=64 * 1024,
    )
    return uvicorn.Server(config)


async def serve_all(apps: Mapping[int, ASGIApp]) -> None:
    """Serve each app on its port until the process is told to stop (SIGINT, SIGTERM)."""
    await asyncio.gather(*(_server(app, port).serve() for port, app in apps.items()))


class ThreadedServer:
    """One app on one port in a background thread; a context manager for tests."""

    def __init__(self, app: ASGIApp, port: int | None = None) -> None:
        self.port = port if port is not None else free_port()
        self._server = _server(app, self.port)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError(f"sandbox server did not start on port {self.port}")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
