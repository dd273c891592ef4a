"""The stage: a demo folder whose CRMs are served by a process of their own."""

import json
import os
import re
import shutil
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import requests

from bench import wide
from hub.commands.demo import count_writes, prepare
from hub.commands.sandbox import sandbox_running, seed_sandbox
from hub.config import Settings, load_config
from hub.connectors.contract import Batch, ObjectSpec
from hub.connectors.hubspot.config import HubSpotSystem
from hub.connectors.salesforce.config import SalesforceSystem
from hub.sync.flow import connected

SEED = 7
_FIRST_PORT = 12_000
_UNLIMITED = 10_000_000
Batches = dict[tuple[str, str], list[Batch]]
"""(system, object) → what its pull yields."""


@dataclass(frozen=True)
class Scene:
    """A world of `companies`, always found as it was seeded."""

    folder: Path
    companies: int
    settings: Settings

    @classmethod
    def seeded(cls, folder: Path, companies: int) -> "Scene":
        prepare(folder)
        _move_ports(folder / "hub.yaml")
        seed_sandbox(folder, companies, SEED)
        (folder / "sandbox").rename(folder / "seeded")
        return cls(folder, companies, load_config(folder / "hub.yaml"))

    @classmethod
    def filled(cls, folder: Path, accounts: int, companies: int) -> "Scene":
        """So many Salesforce accounts and HubSpot companies, and nothing else."""
        prepare(folder)
        _move_ports(folder / "hub.yaml")
        wide.fill(folder, accounts, companies)
        (folder / "sandbox").rename(folder / "seeded")
        return cls(folder, accounts + companies, load_config(folder / "hub.yaml"))

    @contextmanager
    def crms(self, *, hurried: bool = False) -> Iterator[None]:
        """The CRMs as seeded, in their own process. `hurried` lifts what they allow per ten seconds
        and per day, which the hub would otherwise keep by waiting and stopping."""
        served = self.folder / "sandbox"
        shutil.rmtree(served, ignore_errors=True)
        shutil.copytree(self.folder / "seeded", served)
        with sandbox_running(self.folder):
            if hurried:
                for system in self.settings.systems.values():
                    if isinstance(system, HubSpotSystem):
                        turn(system.base_url, burst_max=_UNLIMITED, daily_max=_UNLIMITED)
                    elif isinstance(system, SalesforceSystem):
                        turn(system.instance_url, daily_api_requests=_UNLIMITED)
            yield

    def a_minute_later(self) -> None:
        """For the CRMs, which are running and share one clock."""
        for system in self.settings.systems.values():
            if isinstance(system, HubSpotSystem):
                _control(system.base_url, "clock", {"advance": 60})

    @property
    def requests_so_far(self) -> int:
        return len(self._log())

    def requests_since(self, mark: int) -> Counter[str]:
        """System → requests in the sandbox's own log after its first `mark` lines."""
        return Counter(str(line["system"]) for line in self._log()[mark:])

    def writes_since(self, mark: int) -> int:
        return count_writes(self.folder, mark)

    def _log(self) -> list[dict[str, object]]:
        file = self.folder / "sandbox" / "requests.jsonl"
        if not file.exists():
            return []
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]

    def specs(self, system: str) -> list[ObjectSpec]:
        """What to pull of a system, in the order of its mappings."""
        return [
            ObjectSpec(name, mapping.all_fields)
            for name, mapping in self.settings.mappings[system].items()
        ]

    def pulled(self, systems: Sequence[str] | None = None) -> Batches:
        """Everything all systems say now, kept in memory. The CRMs must be running."""
        wanted = list(self.settings.systems) if systems is None else list(systems)
        with connected(self.settings, wanted) as connectors:
            return {
                (system, spec.name): list(connectors[system].pull(spec, None))
                for system in wanted
                for spec in self.specs(system)
            }


def _move_ports(config: Path) -> None:
    """Away from the ports of a demo, and below those that the system gives to clients: they must be
    free whenever the CRMs come up again."""
    text = config.read_text(encoding="utf-8")
    free = (port for port in count(_FIRST_PORT + os.getpid() % _FIRST_PORT) if _is_free(port))
    config.write_text(
        re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda _: str(next(free)), text), encoding="utf-8"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def turn(url: str, **switches: object) -> None:
    """Turn switches of a running sandbox."""
    _control(url, "switches", switches)


def _control(url: str, route: str, body: dict[str, object]) -> None:
    requests.post(f"{url}/__sandbox__/{route}", json=body, timeout=10).raise_for_status()


def rows_in(batches: Batches) -> int:
    return sum(batch.rows.height for several in batches.values() for batch in several)
