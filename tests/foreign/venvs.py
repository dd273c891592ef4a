"""Environments for programs of other people's making, each from a file of hashed pins.

An environment is kept under `.cache/foreign` by the hash of its pins, so that only the first run
on a machine, and the first after a change of the pins, has to install anything.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / ".cache" / "foreign"
BUILDING = HERE / "requirements-build.txt"
"""What packages without a wheel are built with; the venv's own would not be pinned."""


def environment(name: str) -> Path:
    """The folder of an environment with what `requirements-NAME.txt` pins, made if need be."""
    pins = HERE / f"requirements-{name}.txt"
    digest = hashlib.sha256(BUILDING.read_bytes() + pins.read_bytes() + sys.version.encode())
    home = KEPT / f"{name}-{digest.hexdigest()[:16]}"
    KEPT.mkdir(parents=True, exist_ok=True)
    # Several test processes may ask at once; the first makes it, the others wait.
    with (KEPT / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            _call(sys.executable, "-m", "venv", str(home))
            _install(home, BUILDING)
            _install(home, pins)
            (home / "complete").touch()
    return home


def _install(home: Path, pins: Path) -> None:
    _call(
        str(home / "bin" / "python"), "-m", "pip", "install", "--quiet",
        "--disable-pip-version-check", "--no-deps", "--require-hashes", "--no-build-isolation",
        "--requirement", str(pins),
    )  # fmt: skip


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
