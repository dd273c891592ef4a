"""The soak itself: seed, serve, sync again and again, then compare with the truth."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any
from unittest import mock

import requests

from hub.commands.demo import prepare
from hub.commands.warehouse import Workplace, open_workplace
from hub.config import Settings, connector_kinds
from hub.connectors.contract import Connector
from hub.connectors.http import Patience
from hub.models.database import reading
from hub.sync import flow
from hub.sync.pipeline import sync
from hub.sync.report import SyncReport
from sandbox.seed import hubspot_file, salesforce_file, seed
from sandbox.server import free_port
from sandbox.world import generate
from soak.compare import Verdict, compare_refusals, compare_sources, compare_writes
from soak.faults import PATIENT_SECONDS, rules
from soak.journal import writes
from soak.serve import CONTROL, START, SYSTEMS
from soak.truth import erased, read_truth

_RECORDS_PER_COMPANY = 3.67
# In a small world a few records that are deleted for good in a day are a large share.
_HIDDEN_A_DAY = 60
_REFUSED_ONLY = re.compile(r"\d+ changes? rejected, see `hub outstanding list`")
_KEPT_IN_EVERY_RUN = ("conservation", "identity")
_MERGES = "merges.json"
_LONGER_THAN_ANY_INTERVAL = 26 * 3600.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long, how large, how rough."""

    runs: int = 300
    records: int = 20_000
    seed: int = 7
    fault_rate: float = 0.1
    changes: int = 80
    during: float = 0.12

    @property
    def companies(self) -> int:
        return max(20, round(self.records / _RECORDS_PER_COMPANY))


@dataclass
class Result:
    """All figures, and the differences: none is a pass."""

    plan: Plan
    runs: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    slowest: float = 0.0
    steps: dict[str, float] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    differences: dict[str, list[str]] = field(default_factory=dict)
    """Where and of what kind → each one."""

    def differ(self, where: str, what: str) -> None:
        self.differences.setdefault(where, []).append(what)

    def take(self, verdict: Verdict) -> None:
        for name, number in verdict.figures.items():
            self.figures[name] = self.figures.get(name, 0) + number
        for where, found in verdict.differences.items():
            self.differences.setdefault(where, []).extend(found)


def soak(plan: Plan, folder: Path, say: Say) -> Result:
    """Run it all in an empty folder."""
    result = Result(plan)
    ports = _prepare(plan, folder)
    began = perf_counter()
    with _crms(folder, plan.seed, ports) as conduct, impatient():
        place = open_workplace(folder / "hub.yaml")
        chance = Random(f"soak:{plan.seed}")  # noqa: S311 - chance that can be repeated
        for number in range(1, plan.runs + 1):
            _one_run(plan, number, chance, conduct, place, result, say)
        result.account = conduct.account()
        _close(conduct, place, result)
        merges = json.dumps(conduct.account()["merges"])
        (folder / _MERGES).write_text(merges, encoding="utf-8")
    result.seconds = perf_counter() - began
    for verdict in judged(folder, place):
        result.take(verdict)
    place.engine.dispose()
    return result


