"""Golden contacts: persons known from contact records and from leads."""

import polars as pl
from sqlalchemy import Connection, FromClause, case, literal, select
from sqlalchemy.sql import ColumnElement, Select

from hub.golden.acceptances import with_accepted
from hub.golden.context import Context
from hub.golden.lineage import write_lineage
from hub.golden.scope import KEY, members, moved, references, touched
from hub.golden.survivorship import survive
from hub.golden.write import remove, write
from hub.models.golden import contact
from hub.models.identity import crosswalk
from hub.models.runs import Run
from hub.models.sources import src_contact, src_lead

_FIELDS = (
    *("first_name", "last_name", "email", "phone", "mobile", "job_title", "company_name"),
    *("company_id", "city", "postal_code", "country"),
)


def unify_contacts(conn: Connection, context: Context, run: Run, since: int) -> int:
    """Rebuild the contacts touched after run `since`; returns how many were written.

    A contact is touched, too, when the company its record points to got another id.
    """
    ids = touched(conn, "contact", (src_contact, src_lead), since, _moved(context, since))
    if not ids.height:
        return 0
    rows = pl.concat([_records(conn, context, ids), _leads(conn, ids)], how="diagonal")
    found = survive(rows, _FIELDS, context.priorities, context.authorities.get("contact", {}))
    found = with_accepted(conn, context, "contact", rows, found, ids, run)
    counted = rows.group_by("hub_id").agg(pl.len().cast(pl.Int64).alias("source_rows"))
    golden = found.rows.join(counted, on="hub_id").rename({"hub_id": "id"})
    gone = ids.rename({"hub_id": "id"}).join(golden, on="id", how="anti")
    written = write(conn, contact, golden, run)
    remove(conn, contact, gone, run)
    write_lineage(conn, "contact", found.lineage, ids, run)
    return written


def _records(conn: Connection, context: Context, ids: pl.DataFrame) -> pl.DataFrame:
    rows = members(conn, "contact", src_contact, ids)
    company_object = pl.col("system").replace_strict(
        dict(context.company_objects), default=None, return_dtype=pl.String
    )
    rows = references(conn, "company", rows, company_object, "company_record_id", "company_id")
    kept = rows.select("hub_id", *KEY, "modified_at", *_FIELDS)
    return kept.with_columns(demoted=pl.lit(value=False))


def _leads(conn: Connection, ids: pl.DataFrame) -> pl.DataFrame:
    rows = members(conn, "contact", src_lead, ids)
    rows = references(conn, "company", rows, pl.col("object"), "record_id", "company_id")
    return rows.select("hub_id", *KEY, "modified_at", *_FIELDS, demoted=pl.lit(value=True))


def _moved(context: Context, since: int) -> list[Select[tuple[str]]]:
    """Contacts whose record points to a company record that changed its hub id or left."""
    person = crosswalk.alias("person")
    objects, system = context.company_objects, src_contact.c.system
    # CASE needs a WHEN: where no system tells of companies, no record points to one.
    company_object = case(objects, value=system, else_=literal("")) if objects else literal("")
    queries = []
    for company, when in moved("company", since):
        by_record = (
            select(person.c.hub_id)
            .join_from(person, src_contact, _same_row(person, src_contact))
            .join(
                company,
                (company.c.system == src_contact.c.system)
                & (company.c.object == company_object)
                & (company.c.record_id == src_contact.c.company_record_id),
            )
        )
        by_lead = select(person.c.hub_id).join_from(person, company, _same_row(person, company))
        queries += [q.where(person.c.entity == "contact", when) for q in (by_record, by_lead)]
    return queries


def _same_row(left: FromClause, right: FromClause) -> ColumnElement[bool]:
    return (
        (left.c.system == right.c.system)
        & (left.c.object == right.c.object)
        & (left.c.record_id == right.c.record_id)
    )
