"""Pairs of records as the weights see them."""

from collections.abc import Mapping, Sequence
from itertools import product

import polars as pl

from hub.identity.blocks import ends, measured
from hub.identity.compare import score
from hub.identity.ids import Row
from hub.identity.mentions import ROW
from hub.identity.model import NATS, Model
from hub.identity.store import Store
from hub.stewardship.names import Side

ENDS = {"left": pl.Int64, "right": pl.Int64}
_MOST = 200
"""So many records of a side are looked at."""


def compared(store: Store, model: Model, pairs: pl.DataFrame) -> pl.DataFrame:
    """(left, right) profiles with `score` in hundredths of a nat, `veto`, and a level per field."""
    distinct = pairs.select("left", "right").unique()
    return score(distinct, measured(store, ends(distinct), model), store.entity, model)


def profiles_of(store: Store, rows: Sequence[Row]) -> dict[Row, int]:
    """Record → profile; records that are gone have none."""
    frame = pl.DataFrame(list(rows), schema=dict.fromkeys(ROW, pl.String), orient="row")
    known = store.mentions(frame.unique()).drop_nulls("profile")
    return {(s, o, r): profile for s, o, r, profile in known.select(*ROW, "profile").iter_rows()}


def most_alike(
    store: Store, model: Model, sides: Sequence[tuple[Side, Side]]
) -> list[tuple[Row, Row]]:
    """For each two sides the two records that are most alike: what speaks most for being one."""
    rows = {row for two in sides if _open(two) for side in two for row in side.rows[:_MOST]}
    profiles = profiles_of(store, sorted(rows))
    asked = {pair for two in sides if _open(two) for pair in _crossed(two, profiles)}
    scores: dict[tuple[int, int], int] = {}
    if asked:
        frame = pl.DataFrame(sorted(asked), schema=ENDS, orient="row")
        found = compared(store, model, frame).select("left", "right", "score")
        scores = {(left, right): weight for left, right, weight in found.iter_rows()}
    return [_best(two, profiles, scores) for two in sides]


def _open(two: tuple[Side, Side]) -> bool:
    return any(len(side.rows) > 1 for side in two)


def _rows(two: tuple[Side, Side]) -> list[tuple[Row, Row]]:
    a, b = (side.rows[:_MOST] for side in two)
    return [(left, right) for left, right in product(a, b) if left != right]


def _crossed(two: tuple[Side, Side], profiles: Mapping[Row, int]) -> set[tuple[int, int]]:
    ends = ((profiles.get(a), profiles.get(b)) for a, b in _rows(two))
    return {(min(p, q), max(p, q)) for p, q in ends if p is not None and q is not None}


def _best(
    two: tuple[Side, Side],
    profiles: Mapping[Row, int],
    scores: Mapping[tuple[int, int], int],
) -> tuple[Row, Row]:
    def alike(pair: tuple[Row, Row]) -> tuple[int, tuple[Row, Row]]:
        ends = sorted(profiles[row] for row in pair if row in profiles)
        known = scores.get((ends[0], ends[1]), -(10**6)) if len(ends) == 2 else -(10**6)
        return -known, pair

    return min(_rows(two), key=alike)


def nats(hundredths: float) -> float:
    return round(hundredths / NATS, 2)
