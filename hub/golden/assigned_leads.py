"""Records in partners' own systems that stand for a lead of ours: recognised by the lead's key, and
only where the lead was shared with that very system.

A key that a partner's record carries without having been given it says nothing.
"""

import polars as pl
from sqlalchemy import Connection, or_, select

from hub.golden.scope import KEY, on_key
from hub.models import bulk
from hub.models.identity import crosswalk
from hub.models.partners import lead_share, partner_system
from hub.models.runs import Run
from hub.models.sources import src_assigned_lead, src_opportunity

ENTITY = "assigned_lead"


def recognise_copies(conn: Connection, run: Run, since: int) -> None:
    """Tie the copies landed, or shared, after run `since` to their leads."""
    known = select(crosswalk.c.record_id).where(on_key(src_assigned_lead, ENTITY)).exists()
    told = bulk.read(
        conn,
        select(*(src_assigned_lead.c[k] for k in KEY), lead_share.c.hub_id)
        .join_from(
            src_assigned_lead,
            lead_share,
            (lead_share.c.system == src_assigned_lead.c.system)
            & (lead_share.c.hub_id == src_assigned_lead.c.hub_key),
        )
        .where(
            or_(src_assigned_lead.c.run > since, lead_share.c.run > since),
            src_assigned_lead.c.is_deleted.is_(False),
            ~known,
        ),
    )
    if told.height:
        bulk.insert(
            conn, crosswalk, told.with_columns(entity=pl.lit(ENTITY), run=pl.lit(run.number))
        )


def shared_lately(conn: Connection, since: int) -> pl.DataFrame:
    """`hub_id` of opportunities in systems that became another partner's after run `since`."""
    renewed = select(partner_system.c.system).where(partner_system.c.run > since)
    return bulk.read(
        conn,
        select(crosswalk.c.hub_id).where(
            on_key(src_opportunity, "opportunity"), crosswalk.c.system.in_(renewed)
        ),
    )


def with_partner(conn: Connection, opportunities: pl.DataFrame) -> pl.DataFrame:
    """`opportunities` (system, hub_key, …) with the partner whose system they are in, and the lead
    of ours that each became of, where it did."""
    systems = bulk.read(conn, select(partner_system.c.system, partner_system.c.partner_id))
    keys = opportunities.select("system", pl.col("hub_key").alias("hub_id")).drop_nulls().unique()
    with bulk.staged(conn, keys, lead_share) as wanted:
        shared = bulk.read(
            conn,
            select(lead_share.c.system, lead_share.c.hub_id.label("hub_key")).where(
                lead_share.c.system == wanted.c.system, lead_share.c.hub_id == wanted.c.hub_id
            ),
        )
    leads = shared.with_columns(lead_id=pl.col("hub_key"))
    return opportunities.join(systems, on="system", how="left").join(
        leads, on=["system", "hub_key"], how="left"
    )
