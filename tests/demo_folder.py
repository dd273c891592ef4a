"""One demo folder for all tests that look at the hub from outside: made once by `hub demo`.

The world is that of a fixed day, so that the same companies, faults and registrations are there
whenever the tests run. A test that changes something works on a copy with CRMs of its own.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from click.testing import CliRunner

from hub.cli import main
from hub.commands import demo as demo_command
from hub.commands import sandbox as sandbox_command
from hub.commands.sandbox import sandbox_running
from sandbox.server import free_port

RECORDS = 60
TODAY = "2026-08-20"


@dataclass(frozen=True)
class Answer:
    """What a command did: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """All of stdout as JSON; anything beside it would be an error."""
        return json.loads(self.out)


def run(*arguments: str) -> Answer:
    """The `hub` command in this process."""
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Answer(result.exit_code, result.stdout, result.stderr)


@dataclass(frozen=True)
class Demo:
    """A demo folder, and what `hub demo --json` said when it made it."""

    folder: Path
    made: Answer

    def hub(self, *arguments: str) -> Answer:
        """The `hub` command with this folder's configuration."""
        return run(*arguments, "--config", str(self.folder / "hub.yaml"))

    @cached_property
    def urls(self) -> dict[str, str]:
        """System → address of its CRM."""
        systems = yaml.safe_load((self.folder / "hub.yaml").read_text())["systems"]
        return {
            "acme_salesforce": systems["acme_salesforce"]["instance_url"],
            "acme_hubspot": systems["acme_hubspot"]["base_url"],
        }

    @property
    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "truth.json").read_text())
        return found

    def hubspot_edit(self, obj: str, record_id: str, **properties: str) -> None:
        """What a user of the portal does; the server's clock moves on, as time does for people."""
        requests.patch(
            f"{self.urls['acme_hubspot']}/crm/v3/objects/{obj}/{record_id}",
            json={"properties": properties},
            headers={"Authorization": "Bearer pat-na1-demo-0000"},
            timeout=10,
        ).raise_for_status()
        self.control("acme_hubspot", "clock", advance=2)

    def salesforce_edit(self, obj: str, record_id: str, **fields: str | None) -> None:
        """What a user of the org does."""
        self._salesforce("PATCH", f"{obj}/{record_id}", json=fields).raise_for_status()

    def is_there(self, system: str, obj: str, record_id: str) -> bool:
        """Whether the CRM itself shows a record."""
        if system == "acme_salesforce":
            answer = self._salesforce("GET", f"{obj}/{record_id}")
        else:
            answer = requests.get(
                f"{self.urls[system]}/crm/v3/objects/{obj}/{record_id}",
                headers={"Authorization": "Bearer pat-na1-demo-0000"},
                timeout=10,
            )
        if answer.status_code != 404:
            answer.raise_for_status()
        return answer.ok

    def _salesforce(self, method: str, record: str, **more: Any) -> requests.Response:
        base = self.urls["acme_salesforce"]
        login = requests.post(
            f"{base}/services/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": "demo-client-id",
                "client_secret": "demo-client-secret",
            },
            timeout=10,
        ).json()
        return requests.request(
            method,
            f"{base}/services/data/v62.0/sobjects/{record}",
            headers={"Authorization": f"Bearer {login['access_token']}"},
            timeout=10,
            **more,
        )

    def control(self, system: str, route: str, **body: object) -> None:
        url = f"{self.urls[system]}/__sandbox__/{route}"
        requests.post(url, json=body, timeout=10).raise_for_status()


_made: dict[str, Demo] = {}


def made_once(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo folder of this test session; its CRMs are down."""
    if "demo" not in _made:
        folder = tmp_path_factory.mktemp("made") / "demo"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(demo_command, "seed_sandbox", _seed_fixed_day)
            # Tests of other processes may be making theirs right now.
            patch.setattr(demo_command, "_PORTS", (free_port(), free_port()))
            answer = run("demo", "--records", str(RECORDS), "--dir", str(folder), "--json")
        _made["demo"] = Demo(folder, answer)
    return _made["demo"]


def _seed_fixed_day(folder: Path, records: int, seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        plain = sandbox_command._command
        patch.setattr(
            sandbox_command, "_command", lambda *given: [*plain(*given), "--today", TODAY]
        )
        sandbox_command.seed_sandbox(folder, records, seed)


@contextmanager
def copied(demo: Demo, folder: Path) -> Iterator[Demo]:
    """A copy of the folder whose CRMs are up."""
    copy = moved(demo, folder)
    with sandbox_running(folder):
        yield copy


def moved(demo: Demo, folder: Path) -> Demo:
    """A copy of the folder whose CRMs are down, on ports that nobody else was given."""
    shutil.copytree(demo.folder, folder)
    file = folder / "hub.yaml"
    text = file.read_text(encoding="utf-8")
    for url in demo.urls.values():
        text = text.replace(url, f"http://127.0.0.1:{free_port()}")
    file.write_text(text, encoding="utf-8")
    return Demo(folder, demo.made)
