"""Hub folders for Dagster: one with a distributor only, one with both CRMs served in threads."""

import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.definitions import build_defs
from hub.commands.demo import prepare
from sandbox import hubspot, salesforce
from sandbox.clock import Clock
from sandbox.requestlog import RequestLog
from sandbox.seed import hubspot_file, salesforce_file
from sandbox.server import ThreadedServer, free_port

_FEED_ONLY = """\
systems:
  northwind:
    kind: feed
    role: distributor
    reports: {pos: {path: "feeds/pos_*.csv", profile: northwind_pos}}
policy: policy.yaml
"""
HEADER = (
    "Report Date;Branch;Reseller Account;Reseller Name;Reseller City;Reseller Zip;"
    "Reseller Country;End Customer;End Customer City;End Customer Zip;End Customer Country;SKU;"
    "Description;Qty;Unit Price;Currency;Invoice No;Invoice Line;Invoice Date;Serial No\n"
)
LINE = (
    "2026-03-01;Utrecht;0001;Adler Systemhaus GmbH;Wien;1010;AT;Cordes Maschinenbau KG;Bremen;"
    "28195;DE;ORB-0200;Orbit Endpoint;2;50.00;EUR;N1;1;2026-02-27;\n"
)
_READS_BY_POST = ("/search", "/batch/read", "/oauth2/token")


@dataclass
class Hub:
    """A folder with a `hub.yaml`, and its Dagster runs in this process."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "hub.yaml"

    def definitions(self) -> dg.Definitions:
        return build_defs(self.config)

    def sync(self) -> dg.ExecuteInProcessResult:
        """The whole job."""
        job = self.definitions().resolve_job_def("sync")
        return job.execute_in_process(raise_on_error=False)

    def materialize(self, *keys: str, checks: bool = True) -> dg.ExecuteInProcessResult:
        """These assets only, with or without their checks."""
        defs = self.definitions()
        return dg.materialize(
            [*(defs.assets or []), *((defs.asset_checks or []) if checks else [])],
            selection=dg.AssetSelection.assets(*(key.split("/") for key in keys)),
            resources=dict(defs.resources or {}),
            instance=dg.DagsterInstance.ephemeral(),
            raise_on_error=False,
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.folder / "hub.db") as connection:
            return connection.execute(sql).fetchall()

    def ledger(self) -> list[tuple[str, str]]:
        """Kind and status of every hub run, oldest first."""
        return [(kind, how) for kind, how in self.query("SELECT kind, status FROM ops_run")]


@dataclass(frozen=True)
class SyncedTwice:
    """A hub, what two runs of the job said, and what was asked of the CRMs meanwhile."""

    hub: Hub
    first: dg.ExecuteInProcessResult
    second: dg.ExecuteInProcessResult
    asked_by_first: list[dict[str, Any]]
    asked_by_second: list[dict[str, Any]]


def feed_hub(folder: Path) -> Hub:
    """A hub with one distributor, who has dropped one file with one line."""
    (folder / "feeds").mkdir(parents=True)
    (folder / "hub.yaml").write_text(_FEED_ONLY)
    (folder / "policy.yaml").write_text('version: "1"\n')
    drop(folder, "pos_1.csv", LINE)
    return Hub(folder)


def drop(folder: Path, name: str, lines: str) -> None:
    (folder / "feeds" / name).write_text(HEADER + lines)


def crm_folder(folder: Path) -> Path:
    """A demo folder without data, its CRMs on ports that are free now."""
    prepare(folder)
    move_ports(folder)
    return folder


def move_ports(folder: Path) -> None:
    text = (folder / "hub.yaml").read_text()
    lines = [
        f"{line.rpartition(':')[0]}:{free_port()}" if "http://127.0.0.1:" in line else line
        for line in text.splitlines()
    ]
    (folder / "hub.yaml").write_text("\n".join(lines) + "\n")


def copy_of(hub: Hub, folder: Path) -> Hub:
    shutil.copytree(hub.folder, folder)
    move_ports(folder)
    return Hub(folder)


@contextmanager
def served(folder: Path) -> Iterator[RequestLog]:
    """The folder's CRMs on the ports of its `hub.yaml`, in threads; yields their request log."""
    ports = [
        int(line.rpartition(":")[2])
        for line in (folder / "hub.yaml").read_text().splitlines()
        if "http://127.0.0.1:" in line
    ]
    log, clock = RequestLog(None), Clock()
    org = salesforce.SalesforceStore(salesforce_file(folder))
    portal = hubspot.HubSpotStore(hubspot_file(folder))
    crm = salesforce.create_app(
        org,
        system="acme_salesforce",
        base_url=f"http://127.0.0.1:{ports[0]}",
        log=log,
        clock=clock,
        switches=salesforce.Switches(),
    )
    marketing = hubspot.create_app(
        portal, system="acme_hubspot", log=log, clock=clock, switches=hubspot.Switches()
    )
    try:
        with ThreadedServer(crm, ports[0]), ThreadedServer(marketing, ports[1]):
            yield log
    finally:
        portal.close()
        org.close()


def writes(lines: Sequence[dict[str, Any]]) -> list[str]:
    """The requests that change something in a CRM."""
    return [
        f"{line['method']} {line['path']}"
        for line in lines
        if line["method"] != "GET" and not line["path"].partition("?")[0].endswith(_READS_BY_POST)
    ]


def materialized(result: dg.ExecuteInProcessResult) -> list[str]:
    return [
        event.materialization.asset_key.to_user_string()
        for event in result.get_asset_materialization_events()
    ]


def figures(result: dg.ExecuteInProcessResult, key: str) -> dict[str, Any]:
    """The metadata of one materialised asset, tables as lists of rows."""
    for event in result.get_asset_materialization_events():
        if event.materialization.asset_key.to_user_string() == key:
            return {name: _plain(v) for name, v in event.materialization.metadata.items()}
    raise LookupError(key)


def _plain(value: dg.MetadataValue) -> Any:
    if isinstance(value, dg.TableMetadataValue):
        return [dict(record.data) for record in value.records]
    return value.value


def broken_checks(result: dg.ExecuteInProcessResult) -> list[str]:
    return [
        f"{check.asset_key.to_user_string()}: {check.check_name}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    ]


def failures(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, str]]:
    """Failed step → what its failure says of itself."""
    found = {}
    for event in result.all_events:
        if event.is_step_failure:
            told = event.step_failure_data.user_failure_data
            shown = {} if told is None else {k: str(v.value) for k, v in told.metadata.items()}
            error = event.step_failure_data.error
            assert error is not None
            message = told.description if told else (error.cause or error).message
            found[str(event.step_key)] = {"message": str(message), **shown}
    return found


def all_text(result: dg.ExecuteInProcessResult) -> str:
    """Every text and number that Dagster was handed as metadata."""
    shown = [
        {name: _plain(value) for name, value in event.materialization.metadata.items()}
        for event in result.get_asset_materialization_events()
    ]
    checks = [
        {name: _plain(value) for name, value in check.metadata.items()}
        for check in result.get_asset_check_evaluations()
    ]
    return json.dumps([shown, checks], default=str, ensure_ascii=False)
