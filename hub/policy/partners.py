"""Whose system a partner's own CRM is: `partner` of hub.yaml as the hub id of one partner.

What the reference says is followed through merges, never guessed: a system whose partner is not
known for certain gets nothing, and says why.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from hub.config import Settings
from hub.models.golden import company, partner
from hub.models.identity import crosswalk, identity_alias
from hub.models.partners import lead_share, partner_system
from hub.models.runs import Run
from hub.models.sources import src_company

_HUB_ID = re.compile(r"(?:pa|co)_\d{8,}\Z")


@dataclass(frozen=True)
class Standing:
    """The partner that a reference stands for, or why it stands for none."""

    partner_id: str | None
    problem: str | None = None
    remedy: str | None = None


def partner_systems(settings: Settings) -> dict[str, str]:
    """System that is a partner's own → the reference to its partner."""
    return {
        name: str(system.partner)
        for name, system in settings.systems.items()
        if system.role == "partner"
    }


def settle_partner_systems(conn: Connection, settings: Settings, run: Run) -> bool:
    """Bring `partner_system` up to date; returns whether anything about it changed."""
    configured = partner_systems(settings)
    known = {row.system: row for row in conn.execute(select(partner_system))}
    changed = _forget(conn, set(known).intersection(settings.systems) - set(configured))
    for system, reference in configured.items():
        before = known.get(system)
        now = _standing(conn, settings, reference)
        if before is not None and before.reference == reference:
            now = _unmoved(conn, now, before.partner_id)
        told = {
            "reference": reference,
            "partner_id": now.partner_id,
            "problem": now.problem,
            "remedy": now.remedy,
        }
        if before is None:
            conn.execute(partner_system.insert().values(system=system, run=run.number, **told))
        elif any(getattr(before, name) != value for name, value in told.items()):
            conn.execute(
                update(partner_system)
                .where(partner_system.c.system == system)
                .values(run=run.number, **told)
            )
        else:
            continue
        changed = True
    return changed


def problems(conn: Connection) -> dict[str, str]:
    """System → why nothing is written to it, with what to do about it."""
    rows = conn.execute(
        select(partner_system)
        .where(partner_system.c.problem.is_not(None))
        .order_by(partner_system.c.system)
    )
    return {row.system: f"{row.problem} Remedy: {row.remedy}" for row in rows}


def living_partners(conn: Connection, partner_ids: set[str]) -> Mapping[str, str]:
    """Of partners that were merged away: their id → that of the partner they became."""
    companies = {_company_id(one): one for one in partner_ids}
    rows = conn.execute(
        select(identity_alias.c.old_id, identity_alias.c.hub_id).where(
            identity_alias.c.old_id.in_(list(companies))
        )
    )
    return {companies[row.old_id]: _partner_id(row.hub_id) for row in rows}


def _forget(conn: Connection, systems: set[str]) -> bool:
    """Systems that are no partner's any more, though they are still configured."""
    for table in (partner_system, lead_share):
        conn.execute(delete(table).where(table.c.system.in_(sorted(systems))))
    return bool(systems)


def _standing(conn: Connection, settings: Settings, reference: str) -> Standing:
    system, _, rest = reference.partition("/")
    if _HUB_ID.match(reference):
        found = {_company_id(reference)}
        what = f"the hub id {reference}"
    elif rest and system in settings.systems:
        obj, _, record_id = rest.partition("/")
        found = _by_record(conn, system, obj, record_id)
        what = f"the record {record_id} of {system}/{obj}"
    else:
        found = _by_account_number(conn, settings, reference)
        what = f"the account number {reference}"
    return _judged(conn, what, found)


def _by_record(conn: Connection, system: str, obj: str, record_id: str) -> set[str]:
    return set(
        conn.scalars(
            select(crosswalk.c.hub_id).where(
                crosswalk.c.entity == "company",
                crosswalk.c.system == system,
                crosswalk.c.object == obj,
                crosswalk.c.record_id == record_id,
            )
        )
    )


def _by_account_number(conn: Connection, settings: Settings, number: str) -> set[str]:
    """A partner's own system does not get to say who has which account number with us."""
    return set(
        conn.scalars(
            select(crosswalk.c.hub_id)
            .join(
                src_company,
                (src_company.c.system == crosswalk.c.system)
                & (src_company.c.object == crosswalk.c.object)
                & (src_company.c.record_id == crosswalk.c.record_id),
            )
            .where(
                crosswalk.c.entity == "company",
                src_company.c.account_no == number,
                src_company.c.is_deleted.is_(False),
                src_company.c.system.not_in(list(partner_systems(settings))),
            )
        )
    )


def _judged(conn: Connection, what: str, company_ids: set[str]) -> Standing:
    """One company that is a partner, or a problem."""
    hub_ids = {_living(conn, one) for one in company_ids}
    if len(hub_ids) > 1:
        told = ", ".join(sorted(map(_partner_id, hub_ids)))
        return Standing(
            None,
            f"{what} stands for several companies: {told}.",
            "name one of them as `partner`, or merge them: `hub review`",
        )
    ids = [_partner_id(one) for one in hub_ids]
    if ids and conn.scalar(select(partner.c.id).where(partner.c.id == ids[0])):
        return Standing(ids[0])
    name = conn.scalar(select(company.c.name).where(company.c.id.in_(list(hub_ids))))
    if name is not None:
        return Standing(
            None,
            f"{what} stands for {name}, which is no partner.",
            "give the company a partner type, tier or status in the vendor's CRM",
        )
    return Standing(
        None,
        f"no company is known by {what}.",
        "name a hub id, SYSTEM/OBJECT/RECORD or an account number as `partner` in hub.yaml",
    )


def _unmoved(conn: Connection, now: Standing, before: str | None) -> Standing:
    """The same reference must not come to stand for somebody else by itself."""
    if before is None:
        return now
    merged = living_partners(conn, {before}).get(before, before)
    if now.partner_id in (None, merged):
        # Kept while unknown, so that one who answers in his place later is found out.
        return now if now.partner_id else Standing(before, now.problem, now.remedy)
    return Standing(
        before,
        f"the reference stood for {merged} and now stands for {now.partner_id}.",
        f"if that is right, write `partner: {now.partner_id}` in hub.yaml",
    )


def _living(conn: Connection, company_id: str) -> str:
    alias = conn.scalar(
        select(identity_alias.c.hub_id).where(identity_alias.c.old_id == company_id)
    )
    return company_id if alias is None else str(alias)


def _company_id(hub_id: str) -> str:
    return re.sub(r"^pa_", "co_", hub_id)


def _partner_id(company_id: str) -> str:
    return re.sub(r"^co_", "pa_", company_id)
