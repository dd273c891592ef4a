"""`hub explain ENTITY ID`: every field with its value, its source row, and the rule."""

import json
from typing import Any

from sqlalchemy import Connection, Table, select

from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.identity import resolve_id
from hub.models.database import reading
from hub.models.golden import (
    company,
    contact,
    decision,
    inventory_line,
    lead,
    lead_assignment,
    lineage,
    opportunity,
    partner,
    pos_line,
    registration,
    report,
)
from hub.models.identity import crosswalk

# Worked out by the hub: references as hub ids, counts, and what the policy says.
_DERIVED = frozenset(
    (
        *("source_rows", "company_id", "contact_id", "partner_id"),
        *("opportunity_id", "doubted_opportunity_id"),
        *("reseller_company_id", "end_customer_company_id", "parent_company_id", "decision_id"),
        *("status", "protected_until", "note", "reason", "system", "distributor"),
    )
)
# A partner is the profile of a company: its values are survivors among that company's rows.
_OF_COMPANY = {
    "name": "name",
    "country": "country",
    "tier": "partner_tier",
    "status": "partner_status",
    "territories": "partner_territories",
}
_TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        *(company, contact, lead, lead_assignment, opportunity, partner, registration),
        *(report, pos_line, inventory_line),
    )
}


def explain(workplace: Workplace, entity: str, hub_id: str) -> dict[str, Any]:
    """Fields with lineage, source rows, and decisions. Raises HubError for an unknown id.

    An id that was merged away is explained as the one that answers for it.
    """
    if entity not in _TABLES:
        raise HubError(f"No entity '{entity}'.", remedy=f"use one of: {', '.join(_TABLES)}")
    table = _TABLES[entity]
    with reading(workplace.engine) as conn:
        living = _living(conn, entity, hub_id)
        row = conn.execute(select(table).where(table.c.id == living)).first()
        if row is None:
            raise HubError(
                f"No {entity} has the id {hub_id}.", remedy=f"look it up in the table `{entity}`"
            )
        if entity == "partner":
            told = _origins(conn, "company", row.company_id)
            origins = {ours: told[name] for ours, name in _OF_COMPANY.items() if name in told}
            rows = _source_rows(conn, "company", row.company_id)
        else:
            origins = _origins(conn, entity, living)
            rows = _source_rows(conn, entity, living)
        return {
            "entity": entity,
            "id": living,
            "asked": hub_id,
            "fields": [
                {"field": name, "value": value, **origins.get(name, _only_origin(name, rows))}
                for name, value in row._mapping.items()
                if name not in ("id", "run") and value is not None
            ],
            "source_rows": rows,
            "decisions": _decisions(conn, living),
        }


def _living(conn: Connection, entity: str, hub_id: str) -> str:
    """The id that answers for `hub_id`; a partner lives and is merged as its company."""
    if entity != "partner":
        return resolve_id(conn, hub_id)
    return resolve_id(conn, hub_id.replace("pa_", "co_", 1)).replace("co_", "pa_", 1)


def _source_rows(conn: Connection, entity: str, hub_id: str) -> list[str]:
    rows = conn.execute(
        select(crosswalk)
        .where(crosswalk.c.entity == entity, crosswalk.c.hub_id == hub_id)
        .order_by(crosswalk.c.system, crosswalk.c.object, crosswalk.c.record_id)
    )
    return [f"{r.system}/{r.object}/{r.record_id}" for r in rows]


def _only_origin(field: str, rows: list[str]) -> dict[str, str]:
    """Where an entity stands for one record, that record is where its plain values come from."""
    if len(rows) == 1 and field not in _DERIVED:
        return {"source": rows[0], "rule": "only_source"}
    return {"rule": "derived"}


def _origins(conn: Connection, entity: str, hub_id: str) -> dict[str, dict[str, str]]:
    rows = conn.execute(select(lineage).where(lineage.c.entity == entity, lineage.c.id == hub_id))
    return {
        r.field: {"source": f"{r.system}/{r.object}/{r.record_id}", "rule": r.rule} for r in rows
    }


def _decisions(conn: Connection, hub_id: str) -> list[dict[str, Any]]:
    rows = conn.execute(
        select(decision).where(decision.c.entity_id == hub_id).order_by(decision.c.id)
    )
    return [
        {
            "decision": r.id,
            "at": r.at.isoformat(),
            "kind": r.kind,
            "outcome": r.outcome,
            "rule": r.rule,
            "policy_version": r.policy_version,
            "inputs": json.loads(r.inputs),
            "candidates": json.loads(r.candidates),
        }
        for r in rows
    ]
