"""`python -m docs.screenshots`: seed a demo folder, sync it in Dagster, photograph Dagster; then
bring news to the CRMs, plan, and photograph the page of the plan.

Needs a Chromium: on Debian, `apt-get install --no-install-recommends chromium`.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from docs.screenshots.browser import Page, browser, find_browser
from docs.screenshots.news import bring_news
from hub.commands.demo import prepare
from hub.commands.sandbox import sandbox_running, seed_sandbox

IMAGES = Path(__file__).parents[1] / "images"
_PORT = 3000
_BASE = f"http://127.0.0.1:{_PORT}"
_RECORDS, _SEED = 2000, 7
_HUB = (sys.executable, "-c", "from hub.cli import main; main()")
_LAUNCH = """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_STATUS = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
_GROUPS = ("land", "identity", "golden", "policy", "write_back")
# What the nodes of the graph show: fewer rows, larger names.
_SETTINGS = {"asset-node-facets": ["checks", "status", "kind-tag"]}


def main() -> int:
    path = find_browser()
    if path is None:
        sys.stderr.write(
            "No Chromium on the PATH. On Debian: apt-get install --no-install-recommends chromium\n"
        )
        return 2
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hub-pictures-") as place:
        folder = Path(place) / "demo"
        prepare(folder)
        seed_sandbox(folder, _RECORDS, _SEED)
        with sandbox_running(folder), browser(path) as page:
            with _ui(folder):
                _sync()
                page.remember(_SETTINGS)
                _save("asset-graph.png", _asset_graph(page))
                _save("run-checks.png", _run_checks(page))
            bring_news(folder)
            _save("plan-page.png", _plan_page(page, folder))
    return 0


@contextmanager
def _ui(folder: Path) -> Iterator[None]:
    arguments = ("ui", "--config", str(folder / "hub.yaml"), "--port", str(_PORT))
    process = subprocess.Popen([*_HUB, *arguments], stdout=subprocess.PIPE, text=True)  # noqa: S603
    try:
        if process.stdout is None or "ready" not in process.stdout.readline():
            raise RuntimeError("hub ui did not start")
        yield
    finally:
        process.terminate()
        process.wait(60)


def _sync() -> None:
    """Run the job and wait for its end."""
    where = {
        "repositoryLocationName": "partner_hub",
        "repositoryName": "__repository__",
        "jobName": "sync",
    }
    launched = _ask(_LAUNCH, params={"mode": "default", "selector": where})["launchRun"]
    run = launched["run"]["runId"]
    while (status := _ask(_STATUS, id=run)["runOrError"]["status"]) != "SUCCESS":
        if status in ("FAILURE", "CANCELED"):
            raise RuntimeError(f"the sync ended as {status}")
        time.sleep(1)


def _ask(query: str, **variables: Any) -> dict[str, Any]:
    answer = requests.post(
        f"{_BASE}/graphql", json={"query": query, "variables": variables}, timeout=60
    )
    found: dict[str, Any] = answer.json()["data"]
    return found


def _asset_graph(page: Page) -> bytes:
    """All groups unfolded, the whole graph in view."""
    expanded = ",".join(f"global@global:{group}" for group in _GROUPS)
    width, height = 2700, 1640
    page.open(f"{_BASE}/asset-groups?expanded={expanded}", width, height, scale=0.72)
    page.wait_for(_shows("verdict"))
    for _panel in ("navigation", "list of assets"):
        page.click_icon("panel_show_right")
        time.sleep(1)
    page.double_click(width - 200, height - 60)  # fits the graph into the window
    time.sleep(3)
    page.click_icon("zoom_out")
    page.wait_for(f"({_shows('Passed')}) && !({_shows('Loading')})")
    time.sleep(1)
    return page.picture()


def _run_checks(page: Page) -> bytes:
    """The laws on the settled run."""
    page.open(f"{_BASE}/assets/run/settle?view=checks", 1500, 592, scale=1)
    page.wait_for(_shows("rows read ="))
    time.sleep(1)
    return page.picture()


def _plan_page(page: Page, folder: Path) -> bytes:
    """What the news come to, as the page that `hub plan show` writes."""
    file = folder / "plan.html"
    _hub(folder, "sync", "--no-apply")
    (newest,) = json.loads(_hub(folder, "plan", "list", "--limit", "1", "--json"))["plans"]
    _hub(folder, "plan", "show", newest["plan"], "--html", str(file))
    page.open(file.as_uri(), 1080, 1640, scale=0.9)
    page.wait_for(_shows("Content hash"))
    return page.picture()


def _hub(folder: Path, *arguments: str) -> str:
    """What the command prints; a sync that leaves something to write exits 1."""
    command = (*_HUB, *arguments, "--config", str(folder / "hub.yaml"))
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    return done.stdout


def _shows(text: str) -> str:
    return f"document.body.innerText.includes({json.dumps(text)})"


def _save(name: str, picture: bytes) -> None:
    (IMAGES / name).write_bytes(picture)
    sys.stdout.write(f"{IMAGES / name}: {len(picture) // 1024} KB\n")


if __name__ == "__main__":
    sys.exit(main())
