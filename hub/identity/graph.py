"""Which nodes of a component belong together: greedy additive edge contraction.

Evidence is summed over everything two groups say of each other, so one wrong edge does not chain
two companies into one. Must-links are joined first; a forbidden pair is never joined, directly or
through others. The result depends on the nodes' names and the weights only, not on their order.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

FORBIDDEN = -(10**12)
"""The weight of a pair that must stay apart; no sum of evidence outweighs it."""

Node = int
"""Nodes are numbered in an order that does not depend on how they arrived; ties go by it."""


def contract(
    nodes: Iterable[Node],
    weights: Mapping[tuple[Node, Node], int],
    joined: Iterable[tuple[Node, Node]] = (),
) -> list[list[Node]]:
    """Groups of nodes, each sorted, in the order of their first nodes.

    `joined` pairs end up together whatever is said between them; what one of them may not be
    joined with, all of them may not.
    """
    groups = {node: [node] for node in nodes}
    edges: dict[Node, dict[Node, int]] = {node: {} for node in groups}
    for (a, b), weight in weights.items():
        edges[a][b] = edges[a].get(b, 0) + weight
        edges[b][a] = edges[b].get(a, 0) + weight
    for first, *rest in _closures(groups, joined):
        for node in rest:
            _merge(groups, edges, first, node)
    heap = [(-w, a, b) for a in edges for b, w in edges[a].items() if a < b and w > 0]
    heapq.heapify(heap)
    while heap:
        weight, a, b = heapq.heappop(heap)
        if a not in groups or b not in groups or edges[a].get(b) != -weight:
            continue
        for other in _merge(groups, edges, a, b):
            now = edges[a][other]
            if now > 0:
                heapq.heappush(heap, (-now, min(a, other), max(a, other)))
    return sorted(sorted(group) for group in groups.values())


def _merge(
    groups: dict[Node, list[Node]], edges: dict[Node, dict[Node, int]], into: Node, node: Node
) -> list[Node]:
    """Put `node` into `into`; returns the nodes whose edge to `into` changed."""
    groups[into].extend(groups.pop(node))
    changed = []
    for other, weight in edges.pop(node).items():
        del edges[other][node]
        if other == into:
            continue
        edges[into][other] = edges[other][into] = edges[into].get(other, 0) + weight
        changed.append(other)
    return changed


def _closures(nodes: Iterable[Node], joined: Iterable[tuple[Node, Node]]) -> list[list[Node]]:
    """Everything that `joined` pairs tie together, smallest node first."""
    root = {node: node for node in nodes}

    def find(node: Node) -> Node:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for a, b in joined:
        low, high = sorted((find(a), find(b)))
        root[high] = low
    tied: dict[Node, list[Node]] = defaultdict(list)
    for node in sorted(root):
        tied[find(node)].append(node)
    return [group for group in tied.values() if len(group) > 1]


def components(nodes: Iterable[Node], edges: Iterable[tuple[Node, Node]]) -> list[list[Node]]:
    """Everything that edges connect, each sorted; lone nodes too."""
    nodes = list(nodes)
    tied = _closures(nodes, edges)
    seen = {node for group in tied for node in group}
    return sorted([*tied, *([node] for node in nodes if node not in seen)])


def components_of(count: int, left: pl.Series, right: pl.Series) -> pl.Series:
    """The first node of the component of each of the nodes 0 … count - 1; edges lead from `left` to
    `right`.

    Each node points to a smaller one it is tied to, until all point to the first: as many rounds as
    the logarithm of the longest way, each over whole columns.
    """
    first = np.arange(count, dtype=np.int64)
    a, b = (side.cast(pl.Int64).to_numpy() for side in (left, right))
    while True:
        low, high = np.minimum(first[a], first[b]), np.maximum(first[a], first[b])
        apart = low != high
        if not apart.any():
            return pl.Series(first)
        a, b = a[apart], b[apart]
        np.minimum.at(first, high[apart], low[apart])
        while not np.array_equal(nearer := first[first], first):
            first = nearer
