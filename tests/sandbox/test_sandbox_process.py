"""Seeding a demo folder and serving it as `hub demo` does: a process of its own, over real HTTP."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from pathlib import Path

import pytest
import requests

from sandbox.seed import seed
from sandbox.server import free_port
from sandbox.world import World, generate

TODAY = date(2026, 8, 20)
HUBSPOT_TOKEN = {"Authorization": "Bearer pat-na1-demo-0000"}


@pytest.fixture(scope="module")
def world() -> World:
    return generate(60, 7, today=TODAY)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    seed(folder, world)
    return folder


def _sandbox(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sandbox", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _configure(demo: Path) -> tuple[str, str]:
    """A hub.yaml with two free ports; returns the URLs it names."""
    urls = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
    (demo / "hub.yaml").write_text(
        f"systems:\n  acme_salesforce: {{kind: salesforce, instance_url: '{urls[0]}'}}\n"
        f"  acme_hubspot: {{kind: hubspot, base_url: '{urls[1]}'}}\n"
    )
    return urls


def _served(demo: Path, stop_by: signal.Signals) -> AbstractContextManager[list[str]]:
    return serving([sys.executable, "-m", "sandbox", "serve", "--dir", str(demo)], stop_by)


@contextmanager
def serving(command: list[str], stop_by: signal.Signals, systems: int = 2) -> Iterator[list[str]]:
    """The process while it serves; leaving stops it and checks that it went well."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield [process.stdout.readline().strip() for _ in range(systems)]
        process.send_signal(stop_by)
        rest, errors = process.communicate(timeout=20)
        assert (process.returncode, rest, errors) == (0, "", "")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def _salesforce_count(url: str, name: str) -> int:
    form = {
        "grant_type": "client_credentials",
        "client_id": "demo-client-id",
        "client_secret": "demo-client-secret",
    }
    granted = requests.post(f"{url}/services/oauth2/token", data=form, timeout=10).json()
    assert granted["instance_url"] == url
    answer = requests.get(
        f"{url}/services/data/v62.0/query",
        params={"q": f"SELECT COUNT() FROM {name}"},
        headers={"Authorization": f"Bearer {granted['access_token']}"},
        timeout=10,
    )
    return int(answer.json()["totalSize"])


@pytest.mark.parametrize("stop_by", [signal.SIGTERM, signal.SIGINT])
def test_both_crms_answer_at_the_addresses_in_hub_yaml(
    demo: Path, world: World, stop_by: signal.Signals
) -> None:
    salesforce, hubspot = _configure(demo)
    deal = world.truth.registrations[0]
    with _served(demo, stop_by) as lines:
        assert lines == [
            f"acme_salesforce ready at {salesforce}",
            f"acme_hubspot ready at {hubspot}",
        ]
        for name in ("Account", "Contact", "Lead", "Opportunity"):
            assert _salesforce_count(salesforce, name) == len(world.salesforce[name])
        found = requests.get(
            f"{hubspot}/crm/v4/objects/deals/{deal.deal}/associations/companies",
            headers=HUBSPOT_TOKEN,
            timeout=10,
        ).json()["results"]
    labels = {
        str(one["toObjectId"]): {kind["label"] for kind in one["associationTypes"]} for one in found
    }
    assert labels == {
        deal.customer_company: {None, "Primary"},
        deal.partner_company: {None, "Registering partner"},
    }


def test_the_request_log_counts_crm_calls_and_nothing_else(demo: Path) -> None:
    _, hubspot = _configure(demo)
    log = demo / "sandbox" / "requests.jsonl"
    log.unlink(missing_ok=True)
    with _served(demo, signal.SIGTERM):
        url = f"{hubspot}/crm/v3/objects/companies?limit=5"
        assert requests.get(url, headers=HUBSPOT_TOKEN, timeout=10).status_code == 200
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(call["system"], call["rows"]) for call in calls] == [("acme_hubspot", 5)]


