"""`hub demo`: a whole channel on this machine — two CRMs, a distributor, one sync, what came of it.

All state is under one folder. A folder that `hub demo` made is made anew; any other that is not
empty is left alone.
"""

import json
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.commands.init import template
from hub.commands.sandbox import sandbox_running, seed_sandbox
from hub.commands.status import status
from hub.commands.warehouse import Workplace, open_workplace
from hub.connectors.contract import RECORD_ID, ObjectSpec
from hub.errors import HubError
from hub.sync.flow import connected
from hub.sync.pipeline import sync
from hub.sync.report import SyncReport

MARKER = ".hub-demo"
_PORTS = (8701, 8702)
# The sandbox's own credentials: they open nothing but the servers on this machine.
_ENVIRONMENT = """\
SF_CLIENT_ID=demo-client-id
SF_CLIENT_SECRET=demo-client-secret
HUBSPOT_TOKEN=pat-na1-demo-0000
"""
REP_FIELDS = (
    *("Name", "StageName", "Hub_Registered_Partner__c", "Partner_Registration_Status__c"),
    *("Partner_Registration_Expires__c", "Hub_Registration_Key__c"),
)
_WRITES = ("POST", "PATCH", "PUT", "DELETE")
_READS_BY_POST = ("/search", "/batch/read", "/oauth2/token")

Say = Callable[[str], None]


@dataclass
class DemoReport:
    """What a stranger should see: both syncs, the status, and one opportunity before and after."""

    folder: Path
    first: SyncReport
    second: SyncReport
    status: dict[str, Any]
    hero: dict[str, Any]
    before: dict[str, str | None]
    after: dict[str, str | None]
    writes_in_second: int
    address: list[str] = field(default_factory=list)


def run_demo(folder: Path, records: int, seed: int, say: Say) -> DemoReport:
    """Make the folder, sync twice, look at the CRMs. The sandbox is down again at the end."""
    prepare(folder)
    say(f"Seeding two CRMs and a distributor with {records:,} companies")
    seed_sandbox(folder, records, seed)
    hero = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["hero"]
    with sandbox_running(folder) as address:
        workplace = open_workplace(folder / "hub.yaml")
        before = rep_view(workplace, hero["opportunity"])
        first = sync(workplace.engine, workplace.settings, progress=say)
        after = rep_view(workplace, hero["opportunity"])
        mark = _log_length(folder)
        say("Syncing again, to see that nothing is left to do")
        second = sync(workplace.engine, workplace.settings, progress=say)
        writes = count_writes(folder, mark)
        return DemoReport(
            folder, first, second, status(workplace), hero, before, after, writes, address
        )


def prepare(folder: Path) -> None:
    """An empty demo folder with its configuration, on ports that are free."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            raise HubError(
                f"{folder} is not empty and was not made by `hub demo`.",
                remedy="choose another folder with --dir",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).write_text("made by `hub demo`, which may delete this folder\n")
    (folder / ".env").write_text(_ENVIRONMENT)
    (folder / "policy.yaml").write_text(template("policy.yaml"), encoding="utf-8")
    salesforce, hubspot = (_free_port(port) for port in _PORTS)
    config = template("hub.yaml").replace(
        "instance_url: https://acme.my.salesforce.com",
        f"instance_url: http://127.0.0.1:{salesforce}",
    )
    config = config.replace(
        '    auth: {access_token: "${HUBSPOT_TOKEN}"}',
        f"    base_url: http://127.0.0.1:{hubspot}\n"
        "    search_lag_seconds: 0            # the sandbox's search index does not lag\n"
        '    auth: {access_token: "${HUBSPOT_TOKEN}"}',
    )
    (folder / "hub.yaml").write_text(config, encoding="utf-8")


def _free_port(wanted: int) -> int:
    """`wanted`, or any free port of the loopback interface when somebody listens there."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise HubError("No free port on 127.0.0.1.", remedy="stop a server that is not needed")


def rep_view(workplace: Workplace, opportunity_id: str) -> dict[str, str | None]:
    """What Salesforce itself says of one opportunity now, read through the connector."""
    with connected(workplace.settings, ["acme_salesforce"]) as connectors:
        for batch in connectors["acme_salesforce"].pull(
            ObjectSpec("Opportunity", REP_FIELDS), None
        ):
            for row in batch.rows.iter_rows(named=True):
                if row[RECORD_ID] == opportunity_id:
                    return {name: row[name] for name in REP_FIELDS}
    raise HubError(f"Salesforce has no opportunity {opportunity_id}.")


def _request_log(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "sandbox" / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def _log_length(folder: Path) -> int:
    return len(_request_log(folder))


def count_writes(folder: Path, since: int) -> int:
    """Write requests in the sandbox's own log after its first `since` lines."""
    return sum(
        line["method"] in _WRITES and not line["path"].partition("?")[0].endswith(_READS_BY_POST)
        for line in _request_log(folder)[since:]
    )
