"""Which source rows speak of a company or a person, with the columns that matching may look at.

A lead row speaks of two: the person and the employer. Nothing is judged or normalised here.
"""

from typing import Any, Literal

import polars as pl
from sqlalchemy import (
    Column,
    Connection,
    Select,
    String,
    Subquery,
    Table,
    and_,
    func,
    null,
    select,
    type_coerce,
)

from hub.models import bulk
from hub.models.identity import crosswalk, identity_mention
from hub.models.sources import src_company, src_contact, src_lead

Entity = Literal["company", "contact"]

ROW = ("system", "object", "record_id")
LINKS = ("hub_key", "refers_to", "same_as")
COMPANY = (
    "name", "website", "email", "phone", "street", "city", "postal_code", "country", "tax_id",
    "duns", "account_no", "lead_phone",
)  # fmt: skip
CONTACT = (
    "first_name", "last_name", "email", "phone", "mobile", "company", "company_name", "city",
    "postal_code", "country",
)  # fmt: skip


def changed_mentions(conn: Connection, entity: Entity, since: int) -> pl.DataFrame:
    """Rows that changed in run `since` or later, as ROW + LINKS + the entity's columns + `live`.

    `live` is false for rows that are deleted or that speak of nobody (any more). A contact counts
    as changed too when its company got another hub id.
    """
    queries = _company(since) if entity == "company" else _contact(since)
    frames = [bulk.read(conn, query) for query in queries]
    return pl.concat(frames).unique(subset=ROW, keep="any", maintain_order=False).sort(ROW)


def _company(since: int) -> list[Select[Any]]:
    c, lead = src_company.c, src_lead.c
    accounts = _mention(
        src_company,
        {
            "hub_key": c.hub_key,
            "refers_to": c.parent_record_id,
            "name": c.name,
            "website": c.website,
            **{n: c[n] for n in ("phone", "street", "city", "postal_code", "country")},
            **{n: c[n] for n in ("tax_id", "duns", "account_no")},
        },
        COMPANY,
        spoken_of=c.name.is_not(None),
    )
    # A lead's hub key names the lead, not the employer.
    employers = _mention(
        src_lead,
        {
            "same_as": lead.converted_company_record_id,
            "name": lead.company_name,
            "lead_phone": lead.phone,
            **{
                n: lead[n] for n in ("website", "email", "street", "city", "postal_code", "country")
            },
        },
        COMPANY,
        spoken_of=lead.company_name.is_not(None),
    )
    return [accounts.where(c.run >= since), employers.where(lead.run >= since)]


def _contact(since: int) -> list[Select[Any]]:
    c, lead = src_contact.c, src_lead.c
    alike = ("first_name", "last_name", "email", "phone", "mobile", "company_name", "city",
             "postal_code", "country")  # fmt: skip
    people = _mention(
        src_contact,
        {
            "hub_key": c.hub_key,
            "refers_to": c.company_record_id,
            "company": _company_of(c.system, c.company_record_id),
            **{name: c[name] for name in alike},
        },
        CONTACT,
        spoken_of=func.coalesce(c.first_name, c.last_name, c.email, c.phone, c.mobile).is_not(None),
    )
    # A HubSpot lead has no person of its own: it points to a contact, which speaks for itself.
    leads = _mention(
        src_lead,
        {
            "refers_to": lead.record_id,
            "same_as": lead.converted_contact_record_id,
            "company": _company_of(lead.system, lead.record_id),
            **{name: lead[name] for name in alike},
        },
        CONTACT,
        spoken_of=and_(
            lead.contact_record_id.is_(None),
            func.coalesce(lead.first_name, lead.last_name, lead.email).is_not(None),
        ),
    )
    moved = _moved_companies(since)
    return [
        people.where(c.run >= since),
        leads.where(lead.run >= since),
        people.join(moved, and_(*(c[n] == moved.c[n] for n in ROW))).where(c.run < since),
        leads.join(moved, and_(*(lead[n] == moved.c[n] for n in ROW))).where(lead.run < since),
    ]


def _moved_companies(since: int) -> Subquery:
    """Keys of the contact mentions whose company's row changed hands or left."""
    m, x, gone = identity_mention.alias().c, crosswalk.c, identity_mention.alias().c
    keys = [m[n] for n in ROW]
    changed = select(*keys).where(
        x.entity == "company", x.run >= since, *_refers(m, x.system, x.record_id)
    )
    left = select(*keys).where(
        gone.entity == "company",
        gone.run >= since,
        gone.profile.is_(None),
        *_refers(m, gone.system, gone.record_id),
    )
    return changed.union(left).subquery()


def _refers(mention: Any, system: Any, record_id: Any) -> tuple[Any, ...]:
    return mention.entity == "contact", mention.system == system, mention.refers_to == record_id


def _mention(
    table: Table, columns: dict[str, Any], names: tuple[str, ...], *, spoken_of: Any
) -> Select[Any]:
    missing = null()
    wanted = (*LINKS, *names)
    values = [_text(columns[n], n) if n in columns else _text(missing, n) for n in wanted]
    live = and_(table.c.is_deleted.is_(False), spoken_of)
    return select(*(table.c[n] for n in ROW), *values, live.label("live"))


def _text(column: Any, name: str) -> Any:
    return type_coerce(column, String).label(name)


def _company_of(system: Column[Any], record_id: Column[Any]) -> Any:
    """The hub id of the company a contact belongs to; a record id is unique in its system."""
    x = crosswalk.c
    return (
        select(func.min(x.hub_id))
        .where(x.entity == "company", x.system == system, x.record_id == record_id)
        .scalar_subquery()
    )
