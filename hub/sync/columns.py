"""Which columns a mapping may push, entity by entity, each as its table defines it.

The frames themselves are made by `hub.sync.desired`.
"""

from typing import Any

from sqlalchemy import Column, Table

from hub.models.golden import (
    company,
    contact,
    lead,
    lead_assignment,
    opportunity,
    partner,
    registration,
)
from hub.models.partners import lead_share

_KEPT_BACK = frozenset({"id", "run", "source_rows"})


def _of(table: Table, *names: str) -> dict[str, Column[Any]]:
    return {name: table.c[name] for name in names}


def _golden(table: Table) -> dict[str, Column[Any]]:
    return {c.name: c for c in table.columns if c.name not in _KEPT_BACK}


PUSHED: dict[str, dict[str, Column[Any]]] = {
    "company": {
        "company_id": company.c.id,
        **_golden(company),
        "partner_id": partner.c.id,
        "partner_tier": partner.c.tier,
        "partner_status": partner.c.status,
        "partner_territories": partner.c.territories,
    },
    "registration": {
        "registration_id": registration.c.id,
        "registration_status": registration.c.status,
        **_of(registration, "protected_until", "note"),
    },
    "opportunity": {
        "registration_id": registration.c.id,
        "registration_status": registration.c.status,
        "partner_name": partner.c.name,
        **_of(registration, "partner_id", "protected_until", "company_id", "amount", "currency"),
        **_of(registration, "close_date", "product"),
        "name": opportunity.c.name,
    },
    "lead": {
        "lead_id": lead.c.id,
        "partner_name": partner.c.name,
        **_of(lead, "name", "status", "source", "company_name", "contact_id", "company_id"),
        **_of(lead, "email", "country", "postal_code", "product"),
        **_of(lead_assignment, "partner_id", "reason", "decision_id"),
        "assignment_status": lead_assignment.c.status,
        "assignment_reason": lead_assignment.c.status_reason,
        "assignment_note": lead_assignment.c.status_note,
    },
    "assigned_lead": {
        "lead_id": lead.c.id,
        "assignment": lead_share.c.state,
        **_of(contact, "first_name", "last_name", "job_title", "email", "phone", "mobile", "city"),
        **_of(lead, "name", "company_name", "postal_code", "country", "product", "source"),
    },
    "contact": {
        "contact_id": contact.c.id,
        "lead_id": lead.c.id,
        **_golden(contact),
    },
}
