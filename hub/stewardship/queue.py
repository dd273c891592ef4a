"""What waits for a steward: groups that may be one, groups that may be two, and contradictions.

A group is a company or person as it stands. What decides is the sum of evidence: between two groups
over all their records, and for a record over the rest of its group. Where that sum lies in the
review band the weights are in doubt. What somebody has decided is not asked again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import repeat
from typing import Literal

import polars as pl
from sqlalchemy import Connection, select

from hub.config import MatchingSettings
from hub.identity.bands import doubt
from hub.identity.ids import Row
from hub.identity.mentions import ROW, Entity
from hub.identity.model import NATS, Scored
from hub.identity.store import Store
from hub.identity.versions import model_in_use
from hub.models import bulk
from hub.models.identity import crosswalk, identity_decision, identity_mention, identity_pair
from hub.stewardship.deals import in_doubt
from hub.stewardship.pairs import compared
from hub.stewardship.stakes import Money, added, at_stake, weighed

Kind = Literal["join", "split", "conflict", "tie"]
_MOST_PROFILES = 60
"""Groups of more contents than this are compared by the pairs that are kept alone."""
_BETWEEN = ("a", "b")


@dataclass(frozen=True)
class Item:
    """One question. `a` and `b` are hub ids; for a split, `row` is the record that may not belong.

    `join`: are two groups one? `split`: does a record belong to its group? `conflict`: evidence
    says that two groups are one, and something forbids it (`veto`: the field). `tie`: is an
    opportunity (`b`) the deal that a partner has registered (`a`)? `total` is the sum
    of evidence in hundredths of a nat, `priority` what the queue is ordered by.
    """

    kind: Kind
    entity: Scored
    a: str
    b: str
    row: Row | None
    total: int
    veto: str | None
    doubt: float
    money: Money
    priority: float


def waiting(conn: Connection, entity: Scored, matching: MatchingSettings) -> list[Item]:
    """Everything in doubt about an entity, the dearest doubt first."""
    if entity == "deal":
        return _dearest(_ties(conn, matching))
    store = Store(conn, entity, 0)
    held = _held(conn, entity)
    pairs = _stored_pairs(conn, entity).join(
        held.rename({"profile": "left", "hub_id": "a"}), "left"
    )
    pairs = pairs.join(held.rename({"profile": "right", "hub_id": "b"}), "right")
    pairs = pairs.with_columns(a=pl.min_horizontal(_BETWEEN), b=pl.max_horizontal(_BETWEEN))
    between = _between(store, held, pairs.filter(pl.col("a") != pl.col("b")), matching)
    inside = _inside(store, held, pairs.filter(pl.col("a") == pl.col("b")), matching)
    asked = [*_joins(conn, entity, between, matching), *_splits(conn, entity, inside)]
    return _ordered(conn, asked, matching)


# -- what is known -----------------------------------------------------------------------------


def _held(conn: Connection, entity: Entity) -> pl.DataFrame:
    """(profile, hub_id), distinct: which groups have records of this content."""
    m, x = identity_mention.c, crosswalk.c
    same = [m[name] == x[name] for name in (*ROW, "entity")]
    query = select(m.profile, x.hub_id).where(m.entity == entity, m.profile.is_not(None), *same)
    return bulk.read(conn, query).unique()


def _stored_pairs(conn: Connection, entity: Entity) -> pl.DataFrame:
    p = identity_pair.c
    query = select(
        p.left_profile.label("left"), p.right_profile.label("right"), p.score, p.veto
    ).where(p.entity == entity)
    found = bulk.read(conn, query)
    return found.with_columns(score=(pl.col("score") * NATS).round().cast(pl.Int64))


def _between(
    store: Store, held: pl.DataFrame, pairs: pl.DataFrame, matching: MatchingSettings
) -> pl.DataFrame:
    """(a, b, total, veto) of groups that are not surely different."""
    likely = (
        pairs.group_by("a", "b")
        .agg(pl.col("score").sum(), pl.col("score").max().alias("best"))
        .filter(pl.col("best") >= matching.review_from * NATS)
    )
    crossed = (
        likely.select("a", "b")
        .join(held.rename({"hub_id": "a", "profile": "p"}), "a")
        .join(held.rename({"hub_id": "b", "profile": "q"}), "b")
        .with_columns(left=pl.min_horizontal("p", "q"), right=pl.max_horizontal("p", "q"))
        .filter(pl.len().over("a", "b") <= _MOST_PROFILES**2)
    )
    found = _scored(store, crossed, pairs).group_by("a", "b")
    summed = found.agg(total=pl.col("score").sum(), veto=pl.col("veto").drop_nulls().first())
    return summed.filter(pl.col("total") >= matching.review_from * NATS).sort("a", "b")


def _inside(
    store: Store, held: pl.DataFrame, pairs: pl.DataFrame, matching: MatchingSettings
) -> pl.DataFrame:
    """(a, profile, total, veto): per group the content that hangs on it by least, if in doubt."""
    several = held.filter(pl.len().over("hub_id").is_between(2, _MOST_PROFILES))
    both = several.join(several, "hub_id", suffix="_other").filter(
        pl.col("profile") < pl.col("profile_other")
    )
    crossed = both.select(a="hub_id", b="hub_id", left="profile", right="profile_other")
    scored = _scored(store, crossed, pairs)
    ends = [scored.select("a", "score", "veto", profile=end) for end in ("left", "right")]
    tied = pl.concat(ends).group_by("a", "profile")
    summed = tied.agg(total=pl.col("score").sum(), veto=pl.col("veto").drop_nulls().first())
    weakest = summed.sort("total", "profile").unique("a", keep="first", maintain_order=True)
    return weakest.filter(pl.col("total") <= matching.review_to * NATS).sort("a")


def _scored(store: Store, crossed: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """`crossed` (left, right, …) with the score and veto of each; what is not kept is made anew."""
    known = pairs.select("left", "right", "score", "veto").unique(["left", "right"])
    asked = crossed.filter(pl.col("left") != pl.col("right"))
    fresh = asked.join(known, on=["left", "right"], how="anti").select("left", "right").unique()
    if fresh.height:
        model = model_in_use(store.conn, store.entity)
        made = compared(store, model, fresh).select("left", "right", "score", "veto")
        known = pl.concat([known, made.cast({"score": pl.Int64})])
    return asked.join(known, on=["left", "right"])


# -- what is asked -----------------------------------------------------------------------------


def _joins(
    conn: Connection, entity: Entity, between: pl.DataFrame, matching: MatchingSettings
) -> Iterable[Item]:
    """Groups apart whose evidence is in doubt, or says that they are one."""
    settled = _settled(conn, entity)
    for a, b, total, veto in between.select("a", "b", "total", "veto").iter_rows():
        if frozenset((a, b)) in settled:
            continue
        strong = total > matching.review_to * NATS or veto is not None
        if strong and total <= 0:
            continue  # forbidden, and nothing speaks for it
        kind: Kind = "conflict" if strong else "join"
        yield Item(kind, entity, a, b, None, total, veto, 1.0 if strong else doubt(total), {}, 0)


def _splits(conn: Connection, entity: Entity, inside: pl.DataFrame) -> Iterable[Item]:
    """Records that hang on the rest of their group by a doubtful sum."""
    tied = _tied(conn, entity)
    records = _first_records(conn, entity, inside)
    for a, profile, total, veto in inside.select("a", "profile", "total", "veto").iter_rows():
        row = records.get((a, profile))
        if row is None or row in tied:
            continue
        uncertain = 1.0 if total < 0 or veto is not None else doubt(total)
        yield Item("split", entity, a, a, row, total, veto, uncertain, {}, 0)


def _settled(conn: Connection, entity: Entity) -> set[frozenset[str]]:
    """Two groups that a steward keeps apart, or a system that knows them as parent and child."""
    d, m, x, y = identity_decision.c, identity_mention.c, crosswalk.alias().c, crosswalk.alias().c
    ends = [
        one[name] == d[f"{side}_{name}"]
        for one, side in ((x, "left"), (y, "right"))
        for name in ROW
    ]
    decided = select(x.hub_id, y.hub_id).where(
        *(one.entity == entity for one in (d, x, y)), d.withdrawn_at.is_(None), *ends
    )
    child = [x[name] == m[name] for name in ROW]
    parents = select(x.hub_id, y.hub_id).where(
        *(one.entity == "company" for one in (m, x, y)),
        *child,
        y.system == m.system,
        y.object == m.object,
        y.record_id == m.refers_to,
    )
    queries = [decided, parents] if entity == "company" else [decided]
    return {frozenset((a, b)) for query in queries for a, b in conn.execute(query)}


def _tied(conn: Connection, entity: Entity) -> set[Row]:
    """Records of which a steward has said that they are the same as another one."""
    d = identity_decision.c
    stands = (d.entity == entity, d.judgement == "same", d.withdrawn_at.is_(None))
    sides = [select(*(d[f"{side}_{n}"] for n in ROW)).where(*stands) for side in ("left", "right")]
    return {(s, o, r) for query in sides for s, o, r in conn.execute(query)}


def _first_records(
    conn: Connection, entity: Entity, inside: pl.DataFrame
) -> dict[tuple[str, int], Row]:
    """(group, content) → its first record."""
    store = Store(conn, entity, 0)
    rows = store.mentions_of(inside["profile"])
    mine = rows.join(store.ids_of(rows), on=ROW).sort(ROW)
    found: dict[tuple[str, int], Row] = {}
    for *row, profile, hub_id in mine.select(*ROW, "profile", "hub_id").iter_rows():
        found.setdefault((hub_id, profile), (row[0], row[1], row[2]))
    return found


def _ties(conn: Connection, matching: MatchingSettings) -> Iterable[Item]:
    """Registrations of which it is in doubt what they are tied to; the registered amount is what
    hangs on it."""
    for told, one in in_doubt(conn, matching):
        ends, odds = (told["id"], one.opportunity_id), one.odds or 0
        item = Item("tie", "deal", *ends, None, odds, None, doubt(odds), {}, 0)
        money = {} if told["amount"] is None else {told["currency"] or "?": told["amount"]}
        yield _priced(item, money, matching)


def _ordered(conn: Connection, asked: Iterable[Item], matching: MatchingSettings) -> list[Item]:
    items = list(asked)
    money = at_stake(conn, {hub_id for item in items for hub_id in (item.a, item.b)})
    hangs = (added(*(money[hub_id] for hub_id in sorted({item.a, item.b}))) for item in items)
    return _dearest(map(_priced, items, hangs, repeat(matching)))


def _dearest(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (-item.priority, -item.doubt, item.a, item.b))


def _priced(item: Item, hangs: Money, matching: MatchingSettings) -> Item:
    priority = (1 + weighed(hangs, matching.rates)) * item.doubt
    return Item(**{**vars(item), "money": hangs, "priority": priority})
