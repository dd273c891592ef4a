"""What a registration may be tied to: the opportunities of its customer, the one that carries its
key, and the one that a steward has named."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl
from sqlalchemy import Connection, select

from hub.config import MatchingSettings
from hub.golden.scope import KEY, ids_of, on_key
from hub.identity.bands import band
from hub.identity.deals import THERE, TOLD, alike
from hub.identity.links import Decisions, Pair
from hub.identity.model import load_model
from hub.models import bulk
from hub.models.golden import opportunity
from hub.models.identity import crosswalk
from hub.models.sources import src_opportunity
from hub.policy.registration import PARTED, Candidate

ENDS = ("registration_id", "opportunity_id")
_FORBIDDEN = {"product": "other_product", "state": "closed"}
"""Field of the model → verdict."""


@dataclass(frozen=True)
class Ties:
    """By registration: the candidates in the order of their ids, the opportunity that a steward has
    named, and the one that carries the key."""

    candidates: dict[str, list[Candidate]]
    judged: dict[str, str]
    keyed: dict[str, str]


def possible_ties(
    conn: Connection, rows: pl.DataFrame, decisions: Decisions, matching: MatchingSettings
) -> Ties:
    """`rows` are registrations: id, company_id, and TOLD of `hub.identity.deals`."""
    together = judged_pairs(conn, decisions.same)
    parted = judged_pairs(conn, decisions.different)
    pairs = _pairs(conn, rows)
    model = load_model("deal")
    likely = alike(pairs.join(parted, on=ENDS, how="anti"), model)
    # What a steward has ruled out does not speak against the others.
    apart = alike(pairs.join(parted, on=ENDS, how="semi"), model).with_columns(
        odds=pl.lit(None, pl.Int64), veto=pl.lit(PARTED)
    )
    told = pl.concat([likely, apart]).select(*ENDS, "odds", "veto", "evidence").sort(ENDS)
    candidates: dict[str, list[Candidate]] = {}
    for claim, deal, odds, veto, evidence in told.iter_rows():
        verdict = band(odds, matching) if veto is None else _FORBIDDEN.get(veto, veto)
        candidates.setdefault(claim, []).append(Candidate(deal, odds, verdict, evidence))
    return Ties(candidates, dict(together.iter_rows()), _carriers(conn, rows))


def judged_pairs(conn: Connection, pairs: Collection[Pair]) -> pl.DataFrame:
    """ENDS of the pairs of records, older judgements first; what is gone is left out."""
    shape = [f"{side}_{name}" for side in ("left", "right") for name in KEY]
    told = pl.DataFrame(
        [(*one, *other) for one, other in pairs],
        schema=dict.fromkeys(shape, pl.String),
        orient="row",
    )
    for side, entity, end in zip(
        ("left", "right"), ("registration", "opportunity"), ENDS, strict=True
    ):
        records = told.select(pl.col(f"{side}_{name}").alias(name) for name in KEY)
        known = ids_of(conn, entity, records).rename({"hub_id": end})
        own = [f"{side}_{name}" for name in KEY]
        told = told.join(known, left_on=own, right_on=KEY, maintain_order="left")
    return told.select(ENDS)


def _pairs(conn: Connection, rows: pl.DataFrame) -> pl.DataFrame:
    """Each registration beside each of its customer's opportunities."""
    o = opportunity.c
    customers = rows.select("company_id").drop_nulls().unique()
    with bulk.staged(conn, customers, opportunity) as wanted:
        query = select(
            o.id.label("opportunity_id"),
            o.company_id,
            *(o[name].label(f"{name}{THERE}") for name in TOLD),
            o.is_closed,
        ).where(
            o.company_id == wanted.c.company_id,
            # A deal in a partner's own system is not ours to tie a claim to.
            o.partner_id.is_(None),
        )
        found = bulk.read(conn, query)
    claims = rows.select("company_id", *TOLD, registration_id="id")
    return claims.join(found, on="company_id")


def _carriers(conn: Connection, rows: pl.DataFrame) -> dict[str, str]:
    """Registration id → the opportunity that carries it as key, as told by its CRM."""
    keys = rows.select(pl.col("id").alias("hub_key")).unique()
    with bulk.staged(conn, keys, src_opportunity) as wanted:
        found = conn.execute(
            select(src_opportunity.c.hub_key, crosswalk.c.hub_id)
            .where(
                on_key(src_opportunity, "opportunity"),
                src_opportunity.c.hub_key == wanted.c.hub_key,
                src_opportunity.c.is_deleted.is_(False),
            )
            .order_by(crosswalk.c.hub_id.desc())
        ).all()
    return {row.hub_key: row.hub_id for row in found}
