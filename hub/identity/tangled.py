"""Grouping where rows count one by one: components with links or with vague profiles, or too large.

A node is a profile with all its rows, unless they cannot be taken as one: a row that must stay
apart from another is a node of its own, and so is each row of a profile that says too little for
two rows to be the same by it alone.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import polars as pl

from hub.identity.graph import FORBIDDEN, components, contract
from hub.identity.ids import Row
from hub.identity.links import Pair
from hub.identity.mentions import ROW

LARGEST = 300
"""A larger component is cut at its weakest edges before its groups are sought."""

MOST_ROWS = 60
"""A profile too poor to hold its own rows together is not linked to others if it has more rows."""

Weights = dict[tuple[int, int], int]
"""(profile, profile) in ascending order → score in hundredths, or FORBIDDEN."""


@dataclass(frozen=True)
class Nodes:
    """The nodes of a graph in an order that only depends on their rows."""

    rows: list[list[Row]]
    profile: list[int]
    of_profile: dict[int, list[int]]
    of_row: dict[Row, int]


def group_tangled(
    mentions: pl.DataFrame,
    linked: Weights,
    own: Weights,
    same: Sequence[Pair],
    different: Sequence[Pair],
    score_pairs: Callable[[pl.DataFrame], Weights],
) -> list[list[Row]]:
    """Rows that are one company or person, each group sorted.

    `mentions` (ROW + profile) and `linked`, the positive pairs among them, are closed; `own` is
    what profiles of several rows say of themselves. Links of rows that are not there mean nothing.
    """
    by_profile = _rows_by_profile(mentions)
    nodes = _nodes(by_profile, own, different)
    edges = _edges(nodes, {**linked, **own}, by_profile)
    joined = [
        (nodes.of_row[a], nodes.of_row[b])
        for a, b in same
        if a in nodes.of_row and b in nodes.of_row
    ]
    apart = defaultdict(list)
    for a, b in different:
        if a in nodes.of_row and b in nodes.of_row:
            apart[nodes.of_row[a]].append(nodes.of_row[b])
    parts = _cut(components(range(len(nodes.rows)), [*edges, *joined]), edges, joined)
    weights = _all_pairs(parts, nodes, linked, own, score_pairs)
    ties = defaultdict(list)
    for pair in joined:
        ties[pair[0]].append(pair)
    grouped = []
    for part in parts:
        if len(part) == 1:
            grouped.append(nodes.rows[part[0]])
            continue
        tied = [pair for node in part for pair in ties[node]]
        for group in _contracted(part, nodes, weights, tied, apart):
            grouped.append(sorted(row for node in group for row in nodes.rows[node]))
    return sorted(grouped)


def _rows_by_profile(mentions: pl.DataFrame) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for system, kind, record_id, profile in mentions.sort(ROW).select(*ROW, "profile").iter_rows():
        found[profile].append((system, kind, record_id))
    return dict(found)


def _nodes(by_profile: Mapping[int, list[Row]], own: Weights, different: Iterable[Pair]) -> Nodes:
    torn: dict[int, set[Row]] = defaultdict(set)
    profile_of = {row: profile for profile, rows in by_profile.items() for row in rows}
    for pair in different:
        if all(row in profile_of for row in pair):
            for row in pair:
                torn[profile_of[row]].add(row)
    nodes = Nodes([], [], {}, {})
    for profile, rows in by_profile.items():
        alone = rows if own.get((profile, profile), 1) <= 0 else sorted(torn[profile])
        together = [row for row in rows if row not in set(alone)]
        made = sorted([*([row] for row in alone), *([together] if together else [])])
        for members in made:
            nodes.of_row.update(dict.fromkeys(members, len(nodes.rows)))
            nodes.of_profile.setdefault(profile, []).append(len(nodes.rows))
            nodes.rows.append(members)
            nodes.profile.append(profile)
    return nodes


def _edges(
    nodes: Nodes, weights: Weights, by_profile: Mapping[int, list[Row]]
) -> dict[tuple[int, int], int]:
    """Positive edges between nodes.

    A profile that says too little and fills many rows ("Test") is left out: linking it to anything
    would be a guess for each row.
    """
    vague = {p for p in by_profile if len(nodes.of_profile[p]) > MOST_ROWS}
    found: dict[tuple[int, int], int] = {}
    for (p, q), weight in weights.items():
        if weight <= 0 or p in vague or q in vague:
            continue
        ends = (
            combinations(nodes.of_profile[p], 2)
            if p == q
            else product(nodes.of_profile[p], nodes.of_profile[q])
        )
        for a, b in ends:
            found[min(a, b), max(a, b)] = weight
    return found


def _cut(
    parts: list[list[int]], edges: Mapping[tuple[int, int], int], joined: list[tuple[int, int]]
) -> list[list[int]]:
    """Break what is larger than LARGEST at its weakest edges; must-links are never cut."""
    done: list[list[int]] = []
    for part in parts:
        todo, least = [part], 0
        inside = set(part)
        kept = (
            {pair: w for pair, w in edges.items() if pair[0] in inside}
            if len(part) > LARGEST
            else {}
        )
        ties = [pair for pair in joined if pair[0] in inside] if len(part) > LARGEST else []
        while todo and max(map(len, todo)) > LARGEST and kept:
            done.extend(p for p in todo if len(p) <= LARGEST)
            big = {node for p in todo if len(p) > LARGEST for node in p}
            least = min(w for (a, _), w in kept.items() if a in big)
            kept = {(a, b): w for (a, b), w in kept.items() if w > least and a in big}
            todo = components(big, [*kept, *(pair for pair in ties if pair[0] in big)])
        done.extend(todo)
    return sorted(done)


def _all_pairs(
    parts: Iterable[list[int]],
    nodes: Nodes,
    linked: Weights,
    own: Weights,
    score_pairs: Callable[[pl.DataFrame], Weights],
) -> Weights:
    """What any two profiles of a part say of each other, asked for where it is not known yet."""
    asked: list[tuple[int, int]] = []
    for part in parts:
        profiles = sorted({nodes.profile[node] for node in part})
        if len(profiles) > 1:
            asked.extend(pair for pair in combinations(profiles, 2) if pair not in linked)
    return {**linked, **own, **score_pairs(_pairs(asked))}


def _contracted(
    part: list[int],
    nodes: Nodes,
    weights: Weights,
    joined: Iterable[tuple[int, int]],
    apart: Mapping[int, list[int]],
) -> list[list[int]]:
    inside = set(part)
    between: dict[tuple[int, int], int] = {}
    for a, b in combinations(part, 2):
        p, q = sorted((nodes.profile[a], nodes.profile[b]))
        weight = weights.get((p, q), 0)
        if weight:
            between[a, b] = weight
    for a in part:
        for b in apart.get(a, ()):
            if b in inside and a != b:
                between[min(a, b), max(a, b)] = FORBIDDEN
    return contract(part, between, joined)


def _pairs(pairs: Iterable[tuple[int, int]]) -> pl.DataFrame:
    return pl.DataFrame(list(pairs), schema={"left": pl.Int64, "right": pl.Int64}, orient="row")
