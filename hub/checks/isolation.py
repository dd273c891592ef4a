"""Law 5 as questions to the warehouse: no partner's system holds what is not its own."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, and_, func, select
from sqlalchemy.sql import ColumnElement, Select

from hub.checks.laws import LawResult
from hub.erasure.known import known_people
from hub.models import guards
from hub.models.golden import lead_assignment
from hub.models.identity import crosswalk
from hub.models.operations import ops_change, ops_plan
from hub.models.partners import HELD, lead_share, partner_system
from hub.models.sources import SOURCES


def isolation(conn: Connection, systems: Collection[str], runs: Sequence[int]) -> LawResult:
    """Law 5: each partner's own system (`systems`) holds leads of its partner only, and who was
    erased has not come back.

    Asks for shares of leads that somebody else has, copies of leads that were never shared, changes
    stored for such leads by these runs, and whether the database's own guards are in place.
    """
    found = [
        (_foreign_shares(conn, systems), "leads held that are assigned to somebody else"),
        (_foreign_copies(conn, systems), "records that stand for a lead never shared"),
        (_foreign_changes(conn, systems, runs), "changes for a lead never shared"),
        (_erased(conn, runs), "rows of erased people"),
        (len(guards.missing(conn)), "guards missing in the database: run `hub db upgrade`"),
    ]
    broken = "; ".join(f"{number} {what}" for number, what in found if number)
    if broken:
        return LawResult("isolation", False, broken)
    held = conn.scalar(
        select(func.count()).where(lead_share.c.state == HELD, lead_share.c.system.in_(systems))
    )
    return LawResult(
        "isolation", True, f"{held} leads held by {len(systems)} partner systems, each by its own"
    )


def _erased(conn: Connection, runs: Sequence[int]) -> int:
    """Rows that these runs brought in and that speak of an erased person."""
    known = known_people(conn)
    if known is None:
        return 0
    found = 0
    for source in ("contact", "lead"):
        table = SOURCES[source]
        rows = conn.execute(select(table).where(table.c.run.in_(runs))).mappings()
        found += sum(
            known.is_erased(row["system"], source, row["record_id"], _texts(dict(row)))
            for row in rows
        )
    return found


def _texts(row: Mapping[str, Any]) -> dict[str, str | None]:
    return {name: value for name, value in row.items() if value is None or isinstance(value, str)}


def _foreign_shares(conn: Connection, systems: Collection[str]) -> int:
    """Shares that the assignments do not bear out; of a system in doubt nothing is asked."""
    theirs = and_(
        lead_assignment.c.id == lead_share.c.hub_id,
        lead_assignment.c.partner_id == partner_system.c.partner_id,
    )
    return _count(
        conn,
        select(func.count())
        .select_from(lead_share)
        .join(partner_system, partner_system.c.system == lead_share.c.system)
        .outerjoin(lead_assignment, theirs)
        .where(
            lead_share.c.system.in_(systems),
            lead_share.c.state == HELD,
            partner_system.c.problem.is_(None),
            lead_assignment.c.id.is_(None),
        ),
    )


def _foreign_copies(conn: Connection, systems: Collection[str]) -> int:
    return _count(
        conn,
        select(func.count()).where(
            crosswalk.c.entity == "assigned_lead",
            crosswalk.c.system.in_(systems),
            ~_shared(crosswalk),
        ),
    )


def _foreign_changes(conn: Connection, systems: Collection[str], runs: Sequence[int]) -> int:
    return _count(
        conn,
        select(func.count())
        .select_from(ops_change)
        .join(ops_plan, ops_plan.c.plan == ops_change.c.plan)
        .where(ops_plan.c.run.in_(runs), ops_change.c.system.in_(systems), ~_shared(ops_change)),
    )


def _shared(rows: Table) -> ColumnElement[bool]:
    return (
        select(lead_share.c.hub_id)
        .where(lead_share.c.system == rows.c.system, lead_share.c.hub_id == rows.c.hub_id)
        .exists()
    )


def _count(conn: Connection, query: Select[int]) -> int:
    return int(conn.scalar(query) or 0)
