"""Golden companies, and the programme profile of those that are partners."""

import polars as pl
from sqlalchemy import Connection, select
from sqlalchemy.sql import Select

from hub.golden.acceptances import with_accepted
from hub.golden.context import Context
from hub.golden.lineage import write_lineage
from hub.golden.scope import KEY, members, moved, on_key, references, touched
from hub.golden.survivorship import survive
from hub.golden.write import remove, write
from hub.identity.values import domain
from hub.models import bulk
from hub.models.golden import company, partner
from hub.models.identity import crosswalk
from hub.models.runs import Run
from hub.models.sources import src_company, src_lead

_FIELDS = (
    *("name", "domain", "phone", "street", "city", "region", "postal_code", "country"),
    *("industry", "employees", "tax_id", "duns", "company_type", "parent_company_id"),
)
_PROFILE = ("partner_tier", "partner_status", "partner_territories")
# What a mention makes of a company about which nobody says more.
_TYPE_OF_MENTION = {"reseller": "reseller", "end_customer": "end_customer", "Lead": "prospect"}
_PARTNER_TYPES = ("partner", "distributor")


def unify_companies(conn: Connection, context: Context, run: Run, since: int) -> int:
    """Rebuild the companies and partners touched after run `since`; returns companies written.

    A company is touched, too, when its parent's record got another id.
    """
    ids = touched(conn, "company", (src_company, src_lead), since, _with_moved_parent(since))
    if not ids.height:
        return 0
    rows = pl.concat([_records(conn, context, ids), _employers(conn, ids)], how="diagonal")
    found = survive(
        rows, (*_FIELDS, *_PROFILE), context.priorities, context.authorities.get("company", {})
    )
    found = with_accepted(conn, context, "company", rows, found, ids, run)
    counted = rows.group_by("hub_id").agg(pl.len().cast(pl.Int64).alias("source_rows"))
    golden = found.rows.join(counted, on="hub_id").rename({"hub_id": "id"})
    named = golden.filter(pl.col("name").is_not_null())
    gone = ids.rename({"hub_id": "id"}).join(named, on="id", how="anti")
    written = write(conn, company, named.drop(_PROFILE), run)
    remove(conn, company, gone, run)
    write_lineage(conn, "company", found.lineage, ids, run)
    _write_partners(conn, named, gone, run)
    return written


def _with_moved_parent(since: int) -> list[Select[tuple[str]]]:
    return [
        select(crosswalk.c.hub_id).where(
            on_key(src_company, "company"),
            when,
            parent.c.system == src_company.c.system,
            parent.c.record_id == src_company.c.parent_record_id,
        )
        for parent, when in moved("company", since)
    ]


def _records(conn: Connection, context: Context, ids: pl.DataFrame) -> pl.DataFrame:
    rows = members(conn, "company", src_company, ids)
    hosts = rows["website"].drop_nulls().unique()
    rows = rows.with_columns(
        domain=pl.col("website").replace_strict(
            {host: domain(host) for host in hosts}, default=None, return_dtype=pl.String
        ),
        company_type=pl.coalesce(
            "company_type",
            pl.col("object").replace_strict(_TYPE_OF_MENTION, default=None, return_dtype=pl.String),
        ),
    )
    parent_object = pl.col("system").replace_strict(
        dict(context.company_objects), default=None, return_dtype=pl.String
    )
    rows = references(conn, "company", rows, parent_object, "parent_record_id", "parent_company_id")
    kept = ["hub_id", *KEY, "modified_at", *_FIELDS, *_PROFILE]
    return rows.select(kept).with_columns(demoted=pl.lit(value=False))


def _employers(conn: Connection, ids: pl.DataFrame) -> pl.DataFrame:
    """Companies that are known from leads: the employer as the lead form tells it."""
    return members(conn, "company", src_lead, ids).select(
        *("hub_id", *KEY, "modified_at"),
        pl.col("company_name").alias("name"),
        *("city", "postal_code", "country", "industry"),
        company_type=pl.lit("prospect"),
        demoted=pl.lit(value=True),
    )


def _write_partners(
    conn: Connection, companies: pl.DataFrame, gone: pl.DataFrame, run: Run
) -> None:
    is_partner = pl.col("company_type").is_in(_PARTNER_TYPES) | pl.any_horizontal(
        pl.col(c).is_not_null() for c in ("partner_tier", "partner_status")
    )
    judged = companies.with_columns(is_partner=is_partner.fill_null(value=False))
    profiles = judged.filter("is_partner").select(
        partner_id(pl.col("id")).alias("id"),
        *(pl.col("id").alias("company_id"), "name", "country"),
        tier="partner_tier",
        status="partner_status",
        territories="partner_territories",
    )
    write(conn, partner, profiles, run)
    no_longer = pl.concat([gone.select("id"), judged.filter(~pl.col("is_partner")).select("id")])
    with bulk.staged(conn, no_longer.rename({"id": "company_id"}), partner) as companies_gone:
        leaving = bulk.read(
            conn, select(partner.c.id).where(partner.c.company_id == companies_gone.c.company_id)
        )
    remove(conn, partner, leaving, run)


def partner_id(company_id: pl.Expr) -> pl.Expr:
    """A partner is a company's profile: its id is the company's under a prefix of its own."""
    return company_id.str.replace("^co_", "pa_")
