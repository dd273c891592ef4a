"""Rows that carry a hub id of ours: the CRM tells back what the hub once wrote there."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from hub.identity.closure import Closure
from hub.identity.graph import FORBIDDEN
from hub.identity.ids import Row, keep_ids
from hub.identity.links import Pair

Weigh = Callable[[pl.DataFrame], pl.DataFrame]
"""(left, right) of profiles → the same with `score`."""


def join_claims(
    parts: list[list[Row]],
    closure: Closure,
    profile_of: Mapping[Row, int],
    apart: Sequence[Pair],
    merges: Mapping[Row, Row],
    weigh: Weigh,
) -> list[list[Row]]:
    """Put a row that carries a hub id of ours into the group that keeps that id.

    This holds whatever else the row says; only what must stay apart does.
    """
    kept = keep_ids(parts, closure.before, merges)
    place_of = {hub_id: n for n, hub_id in enumerate(kept) if hub_id}
    part_of = {row: n for n, part in enumerate(parts) for row in part}
    foes = {frozenset((part_of[a], part_of[b])) for a, b in apart if a in part_of and b in part_of}
    for row in sorted(closure.claims):
        here, there = part_of[row], place_of.get(closure.claims[row])
        if there is None or part_of[parts[there][0]] == here:
            continue
        there = part_of[parts[there][0]]
        if frozenset((here, there)) in foes or FORBIDDEN in _scores(
            parts[here], parts[there], profile_of, weigh
        ):
            continue
        parts[there].extend(parts[here])
        part_of.update(dict.fromkeys(parts[here], there))
        foes = {frozenset(there if n == here else n for n in pair) for pair in foes}
    return sorted(
        sorted(row for row in part) for n, part in enumerate(parts) if part_of[part[0]] == n
    )


def _scores(
    here: Sequence[Row], there: Sequence[Row], profile_of: Mapping[Row, int], weigh: Weigh
) -> pl.Series:
    """Of each profile of one group with each of the other."""
    ends = {tuple(sorted((profile_of[a], profile_of[b]))) for a in here for b in there}
    frame = pl.DataFrame(sorted(ends), schema={"left": pl.Int64, "right": pl.Int64}, orient="row")
    return weigh(frame)["score"]
