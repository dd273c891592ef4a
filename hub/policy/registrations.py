"""Registrations in the warehouse: which to look at again, and writing what the rules say."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, and_, or_, select, union
from sqlalchemy.sql import Select

from hub.config import Settings
from hub.golden.companies import partner_id
from hub.golden.context import Context
from hub.golden.minting import mint
from hub.golden.opportunities import is_registration
from hub.golden.scope import KEY, ids_of, members, moved, on_key, references
from hub.golden.singles import changed_rows
from hub.golden.write import remove, write
from hub.identity.deals import TOLD
from hub.identity.links import Decisions, mark_applied, read_decisions
from hub.identity.model import NATS
from hub.models import bulk
from hub.models.frames import frame_schema
from hub.models.golden import opportunity, partner, registration
from hub.models.identity import crosswalk
from hub.models.runs import Run
from hub.models.sources import src_opportunity
from hub.policy import decisions
from hub.policy.registration import UNMAPPED, Candidate, Tie, choose, standing
from hub.policy.settings import Policy, RegistrationPolicy
from hub.policy.ties import Ties, possible_ties


def govern_registrations(
    conn: Connection, settings: Settings, policy: Policy, run: Run, since: int
) -> int:
    """Rebuild the registrations touched after run `since`; returns how many were written."""
    context = Context.of(settings)
    today = run.started_at.date()
    changed = changed_rows(conn, src_opportunity, since)
    registered = changed.filter(~pl.col("is_deleted") & is_registration(context))
    mint(conn, "registration", "re", registered, registration, run)
    judged = read_decisions(conn, "deal")
    ids = _touched(conn, context, since, today, judged)
    mark_applied(conn, judged, run.number)
    if not ids.height:
        return 0
    rows = _rows(conn, settings, context, ids)
    before = _before(conn, ids)
    ties = possible_ties(conn, rows, judged, settings.matching)
    governed: list[dict[str, Any]] = []
    made: list[decisions.Decision] = []
    for row in rows.iter_rows(named=True):
        now, reasons = _govern_one(row, before.get(row["id"], {}), ties, policy.registration, today)
        governed.append(now)
        made.extend(reasons)
    golden = pl.DataFrame(governed, schema=frame_schema(registration, _WRITTEN))
    gone = ids.rename({"hub_id": "id"}).join(golden, on="id", how="anti")
    written = write(conn, registration, golden, run)
    remove(conn, registration, gone, run)
    decisions.record(conn, made, policy.version, run)
    return written


def _govern_one(
    row: Mapping[str, Any],
    before: Mapping[str, Any],
    ties: Ties,
    policy: RegistrationPolicy,
    today: date,
) -> tuple[dict[str, Any], list[decisions.Decision]]:
    """One registration as it stands now, and a decision for each thing that is decided anew."""
    stands = standing(row["status"], row["submitted_at"], row["approved_at"], policy, today)
    key = row["id"]
    candidates = ties.candidates.get(key, [])
    tie = choose(
        candidates,
        judged=ties.judged.get(key),
        keyed=ties.keyed.get(key),
        tied=before.get("opportunity_id"),
    )
    now = {
        **{name: row[name] for name in _CARRIED},
        "status": stands.status,
        "protected_until": stands.protected_until,
        "opportunity_id": tie.opportunity_id,
        "doubted_opportunity_id": tie.doubted,
        "note": _note(row, tie, stands.rule),
    }
    made = []
    if any(before.get(name) != now[name] for name in ("status", "protected_until")):
        inputs = {k: row[k] for k in ("status", "submitted_at", "approved_at", "partner_id")}
        made.append(
            decisions.Decision("registration", key, "status", stands.status, stands.rule, inputs)
        )
    if not before or any(before.get(name) != now[name] for name in _TIED):
        inputs = {k: row[k] for k in ("company_id", *TOLD)}
        made.append(
            decisions.Decision(
                *("registration", key, "opportunity", tie.opportunity_id or "none", tie.rule),
                inputs,
                [_told(one) for one in candidates],
            )
        )
    return now, made


_CARRIED = (
    *("id", "name", "partner_id", "company_id", "product", "amount", "currency", "close_date"),
    *("submitted_at", "approved_at", "system"),
)
_TIED = ("opportunity_id", "doubted_opportunity_id")
_WRITTEN = (*_CARRIED, "status", "protected_until", *_TIED, "note")


def _told(candidate: Candidate) -> dict[str, Any]:
    """A candidate as the decision log keeps it."""
    told = {"id": candidate.opportunity_id, "verdict": candidate.verdict}
    if candidate.odds is None:
        return told
    return {**told, "log_odds": candidate.odds / NATS, "fields": json.loads(candidate.evidence)}


def _note(row: Mapping[str, Any], tie: Tie, rule: str) -> str | None:
    """What the people at the registration should know, in words; None when all is well."""
    if row["partner_id"] is None:
        return "No partner is linked to this registration; add the registering partner."
    if row["status"] == UNMAPPED:
        return f"Stage '{row['stage']}' has no status; add it under `registrations.stages`."
    if row["company_id"] is None:
        return "No customer is linked to this registration; add the customer as primary company."
    if rule.startswith("no_"):
        return f"Approved, but {rule.removeprefix('no_')} is empty: protection cannot be dated."
    if tie.opportunity_id is None and row["status"] == "approved":
        if tie.doubted is not None:
            return "An open opportunity of this customer may be this deal: a steward is asked."
        return "No open opportunity for this customer and product yet."
    return None


# -- what to look at ---------------------------------------------------------------------------


def _touched(
    conn: Connection, context: Context, since: int, today: date, judged: Decisions
) -> pl.DataFrame:
    """Registrations whose record, companies or opportunities changed or left, that a steward spoke
    about, or that expire."""
    queries = [
        select(crosswalk.c.hub_id).where(
            on_key(src_opportunity, "registration"), src_opportunity.c.run > since
        ),
        *_by_company(context, since),
        *_by_partner(context, since),
        *_by_opportunity(since),
        select(registration.c.id).where(
            and_(registration.c.status == "approved", registration.c.protected_until < today)
        ),
    ]
    found = union(*queries).subquery()
    spoken = pl.DataFrame(sorted(judged.news), schema=dict.fromkeys(KEY, pl.String), orient="row")
    told = ids_of(conn, "registration", spoken).select("hub_id")
    return pl.concat([bulk.read(conn, select(found.c.hub_id)), told]).unique()


def _by_company(context: Context, since: int) -> list[Select[tuple[str]]]:
    """The record of the customer or of the partner stands for another company now."""
    return [
        select(crosswalk.c.hub_id).where(
            on_key(src_opportunity, "registration"),
            when,
            company.c.system == src_opportunity.c.system,
            company.c.object.in_(sorted(set(context.company_objects.values()))),
            or_(
                company.c.record_id == src_opportunity.c.company_record_id,
                company.c.record_id == src_opportunity.c.partner_record_id,
            ),
        )
        for company, when in moved("company", since)
    ]


def _by_partner(context: Context, since: int) -> list[Select[tuple[str]]]:
    """The company that registered has become a partner, or is one no longer."""
    company = crosswalk.alias("company")
    became = select(crosswalk.c.hub_id).where(
        on_key(src_opportunity, "registration"),
        partner.c.run > since,
        partner.c.company_id == company.c.hub_id,
        company.c.entity == "company",
        company.c.system == src_opportunity.c.system,
        company.c.object.in_(sorted(set(context.company_objects.values()))),
        company.c.record_id == src_opportunity.c.partner_record_id,
    )
    left = select(registration.c.id).where(
        registration.c.partner_id.is_not(None),
        registration.c.partner_id.not_in(select(partner.c.id)),
    )
    return [became, left]


def _by_opportunity(since: int) -> list[Select[tuple[str]]]:
    """An opportunity of the customer, the tied one, or one that carries the key has changed."""
    changed = select(registration.c.id).where(
        opportunity.c.run > since,
        or_(
            opportunity.c.company_id == registration.c.company_id,
            opportunity.c.id == registration.c.opportunity_id,
        ),
    )
    left = select(registration.c.id).where(
        registration.c.opportunity_id.is_not(None),
        registration.c.opportunity_id.not_in(select(opportunity.c.id)),
    )
    carried = select(registration.c.id).where(
        registration.c.id == src_opportunity.c.hub_key, src_opportunity.c.run > since
    )
    return [changed, left, carried]


def _rows(
    conn: Connection, settings: Settings, context: Context, ids: pl.DataFrame
) -> pl.DataFrame:
    """Registration rows with partner and customer as hub ids, and the status their stage means."""
    rows = members(conn, "registration", src_opportunity, ids).filter(is_registration(context))
    company_object = pl.col("system").replace_strict(
        dict(context.company_objects), default=None, return_dtype=pl.String
    )
    rows = references(conn, "company", rows, company_object, "company_record_id", "company_id")
    rows = references(conn, "company", rows, company_object, "partner_record_id", "partner_company")
    living = bulk.read(conn, select(partner.c.id))["id"]
    claimed = partner_id(pl.col("partner_company"))
    stages = {
        (system, obj, stage): status
        for system, objects in settings.mappings.items()
        for obj, mapping in objects.items()
        if mapping.registrations is not None
        for stage, status in mapping.registrations.stages.items()
    }
    status = [
        stages.get((r["system"], r["object"], r["stage"]), UNMAPPED)
        for r in rows.select("system", "object", "stage").iter_rows(named=True)
    ]
    return rows.with_columns(
        pl.Series("status", status, dtype=pl.String),
        partner_id=pl.when(claimed.is_in(living.implode())).then(claimed),
        submitted_at=pl.coalesce("submitted_at", "created_at"),
    ).rename({"hub_id": "id"})


def _before(conn: Connection, ids: pl.DataFrame) -> dict[str, dict[str, Any]]:
    with bulk.staged(conn, ids.rename({"hub_id": "id"}), registration) as wanted:
        rows = bulk.read(conn, select(registration).where(registration.c.id == wanted.c.id))
    return {row["id"]: row for row in rows.iter_rows(named=True)}
