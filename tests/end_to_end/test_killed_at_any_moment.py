"""SIGKILL at any moment, run again: everything ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from channel_folder import MOMENT, Served, make_start, served

RECORDS = 60
KILLS = 34
_SYNC = Path(__file__).with_name("one_sync.py")


@dataclass(frozen=True)
class Undisturbed:
    """What one sync leaves behind when nobody kills it, and when its requests came."""

    model: dict[str, pl.DataFrame]
    crms: dict[str, pl.DataFrame]
    requests_at: list[float]
    seconds: float


def start_sync(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(_SYNC), str(folder), MOMENT.isoformat()],
        env={**os.environ, "PYTHONPATH": str(_SYNC.parents[2])},
    )


def watch(process: subprocess.Popen[bytes], crms: Served) -> list[float]:
    """When each request was answered, in seconds since the start, until the process ends."""
    started, seen = time.monotonic(), []
    while process.poll() is None:
        seen += [time.monotonic() - started] * (len(crms.log.lines) - len(seen))
        time.sleep(0.001)
    return [*seen, *[time.monotonic() - started] * (len(crms.log.lines) - len(seen))]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("start") / "channel"
    make_start(folder, RECORDS)
    return folder


@pytest.fixture(scope="module")
def undisturbed(start: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed") / "channel"
    with served(start, folder) as crms:
        process = start_sync(folder)
        began = time.monotonic()
        requests_at = watch(process, crms)
        seconds = time.monotonic() - began
        assert process.returncode == 0
        return Undisturbed(crms.model_rows(), crms.crm_rows(), requests_at, seconds)


@pytest.mark.parametrize("number", range(KILLS))
def test_killed_and_run_again_ends_like_an_undisturbed_run(
    number: int, start: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """The moments are spread over the whole run; each is named by the requests before it and the
    time since the last of them, so that a slower machine strikes at the same work."""
    first = undisturbed.requests_at[0] - 0.3
    moment = first + (undisturbed.seconds - first) * number / KILLS
    before = sum(at <= moment for at in undisturbed.requests_at)
    pause = moment - undisturbed.requests_at[before - 1] if before else 0.0
    with served(start, tmp_path / "channel") as crms:
        killed = start_sync(crms.folder)
        while len(crms.log.lines) < before and killed.poll() is None:
            time.sleep(0.001)
        time.sleep(pause)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        again = start_sync(crms.folder)
        assert again.wait() == 0
        for name, rows in crms.model_rows().items():
            assert different(rows, undisturbed.model[name]) == [], name
        for name, rows in crms.crm_rows().items():
            assert different(rows, undisturbed.crms[name]) == [], name


def different(rows: pl.DataFrame, expected: pl.DataFrame) -> list[tuple[object, ...]]:
    """Rows that are there too often or too seldom, with how often."""
    found = Counter(rows.rows())
    found.subtract(expected.rows())
    return [(count, *row) for row, count in found.items() if count]
