"""Running sandbox apps over real HTTP on loopback: in a thread for tests, in a process for people."""

import asyncio
import socket
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"


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
        log_level="warning",
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
