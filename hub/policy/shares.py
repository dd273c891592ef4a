"""Which leads the system of a partner holds: those assigned to that partner, and no others.

Follows the assignments in their own transaction, so that there is no moment at which a lead has
been taken from a partner and its system still counts as holding it. A system whose partner is in
doubt keeps what it holds, and is not written to.
"""

from sqlalchemy import Connection, and_, literal, not_, select, update
from sqlalchemy.sql import ColumnElement

from hub.models.golden import lead_assignment
from hub.models.partners import HELD, WITHDRAWN, lead_share, partner_system
from hub.models.runs import Run

_SURE = partner_system.c.problem.is_(None)


def settle_shares(conn: Connection, run: Run, *, everything: bool) -> None:
    """Bring `lead_share` up to date with the assignments this run wrote, or with all of them."""
    lately = [] if everything else [lead_assignment.c.run == run.number]
    assigned = (
        select(
            partner_system.c.system,
            lead_assignment.c.id,
            lead_assignment.c.partner_id,
            literal(HELD),
            literal(run.number),
        )
        .join_from(
            lead_assignment,
            partner_system,
            partner_system.c.partner_id == lead_assignment.c.partner_id,
        )
        .where(_SURE, *lately)
    )
    of_system = and_(
        lead_share.c.system == partner_system.c.system, lead_share.c.hub_id == lead_assignment.c.id
    )
    again = (
        select(lead_assignment.c.id)
        .join(partner_system, partner_system.c.partner_id == lead_assignment.c.partner_id)
        .where(of_system, _SURE, *lately)
    )
    holder = (
        select(partner_system.c.partner_id)
        .where(partner_system.c.system == lead_share.c.system)
        .scalar_subquery()
    )
    differs = (lead_share.c.state != HELD) | (lead_share.c.partner_id != holder)
    conn.execute(
        update(lead_share)
        .where(differs, again.correlate(lead_share).exists())
        .values(state=HELD, partner_id=holder, run=run.number)
    )
    conn.execute(
        update(lead_share)
        .where(lead_share.c.state == HELD, _of_sure_system(), not_(_assigned_there()))
        .values(state=WITHDRAWN, run=run.number)
    )
    columns = ("system", "hub_id", "partner_id", "state", "run")
    missing = assigned.where(~select(lead_share.c.hub_id).where(of_system).exists())
    conn.execute(lead_share.insert().from_select(columns, missing))


def _of_sure_system() -> ColumnElement[bool]:
    return (
        select(partner_system.c.system)
        .where(partner_system.c.system == lead_share.c.system, _SURE)
        .exists()
    )


def _assigned_there() -> ColumnElement[bool]:
    """Whether a share's lead is assigned to the partner of its system."""
    return (
        select(lead_assignment.c.id)
        .join(partner_system, partner_system.c.partner_id == lead_assignment.c.partner_id)
        .where(
            partner_system.c.system == lead_share.c.system,
            lead_assignment.c.id == lead_share.c.hub_id,
        )
        .exists()
    )
