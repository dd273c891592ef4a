"""`hub ui` as people start it: a process that serves Dagster on loopback and stops cleanly."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import requests
from dagster_rig import Hub

from hub.commands.ui import run_ui
from hub.errors import HubError
from sandbox.server import free_port

_LOOPBACK = ("127.0.0.1", "::1")
_HUB = (sys.executable, "-c", "from hub.cli import main; main()")


@contextmanager
def _running(hub: Hub, port: int) -> Iterator["subprocess.Popen[str]"]:
    arguments = ("ui", "--config", str(hub.config), "--port", str(port))
    process = subprocess.Popen(
        [*_HUB, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _ask(port: int, query: str) -> dict[str, object]:
    answer = requests.post(
        f"http://127.0.0.1:{port}/graphql", json={"query": query}, timeout=30
    ).json()
    found: dict[str, object] = answer["data"]
    return found


def test_the_ui_serves_the_job_on_loopback_only_and_leaves_nothing_behind(feed: Hub) -> None:
    port = free_port()
    with _running(feed, port) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready == f"Dagster is ready at http://127.0.0.1:{port} (Ctrl-C stops it)\n"
        found = _ask(
            port,
            "{repositoriesOrError {... on RepositoryConnection {nodes "
            "{name location {name} jobs {name} schedules {name} sensors {name}}}}}",
        )
        (repository,) = found["repositoriesOrError"]["nodes"]  # type: ignore[index]
        assert repository["location"] == {"name": "partner_hub"}
        assert {"name": "sync"} in repository["jobs"]
        assert repository["schedules"] == [{"name": "every_15_minutes"}]
        assert repository["sensors"] == [{"name": "northwind_files"}]
        started = psutil.Process(process.pid).children(recursive=True)
        assert len(started) >= 2
        for connection in (c for p in started for c in p.net_connections(kind="inet")):
            for end in (connection.laddr, connection.raddr):
                assert not end or end.ip in _LOOPBACK, connection
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
        assert (process.returncode, rest, errors) == (0, "", "")
    assert _gone(started)
    settings = (feed.folder / "dagster" / "dagster.yaml").read_text()
    assert "telemetry: {enabled: false}" in settings
    assert "nux: {enabled: false}" in settings


def _gone(processes: list[psutil.Process]) -> bool:
    """Reaped, or dead and waiting for it."""
    deadline = time.monotonic() + 5
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_taken_port_is_refused_before_anything_starts(feed: Hub) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(HubError, match="cannot be used") as refused,
    ):
        run_ui(feed.config, taken.getsockname()[1])
    assert refused.value.remedy == "choose another one with --port"
    assert not (feed.folder / "dagster").exists()


def test_wrong_configuration_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="no such file"):
        run_ui(tmp_path / "hub.yaml", free_port())
    assert list(tmp_path.iterdir()) == []
