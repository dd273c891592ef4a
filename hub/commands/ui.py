"""`hub ui`: Dagster's web server and daemon for one hub, on this machine only, until told to stop.

Dagster is started as processes of its own; nothing of it is imported here.
"""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from hub.errors import HubError
from hub.sync.mapped import load_settings

HOST = "127.0.0.1"
_POLL_SECONDS = 0.2
_STOP_SECONDS = 20.0
_LOCATION = "partner_hub"
_MODULE = "dagster_project.definitions"
# One run at a time: the warehouse has one writer. Storage is SQLite in this folder.
_INSTANCE = """\
telemetry: {enabled: false}
nux: {enabled: false}
concurrency:
  runs: {max_concurrent_runs: 1}
  pools: {default_limit: 1, granularity: op}
run_monitoring: {enabled: true, start_timeout_seconds: 300}
retention:
  schedule: {purge_after_days: 30}
  sensor: {purge_after_days: {skipped: 2, failure: 14, success: 30}}
"""
_WORKSPACE = f"""\
load_from:
  - python_module: {{module_name: {_MODULE}, location_name: {_LOCATION}}}
"""


def run_ui(config: Path, port: int = 3000, home: Path | None = None) -> int:
    """Serve until SIGINT or SIGTERM (0), or until Dagster ends by itself (1).

    `home` (default: `dagster` beside `config`) is Dagster's own folder; a `dagster.yaml` found
    there is kept. Raises HubError when the configuration is wrong or the port is taken.
    """
    load_settings(config)
    _refuse_taken(port)
    home = (home or config.absolute().parent / "dagster").absolute()
    _furnish(home)
    with _told_to_stop() as stopping, _Dagster(config, home) as dagster:
        dagster.start("webserver", "dagster-webserver", "--host", HOST, "--port", str(port))
        # The first to start lays out the storage; two at once would stumble over each other.
        while not _listening(port):
            if stopping.wait(_POLL_SECONDS):
                return 0
            if dagster.ended():
                return 1
        dagster.start("daemon", "dagster-daemon", "run")
        sys.stdout.write(f"Dagster is ready at http://{HOST}:{port} (Ctrl-C stops it)\n")
        sys.stdout.flush()
        while not stopping.wait(_POLL_SECONDS):
            if dagster.ended():
                return 1
    return 0


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as err:
            raise HubError(
                f"Port {port} cannot be used ({err}).", remedy="choose another one with --port"
            ) from err


def _furnish(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    for name, text in (("dagster.yaml", _INSTANCE), ("workspace.yaml", _WORKSPACE)):
        file = home / name
        if not file.exists():
            file.write_text(text, encoding="utf-8")


@contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set.

    Caught signals are back at their default in a process started meanwhile, so that Dagster heeds
    them even when this process was started in the background, where SIGINT is ignored.
    """
    event = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Dagster:
    """Dagster's processes, each with all that it starts in a session of its own."""

    def __init__(self, config: Path, home: Path) -> None:
        self._home = home
        self._environment = {
            **os.environ,
            "DAGSTER_HOME": str(home),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "HUB_CONFIG": str(config.absolute()),
        }
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def start(self, name: str, script: str, *arguments: str) -> None:
        command = [str(Path(sysconfig.get_path("scripts")) / script), *arguments]
        with self._log(name).open("wb") as output:
            self._running[name] = subprocess.Popen(  # noqa: S603
                [*command, "--workspace", str(self._home / "workspace.yaml")],
                env=self._environment,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ended(self) -> bool:
        """Whether one of them has ended by itself; says which."""
        for name, process in self._running.items():
            if process.poll() is not None:
                sys.stderr.write(f"Dagster's {name} has ended; see {self._log(name)}\n")
                return True
        return False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ask all to end, a run under way included; end what has not after a while."""
        for process in self._running.values():
            _signal_group(process, signal.SIGTERM)
        for process in self._running.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            _signal_group(process, signal.SIGKILL)
            process.wait()

    def _log(self, name: str) -> Path:
        return self._home / f"{name}.log"


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _listening(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
