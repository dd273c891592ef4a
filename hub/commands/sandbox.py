"""The sandbox as a process of its own: seeding a demo folder, and serving its CRMs."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import HubError

_SYSTEMS = 2


def seed_sandbox(folder: Path, records: int, seed: int) -> None:
    """Replace the sandbox data under `folder` by a generated world of `records` companies."""
    command = _command("seed", "--dir", str(folder), "--records", str(records), "--seed", str(seed))
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise HubError(f"The sandbox could not be seeded: {done.stderr.strip()}")


@contextmanager
def sandbox_running(folder: Path) -> Iterator[list[str]]:
    """The folder's CRMs, up and listening; yields what they say of themselves. Down at the end."""
    process = start_sandbox(folder)
    try:
        yield _ready_lines(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def start_sandbox(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603
        _command("serve", "--dir", str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def serve_forever(folder: Path, faults: Path | None = None) -> int:
    """Serve until interrupted, things going wrong as a fault file says; returns the exit code."""
    command = _command("serve", "--dir", str(folder))
    if faults is not None:
        command += ["--faults", str(faults)]
    return subprocess.call(command)  # noqa: S603


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sandbox", *arguments]


def _ready_lines(process: subprocess.Popen[str]) -> list[str]:
    lines = []
    for _ in range(_SYSTEMS):
        line = process.stdout.readline() if process.stdout is not None else ""
        if not line:
            errors = process.stderr.read() if process.stderr is not None else ""
            raise HubError(f"The sandbox did not start: {errors.strip()}")
        lines.append(line.strip())
    return lines
