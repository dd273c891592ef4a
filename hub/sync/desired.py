"""What each CRM should say: one frame per entity, from golden rows and decisions.

Each function takes the hub ids to look at (a frame with `id`) and answers for these alone. Every
frame has `hub_id`, `why` (the rule behind the values), `create` (true where the hub would make the
record if it is missing), and the columns that mappings may push.
"""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from sqlalchemy import Connection, or_, select
from sqlalchemy.sql import Select

from hub.models import bulk
from hub.models.golden import company, contact, lead, lead_assignment, opportunity, partner
from hub.models.golden import registration as registrations
from hub.policy.registration import UNMAPPED, rank
from hub.policy.settings import Policy


def desired_companies(conn: Connection, ids: pl.DataFrame, _policy: Policy) -> pl.DataFrame:
    """Per company: what is known of it, and its programme profile. The hub makes none."""
    with bulk.staged(conn, ids, company) as wanted:
        query = (
            select(
                company,
                partner.c.id.label("partner_id"),
                partner.c.tier.label("partner_tier"),
                partner.c.status.label("partner_status"),
                partner.c.territories.label("partner_territories"),
            )
            .outerjoin(partner, partner.c.company_id == company.c.id)
            .where(company.c.id == wanted.c.id)
        )
        rows = bulk.read(conn, query)
    return rows.with_columns(
        hub_id=pl.col("id"),
        company_id=pl.col("id"),
        create=pl.lit(value=False),
        why=pl.format("company {} says so", "id"),
    )


def desired_registrations(conn: Connection, ids: pl.DataFrame, _policy: Policy) -> pl.DataFrame:
    """Per registration: what the place where it was registered should say of it."""
    with bulk.staged(conn, ids, registrations) as wanted:
        rows = bulk.read(conn, select(registrations).where(registrations.c.id == wanted.c.id))
    return rows.select(
        pl.col("id").alias("hub_id"),
        pl.col("id").alias("registration_id"),
        _status().alias("registration_status"),
        "protected_until",
        "note",
        why=pl.format("registration {} stands {}", "id", "status"),
        create=pl.lit(value=False),
    )


