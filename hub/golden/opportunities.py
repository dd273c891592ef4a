"""Golden opportunities: the vendor's own deals, and those that partners made of assigned leads;
registrations by partners are the policy's."""

import polars as pl
from sqlalchemy import Connection

from hub.golden.assigned_leads import shared_lately, with_partner
from hub.golden.context import Context
from hub.golden.minting import mint
from hub.golden.scope import members, references
from hub.golden.singles import changed_rows, touched_by_reference, touched_singles
from hub.golden.write import remove, write
from hub.models.golden import opportunity
from hub.models.runs import Run
from hub.models.sources import src_opportunity


def is_registration(context: Context) -> pl.Expr:
    """True for source rows of a pipeline in which partners register deals."""
    return pl.any_horizontal(
        pl.lit(value=False),
        *(
            (pl.col("system") == system)
            & (pl.col("object") == obj)
            & (pl.col("pipeline") == pipeline)
            for system, obj, pipeline in sorted(context.registration_pipelines)
        ),
    ).fill_null(value=False)


def unify_opportunities(conn: Connection, context: Context, run: Run, since: int) -> int:
    """Rebuild the opportunities touched after run `since`; returns how many were written."""
    changed = changed_rows(conn, src_opportunity, since)
    own = changed.filter(~pl.col("is_deleted") & ~is_registration(context))
    # The key a deal carries back is its registration's, never its own.
    own = own.with_columns(hub_key=pl.lit(None, dtype=pl.String))
    mint(conn, "opportunity", "op", own, opportunity, run)
    ids = touched_singles(conn, "opportunity", src_opportunity, since)
    moved = touched_by_reference(conn, "opportunity", src_opportunity, since, "company_record_id")
    ids = pl.concat([ids, moved, shared_lately(conn, since)]).unique()
    if not ids.height:
        return 0
    rows = members(conn, "opportunity", src_opportunity, ids).filter(~is_registration(context))
    company_object = pl.col("system").replace_strict(
        dict(context.company_objects), default=None, return_dtype=pl.String
    )
    rows = references(conn, "company", rows, company_object, "company_record_id", "company_id")
    golden = (
        with_partner(conn, rows)
        .with_columns(
            pl.col("is_closed").fill_null(value=False), pl.col("is_won").fill_null(value=False)
        )
        .rename({"hub_id": "id"})
    )
    gone = ids.rename({"hub_id": "id"}).join(golden, on="id", how="anti")
    written = write(conn, opportunity, golden, run)
    remove(conn, opportunity, gone, run)
    return written
