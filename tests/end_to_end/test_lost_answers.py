"""A CRM takes what is sent, breaks the connection and cannot be read: what it took is told."""

import sqlite3
from pathlib import Path

import requests
from channel_folder import CRMS, MOMENT, make_start, served
from databases import rows_of
from sqlalchemy import Engine

from hub.commands.warehouse import open_workplace
from hub.models.operations import ops_change
from hub.sync.pipeline import sync
from sandbox.seed import hubspot_file
from soak.campaign import impatient

RECORDS = 60
_WRITES, _READS = "/objects/.*/batch/(create|update|upsert)$", "/objects/.*/batch/read$"
RULES = [
    {"name": "unheard", "match": {"path": _WRITES}, "kind": "reset", "commit": True},
    {"name": "away", "match": {"path": _READS}, "kind": "status", "status": 503},
]


def _made(folder: Path) -> dict[str, str]:
    """Hub id → the contact that HubSpot made for it."""
    with sqlite3.connect(f"file:{hubspot_file(folder)}?mode=ro", uri=True) as portal:
        rows = portal.execute(
            "SELECT p_hub_contact_key, id FROM record_contacts WHERE p_hub_contact_key IS NOT NULL"
        )
        return {key: str(record) for key, record in rows}


def _told(engine: Engine) -> dict[str, str]:
    """The same as the hub's ledger has it."""
    return {
        row["hub_id"]: row["record_id"]
        for row in rows_of(engine, ops_change)
        if (row["object"], row["op"], row["outcome"]) == ("contacts", "create", "applied")
    }


def test_records_made_unheard_are_told_as_made_by_the_next_sync(tmp_path: Path) -> None:
    make_start(tmp_path / "start", RECORDS)
    with served(tmp_path / "start", tmp_path / "channel") as crms, impatient():
        place = open_workplace(crms.folder / "hub.yaml")
        faults = f"{place.settings.systems[CRMS[1]].base_url}/__sandbox__/faults"
        requests.post(faults, json={"rules": RULES}, timeout=10).raise_for_status()
        sync(place.engine, place.settings, clock=lambda: MOMENT)
        requests.delete(faults, timeout=10).raise_for_status()
        made = _made(crms.folder)
        assert len(made) > 1
        assert _told(place.engine) == {}
        sync(place.engine, place.settings, clock=lambda: MOMENT)
        assert _told(place.engine) == _made(crms.folder)
        assert made.items() <= _made(crms.folder).items()
        place.engine.dispose()
