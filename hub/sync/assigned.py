"""What the system of a partner may be told of each lead it holds, or once held: the one source of
every value that is planned for such a system, and of every value that is let through to it.

A lead that is the partner's shows the columns the agreement allows, some of them masked until the
partner has accepted it. One that is no longer the partner's shows that, and nothing else.
"""

from collections.abc import Mapping
from typing import Any

import polars as pl
from sqlalchemy import Connection, and_, select
from sqlalchemy.sql import Select

from hub.checks.codes import ACCEPTED
from hub.config import Agreement, Mask
from hub.models import bulk
from hub.models.golden import company, contact, lead, lead_assignment
from hub.models.partners import HELD, WITHDRAWN, lead_share, partner_system

ASSIGNED = "assigned"
ALWAYS = ("lead_id", "assignment")
"""Columns that every agreement allows: which lead it is, and whether it is still the partner's."""

SHARED = (
    *("name", "first_name", "last_name", "job_title", "email", "phone", "mobile", "company_name"),
    *("city", "postal_code", "country", "product", "source"),
)
"""Columns of a lead that an agreement can allow."""

_REQUIRED = ("last_name", "company_name")
_MISSING, _TAKEN_BACK = "[not provided]", "[withdrawn]"


def held_leads(conn: Connection, ids: pl.DataFrame, systems: list[str]) -> pl.DataFrame:
    """Per system and lead of `ids` (frame with `id`): all that could be told, nothing masked yet.

    Columns: system, hub_id, is_held, is_accepted, ALWAYS, SHARED, company_city, why. What is in
    doubt is not held: the share, the assignment and the partner of the system must agree.
    """
    with bulk.staged(conn, ids.select(pl.col("id").alias("hub_id")), lead_share) as wanted:
        query = _shares().where(
            lead_share.c.hub_id == wanted.c.hub_id, lead_share.c.system.in_(systems)
        )
        rows = bulk.read(conn, query)
    held = pl.col("is_held").fill_null(value=False)
    return rows.with_columns(
        lead_id="hub_id",
        assignment=pl.when(held).then(pl.lit(ASSIGNED)).otherwise(pl.lit(WITHDRAWN)),
        is_held=held,
        is_accepted=pl.col("status").is_in(ACCEPTED).fill_null(value=False),
        last_name=pl.coalesce("last_name", "name"),
        city=pl.coalesce("city", "company_city"),
        why=pl.when(held)
        .then(pl.format("lead routing: {} (decision {})", "reason", "decision_id"))
        .otherwise(pl.lit("the lead is not this partner's any more")),
    )


def _shares() -> Select[Any]:
    theirs = and_(
        partner_system.c.system == lead_share.c.system, partner_system.c.problem.is_(None)
    )
    assigned = and_(
        lead_assignment.c.id == lead_share.c.hub_id,
        lead_assignment.c.partner_id == partner_system.c.partner_id,
        lead_share.c.state == HELD,
        lead_share.c.partner_id == partner_system.c.partner_id,
    )
    return (
        select(
            *(lead_share.c.system, lead_share.c.hub_id),
            lead.c.id.is_not(None).label("is_held"),
            *(lead_assignment.c[n] for n in ("status", "reason", "decision_id")),
            *(lead.c[n] for n in ("name", "product", "source", "company_name", "email")),
            *(contact.c[n] for n in ("first_name", "last_name", "job_title", "phone", "mobile")),
            *(lead.c[n] for n in ("postal_code", "country")),
            contact.c.city,
            company.c.city.label("company_city"),
        )
        .join_from(lead_share, partner_system, theirs)
        .outerjoin(lead_assignment, assigned)
        .outerjoin(lead, lead.c.id == lead_assignment.c.id)
        .outerjoin(contact, contact.c.id == lead.c.contact_id)
        .outerjoin(company, company.c.id == lead.c.company_id)
    )


def as_agreed(rows: pl.DataFrame, agreement: Agreement) -> pl.DataFrame:
    """Rows of one system (see `held_leads`) as its agreement has them shown.

    Columns: hub_id, why, create, is_held, ALWAYS and SHARED. What the agreement does not allow is
    empty.
    """
    shown = [_shown(name, agreement) for name in SHARED]
    return rows.select(
        "hub_id",
        "why",
        "is_held",
        pl.col("is_held").alias("create"),
        *ALWAYS,
        *shown,
    )


def allowed(column: str, agreement: Agreement) -> bool:
    """Whether the agreement allows a column to be sent."""
    return column in ALWAYS or agreement.fields is None or column in agreement.fields


def _shown(name: str, agreement: Agreement) -> pl.Expr:
    told = pl.col(name).cast(pl.String)
    if not allowed(name, agreement):
        return pl.lit(None, pl.String).alias(name)
    mask = agreement.masked.get(name)
    if mask is not None:
        told = pl.when("is_accepted").then(told).otherwise(_MASKS[mask](told))
    missing = pl.lit(_MISSING if name in _REQUIRED else None, pl.String)
    taken_back = pl.lit(_TAKEN_BACK if name in _REQUIRED else None, pl.String)
    return pl.when("is_held").then(pl.coalesce(told, missing)).otherwise(taken_back).alias(name)


def _initial(told: pl.Expr) -> pl.Expr:
    return told.str.slice(0, 1).str.to_uppercase() + pl.lit(".")


def _city(_told: pl.Expr) -> pl.Expr:
    """Where the company is, in place of its name."""
    return pl.format("Company in {}", pl.coalesce("city", "country"))


def _hidden(_told: pl.Expr) -> pl.Expr:
    return pl.lit(None, pl.String)


_MASKS: Mapping[Mask, Any] = {"hide": _hidden, "initial": _initial, "city": _city}
