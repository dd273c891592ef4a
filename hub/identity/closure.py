"""Everything that a change can reach: the components of the profiles it touched, loaded whole."""

from dataclasses import dataclass, field

import polars as pl

from hub.identity.ids import Row
from hub.identity.links import Decisions, Pair, standing_ids, told_same
from hub.identity.mentions import ROW
from hub.identity.model import NATS
from hub.identity.store import Store


@dataclass
class Closure:
    """Living mentions, positive pairs and told pairs among them, and the rows' ids of before.

    `before` names every row of every id it names, rows that have left included.
    """

    mentions: pl.DataFrame
    linked: pl.DataFrame
    told: set[Pair] = field(default_factory=set)
    before: dict[Row, str] = field(default_factory=dict)
    claims: dict[Row, str] = field(default_factory=dict)


def load_closure(
    store: Store, profiles: pl.Series, rows: pl.DataFrame, decisions: Decisions
) -> Closure:
    """Start at `profiles` and at the ids that `rows` had, follow every link until none is new."""
    partner_of: dict[Row, list[Row]] = {}
    for a, b in decisions.same:
        partner_of.setdefault(a, []).append(b)
        partner_of.setdefault(b, []).append(a)
    nobody = pl.Series([], dtype=pl.Int64)
    found = Closure(store.mentions_of(nobody), _scored(store.linked(nobody)))
    news = pl.DataFrame(
        [*decisions.news, *rows.select(ROW).iter_rows()],
        schema=dict.fromkeys(ROW, pl.String),
        orient="row",
    )
    todo = profiles
    while True:
        news = pl.concat([news, _follow_ids(store, found, news)])
        todo = pl.concat([todo, _living(store.mentions(news))["profile"]]).unique()
        todo = todo.filter(~todo.is_in(found.mentions["profile"].implode()))
        if todo.is_empty():
            return found
        fresh = store.mentions_of(todo)
        found.mentions = pl.concat([found.mentions, fresh])
        todo = _follow_pairs(store, found, todo)
        news = _follow_rows(store, found, fresh, partner_of)


def load_all(store: Store) -> Closure:
    """The closure of everything there is."""
    mentions = _living(store.mentions())
    found = Closure(mentions, _scored(store.linked()))
    found.told.update(told_same(store.conn, store.entity))
    found.before.update({(s, o, r): hub_id for s, o, r, hub_id in store.rows_of().iter_rows()})
    _claim(store, found, mentions)
    return found


def _living(mentions: pl.DataFrame) -> pl.DataFrame:
    return mentions.filter(pl.col("profile").is_not_null())


def _follow_ids(store: Store, found: Closure, rows: pl.DataFrame) -> pl.DataFrame:
    """All rows of the ids that `rows` have or claim, for ids not seen yet."""
    ids = set(store.ids_of(rows)["hub_id"]) - set(found.before.values())
    claimed = {found.claims[row] for row in rows.iter_rows() if row in found.claims}
    ids |= claimed - set(found.before.values())
    members = store.rows_of(ids)
    found.before.update({(s, o, r): hub_id for s, o, r, hub_id in members.iter_rows()})
    return members.select(ROW)


def _follow_pairs(store: Store, found: Closure, profiles: pl.Series) -> pl.Series:
    pairs = store.linked(profiles)
    found.linked = pl.concat([found.linked, _scored(pairs)]).unique()
    return pl.concat([pairs["left"], pairs["right"]]).unique()


def _scored(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.with_columns((pl.col("score") * NATS).round().cast(pl.Int64))


def _follow_rows(
    store: Store, found: Closure, fresh: pl.DataFrame, partner_of: dict[Row, list[Row]]
) -> pl.DataFrame:
    """The rows themselves and what their system, their hub key or a steward ties them to."""
    told = told_same(store.conn, store.entity, fresh)
    found.told.update(told)
    _claim(store, found, fresh)
    rows: list[Row] = list(fresh.select(ROW).iter_rows())
    tied = {row for pair in told for row in pair}
    tied.update(other for row in rows for other in partner_of.get(row, ()))
    return pl.DataFrame(
        [*rows, *sorted(tied - set(rows))], schema=dict.fromkeys(ROW, pl.String), orient="row"
    )


def _claim(store: Store, found: Closure, mentions: pl.DataFrame) -> None:
    claimed = mentions.filter(pl.col("hub_key").is_not_null())
    standing = standing_ids(store.conn, store.entity, claimed["hub_key"])
    for system, kind, record_id, hub_key in claimed.select(*ROW, "hub_key").iter_rows():
        if hub_key in standing:
            found.claims[system, kind, record_id] = standing[hub_key]
