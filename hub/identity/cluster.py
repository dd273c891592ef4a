"""From scored pairs and links to groups of source rows.

Most components are decided in columns: nothing in them speaks against being one. Where something
does, pairs are summed up. Where rows are tied or kept apart by a word said about them, or a profile
says too little to hold its own rows together, `tangled` looks at rows instead of profiles.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import polars as pl

from hub.identity.graph import components_of, contract
from hub.identity.links import Pair
from hub.identity.mentions import ROW
from hub.identity.tangled import LARGEST, Weights, group_tangled

ScorePairs = Callable[[pl.DataFrame], pl.DataFrame]
"""(left, right) profiles → the same with `score` in hundredths, or FORBIDDEN."""


@dataclass(frozen=True)
class Links:
    """Row pairs that are the same, and row pairs that are not."""

    same: Sequence[Pair]
    different: Sequence[Pair]


def group_rows(
    mentions: pl.DataFrame, linked: pl.DataFrame, links: Links, score_pairs: ScorePairs
) -> pl.DataFrame:
    """ROW + `group` of rows that are one company or person, in order; groups are numbered from 0
    by their first rows.

    `mentions` (ROW + profile) and `linked` (left, right, score), the positive pairs among them, are
    closed: nothing outside is linked to anything inside.
    """
    rows = mentions.select(*ROW, "profile").sort(ROW).with_row_index("at")
    nodes = (
        rows.group_by("profile", maintain_order=True)
        .agg(first=pl.col("at").min(), rows=pl.len())
        .with_row_index("node")
    )
    shared = nodes.filter(pl.col("rows") > 1)
    own = score_pairs(shared.select(left="profile", right="profile"))
    edges = _between_nodes(linked, nodes)
    named = _named(rows, links)
    parts = nodes.with_columns(part=_parts(nodes, edges, named, links))
    poor = own.filter(pl.col("score") <= 0)["left"]
    at_word = nodes.filter(
        pl.col("profile").is_in(poor.implode())
        | pl.col("profile").is_in(named["profile"].implode())
    )
    by_part = parts.with_columns(said=pl.col("node").is_in(at_word["node"].implode()))
    by_part = by_part.group_by("part").agg(nodes=pl.len(), said=pl.col("said").any())
    known = edges.join(parts.select("node", "part"), left_on="a", right_on="node")
    by_part = by_part.join(known.group_by("part").agg(edges=pl.len()), on="part", how="left")
    hard = pl.col("said") | (pl.col("nodes") > LARGEST)
    whole = pl.col("edges").fill_null(0) == pl.col("nodes") * (pl.col("nodes") - 1) // 2
    tangled = by_part.filter(hard).select("part")
    open_ones = by_part.filter(~hard & ~whole).select("part")
    found = parts.select("profile", "part").join(tangled, on="part", how="anti")
    split = _contracted(parts.join(open_ones, on="part", how="semi"), edges, score_pairs)
    by_profile = found.join(split, on="profile", how="left").select(
        "profile", head=pl.coalesce("group", "part").cast(pl.Int64)
    )
    placed = rows.join(by_profile, on="profile").select("at", head=pl.col("head"))
    if tangled.height:
        inside = parts.join(tangled, on="part", how="semi").select("profile")
        placed = pl.concat([placed, _tangled(rows, inside, linked, own, links, score_pairs)])
    heads = placed.with_columns(first=pl.col("at").min().over("head")).select("at", "first")
    numbered = rows.join(heads, on="at", maintain_order="left")
    return numbered.select(*ROW, group=pl.col("first").rank("dense").cast(pl.Int64) - 1)


def _between_nodes(linked: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """(a, b, score): the pairs by numbers of nodes, a < b."""
    number = nodes.select("profile", "node")
    return (
        linked.filter(pl.col("score") > 0)
        .join(number, left_on="left", right_on="profile")
        .join(number, left_on="right", right_on="profile", suffix="_right")
        .select(
            a=pl.min_horizontal("node", "node_right"),
            b=pl.max_horizontal("node", "node_right"),
            score="score",
        )
    )


def _named(rows: pl.DataFrame, links: Links) -> pl.DataFrame:
    """The rows that something is said about, with their profiles."""
    said = {row for pair in (*links.same, *links.different) for row in pair}
    frame = pl.DataFrame(sorted(said), schema=dict.fromkeys(ROW, pl.String), orient="row")
    return rows.join(frame, on=ROW, how="semi")


def _parts(
    nodes: pl.DataFrame, edges: pl.DataFrame, named: pl.DataFrame, links: Links
) -> pl.Series:
    """The first node of each node's component."""
    place = named.join(nodes.select("profile", "node"), on="profile").select(*ROW, "node")
    node_of = {(s, o, r): node for s, o, r, node in place.iter_rows()}
    tied = [(node_of[a], node_of[b]) for a, b in links.same]
    ties = pl.DataFrame(tied, schema={"a": edges.schema["a"], "b": edges.schema["b"]}, orient="row")
    both = pl.concat([edges.select("a", "b"), ties])
    return components_of(nodes.height, both["a"], both["b"])


