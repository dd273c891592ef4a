"""A small channel in a folder, its CRMs served from this process, and what can be seen of both."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import select

from hub.commands.demo import prepare
from hub.config import load_config
from hub.connectors.contract import MODIFIED_AT, RECORD_ID, ObjectSpec
from hub.models import metadata
from hub.models.database import open_engine, reading
from hub.sync.flow import connected
from sandbox import hubspot, salesforce
from sandbox.clock import Clock
from sandbox.requestlog import RequestLog
from sandbox.seed import hubspot_file, salesforce_file, seed
from sandbox.server import ThreadedServer
from sandbox.world import generate

TODAY = date(2026, 8, 20)
MOMENT = datetime(2026, 8, 20, 9, 0, tzinfo=UTC)
CRMS = ("acme_salesforce", "acme_hubspot")
# When and by which run a row came to be differs between two histories; what it says must not.
_HISTORY_OF_A_ROW = {"run", "batch_id", "content_hash", "modified_at", "created_at", "decision_id"}
_MODEL = ("src_", "company", "contact", "lead", "opportunity", "partner", "pos_line")
_MODEL_TOO = ("registration", "crosswalk", "lineage", "identity_alias", "lead_assignment")
_READS_BY_POST = ("/search", "/batch/read", "/oauth2/token")


def make_start(folder: Path, records: int) -> None:
    """A folder as `hub demo` makes it, of a fixed day, before the first sync."""
    prepare(folder)
    seed(folder, generate(records, 7, today=TODAY))


@dataclass
class Served:
    """A folder whose CRMs answer now; `log` holds every request they answered."""

    folder: Path
    log: RequestLog

    def writes(self) -> list[dict[str, Any]]:
        return [
            line
            for line in self.log.lines
            if line["method"] != "GET"
            and not line["path"].partition("?")[0].endswith(_READS_BY_POST)
        ]

    def crm_rows(self) -> dict[str, pl.DataFrame]:
        """`SYSTEM/OBJECT` → all that the hub maps of it, read anew; record ids and times apart."""
        settings = load_config(self.folder / "hub.yaml")
        rows = {}
        with connected(settings, CRMS) as connectors:
            for system, connector in connectors.items():
                for obj, mapping in settings.mappings[system].items():
                    spec = ObjectSpec(obj, mapping.all_fields)
                    frame = pl.concat([batch.rows for batch in connector.pull(spec, None)])
                    said = frame.drop(MODIFIED_AT, *([RECORD_ID] if obj in _MADE else []))
                    kept = said.drop([c for c in said.columns if c in _OWN_TIMES])
                    rows[f"{system}/{obj}"] = kept.sort(kept.columns, nulls_last=True)
        return rows

    def model_rows(self) -> dict[str, pl.DataFrame]:
        """Table → what it says, of every table that is not the hub's own bookkeeping."""
        engine = open_engine(load_config(self.folder / "hub.yaml").warehouse_url)
        found = {}
        with reading(engine) as conn:
            for table in metadata.sorted_tables:
                is_model = table.name.startswith(_MODEL) or table.name in _MODEL_TOO
                if not is_model or table.name.endswith("_history"):
                    continue
                columns = [c for c in table.columns if c.name not in _HISTORY_OF_A_ROW]
                rows = conn.execute(select(*columns)).all()
                text = sorted(
                    "|".join(f"{c.name}={v}" for c, v in zip(columns, row, strict=True))
                    for row in rows
                )
                found[table.name] = pl.DataFrame({"row": text}, schema={"row": pl.String})
        engine.dispose()
        return found


# Objects in which the hub makes records: the CRM numbers them in its own order.
_MADE = ("contacts", "leads", "Opportunity")
_OWN_TIMES = ("CreatedDate", "createdate", "associations/contacts/primary")


@contextmanager
def served(start: Path, folder: Path) -> Iterator[Served]:
    """A copy of `start` at `folder`, its CRMs up on the addresses of its hub.yaml."""
    shutil.copytree(start, folder)
    settings = load_config(folder / "hub.yaml")
    log, clock = RequestLog(None), Clock()
    with ExitStack() as stack:
        org = salesforce.SalesforceStore(salesforce_file(folder))
        stack.callback(org.close)
        portal = hubspot.HubSpotStore(hubspot_file(folder))
        stack.callback(portal.close)
        urls = (
            settings.systems["acme_salesforce"].instance_url,
            settings.systems["acme_hubspot"].base_url,
        )
        apps = (
            salesforce.create_app(
                org,
                system=CRMS[0],
                base_url=urls[0],
                log=log,
                clock=clock,
                switches=salesforce.Switches(),
            ),
            hubspot.create_app(
                portal, system=CRMS[1], log=log, clock=clock, switches=hubspot.Switches()
            ),
        )
        for app, url in zip(apps, urls, strict=True):
            stack.enter_context(ThreadedServer(app, int(url.rpartition(":")[2])))
        yield Served(folder, log)
