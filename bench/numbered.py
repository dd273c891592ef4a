"""A world in which every record is to get the hub's own number: one change for each.

Every second record has the number of an earlier system there, the others have none.
"""

import sqlite3
from collections.abc import Set
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from bench.scene import Scene
from hub.config import load_config, stock_mapping
from sandbox.hubspot.records import column, table
from sandbox.hubspot.store import known_type
from sandbox.seed import hubspot_file, salesforce_file

Rows = dict[str, dict[str, object]]
"""Record id → column → value, as a CRM's own tables hold them."""


@dataclass(frozen=True)
class Target:
    """The object of a system that is written to, and the field that gets the number."""

    system: str
    kind: str
    object: str
    field: str

    @property
    def column(self) -> str:
        """Where the CRM's own store keeps the field."""
        if self.kind == "salesforce":
            return self.field
        return column(known_type(self.object), self.field).strip('"')


SALESFORCE = Target("acme_salesforce", "salesforce", "Account", "AccountNumber")
HUBSPOT = Target("acme_hubspot", "hubspot", "companies", "description")
TARGETS = (SALESFORCE, HUBSPOT)
_MOVING = frozenset({"LastModifiedDate", "LastModifiedById", "SystemModstamp"})
"""What a write moves whatever it writes."""


def numbered(folder: Path, rows: int) -> Scene:
    """So many records in each CRM, and mappings that give all of them the hub's id."""
    scene = Scene.filled(folder, rows, rows)
    mappings = {target.system: {target.object: _mapping(target)} for target in TARGETS}
    with (folder / "hub.yaml").open("a", encoding="utf-8") as config:
        config.write(f"\n{yaml.safe_dump({'mappings': mappings}, sort_keys=False)}")
    return replace(scene, settings=load_config(folder / "hub.yaml"))


def _mapping(target: Target) -> dict[str, object]:
    stock = stock_mapping(target.kind)[target.object]
    push = {"entity": "company", "fields": {target.field: "company_id"}}
    return {**stock, "push": push}


def stored(scene: Scene) -> dict[str, Rows]:
    """System → its records with all that its own store holds of them, but for what every write
    moves. Read past its API, while it may be served."""
    kind = known_type(HUBSPOT.object)
    moving = {*_MOVING, column(kind, kind.modified)}
    return {
        SALESFORCE.system: _rows(salesforce_file(scene.folder), "Account", "Id", moving),
        HUBSPOT.system: _rows(hubspot_file(scene.folder), table(kind), "id", moving),
    }


def _rows(file: Path, name: str, key: str, moving: Set[str]) -> Rows:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        found = db.execute(f'SELECT * FROM "{name}"')
        columns = [told[0] for told in found.description]
        rows = [dict(zip(columns, values, strict=True)) for values in found]
    return {
        str(row[key]): {name: value for name, value in row.items() if name not in moving}
        for row in rows
    }
