"""Registrations and opportunities that may be one deal: which are in doubt, and naming two of them.

Deals are not merged as companies and persons are: a judgement says which opportunity a registration
is tied to, and which it is not.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from hub.config import MatchingSettings
from hub.errors import HubError
from hub.identity.among import given_ids
from hub.identity.bands import REVIEW
from hub.identity.ids import Row
from hub.identity.links import read_decisions
from hub.models import bulk
from hub.models.golden import opportunity, registration
from hub.models.identity import crosswalk
from hub.policy.registration import LIVE, Candidate
from hub.policy.ties import possible_ties
from hub.stewardship.decisions import Contradiction, Decision, Edge, Standing
from hub.stewardship.names import Side

_TABLES = {"re_": registration, "op_": opportunity}


@dataclass(frozen=True)
class Deal:
    """A registration or an opportunity, its golden row, and the record that it is."""

    told: Mapping[str, Any]
    row: Row

    @property
    def side(self) -> Side:
        hub_id = str(self.told["id"])
        return Side(hub_id, (self.row,), hub_id, whole=False)


def is_deal(name: str) -> bool:
    return name[:3] in _TABLES and "/" not in name


def two_deals(conn: Connection, a: str, b: str) -> tuple[Deal, Deal]:
    """The registration and the opportunity that are named, in that order.

    Raises HubError unless they are one of each, of one customer, and the opportunity is the
    vendor's.
    """
    by_kind = {name[:3]: name for name in (a, b)}
    if set(by_kind) != set(_TABLES):
        raise HubError(
            f"'{a}' and '{b}' are not a registration and an opportunity.",
            remedy="name one of each by its hub id: re_00000001 op_00000001",
        )
    claim, deal = (_named(conn, by_kind[prefix]) for prefix in _TABLES)
    if deal.told["partner_id"] is not None:
        raise HubError(
            f"{by_kind['op_']} is a deal in a partner's own system.",
            remedy="name an opportunity of the vendor's",
        )
    ours, theirs = claim.told["company_id"], deal.told["company_id"]
    if ours is None or ours != theirs:
        raise HubError(
            f"{by_kind['re_']} is of {ours or 'no customer'}, {by_kind['op_']} of "
            f"{theirs or 'no customer'}: deals of two customers are never one.",
            remedy=f"judge the customers first: hub review same {ours} {theirs}"
            if ours and theirs
            else "link the customer in the CRM first",
        )
    return claim, deal


def only_one(standing: Standing, decision: Decision) -> None:
    """A registration is one opportunity. Raises Contradiction where it is decided to be another."""
    [(claim, deal)] = decision.pairs
    others = [edge for edge in standing.same_as(claim) if edge.other(claim) != deal]
    if decision.judgement == "same" and others:
        raise Contradiction(Edge(decision, (claim, deal)), others)


def candidates_of(
    conn: Connection, registration_ids: Collection[str], matching: MatchingSettings
) -> dict[str, list[Candidate]]:
    """By registration: the opportunities of its customer, and how much speaks for each."""
    with given_ids(conn, registration_ids) as given:
        rows = bulk.read(conn, select(registration).where(registration.c.id.in_(given)))
    return possible_ties(conn, rows, read_decisions(conn, "deal"), matching).candidates


def in_doubt(
    conn: Connection, matching: MatchingSettings
) -> list[tuple[Mapping[str, Any], Candidate]]:
    """The live registrations of which nobody knows what they are tied to, each with the opportunity
    that it may be."""
    r = registration.c
    query = select(registration).where(r.doubted_opportunity_id.is_not(None), r.status.in_(LIVE))
    asked = {row["id"]: dict(row) for row in conn.execute(query.order_by(r.id)).mappings()}
    candidates = candidates_of(conn, asked, matching)
    return [
        (told, one)
        for hub_id, told in asked.items()
        for one in candidates.get(hub_id, ())
        if one.opportunity_id == told["doubted_opportunity_id"] and one.verdict == REVIEW
    ]


def _named(conn: Connection, hub_id: str) -> Deal:
    table = _TABLES[hub_id[:3]]
    told = conn.execute(select(table).where(table.c.id == hub_id)).mappings().first()
    x = crosswalk.c
    row = conn.execute(
        select(x.system, x.object, x.record_id)
        .where(x.entity == table.name, x.hub_id == hub_id)
        .order_by(x.system, x.object, x.record_id)
    ).first()
    if told is None or row is None:
        raise HubError(
            f"There is no {table.name} {hub_id}.", remedy=f"look it up in the table `{table.name}`"
        )
    return Deal(dict(told), (row.system, row.object, row.record_id))
