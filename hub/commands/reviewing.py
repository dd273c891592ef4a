"""`hub plan list|show|approve|reject`: reading stored plans, and deciding about them."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.sql import ColumnElement

from hub.commands.naming import names_of
from hub.commands.warehouse import Workplace
from hub.models.database import exclusive, reading
from hub.models.operations import ops_approval, ops_change, ops_plan
from hub.sync import approving
from hub.sync.changes import REFERENCE
from hub.sync.stored import changes_of, plan_named, plans, plans_before
from hub.sync.storing import Plan
from hub.sync.surprises import Figures, unusual

_HISTORY = 20
"""Plans before this one that it is held against."""
SHOWN = 20


@dataclass(frozen=True)
class Wanted:
    """Which changes of a plan to show; None stands for all."""

    system: str | None = None
    object: str | None = None
    op: str | None = None
    field: str | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        c = ops_change.c
        told = ((c.system, self.system), (c.object, self.object), (c.kind, self.op))
        found: list[ColumnElement[bool]] = [column == value for column, value in told if value]
        if self.field:
            # A field's name as the key of the JSON object, whatever stands around it.
            found.append(c.fields.contains(f"{json.dumps(self.field)}: {{", autoescape=True))
        return found


@dataclass(frozen=True)
class Review:
    """A plan as somebody reads it: figures, surprises, and the changes by how unusual they are.

    `unusual` are lines about whole kinds and fields, `decisions` who has decided what, `names` what
    the hub ids in the changes stand for.
    """

    plan: Plan
    unusual: list[str]
    changes: list[Row[Any]]
    decisions: list[Row[Any]]
    matching: int
    digest: str
    names: Mapping[str, str]


def review(place: Workplace, name: str, wanted: Wanted, limit: int = SHOWN) -> Review:
    """The named plan with its largest surprises first. Raises ConfigError when there is none."""
    with reading(place.engine) as conn:
        plan = plan_named(conn, name)
        before = plans_before(conn, name, _HISTORY)
        here = (ops_change.c.plan == name, *wanted.conditions)
        ranked = select(ops_change).where(*here)
        ranked = ranked.order_by(ops_change.c.weight.desc(), ops_change.c.seq).limit(limit)
        changes = list(conn.execute(ranked))
        return Review(
            plan,
            _unusual(plan, before),
            changes,
            _decisions(conn, name),
            _count(conn, here),
            str(conn.scalar(select(ops_plan.c.digest).where(ops_plan.c.plan == name))),
            names_of(conn, _spoken_of(changes)),
        )


def listing(place: Workplace, limit: int) -> list[Plan]:
    """The newest plans, the newest first."""
    with reading(place.engine) as conn:
        return plans(conn, limit)


def streamed(place: Workplace, name: str, wanted: Wanted = Wanted()) -> Iterator[Row[Any]]:
    """The changes of a plan in the order of applying, few in memory at once."""
    with reading(place.engine) as conn:
        yield from changes_of(conn, name, *wanted.conditions)


def approve(place: Workplace, name: str, who: str, why: str, released: Collection[str]) -> Plan:
    """Let a plan pass. Raises ConfigError when there is nothing to decide, or a tripped brake is
    not among those `released`."""
    with exclusive(place.engine):
        return approving.approve(place.engine, name, who, why, released, datetime.now(UTC))


def reject(place: Workplace, name: str, who: str, why: str) -> int:
    """Let a plan not pass; returns how many changes are dismissed with it. Raises ConfigError when
    there is nothing to decide."""
    with exclusive(place.engine):
        return approving.reject(place.engine, name, who, why, datetime.now(UTC))


def _spoken_of(changes: Collection[Row[Any]]) -> Iterator[str]:
    """The hub ids of the records, and of those that they will hang on."""
    for row in changes:
        yield row.hub_id
        for cell in json.loads(row.fields).values():
            if (cell["after"] or "").startswith(REFERENCE):
                yield cell["after"].removeprefix(REFERENCE)


def _unusual(plan: Plan, before: list[Plan]) -> list[str]:
    now, then = _kinds(plan), [_kinds(old) for old in before]
    fields, fields_then = _fields(plan), [_fields(old) for old in before]
    return [*unusual(now, then), *unusual(fields, fields_then)]


def _kinds(plan: Plan) -> Figures:
    return {"/".join(part.where): part.kinds for part in plan.parts}


def _fields(plan: Plan) -> Figures:
    """How often each field is set, and how often it is emptied."""
    return {"/".join(part.where): dict(_each(part.fields)) for part in plan.parts}


def _each(fields: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, int]]:
    for name, counted in fields.items():
        for how, number in counted.items():
            yield f"{name} {how}", number


def _decisions(conn: Connection, name: str) -> list[Row[Any]]:
    query = select(ops_approval).where(ops_approval.c.plan == name).order_by(ops_approval.c.id)
    return list(conn.execute(query))


def _count(conn: Connection, where: Collection[ColumnElement[bool]]) -> int:
    return int(conn.scalar(select(func.count()).select_from(ops_change).where(*where)) or 0)