def desired_opportunities(conn: Connection, ids: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Per opportunity: the registration the rep should see on it.

    Of several claims on one opportunity the strongest shows (won, approved, then pending by time).
    An approved registration without an opportunity asks for one, under its own id, unless a steward
    is asked whether one that is there is it; where nobody told when it will close, it is expected
    by the end of protection. Opportunities without any claim are there with empty values, so that a
    withdrawn claim is cleared.
    """
    with bulk.staged(conn, ids, opportunity) as wanted:
        query = (
            select(registrations, partner.c.name.label("partner_name"))
            .outerjoin(partner, partner.c.id == registrations.c.partner_id)
            .where(
                or_(
                    registrations.c.id.in_(select(wanted.c.id)),
                    registrations.c.opportunity_id.in_(select(wanted.c.id)),
                )
            )
        )
        claims = bulk.read(conn, query)
        looked_at = bulk.read(
            conn,
            select(opportunity.c.id.label("opportunity_id")).where(opportunity.c.id == wanted.c.id),
        )
    order = [rank(*row) for row in claims.select("status", "submitted_at", "id").iter_rows()]
    claims = claims.with_columns(
        pl.Series("place", [list(map(str, key)) for key in order], dtype=pl.List(pl.String))
    )
    shown = claims.filter(pl.col("status") != UNMAPPED)
    tied = (
        shown.filter(pl.col("opportunity_id").is_not_null())
        .sort(pl.col("place").list.join("|"))
        .unique("opportunity_id", keep="first", maintain_order=True)
    )
    existing = looked_at.join(tied, on="opportunity_id", how="left").with_columns(
        hub_id=pl.col("opportunity_id"), create=pl.lit(value=False)
    )
    asking = shown.filter(
        (pl.col("status") == "approved")
        & pl.col("opportunity_id").is_null()
        & pl.col("doubted_opportunity_id").is_null()
        & pl.col("company_id").is_not_null()
        & pl.col("partner_id").is_not_null()
        & pl.lit(policy.registration.create_opportunity)
    ).with_columns(
        hub_id=pl.col("id"),
        create=pl.lit(value=True),
        close_date=pl.coalesce("close_date", "protected_until"),
    )
    both = pl.concat([existing, asking], how="diagonal")
    return both.select(
        "hub_id",
        pl.col("id").alias("registration_id"),
        *("partner_id", "partner_name", "protected_until", "create"),
        pl.col("status").alias("registration_status"),
        *("name", "company_id", "amount", "currency", "close_date", "product"),
        why=pl.when(pl.col("id").is_null())
        .then(pl.lit("no registration claims this opportunity"))
        .otherwise(pl.format("registration {} stands {}", "id", "status")),
    )


def desired_leads(conn: Connection, ids: pl.DataFrame, _policy: Policy) -> pl.DataFrame:
    """Per routed lead: who has it. A lead nobody may have shows no partner."""
    with bulk.staged(conn, ids, lead) as wanted:
        rows = bulk.read(conn, _routed_leads().where(lead.c.id == wanted.c.id))
    return _with_reason(rows)


def _routed_leads() -> Select[Any]:
    return (
        select(
            lead.c.id.label("hub_id"),
            *(lead.c[n] for n in ("name", "status", "source", "contact_id", "company_name")),
            *(lead.c[n] for n in ("company_id", "email", "country", "postal_code", "product")),
            lead_assignment.c.partner_id,
            lead_assignment.c.reason,
            lead_assignment.c.decision_id,
            lead_assignment.c.status.label("assignment_status"),
            lead_assignment.c.status_reason.label("assignment_reason"),
            lead_assignment.c.status_note.label("assignment_note"),
            partner.c.name.label("partner_name"),
        )
        .join_from(lead, lead_assignment, lead_assignment.c.id == lead.c.id)
        .outerjoin(partner, partner.c.id == lead_assignment.c.partner_id)
    )


def _with_reason(rows: pl.DataFrame) -> pl.DataFrame:
    routed = pl.col("partner_id").is_not_null()
    return rows.with_columns(
        lead_id=pl.when(routed).then("hub_id"),
        create=routed & pl.col("contact_id").is_not_null(),
        why=pl.format("lead routing: {} (decision {})", "reason", "decision_id"),
    )


def desired_contacts(conn: Connection, ids: pl.DataFrame, _policy: Policy) -> pl.DataFrame:
    """Per person: what is known; one behind a routed lead is a contact the lead can hang on."""
    with bulk.staged(conn, ids, contact) as wanted:
        rows = bulk.read(conn, select(contact).where(contact.c.id == wanted.c.id))
    needed = rows.join(_first_leads(conn, ids), left_on="id", right_on="contact_id", how="left")
    return needed.with_columns(
        hub_id=pl.col("id"),
        contact_id=pl.col("id"),
        create=pl.col("lead_id").is_not_null(),
        why=pl.when(pl.col("lead_id").is_null())
        .then(pl.format("contact {} says so", "id"))
        .otherwise(pl.format("lead {} needs its contact", "lead_id")),
    )


def needed_contacts(conn: Connection, ids: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Of `desired_contacts` only those behind routed leads: they are few among all persons."""
    needed = _first_leads(conn, ids).select(pl.col("contact_id").alias("id"))
    return desired_contacts(conn, needed, policy)


def _first_leads(conn: Connection, ids: pl.DataFrame) -> pl.DataFrame:
    """contact_id of persons behind routed leads, and the `lead_id` first among them."""
    with bulk.staged(conn, ids, contact) as persons:
        query = _routed_leads().where(lead.c.contact_id == persons.c.id)
        leads = _with_reason(bulk.read(conn, query)).filter("create")
    return leads.group_by("contact_id").agg(pl.col("hub_id").min().alias("lead_id"))


def _status() -> pl.Expr:
    return pl.when(pl.col("status") != UNMAPPED).then("status")


_Desired = Callable[[Connection, pl.DataFrame, Policy], pl.DataFrame]

DESIRED: dict[str, _Desired] = {
    "company": desired_companies,
    "registration": desired_registrations,
    "opportunity": desired_opportunities,
    "lead": desired_leads,
    "contact": desired_contacts,
}

NEEDED: dict[str, _Desired] = {"contact": needed_contacts}
"""What suffices of an entity where mappings only make records of it and update none."""


def _ids(**columns: str) -> Callable[[Mapping[str, Any]], dict[str, str | None]]:
    def of(row: Mapping[str, Any]) -> dict[str, str | None]:
        return {entity: row[column] for entity, column in columns.items()}

    return of


ORIGIN: dict[str, Callable[[Mapping[str, Any]], dict[str, str | None]]] = {
    "company": _ids(company="hub_id"),
    "registration": _ids(registration="hub_id"),
    "opportunity": _ids(registration="registration_id", partner="partner_id"),
    "lead": _ids(lead="hub_id", partner="partner_id"),
    "contact": _ids(contact="hub_id", lead="lead_id"),
    "assigned_lead": _ids(lead="hub_id"),
}
"""Entity → the golden rows (entity → id) that a row of its desired state is made of."""
