"""What `docs/connectors/writing-one.md` shows is a connector that works and that the hub finds."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from demo_folder import run
from portal_rig import stamp

from hub.config import load_config, stock_mapping
from hub.errors import ConfigError
from sandbox.clock import Clock
from sandbox.partner_api import PartnerStore, Switches, create_app
from sandbox.requestlog import RequestLog
from sandbox.server import ThreadedServer

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "connectors" / "writing-one.md").read_text(encoding="utf-8")
_FILES = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_DIST_INFO = "Metadata-Version: 2.1\nName: tideline-connector\nVersion: 1.0\n"


def shown() -> dict[str, str]:
    return dict(_FILES.findall(PAGE))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The files of the page, and what installing them would leave behind."""
    import tomllib

    folder = tmp_path / "installed"
    folder.mkdir()
    files = shown()
    for name in ("tideline.py", "test_tideline.py"):
        (folder / name).write_text(files[name], encoding="utf-8")
    groups = tomllib.loads(files["pyproject.toml"])["project"]["entry-points"]
    entries = [
        line
        for group, points in groups.items()
        for line in (f"[{group}]", *(f"{name} = {target}" for name, target in points.items()))
    ]
    info = folder / "tideline_connector-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(_DIST_INFO)
    (info / "entry_points.txt").write_text("\n".join(entries) + "\n")
    return folder


@pytest.fixture
def installed(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(package))
    yield package
    sys.modules.pop("tideline", None)


def test_the_connector_of_the_page_keeps_every_promise_it_names(package: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{package}{os.pathsep}{DOCS.parent}"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_tideline.py"],
        cwd=package,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    found = re.search(r"(\d+) passed", done.stdout)
    assert found is not None
    assert int(found[1]) >= 40
    assert "skipped" not in done.stdout


def test_a_connector_from_elsewhere_is_configured_examined_and_synced(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "hub"
    folder.mkdir()
    store, clock, log = PartnerStore(), Clock(), RequestLog(None)
    lead = {
        "id": "L-1",
        "updated_at": stamp(clock.now()),
        "company.name": "Hafenlogistik Kiel GmbH",
        "contact.first_name": "Ada",
        "contact.last_name": "Brandt",
        "contact.email": "ada.brandt@hafenlogistik.example",
        "product": "Switch 24",
    }
    store.load({"leads": [lead]})
    app = create_app(store, system="harbour", log=log, clock=clock, switches=Switches())
    with ThreadedServer(app) as server:
        monkeypatch.setenv("TIDELINE_URL", server.url)
        monkeypatch.setenv("TIDELINE_KEY", "demo-partner-key")
        assert run("init", "--dir", str(folder)).code == 0
        (folder / "hub.yaml").write_text(shown()["hub.yaml"], encoding="utf-8")
        config = ("--config", str(folder / "hub.yaml"))
        assert run("db", "upgrade", *config).code == 0

        doctor = run("doctor", *config)
        assert doctor.code == 0, doctor.out
        assert re.search(r"harbour_portal.*\n?.*leads", doctor.out, re.DOTALL)

        synced = run("sync", "--json", *config)
        assert synced.code == 0, synced.out + synced.err
        assert synced.json["dispositions"]["new"] == 1
        calls = synced.json["calls"]["harbour_portal"]
        assert calls["used"] == calls["minimum"]
        told = run("explain", "lead", "ld_00000001", "--json", *config).json
        fields = {one["field"]: one["value"] for one in told["fields"]}
        assert (fields["name"], fields["product"]) == ("Ada Brandt", "Switch 24")
        assert run("sync", "--json", *config).json["dispositions"]["new"] == 0

        monkeypatch.setenv("TIDELINE_KEY", "wrong")
        refused = run("doctor", *config)
        assert refused.code == 1
        assert "api_key" in refused.out
    store.close()


def test_a_connector_brings_its_stock_mapping(installed: Path) -> None:
    assert list(stock_mapping("tideline")) == ["leads"]
    assert stock_mapping("no_such_kind") == {}


def test_a_connector_that_cannot_be_loaded_is_named(installed: Path, tmp_path: Path) -> None:
    (installed / "tideline.py").write_text("import a_module_that_nobody_has\n")
    file = tmp_path / "hub.yaml"
    system = {"kind": "tideline", "role": "vendor", "url": "http://x", "api_key": "k"}
    file.write_text(yaml.safe_dump({"systems": {"portal": system}}))
    with pytest.raises(ConfigError, match=r"systems\.portal\.kind.*a_module_that_nobody_has"):
        load_config(file)


def test_the_hub_itself_needs_no_pytest() -> None:
    told = "import hub.cli, hub.connectors.rest, sys; assert 'pytest' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_class_of_promises_is_listed_with_its_rig() -> None:
    import hub.connectors.kit as kit

    table = PAGE.partition("<!-- promises -->")[2].partition("\n\n")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| `(\w+)` \|", table, re.MULTILINE))
    promises = {name for name in kit.__all__ if name.endswith("Promises")}
    assert set(listed) == promises
    assert set(listed.values()) == set(kit.__all__) - promises
    for name, rig in listed.items():
        assert f"Needs a {rig}" in (getattr(kit, name).__doc__ or ""), name


def test_the_code_of_the_page_stays_within_what_a_connector_may_import() -> None:
    tree = ast.parse(shown()["tideline.py"])
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    allowed = ("hub.config", "hub.errors", "hub.connectors")
    assert [m for m in imported if m and m.startswith("hub") and not m.startswith(allowed)] == []
