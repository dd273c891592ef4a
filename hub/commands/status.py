"""`hub status`: the last sync, the laws, the systems, the entities, what waits."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from hub.checks import laws
from hub.commands import outstanding
from hub.commands.siso import reports_due
from hub.commands.warehouse import Workplace
from hub.config import ObjectMapping
from hub.models.database import reading
from hub.models.golden import company, contact, lead, opportunity, partner, pos_line, registration
from hub.models.identity import crosswalk
from hub.models.operations import (
    ops_call,
    ops_change,
    ops_quarantine,
    ops_read,
    ops_run,
    ops_schema_event,
    ops_undone,
)
from hub.models.sources import DELETED, HIDDEN, MERGED, SOURCES
from hub.sync.agreed import left_as_changed
from hub.sync.drift import as_known
from hub.sync.flaps import Flap, flapping
from hub.sync.ledger import DONE, FAILED, PAUSED, UNAPPROVED, newest_sync, run_errors
from hub.sync.quarantine import WAITING
from hub.sync.targets import Target
from hub.sync.verdict import judge

# How runs stand, the worst first.
_GREENNESS = (FAILED, "died", "running", PAUSED, UNAPPROVED, DONE)
_GOLDEN = (company, contact, lead, opportunity, registration, pos_line)


def status(workplace: Workplace) -> dict[str, Any]:
    """The status as the documented JSON shape. Read from the warehouse; asks no outside system."""
    with reading(workplace.engine) as conn:
        runs = newest_sync(conn)
        troubles = run_errors(conn, runs)
    judged = judge(workplace.engine, workplace.settings, runs, troubles)
    with reading(workplace.engine) as conn:
        flaps = flapping(conn)
        return {
            "run": _run(conn, runs),
            "laws": [{"law": j.law, "holds": j.holds, "detail": j.detail} for j in judged],
            "systems": [
                {
                    **_system(conn, name, config.kind, runs),
                    **_fields(conn, name, workplace.settings.mappings[name], runs, flaps),
                }
                for name, config in workplace.settings.systems.items()
            ],
            "entities": _entities(conn),
            "quarantine": conn.scalar(
                select(func.count()).where(ops_quarantine.c.status == WAITING)
            ),
            "changes": _changes(conn),
            "outstanding": outstanding.summary(conn),
            "reports": reports_due(conn),
            "undone": conn.scalar(select(func.count()).where(ops_undone.c.lifted_run.is_(None))),
        }


def _run(conn: Connection, runs: list[int]) -> dict[str, Any]:
    if not runs:
        return {}
    rows = conn.execute(select(ops_run).where(ops_run.c.run.in_(runs))).all()
    first, last = rows[0], rows[-1]
    worst = min((r.status for r in rows), key=_GREENNESS.index)
    return {
        "run": first.run,
        "passes": len(rows),
        "status": worst,
        "started_at": first.started_at.isoformat(),
        "finished_at": last.finished_at.isoformat() if last.finished_at else None,
        "error": "; ".join(run_errors(conn, runs)) or None,
    }


def _system(conn: Connection, name: str, kind: str, runs: list[int]) -> dict[str, Any]:
    of_runs = (ops_call.c.system == name, ops_call.c.run.in_(runs))
    used, minimum = conn.execute(
        select(
            func.coalesce(func.sum(ops_call.c.used), 0),
            func.coalesce(func.sum(ops_call.c.minimum), 0),
        ).where(*of_runs)
    ).one()
    quota = conn.execute(
        select(ops_call.c.quota_used, ops_call.c.quota_limit)
        .where(ops_call.c.system == name, ops_call.c.quota_limit.is_not(None))
        .order_by(ops_call.c.run.desc(), ops_call.c.quota_used.desc())
    ).first()
    last = conn.scalar(
        select(func.max(ops_run.c.started_at))
        .select_from(ops_read)
        .join(ops_run, ops_run.c.run == ops_read.c.run)
        .where(ops_read.c.system == name, ops_read.c.completed)
    )
    read = conn.scalar(
        select(func.coalesce(func.sum(ops_read.c.rows), 0)).where(
            ops_read.c.system == name, ops_read.c.run.in_(runs)
        )
    )
    return {
        "system": name,
        "kind": kind,
        "last_sync": last.isoformat() if last else None,
        "rows_read": read,
        "calls_used": used,
        "calls_minimum": minimum,
        "quota_used": quota.quota_used if quota else None,
        "quota_limit": quota.quota_limit if quota else None,
        **_gone(conn, name),
    }


def _gone(conn: Connection, system: str) -> dict[str, int]:
    """Records of a system by what became of them."""
    found = dict.fromkeys((DELETED, MERGED, HIDDEN), 0)
    for table in SOURCES.values():
        counted = (
            select(table.c.gone, func.count().label("number"))
            .where(table.c.system == system, table.c.gone.is_not(None))
            .group_by(table.c.gone)
        )
        for row in conn.execute(counted):
            found[row.gone] += row.number
    return found


def _entities(conn: Connection) -> list[dict[str, Any]]:
    by_entity = select(crosswalk.c.entity, func.count()).group_by(crosswalk.c.entity)
    sources: dict[str, int] = dict(conn.execute(by_entity).all())
    counted = [
        {
            "entity": table.name,
            "source_rows": sources.get(table.name, 0),
            "golden_rows": conn.scalar(select(func.count()).select_from(table)),
        }
        for table in _GOLDEN
    ]
    partners = conn.scalar(select(func.count()).select_from(partner))
    return [*counted, {"entity": "partner", "source_rows": partners, "golden_rows": partners}]


def _fields(
    conn: Connection,
    system: str,
    objects: Mapping[str, ObjectMapping],
    runs: list[int],
    flaps: Sequence[Flap],
) -> dict[str, Any]:
    """Mapped fields that changed in the last sync, and objects that their contract holds back;
    values that are left as somebody made them, and those that go back and forth."""
    events = ops_schema_event.c
    changed = select(func.count()).where(
        events.run.in_(runs), events.system == system, events.mapped
    )
    held = [
        obj
        for obj, mapping in objects.items()
        if as_known(conn, Target(system, obj, mapping)).drifted
    ]
    left = [
        f"{obj} {record_id}: {name}"
        for obj, mapping in objects.items()
        for record_id, name in left_as_changed(conn, system, obj, mapping)
    ]
    return {
        "fields_changed": conn.scalar(changed),
        "held": held,
        "left_alone": left,
        "flapping": [f"{flap.object}: {flap}" for flap in flaps if flap.system == system],
    }


def _changes(conn: Connection) -> dict[str, int]:
    """Changes by outcome, of all plans ever made."""
    found: dict[str, int] = dict(
        conn.execute(
            select(ops_change.c.outcome, func.count()).group_by(ops_change.c.outcome)
        ).all()
    )
    return {outcome: found.get(outcome, 0) for outcome in laws.OUTCOMES}
