"""A literal model to plan on: golden rows and last-seen records, put into the warehouse as such."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Engine, Table

from hub.config import Settings
from hub.connectors.contract import Write
from hub.models import bulk, metadata
from hub.models.database import reading, writing
from hub.models.frames import frame_schema
from hub.models.identity import crosswalk
from hub.models.sources import SOURCES
from hub.sync.ledger import begin_run
from hub.sync.plan import make_plan
from hub.sync.stored import changes_of
from hub.sync.storing import Plan

SALESFORCE, HUBSPOT = "acme_salesforce", "acme_hubspot"
_ROWS_PER_CALL = {SALESFORCE: 200, HUBSPOT: 100, "northwind": 1}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "company": {"name": "Cordes", "source_rows": 1},
    "partner": {"company_id": "co_1", "name": "Adler", "tier": "gold", "status": "active"},
    "contact": {"first_name": "Eva", "last_name": "Huber", "source_rows": 1},
    "lead": {"name": "Eva Huber", "status": "open", "source": "Web", "system": SALESFORCE},
    "opportunity": {
        "name": "Firewalls", "company_id": "co_9", "stage": "Prospecting", "is_closed": False,
        "is_won": False, "system": SALESFORCE,
    },
    "registration": {
        "name": "Firewalls for Cordes", "partner_id": "pa_1", "company_id": "co_9",
        "status": "approved", "protected_until": date(2026, 4, 15), "system": HUBSPOT,
    },
    "lead_assignment": {"partner_id": "pa_1", "decision_id": 1, "reason": "territory_and_tier"},
}  # fmt: skip


@dataclass(frozen=True)
class FlatCost:
    """So many rows to a call, whatever is done with them."""

    rows: int
    rows_per_apply: int = 1000

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:  # noqa: ARG002
        return 0

    def write_calls(self, obj: str, rows: int, op: str = "create") -> int:  # noqa: ARG002
        return -(-rows // self.rows)

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        return -(-rows // self.rows) if asked else 0


@dataclass(frozen=True)
class StoredChange:
    """A change as the ledger has it."""

    id: str
    system: str
    object: str
    op: str
    kind: str
    record_id: str | None
    hub_id: str
    fields: dict[str, dict[str, Any]]
    notes: list[dict[str, str]]
    weight: int
    outcome: str
    code: str | None


@dataclass(frozen=True)
class Planned:
    """A plan with its changes, read from the ledger as they stood when it was made."""

    made: Plan
    changes: list[StoredChange]

    @property
    def plan(self) -> str | None:
        return self.made.plan

    @property
    def calls(self) -> int:
        return self.made.calls


def planned(engine: Engine, plan: Plan) -> Planned:
    if plan.plan is None:
        return Planned(plan, [])
    with reading(engine) as conn:
        rows = list(changes_of(conn, plan.plan))
    return Planned(
        plan,
        [
            StoredChange(
                *(row.id, row.system, row.object, row.op, row.kind, row.record_id, row.hub_id),
                *(json.loads(row.fields), json.loads(row.notes or "[]"), row.weight),
                *(row.outcome, row.code),
            )
            for row in rows
        ],
    )


class Desk:
    """Puts rows where the steps before planning would have put them; each change is a new run."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.run = begin_run(engine, "sync", "a-config")

    def next_run(self) -> None:
        self.run = begin_run(self.engine, "sync", "a-config")

    def golden(self, table: str, key: str, /, **values: Any) -> None:
        row = {**_DEFAULTS[table], **values, "id": key, "run": self.run.number}
        self._put(metadata.tables[table], row)

    def record(
        self,
        system: str,
        obj: str,
        record_id: str,
        hub_id: str,
        *,
        told: dict[str, str] | None = None,
        **values: Any,
    ) -> None:
        """A record as last seen in its CRM, known as `hub_id`."""
        mapping = self.settings.mappings[system][obj]
        entity = mapping.push.entity if mapping.push else mapping.source
        key = {"system": system, "object": obj, "record_id": record_id}
        required = {"opportunity": {"name": "x", "stage": "y"}, "company": {"name": "x"}}
        row = {
            **key,
            "content_hash": "h",
            "is_deleted": False,
            "batch_id": 1,
            "run": self.run.number,
            "told": json.dumps(told, sort_keys=True) if told else None,
            **required.get(mapping.source, {}),
            **values,
        }
        self._put(SOURCES[mapping.source], row)
        self._put(crosswalk, {**key, "entity": entity, "hub_id": hub_id, "run": self.run.number})

    def plan(self, *, full: bool = False, at_once: bool = True) -> Planned:
        """Plan in a run of its own; what is put down afterwards belongs to the next."""
        self.next_run()
        costs = {system: FlatCost(per_call) for system, per_call in _ROWS_PER_CALL.items()}
        plan = make_plan(self.engine, self.settings, self.run, costs, full=full, at_once=at_once)
        self.next_run()
        return planned(self.engine, plan)

    def _put(self, table: Table, row: dict[str, Any]) -> None:
        frame = pl.DataFrame([row], schema=frame_schema(table, row.keys()), orient="row")
        with writing(self.engine) as conn, bulk.staged(conn, frame, table) as stage:
            bulk.merge(conn, table, stage)


def changes(plan: Planned) -> list[tuple[Any, ...]]:
    """(object, op, record id, hub id, {field: (before, after)}) of each planned change."""
    return [
        (
            c.object,
            c.op,
            c.record_id,
            c.hub_id,
            {name: (cell["before"], cell["after"]) for name, cell in c.fields.items()},
        )
        for c in plan.changes
    ]