def test_seeding_again_replaces_everything(tmp_path: Path) -> None:
    seed(tmp_path, generate(30, 1, today=TODAY))
    stale = tmp_path / "feeds" / "northwind" / "pos_2026-W01.csv"
    stale.write_text("old")
    told = _sandbox(
        "seed", "--dir", str(tmp_path), "--records", "40", "--seed", "2", "--today", "2026-08-20"
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("seeded 40 companies: ")
    assert not stale.exists()
    truth = json.loads((tmp_path / "truth.json").read_bytes())
    assert (truth["companies"], truth["seed"], truth["today"]) == (40, 2, "2026-08-20")
    again = generate(40, 2, today=TODAY)
    assert (tmp_path / "truth.json").read_bytes() == again.truth.to_json()
    for name, text in again.feeds.items():
        assert (tmp_path / "feeds" / "northwind" / name).read_bytes() == text.encode()


def test_a_folder_without_hub_yaml_is_refused(tmp_path: Path) -> None:
    told = _sandbox("serve", "--dir", str(tmp_path))
    assert told.returncode == 2
    assert "hub.yaml" in told.stderr
    assert "give the ports as options" in told.stderr


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    ports = [str(free_port()), str(free_port())]
    told = _sandbox(
        "serve", "--dir", str(tmp_path), "--salesforce-port", ports[0], "--hubspot-port", ports[1]
    )
    assert told.returncode == 2
    assert "run `python -m sandbox seed` first" in told.stderr


def test_a_taken_port_is_refused(demo: Path) -> None:
    _, hubspot = _configure(demo)
    with socket.create_server(("127.0.0.1", int(hubspot.rpartition(":")[2]))):
        told = _sandbox("serve", "--dir", str(demo))
    assert told.returncode == 2
    assert "for acme_hubspot cannot be used" in told.stderr


def test_a_fault_file_makes_things_go_wrong(demo: Path, tmp_path: Path) -> None:
    salesforce, hubspot = _configure(demo)
    faults = tmp_path / "faults.yaml"
    faults.write_text(
        "systems:\n"
        "  acme_salesforce:\n"
        "    - {match: {path: /oauth2/}, kind: status, status: 503, body: [{errorCode: X}]}\n"
        "  acme_hubspot:\n"
        "    - {match: {object: companies, after: 1}, kind: rate_limit, retry_after: 4}\n"
    )
    command = [sys.executable, "-m", "sandbox", "serve", "--dir", str(demo)]
    with serving([*command, "--faults", str(faults)], signal.SIGTERM):
        token = requests.post(f"{salesforce}/services/oauth2/token", timeout=10)
        assert (token.status_code, token.json()) == (503, [{"errorCode": "X"}])
        url = f"{hubspot}/crm/v3/objects/companies?limit=5"
        calls = [requests.get(url, headers=HUBSPOT_TOKEN, timeout=10) for _ in range(2)]
        assert [call.status_code for call in calls] == [200, 429]
        assert calls[1].headers["Retry-After"] == "4"
        counted = requests.get(f"{salesforce}/__sandbox__/faults", timeout=10).json()
        assert [rule["struck"] for rule in counted["rules"]] == [1]


def test_the_hub_command_hands_the_fault_file_on(demo: Path, tmp_path: Path) -> None:
    _configure(demo)
    faults = tmp_path / "nowhere.yaml"
    hub = [sys.executable, "-c", "from hub.cli import main; main()"]
    told = subprocess.run(
        [*hub, "sandbox", "--dir", str(demo), "--faults", str(faults)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 2
    assert f"sandbox: {faults}: cannot be read" in told.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("systems: {acme_hubspt: []}", "systems: acme_hubspt: no such system; did you mean"),
        ("systems: {acme_hubspot: [{kind: rest}]}", "acme_hubspot[0]: kind: 'rest' is unknown"),
        ("systems: {acme_salesforce: [{kind: locked}]}", "acme_salesforce[0]: kind: 'locked' is"),
    ],
)
def test_an_unusable_fault_file_is_refused(
    demo: Path, tmp_path: Path, text: str, told: str
) -> None:
    _configure(demo)
    faults = tmp_path / "faults.yaml"
    faults.write_text(text)
    refused = _sandbox("serve", "--dir", str(demo), "--faults", str(faults))
    assert refused.returncode == 2
    assert f"sandbox: {faults}: {told}" in refused.stderr
