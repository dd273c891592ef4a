"""The partner's portal is served beside the CRMs when it is asked for, and only then."""

import signal
import sys
from datetime import date
from pathlib import Path

import pytest
import requests
from test_sandbox_process import serving

from sandbox.__main__ import CannotStart, _ports
from sandbox.seed import seed
from sandbox.server import free_port
from sandbox.world import generate

KEY = {"X-Api-Key": "demo-partner-key"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    seed(folder, generate(25, 7, today=date(2026, 8, 20)))
    return folder


def _configure(demo: Path, partner: int | None) -> None:
    lines = [
        "systems:",
        f"  acme_salesforce: {{instance_url: 'http://127.0.0.1:{free_port()}'}}",
        f"  acme_hubspot: {{base_url: 'http://127.0.0.1:{free_port()}'}}",
    ]
    if partner is not None:
        lines.append(f"  bravo_portal: {{base_url: 'http://127.0.0.1:{partner}'}}")
    (demo / "hub.yaml").write_text("\n".join(lines) + "\n")


def test_the_portal_answers_at_its_address_in_hub_yaml_and_keeps_what_it_is_told(
    demo: Path,
) -> None:
    port = free_port()
    _configure(demo, port)
    url = f"http://127.0.0.1:{port}/v1/leads"
    command = [sys.executable, "-m", "sandbox", "serve", "--dir", str(demo)]
    with serving(command, signal.SIGTERM, systems=3) as lines:
        assert lines[2] == f"bravo_portal ready at http://127.0.0.1:{port}"
        assert len(requests.get(url, headers=KEY, timeout=10).json()["data"]) == 40
        changed = requests.patch(f"{url}/L-100001", headers=KEY, json={"score": 9}, timeout=10)
        assert changed.status_code == 200
    with serving(command, signal.SIGTERM, systems=3):
        kept = requests.get(f"{url}/L-100001", headers=KEY, timeout=10).json()["data"]
        assert kept["score"] == 9


def test_without_its_name_in_hub_yaml_the_portal_is_not_served(demo: Path) -> None:
    _configure(demo, None)
    assert list(_ports(demo, None, None, None)) == ["acme_salesforce", "acme_hubspot"]
    port = free_port()
    assert _ports(demo, None, None, port)["bravo_portal"] == port
    (demo / "hub.yaml").unlink()
    with pytest.raises(CannotStart, match="give the ports as options"):
        _ports(demo, None, None, None)
