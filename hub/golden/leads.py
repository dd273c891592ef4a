"""Golden leads: who asked for what, tied to the person, the employer and where it was born."""

import polars as pl
from sqlalchemy import Connection, select

from hub.golden.acceptances import with_accepted
from hub.golden.assigned_leads import recognise_copies
from hub.golden.context import Context
from hub.golden.lineage import write_lineage
from hub.golden.minting import mint
from hub.golden.scope import members, references
from hub.golden.singles import changed_rows, touched_by_reference, touched_singles
from hub.golden.survivorship import survive
from hub.golden.write import remove, write
from hub.models import bulk
from hub.models.golden import lead
from hub.models.runs import Run
from hub.models.sources import src_lead

_FIELDS = (
    *("name", "company_name", "email", "country", "postal_code", "product", "status", "source"),
    *("company_id", "contact_id", "created_at"),
)


def unify_leads(conn: Connection, context: Context, run: Run, since: int) -> int:
    """Rebuild the leads touched after run `since`; returns how many were written.

    Partners' copies are recognised on the way: they are evidence of what a partner made of a lead,
    never of the lead itself.
    """
    recognise_copies(conn, run, since)
    changed = changed_rows(conn, src_lead, since)
    mint(conn, "lead", "ld", changed.filter(~pl.col("is_deleted")), lead, run)
    ids = touched_singles(conn, "lead", src_lead, since, follows=("company", "contact"))
    moved = touched_by_reference(conn, "lead", src_lead, since, "contact_record_id", "contact")
    ids = pl.concat([ids, moved]).unique()
    if not ids.height:
        return 0
    rows = _rows(conn, context, ids)
    found = survive(rows, _FIELDS, context.priorities, context.authorities.get("lead", {}))
    found = with_accepted(conn, context, "lead", rows, found, ids, run)
    born = _birthplaces(conn, rows)
    golden = found.rows.join(born, on="hub_id").rename({"hub_id": "id"})
    gone = ids.rename({"hub_id": "id"}).join(golden, on="id", how="anti")
    written = write(conn, lead, golden, run)
    remove(conn, lead, gone, run)
    write_lineage(conn, "lead", found.lineage, ids, run)
    return written


def _rows(conn: Connection, context: Context, ids: pl.DataFrame) -> pl.DataFrame:
    rows = members(conn, "lead", src_lead, ids)
    full_name = pl.concat_str("first_name", "last_name", separator=" ", ignore_nulls=True)
    rows = rows.with_columns(
        name=pl.coalesce("name", pl.when(full_name != "").then(full_name)),
        # A lead record that only points to a contact speaks of that contact.
        person_object=pl.when(pl.col("contact_record_id").is_not_null())
        .then(
            pl.col("system").replace_strict(
                dict(context.contact_objects), default=None, return_dtype=pl.String
            )
        )
        .otherwise("object"),
        person_record=pl.coalesce("contact_record_id", "record_id"),
    )
    rows = references(conn, "company", rows, pl.col("object"), "record_id", "company_id")
    return references(conn, "contact", rows, pl.col("person_object"), "person_record", "contact_id")


def _birthplaces(conn: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """hub_id → the system a lead was first seen in; once said, it stays."""
    with bulk.staged(conn, rows.select(pl.col("hub_id").alias("id")).unique(), lead) as wanted:
        said = bulk.read(
            conn, select(lead.c.id, lead.c.system).where(lead.c.id == wanted.c.id)
        ).rename({"id": "hub_id"})
    first = rows.sort("created_at", "system", "record_id", nulls_last=True)
    first = first.group_by("hub_id", maintain_order=True).agg(pl.col("system").first())
    return pl.concat([said, first.join(said, on="hub_id", how="anti")])
