"""Which hub ids a plan must look at: those whose desired or last-seen state may have moved.

Everything else said what it should when it was last looked at, and nobody has reported a change.
"""

from collections.abc import Callable

import polars as pl
from sqlalchemy import Connection, Table, and_, func, or_, select, union
from sqlalchemy.sql import CompoundSelect, Select

from hub.golden.scope import on_key
from hub.models import bulk
from hub.models.golden import (
    HISTORIES,
    company,
    contact,
    lead,
    lead_assignment,
    opportunity,
    partner,
    registration,
)
from hub.models.identity import crosswalk, identity_alias
from hub.models.operations import ops_change, ops_run, ops_undone
from hub.models.partners import lead_share, partner_system
from hub.models.sources import (
    src_assigned_lead,
    src_company,
    src_contact,
    src_lead,
    src_opportunity,
)
from hub.sync.settled import outstanding
from hub.sync.storing import SUPERSEDED

_Ids = Select[tuple[str]]


def touched(conn: Connection, entity: str, since: int) -> pl.DataFrame:
    """Frame with `id`: hub ids of an entity's desired state to plan again, after run `since`.

    For opportunities these are ids of opportunities and of registrations that may ask for one.
    Changes that have not landed yet, and those that were refused, are looked at again, whatever
    else happened.
    """
    found = union(*_TOUCHED[entity](since), _outstanding(), _lifted(since)).subquery()
    return bulk.read(conn, select(found.c.id).where(found.c.id.is_not(None)))


def _companies(since: int) -> list[_Ids]:
    partners = _partners(since).subquery()
    renewed = select(partners.c.company_id.label("id"))
    return [_changed(company, since), renewed, _seen("company", src_company, since)]


def _registrations(since: int) -> list[_Ids]:
    return [_changed(registration, since), _seen("registration", src_opportunity, since)]


def _opportunities(since: int) -> list[_Ids]:
    """A claim that moved away or ended is known from the registration's history."""
    history = HISTORIES["registration"]
    partners = _partners(since).subquery()
    claims = select(registration.c.id).where(
        or_(
            registration.c.run > since,
            registration.c.partner_id.in_(select(partners.c.id)),
        )
    )
    ended = select(crosswalk.c.hub_id).where(
        on_key(src_opportunity, "registration"), src_opportunity.c.run > since
    )
    return [
        _changed(opportunity, since),
        _seen("opportunity", src_opportunity, since),
        claims,
        select(registration.c.opportunity_id.label("id")).where(registration.c.id.in_(claims)),
        select(history.c.opportunity_id.label("id")).where(
            or_(history.c.id.in_(claims), history.c.id.in_(ended))
        ),
    ]


def _leads(since: int) -> list[_Ids]:
    """A lead also hangs on its person's record, which may have come to be known only now."""
    partners = _partners(since).subquery()
    return [
        _changed(lead, since),
        _changed(lead_assignment, since),
        select(lead_assignment.c.id).where(lead_assignment.c.partner_id.in_(select(partners.c.id))),
        _seen("lead", src_lead, since),
        select(lead.c.id).where(lead.c.contact_id.in_(_seen("contact", src_contact, since))),
    ]


def _contacts(since: int) -> list[_Ids]:
    """Persons of whom something else is known, those behind leads to plan again, and those whose
    own record came or went."""
    leads = union(*_leads(since), _outstanding()).subquery()
    return [
        _changed(contact, since),
        select(lead.c.contact_id.label("id")).where(lead.c.id.in_(select(leads.c.id))),
        _seen("contact", src_contact, since),
    ]


def _assigned_leads(since: int) -> list[_Ids]:
    """Leads whose holder, person, company or copy says something new, or that were taken back."""
    persons = select(contact.c.id).where(contact.c.run > since)
    employers = select(company.c.id).where(company.c.run > since)
    renewed = select(partner_system.c.system).where(partner_system.c.run > since)
    return [
        _changed(lead, since),
        _changed(lead_assignment, since),
        select(lead.c.id).where(lead.c.contact_id.in_(persons) | lead.c.company_id.in_(employers)),
        select(lead_share.c.hub_id.label("id")).where(
            (lead_share.c.run > since) | lead_share.c.system.in_(renewed)
        ),
        _seen("assigned_lead", src_assigned_lead, since),
    ]


_TOUCHED: dict[str, Callable[[int], list[_Ids]]] = {
    "company": _companies,
    "registration": _registrations,
    "opportunity": _opportunities,
    "lead": _leads,
    "contact": _contacts,
    "assigned_lead": _assigned_leads,
}


def _partners(since: int) -> CompoundSelect[tuple[str, str]]:
    """(id, company_id) of partners of whom something else is known, or nothing any more: a closed
    lead still names the partner that had it. Runs follow each other in time."""
    history = HISTORIES["partner"].c
    then = select(func.max(ops_run.c.started_at)).where(ops_run.c.run <= since).scalar_subquery()
    return union(
        select(partner.c.id, partner.c.company_id).where(partner.c.run > since),
        select(history.id, history.company_id).where(history.valid_to > then),
    )


def _changed(table: Table, since: int) -> _Ids:
    return select(table.c.id).where(table.c.run > since)


def _seen(entity: str, table: Table, since: int) -> _Ids:
    """Entities whose records say something new, whoever wrote it, or are known by another id."""
    return select(crosswalk.c.hub_id.label("id")).where(
        on_key(table, entity), or_(table.c.run > since, crosswalk.c.run > since)
    )


def _outstanding() -> _Ids:
    c = ops_change.c
    left = and_(c.outcome.in_(("pending", "stale")), c.code.is_distinct_from(SUPERSEDED))
    return select(c.hub_id.label("id")).where(or_(left, outstanding()))


def _lifted(since: int) -> _Ids:
    """What may be written again after an undo, under the id that answers for it now."""
    return (
        select(func.coalesce(identity_alias.c.hub_id, ops_undone.c.hub_id).label("id"))
        .outerjoin(identity_alias, identity_alias.c.old_id == ops_undone.c.hub_id)
        .where(ops_undone.c.lifted_run > since)
    )