def _one_run(
    plan: Plan,
    number: int,
    chance: Random,
    conduct: "Conduct",
    place: Workplace,
    result: Result,
    say: Say,
) -> None:
    first = number == 1
    now = conduct.go_on(
        changes=0 if first else plan.changes,
        seconds=60.0 if first else chance.uniform(60, 4 * 3600),
        during=plan.during,
        bulk_rows=max(5, plan.records // 60),
        rules=rules(chance, plan.fault_rate),
        seed=plan.seed * 1_000_003 + number,
    )
    report = _sync(place, now, result)
    result.runs[report.status] = result.runs.get(report.status, 0) + 1
    for law in report.laws:
        if law.law in _KEPT_IN_EVERY_RUN and not law.holds:
            result.differ(f"law of {law.law}", f"run {number}: {law.detail}")
    say(f"run {number} of {plan.runs}: {report.status}, {result.slowest:.1f} s at most")


def _sync(
    place: Workplace, now: datetime, result: Result, *, reconcile: bool = False
) -> SyncReport:
    began = perf_counter()
    report = sync(place.engine, place.settings, reconcile=reconcile, clock=lambda: now)
    result.slowest = max(result.slowest, perf_counter() - began)
    for step, seconds in report.watch.seconds.items():
        result.steps[step] = result.steps.get(step, 0.0) + seconds
    return report


def _close(conduct: "Conduct", place: Workplace, result: Result) -> None:
    """One more sync, long after everything, that nothing disturbs; and one a minute later, which
    compares all there is and finds nothing. What a CRM had to refuse is judged by itself."""
    for last, seconds in (("closing", _LONGER_THAN_ANY_INTERVAL), ("still", 60.0)):
        now = conduct.go_on(seconds=seconds)
        report = _sync(place, now, result, reconcile=last == "still")
        for trouble in report.troubles:
            result.differ(f"{last} sync", trouble)
        for law in report.laws:
            refused = law.law == "honesty" and _REFUSED_ONLY.fullmatch(law.detail)
            if not law.holds and law.law != "frugality" and not refused:
                result.differ(f"{last} sync", f"{law.law}: {law.detail}")
        if last == "still" and any(report.outcomes.values()):
            result.differ("still sync", f"wrote {report.outcomes}")


def judged(folder: Path, place: Workplace) -> list[Verdict]:
    """The warehouse of a soaked folder beside the truth; nothing may be serving the folder."""
    settings = place.settings
    truth = read_truth(folder, settings)
    merges = json.loads((folder / _MERGES).read_text(encoding="utf-8"))
    with reading(place.engine) as conn:
        return [
            compare_sources(conn, settings, truth, merges),
            compare_refusals(conn, erased(folder)),
            *(
                compare_writes(conn, system, _keys(settings, system), writes(file(folder)))
                for system, file in zip(SYSTEMS, (salesforce_file, hubspot_file), strict=True)
            ),
        ]


def _keys(settings: Settings, system: str) -> dict[str, str]:
    return {
        obj: mapping.push.create.key
        for obj, mapping in settings.mappings[system].items()
        if mapping.push is not None and mapping.push.create is not None
    }


# -- the stage -------------------------------------------------------------------------------------


def _prepare(plan: Plan, folder: Path) -> list[int]:
    """A seeded folder whose hub.yaml knows the ports; returns them."""
    prepare(folder)
    seed(folder, generate(plan.companies, plan.seed, today=START.date()))
    for file in (folder / "feeds").rglob("*.csv"):
        file.unlink()
    ports = [free_port(), free_port()]
    config = folder / "hub.yaml"
    lines = []
    waiting = iter(ports)
    for line in config.read_text(encoding="utf-8").splitlines():
        if "http://127.0.0.1:" in line:
            head = line.rpartition(":")[0]
            lines.append(f"{head}:{next(waiting)}")
            lines.append(f"    timeout_seconds: {PATIENT_SECONDS}")
            lines.append(f"    hidden_share: {max(0.01, _HIDDEN_A_DAY / plan.records)}")
        elif line.strip().startswith("search_lag_seconds"):
            lines.append("    search_lag_seconds: 60")
        else:
            lines.append(line)
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ports


@dataclass(frozen=True)
class Conduct:
    """The hand on the CRMs: what happens to them between two syncs."""

    url: str

    def go_on(self, **told: Any) -> datetime:
        """See `soak.serve.Told`; returns what time it is then."""
        answer = requests.post(f"{self.url}{CONTROL}", json=told, timeout=120)
        answer.raise_for_status()
        return datetime.fromisoformat(answer.json()["now"])

    def account(self) -> dict[str, Any]:
        answer = requests.get(f"{self.url}{CONTROL}", timeout=60)
        answer.raise_for_status()
        account: dict[str, Any] = answer.json()
        return account


@contextmanager
def _crms(folder: Path, number: int, ports: list[int]) -> Iterator[Conduct]:
    command = [sys.executable, "-m", "soak.serve", "--dir", str(folder), "--seed", str(number)]
    root = Path(__file__).parents[1]
    process = subprocess.Popen(  # noqa: S603
        [*command, "--ports", *map(str, ports)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        start_new_session=True,
    )
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError("the CRMs did not start")
        yield Conduct(f"http://127.0.0.1:{ports[0]}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


class _HubTime:
    """Time that passes only by waiting for it."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@contextmanager
def impatient() -> Iterator[None]:
    """Inside, no connector waits by the clock on the wall."""
    time = _HubTime()

    def connect(settings: Settings, system: str) -> Connector:
        config = settings.systems[system]
        kind = connector_kinds()[config.kind].load()
        if system not in SYSTEMS:
            made: Connector = kind(system, config, settings)
            return made
        patience = Patience(sleep=time.sleep, monotonic=time.monotonic)
        patient: Connector = kind(system, config, settings, patience=patience)
        return patient

    with mock.patch.object(flow, "connect", connect):
        yield
