"""Lead assignments in the warehouse: which leads to route again, and writing who got them."""

from collections import Counter
from typing import Any

import polars as pl
from sqlalchemy import Connection, select, union
from sqlalchemy.sql import Select

from hub.golden.scope import on_key
from hub.golden.write import remove, write
from hub.models import bulk
from hub.models.frames import frame_schema
from hub.models.golden import HISTORIES, lead, lead_assignment, partner, registration
from hub.models.identity import crosswalk
from hub.models.runs import Run
from hub.models.sources import src_opportunity
from hub.policy import decisions
from hub.policy.answers import Answers, answered, answers, with_status
from hub.policy.partners import living_partners
from hub.policy.routing import ASSIGNED_BEFORE, BY_TERRITORY, Candidate, route
from hub.policy.settings import Policy


def govern_leads(conn: Connection, policy: Policy, run: Run, since: int) -> int:
    """Route the leads touched after run `since`, and note what partners made of theirs; returns how
    many assignments were written."""
    followed = _follow_merges(conn, run)
    ids = _touched(conn, since)
    if not ids.height:
        return followed
    said = answers(conn, ids)
    routed, made = _route_all(conn, policy, ids, said)
    numbers = decisions.record(conn, made, policy.version, run)
    routed = routed.with_columns(pl.Series("decision_id", list(numbers), dtype=pl.Int64))
    with bulk.staged(conn, ids, lead_assignment) as wanted:
        standing = bulk.read(
            conn, select(lead_assignment).where(lead_assignment.c.id == wanted.c.id)
        ).drop("run")
    kept = standing.join(routed, on="id", how="anti")
    frame = pl.concat([kept, routed], how="diagonal_relaxed")
    written = write(conn, lead_assignment, with_status(frame, said), run)
    return followed + written + remove(conn, lead_assignment, _gone(conn, ids), run)


def _route_all(
    conn: Connection, policy: Policy, ids: pl.DataFrame, said: Answers
) -> tuple[pl.DataFrame, list[decisions.Decision]]:
    """The leads that someone else has now, or has for another reason, and a decision for each."""
    partners = _partners(conn)
    current = bulk.read(conn, select(lead_assignment))
    held = dict(current.select("id", "partner_id").iter_rows())
    reasons = dict(current.select("id", "reason").iter_rows())
    load = Counter(current["partner_id"].drop_nulls().to_list())
    protected = _protected(conn)
    rows: list[dict[str, Any]] = []
    made: list[decisions.Decision] = []
    for row in _leads(conn, ids, policy).iter_rows(named=True):
        holder = held.get(row["id"])
        result = route(
            row,
            partners,
            policy.routing,
            protected_by=_protector(protected, row),
            held_by=holder,
            load=load,
            returned_by=said.returned.get(row["id"], frozenset()),
        )
        if result.partner_id == holder and _stands(result.rule, reasons.get(row["id"])):
            continue
        load.subtract([holder] if holder else [])
        load.update([result.partner_id] if result.partner_id else [])
        inputs = {k: row[k] for k in ("country", "product", "company_id", "status")}
        made.append(
            decisions.Decision(
                *("lead", row["id"], "assignment", result.partner_id or "none", result.rule),
                inputs,
                result.candidates,
            )
        )
        rows.append({"id": row["id"], "partner_id": result.partner_id, "reason": result.rule})
    schema = frame_schema(lead_assignment, {"id", "partner_id", "reason"})
    return pl.DataFrame(rows, schema=schema), made


def _follow_merges(conn: Connection, run: Run) -> int:
    """Leads of a partner that was merged into another are that one's, whatever their status."""
    gone = select(lead_assignment.c.partner_id).where(
        lead_assignment.c.partner_id.is_not(None),
        lead_assignment.c.partner_id.not_in(select(partner.c.id)),
    )
    became = dict(living_partners(conn, set(conn.scalars(gone.distinct()))))
    if not became:
        return 0
    rows = bulk.read(
        conn, select(lead_assignment).where(lead_assignment.c.partner_id.in_(list(became)))
    ).drop("run")
    return write(
        conn, lead_assignment, rows.with_columns(pl.col("partner_id").replace(became)), run
    )