def _contracted(nodes: pl.DataFrame, edges: pl.DataFrame, score_pairs: ScorePairs) -> pl.DataFrame:
    """(profile, group) of the given nodes, all of whose pairs are weighed; `group` is a node."""
    side = nodes.select("part", "node", "profile")
    pairs = side.join(side, on="part", suffix="_right").filter(
        pl.col("node") < pl.col("node_right")
    )
    ends = {"a": pl.col("node"), "b": pl.col("node_right")}
    known = pairs.join(edges, left_on=["node", "node_right"], right_on=["a", "b"]).select(
        "part", "score", **ends
    )
    asked = pairs.join(
        edges, left_on=["node", "node_right"], right_on=["a", "b"], how="anti"
    ).with_columns(
        left=pl.min_horizontal("profile", "profile_right"),
        right=pl.max_horizontal("profile", "profile_right"),
    )
    scored = score_pairs(asked.select("left", "right"))
    told = asked.join(scored, on=["left", "right"]).select("part", "score", **ends)
    against = told.filter(pl.col("score") < 0).select("part").unique()
    weighed = pl.concat([known, told]).join(against, on="part", how="semi")
    groups: list[tuple[int, int]] = []
    one_by_one = weighed.filter(pl.col("score") != 0).sort("part", "a", "b")
    for _, pairs_of in groupby(one_by_one.iter_rows(), key=itemgetter(0)):
        weights: Weights = {(a, b): weight for _, weight, a, b in pairs_of}
        inside = {node for pair in weights for node in pair}
        groups.extend((node, group[0]) for group in contract(inside, weights) for node in group)
    head = pl.DataFrame(
        groups, schema={"node": side.schema["node"], "group": pl.Int64}, orient="row"
    )
    return side.join(head, on="node").select("profile", "group")


def _tangled(
    rows: pl.DataFrame,
    inside: pl.DataFrame,
    linked: pl.DataFrame,
    own: pl.DataFrame,
    links: Links,
    score_pairs: ScorePairs,
) -> pl.DataFrame:
    """(at, head) of the rows of the profiles `inside`; heads differ from all numbers of nodes."""
    mine = rows.join(inside, on="profile", how="semi")
    groups = group_tangled(
        mine,
        as_weights(linked.join(inside, left_on="left", right_on="profile", how="semi")),
        as_weights(own.join(inside, left_on="left", right_on="profile", how="semi")),
        links.same,
        links.different,
        lambda pairs: as_weights(score_pairs(pairs)),
    )
    head = [(*row, -1 - number) for number, group in enumerate(groups) for row in group]
    schema = {**dict.fromkeys(ROW, pl.String), "head": pl.Int64}
    return mine.join(pl.DataFrame(head, schema=schema, orient="row"), on=ROW).select("at", "head")


def as_weights(scored: pl.DataFrame) -> Weights:
    return {(p, q): weight for p, q, weight in scored.select("left", "right", "score").iter_rows()}
