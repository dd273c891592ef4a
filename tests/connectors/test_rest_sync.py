"""A portal with a JSON API, configured as `docs/connectors/rest.md` shows, synced by the hub."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from demo_folder import Answer, run

from sandbox.clock import Clock
from sandbox.partner_api import PartnerStore, Switches, create_app
from sandbox.partner_api.demo import demo_records
from sandbox.requestlog import RequestLog
from sandbox.server import ThreadedServer

PAGE = (Path(__file__).parents[2] / "docs" / "connectors" / "rest.md").read_text(encoding="utf-8")


@dataclass
class Portal:
    folder: Path
    url: str
    log: RequestLog

    def hub(self, *arguments: str) -> Answer:
        return run(*arguments, "--config", str(self.folder / "hub.yaml"))

    def control(self, route: str, **body: object) -> None:
        answer = requests.post(f"{self.url}/__sandbox__/{route}", json=body, timeout=10)
        answer.raise_for_status()


@pytest.fixture
def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Portal]:
    shown = re.search(r"```yaml\n# part of hub.yaml\n(.*?)```", PAGE, re.DOTALL)
    assert shown is not None
    monkeypatch.setenv("BRAVO_KEY", "demo-partner-key")
    store, clock, log = PartnerStore(), Clock(), RequestLog(None)
    store.load(demo_records(clock.now() - timedelta(days=1), leads=40, deals=0))
    app = create_app(store, system="bravo_portal", log=log, clock=clock, switches=Switches())
    with ThreadedServer(app) as server:
        assert run("init", "--dir", str(tmp_path)).code == 0
        config = shown[1].replace("https://api.bravo.example", server.url)
        (tmp_path / "hub.yaml").write_text(config, encoding="utf-8")
        place = Portal(tmp_path, server.url, log)
        assert place.hub("db", "upgrade").code == 0
        yield place
    store.close()


def test_leads_of_a_portal_are_synced_changed_and_deleted(portal: Portal) -> None:
    doctor = portal.hub("doctor")
    assert doctor.code == 0, doctor.out
    before = len(portal.log.lines)
    first = portal.hub("sync", "--json")
    assert first.code == 0, first.out + first.err
    assert first.json["dispositions"]["new"] == 40
    calls = first.json["calls"]["bravo_portal"]
    assert calls == {"used": len(portal.log.lines) - before, "minimum": calls["used"]}

    portal.control("clock", advance=3600)
    key = {"X-Api-Key": "demo-partner-key"}
    url = f"{portal.url}/v1/leads/L-100001"
    requests.patch(url, json={"product": "Firewall 10"}, headers=key, timeout=10)
    portal.control("delete", object="leads", id="L-100002")
    second = portal.hub("sync", "--json")
    assert second.code == 0, second.out + second.err
    told = {name: n for name, n in second.json["dispositions"].items() if n}
    assert (told["changed"], told["deleted"]) == (1, 1)
    assert set(told) <= {"changed", "deleted", "unchanged"}
