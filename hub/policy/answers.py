"""What partners made of the leads they were given: as their own systems, or their files, say."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select
from sqlalchemy.sql import Select

from hub.checks.codes import RETURNED
from hub.golden.scope import on_key
from hub.models import bulk
from hub.models.identity import crosswalk
from hub.models.partners import partner_system
from hub.models.sources import src_assigned_lead

OFFERED = "offered"


@dataclass(frozen=True)
class Answers:
    """`latest`: id, partner_id, answer, answer_reason, answer_note, one per lead and partner.
    `returned`: lead → the partners that gave it back."""

    latest: pl.DataFrame
    returned: Mapping[str, frozenset[str]]


def answers(conn: Connection, ids: pl.DataFrame) -> Answers:
    """What is answered about the leads `ids` (frame with `id`), by whomever had them."""
    named = ids.rename({"id": "hub_id"})
    with bulk.staged(conn, named, crosswalk) as wanted:
        said = bulk.read(
            conn,
            select(
                crosswalk.c.hub_id.label("id"),
                partner_system.c.partner_id,
                src_assigned_lead.c.status.label("answer"),
                src_assigned_lead.c.reason.label("answer_reason"),
                src_assigned_lead.c.note.label("answer_note"),
                *(src_assigned_lead.c[n] for n in ("modified_at", "system", "record_id")),
            )
            .join_from(crosswalk, src_assigned_lead, on_key(src_assigned_lead, "assigned_lead"))
            .join(partner_system, partner_system.c.system == crosswalk.c.system)
            .where(
                crosswalk.c.hub_id == wanted.c.hub_id,
                partner_system.c.partner_id.is_not(None),
                src_assigned_lead.c.status.is_not(None),
                src_assigned_lead.c.is_deleted.is_(False),
            ),
        )
    latest = said.sort("modified_at", "system", "record_id", nulls_last=False).unique(
        ["id", "partner_id"], keep="last", maintain_order=True
    )
    returned: dict[str, frozenset[str]] = {}
    for lead_id, partner_id in (
        latest.filter(pl.col("answer") == RETURNED).select("id", "partner_id").iter_rows()
    ):
        returned[lead_id] = returned.get(lead_id, frozenset()) | {partner_id}
    return Answers(latest.drop("modified_at", "system", "record_id"), returned)


def answered(since: int) -> Select[tuple[str]]:
    """Leads about which a partner says something new after run `since`, or another one now."""
    renewed = select(partner_system.c.system).where(partner_system.c.run > since)
    return select(crosswalk.c.hub_id.label("id")).where(
        on_key(src_assigned_lead, "assigned_lead"),
        (src_assigned_lead.c.run > since)
        | (crosswalk.c.run > since)
        | crosswalk.c.system.in_(renewed),
    )


def with_status(assignments: pl.DataFrame, said: Answers) -> pl.DataFrame:
    """Assignments (id, partner_id, …) with what the partner that has the lead made of it."""
    told = assignments.drop("status", "status_reason", "status_note", strict=False).join(
        said.latest, on=["id", "partner_id"], how="left", maintain_order="left"
    )
    held = pl.col("partner_id").is_not_null()
    return told.with_columns(
        status=pl.when(held).then(pl.coalesce("answer", pl.lit(OFFERED))),
        status_reason=pl.col("answer_reason"),
        status_note=pl.col("answer_note"),
    ).drop("answer", "answer_reason", "answer_note")
