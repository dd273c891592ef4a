"""What is said outright about rows: told by a system, claimed by a hub key, judged by a steward.

Links bind rows, not values. Must-links join rows whatever their columns say; a steward's `same`
goes above a differing tax number. Cannot-links keep rows apart, directly and through others.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, or_, select, update

from hub.identity.among import among, given_ids, given_numbers, given_rows
from hub.identity.ids import Row
from hub.identity.mentions import ROW, Entity
from hub.identity.model import Scored
from hub.models.identity import (
    identity_alias,
    identity_decision,
    identity_event,
    identity_mention,
)

Pair = tuple[Row, Row]


@dataclass(frozen=True)
class Decisions:
    """A steward's standing judgements, older first, and the rows of those not yet applied.

    `made` and `withdrawn` are the numbers of those that were since.
    """

    same: tuple[Pair, ...]
    different: tuple[Pair, ...]
    news: frozenset[Row]
    made: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()


def read_decisions(conn: Connection, entity: Scored) -> Decisions:
    """All judgements that stand; one withdrawn since the last time counts as news only."""
    d = identity_decision.c
    left = (d.left_system, d.left_object, d.left_record_id)
    right = (d.right_system, d.right_object, d.right_record_id)
    query = (
        select(*left, *right, d.judgement, d.withdrawn_at, d.applied_run, d.id)
        .where(d.entity == entity)
        .where(or_(d.withdrawn_at.is_(None), d.withdrawn_run.is_(None)))
        .order_by(d.decided_at, d.id)
    )
    by_judgement: dict[str, list[Pair]] = {"same": [], "different": []}
    news: set[Row] = set()
    made, withdrawn = [], []
    for s1, o1, r1, s2, o2, r2, judgement, withdrawn_at, applied_run, number in conn.execute(query):
        pair: Pair = ((s1, o1, r1), (s2, o2, r2))
        if withdrawn_at is None:
            by_judgement[judgement].append(pair)
        else:
            withdrawn.append(number)
        if applied_run is None:
            made.append(number)
        if withdrawn_at is not None or applied_run is None:
            news.update(pair)
    same, different = (tuple(by_judgement[name]) for name in ("same", "different"))
    return Decisions(same, different, frozenset(news), tuple(made), tuple(withdrawn))


def mark_applied(conn: Connection, decisions: Decisions, run: int) -> None:
    """Those that were read, and no other that a steward has entered meanwhile."""
    d = identity_decision
    for numbers, applied in (
        (decisions.made, d.c.applied_run),
        (decisions.withdrawn, d.c.withdrawn_run),
    ):
        with given_numbers(conn, pl.Series(numbers, dtype=pl.Int64)) as given:
            if numbers:
                conn.execute(update(d).where(d.c.id.in_(given)).values({applied: run}))


def told_same(conn: Connection, entity: Entity, rows: pl.DataFrame | None = None) -> list[Pair]:
    """Pairs with one end in `rows` (mentions with their links; None: all there are) of which their
    system says that one became the other, or that they were merged."""
    m, n = identity_mention.alias("m"), identity_mention.alias("n")
    ends = [m.c[c] for c in ROW] + [n.c[c] for c in ROW]
    both = (
        (n.c.entity == m.c.entity)
        & (n.c.system == m.c.system)
        & m.c.profile.is_not(None)
        & n.c.profile.is_not(None)
    )
    became = both & (n.c.record_id == m.c.same_as) & (n.c.object != m.c.object)
    merged = both & (n.c.record_id == m.c.merged_into) & (n.c.object == m.c.object)
    found: set[Pair] = set()
    for link, said in (("same_as", became), ("merged_into", merged)):
        query = select(*ends).join_from(m, n, said)
        if rows is None:
            found.update(_pairs(conn, query.where(m.c.entity == entity)))
            continue
        for end, asked in ((m, rows.drop_nulls(link)), (n, rows)):
            with given_rows(conn, entity, asked) as given:
                if given != []:
                    found.update(_pairs(conn, query.where(among(end, given))))
    return sorted(found)


def _pairs(conn: Connection, query: Select[Any]) -> Iterator[Pair]:
    return (((a, b, c), (d, e, f)) for a, b, c, d, e, f in conn.execute(query))


def parents(mentions: pl.DataFrame) -> list[Pair]:
    """(child, parent) rows among company mentions: one system knows them as two companies."""
    children = mentions.filter(pl.col("refers_to").is_not_null())
    both = children.join(
        mentions.select(ROW),
        left_on=["system", "object", "refers_to"],
        right_on=["system", "object", "record_id"],
    ).filter(pl.col("record_id") != pl.col("refers_to"))
    return [
        ((system, kind, child), (system, kind, parent))
        for system, kind, child, parent in both.select(*ROW, "refers_to").iter_rows()
    ]


def standing_ids(conn: Connection, entity: Entity, claimed: Iterable[str]) -> dict[str, str]:
    """Claimed id → the id that answers for it, for ids of this entity that were ever issued."""
    wanted = sorted(set(claimed))
    if not wanted:
        return {}
    a, e = identity_alias.c, identity_event.c
    with given_ids(conn, wanted) as given:
        issued = select(e.hub_id).where(e.hub_id.in_(given), e.entity == entity, e.kind == "mint")
        known = set(conn.scalars(issued))
        moved = select(a.old_id, a.hub_id).where(a.old_id.in_(given))
        answers = {str(old): str(now) for old, now in conn.execute(moved)}
    return {hub_id: answers.get(hub_id, hub_id) for hub_id in wanted if hub_id in known}


def accepted(
    same: Iterable[Pair], told: Iterable[Pair], different: Iterable[Pair], rows: Iterable[Row]
) -> tuple[list[Pair], list[Pair]]:
    """The must-links that contradict no `different`, and those that do, in that order.

    Stewards speak first, older judgements before younger; `rows` limits all to what is at hand.
    """
    group = {row: {row} for row in rows}
    foes: dict[Row, set[Row]] = defaultdict(set)
    for a, b in different:
        if a in group and b in group:
            foes[a].add(b)
            foes[b].add(a)
    good: list[Pair] = []
    bad: list[Pair] = []
    for a, b in (*same, *told):
        if a not in group or b not in group:
            continue
        if group[a] is not group[b]:
            if any(foes[row] & group[b] for row in group[a]):
                bad.append((a, b))
                continue
            group[a] |= group[b]
            for row in group[b]:
                group[row] = group[a]
        good.append((a, b))
    return good, bad