def _stands(rule: str, reason: str | None) -> bool:
    """Whether a decision made for `reason` is still the decision under `rule`."""
    kept_since = rule == ASSIGNED_BEFORE and reason == BY_TERRITORY
    return rule == reason or kept_since


def _touched(conn: Connection, since: int) -> pl.DataFrame:
    """Leads that changed; and those that a changed partner or registration may concern."""
    renewed = select(partner.c.id).where(partner.c.run > since)
    queries = [
        select(lead.c.id).where(lead.c.run > since),
        select(lead_assignment.c.id).where(lead_assignment.c.id.not_in(select(lead.c.id))),
        select(lead_assignment.c.id).where(
            lead_assignment.c.partner_id.is_(None), renewed.exists()
        ),
        select(lead_assignment.c.id).where(lead_assignment.c.partner_id.in_(renewed)),
        select(lead_assignment.c.id).where(
            lead_assignment.c.partner_id.is_not(None),
            lead_assignment.c.partner_id.not_in(select(partner.c.id)),
        ),
        *_claimed(since),
        answered(since),
    ]
    found = union(*queries).subquery()
    return bulk.read(conn, select(found.c.id))


def _claimed(since: int) -> list[Select[tuple[str]]]:
    """Leads of companies for which a registration changed, or changed before it left."""
    history = HISTORIES["registration"]
    told_anew = select(crosswalk.c.hub_id).where(
        on_key(src_opportunity, "registration"), src_opportunity.c.run > since
    )
    changed = select(registration.c.id).where(registration.c.run > since)
    return [
        select(lead.c.id).where(
            lead.c.company_id == history.c.company_id, history.c.id.in_(registrations)
        )
        for registrations in (changed, told_anew)
    ]


def _gone(conn: Connection, ids: pl.DataFrame) -> pl.DataFrame:
    """Leads that are no more; a closed lead keeps saying who got it."""
    with bulk.staged(conn, ids, lead) as wanted:
        living = bulk.read(conn, select(lead.c.id).where(lead.c.id == wanted.c.id))
    return ids.join(living, on="id", how="anti")


def _leads(conn: Connection, ids: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    with bulk.staged(conn, ids, lead) as wanted:
        query = (
            select(lead)
            .where(lead.c.id == wanted.c.id, lead.c.status.in_(policy.routing.lead_statuses))
            .order_by(lead.c.id)
        )
        return bulk.read(conn, query)


def _partners(conn: Connection) -> list[Candidate]:
    rows = bulk.read(conn, select(partner).order_by(partner.c.id))
    return [
        Candidate(
            row["id"],
            row["tier"],
            row["status"],
            frozenset(filter(None, (row["territories"] or "").split(";"))),
        )
        for row in rows.iter_rows(named=True)
    ]


def _protected(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    """Customer company id → its approved registrations, earliest first."""
    rows = bulk.read(
        conn,
        select(
            *(registration.c[n] for n in ("id", "company_id", "partner_id", "product")),
            registration.c.submitted_at,
        ).where(
            registration.c.status == "approved",
            registration.c.company_id.is_not(None),
            registration.c.partner_id.is_not(None),
        ),
    ).sort("submitted_at", "id", nulls_last=True)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["company_id"], []).append(row)
    return found


def _protector(protected: dict[str, list[dict[str, Any]]], row: dict[str, Any]) -> str | None:
    """The partner whose approved registration covers the lead's customer and product, if any."""
    for claim in protected.get(row["company_id"] or "", []):
        ours, theirs = row["product"], claim["product"]
        if not ours or not theirs or ours.casefold() == theirs.casefold():
            return str(claim["partner_id"])
    return None
