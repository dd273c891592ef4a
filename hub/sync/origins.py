"""Where each value of a change comes from: the golden field behind it, the source row behind that,
and the rule that chose it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import polars as pl
from sqlalchemy import Connection, select

from hub.mappings.schema import PushField, PushRule
from hub.models import bulk
from hub.models.golden import lineage
from hub.models.identity import crosswalk
from hub.sync.changes import PlannedChange

DERIVED, ONLY_SOURCE, CONSTANT = "derived", "only_source", "constant"
"""Rules of values that no survivorship chose: worked out by the hub, told by the one record that
the entity stands for, or written in the mapping."""


class Golden(NamedTuple):
    """A golden field. `derived`: the hub works it out, from the rows that the entity stands for."""

    entity: str
    field: str
    derived: bool = False


def _of(entity: str, *fields: str, derived: bool = False) -> dict[str, Golden]:
    return {name: Golden(entity, name, derived) for name in fields}


_CLAIM = {
    **_of("registration", "registration_id", "partner_id", "protected_until", derived=True),
    "registration_status": Golden("registration", "status", derived=True),
}
_PARTNER_NAME = {"partner_name": Golden("partner", "name")}
BEHIND: dict[str, dict[str, Golden]] = {
    "company": _of("company", "company_id", "partner_id", "parent_company_id", derived=True),
    "registration": {**_CLAIM, **_of("registration", "note", derived=True)},
    "opportunity": {
        **_CLAIM,
        **_PARTNER_NAME,
        **_of("registration", "name", "amount", "currency", "close_date", "product"),
        **_of("registration", "company_id", derived=True),
    },
    "lead": {
        **_PARTNER_NAME,
        **_of("lead", "lead_id", "status", "contact_id", "company_id", derived=True),
        **_of("lead", "partner_id", "reason", "decision_id", derived=True),
    },
    "assigned_lead": {
        **_of("lead", "lead_id", "assignment", derived=True),
        **_of("lead", "name", "email", "company_name", "postal_code", "country", "product"),
        **_of("lead", "source"),
        **_of("lead", "first_name", "last_name", "job_title", derived=True),
        **_of("lead", "phone", "mobile", "city", derived=True),
    },
    "contact": {
        **_of("lead", "lead_id", derived=True),
        **_of("contact", "contact_id", "company_id", derived=True),
    },
}
"""Entity → column of its desired state → the golden field behind it. Columns that are not here are
the entity's own fields."""


def traced(
    conn: Connection, push: PushRule, changes: Sequence[PlannedChange]
) -> list[PlannedChange]:
    """`changes` of one object with `rule` and `source` on every field: {system, object, record_id}
    of the row that told the value, or None where no row did."""
    rules = dict(push.all_fields)
    if push.create is not None and push.create.key not in rules:
        rules[push.create.key] = PushField(column=f"{push.entity}_id")
    behind = {name: _behind(push.entity, rule) for name, rule in rules.items()}
    wanted = {
        (golden.entity, hub_id)
        for change in changes
        for golden in behind.values()
        if golden is not None and (hub_id := change.origin.get(golden.entity)) is not None
    }
    told, rows = _told(conn, wanted)

    def cell(change: PlannedChange, name: str) -> dict[str, Any]:
        golden = behind.get(name)
        if golden is None:
            return {**change.fields[name], "rule": CONSTANT, "source": None}
        key = (golden.entity, change.origin.get(golden.entity) or "")
        rule, source = told.get((*key, golden.field), (ONLY_SOURCE, rows.get(key)))
        return {
            **change.fields[name],
            "rule": DERIVED if golden.derived else rule,
            "source": source,
        }

    return [
        replace(change, fields={name: cell(change, name) for name in change.fields})
        for change in changes
    ]


def _behind(entity: str, rule: PushField) -> Golden | None:
    if rule.column is None:
        return None
    return BEHIND[entity].get(rule.column, Golden(entity, rule.column))


_Source = dict[str, str]
_Told = dict[tuple[str, str, str], tuple[str, _Source]]
_Rows = dict[tuple[str, str], _Source]


def _told(conn: Connection, wanted: set[tuple[str, str]]) -> tuple[_Told, _Rows]:
    """What lineage says of the fields of these golden rows, and a source row of each.

    A partner is the profile of a company: its values are those of the company's rows.
    """
    if not wanted:
        return {}, {}
    keys = {_as_known(*key): key for key in wanted}
    frame = pl.DataFrame(list(keys), schema=["entity", "id"], orient="row")
    columns = ("system", "object", "record_id")
    told: _Told = {}
    rows: _Rows = {}
    with bulk.staged(conn, frame, lineage) as stage:
        query = select(lineage).where(
            lineage.c.entity == stage.c.entity, lineage.c.id == stage.c.id
        )
        for row in conn.execute(query):
            source = {name: getattr(row, name) for name in columns}
            told[(*keys[row.entity, row.id], row.field)] = (row.rule, source)
    with bulk.staged(conn, frame.rename({"id": "hub_id"}), crosswalk) as stage:
        found = select(crosswalk).where(
            crosswalk.c.entity == stage.c.entity, crosswalk.c.hub_id == stage.c.hub_id
        )
        ordered = found.order_by(*(crosswalk.c[name].desc() for name in columns))
        for row in conn.execute(ordered):
            rows[keys[row.entity, row.hub_id]] = {name: getattr(row, name) for name in columns}
    return told, rows


def _as_known(entity: str, hub_id: str) -> tuple[str, str]:
    if entity == "partner":
        return "company", hub_id.replace("pa_", "co_", 1)
    return entity, hub_id
