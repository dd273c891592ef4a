"""From rows to clusters: standardise, candidates, weights, scores, groups, all in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hub.identity.blocks import candidates, measured
from hub.identity.cluster import Links, Weights, group_rows
from hub.identity.compare import score
from hub.identity.graph import FORBIDDEN
from hub.identity.mentions import ROW, Entity
from hub.identity.model import NATS, Model, load_model
from hub.identity.standalone.columns import Columns
from hub.identity.standalone.estimate import PAIRS, estimate
from hub.identity.standalone.memory import Memory
from hub.identity.standalone.rows import mentions
from hub.identity.standardise import standardise

_ENDS = ("left", "right")
_NAMING: dict[Entity, tuple[str, ...]] = {
    "company": ("name", "domain", "tax", "duns"),
    "contact": ("person", "mail", "phone", "mobile"),
}
"""Rows in which none of these stands speak of nobody: each is a cluster of its own."""
_PERSONS = {"first_name", "last_name", "full_name"}
_SAMPLE = 20_000
_SEED = 7
_DIGITS = 6


@dataclass(frozen=True)
class Matched:
    """`rows` has `cluster_id` and `match_probability` per input row, in the input's order.

    `pairs` were compared; `model` is what they were weighed by.
    """

    rows: pl.DataFrame
    clusters: int
    pairs: int
    model: Model


def match(
    rows: pl.DataFrame,
    columns: Columns,
    entity: Entity,
    *,
    source: str | None = None,
    country: str | None = None,
    model: Model | None = None,
) -> Matched:
    """Which rows speak of one company or person.

    Clusters are numbered from 1 in the order of their first rows. `match_probability` is how likely
    a row speaks of the same as the row most like it: in its own cluster, or for a row on its own,
    outside. Without a `model`, weights are estimated from these rows, starting from the shipped.
    """
    told = mentions(rows, columns, entity, source, country)
    profiles = standardise(told, entity).filter(
        pl.any_horizontal(pl.col(name).is_not_null() for name in _NAMING[entity])
    )
    matcher = _Matcher(profiles, entity)
    if model is None:
        shipped = _to_begin_with(columns, entity)
        model = estimate(
            matcher.patterns(shipped), lambda: matcher.background(shipped), shipped, entity
        )
    found = _numbered(rows.height, *matcher.clusters(model))
    return Matched(found, found["cluster_id"].n_unique(), matcher.pairs.height, model)


def _to_begin_with(columns: Columns, entity: Entity) -> Model:
    """The shipped model; where only persons' names are given, equal ones are taken for the same."""
    shipped = load_model(entity)
    if entity == "company" or not set(columns.fields) <= _PERSONS:
        return shipped
    return replace(shipped, version=f"{shipped.version}+names", bias=shipped.bias + NATS)


class _Matcher:
    """The profiles of one file with their candidates and sizes, which no weight changes."""

    def __init__(self, profiles: pl.DataFrame, entity: Entity) -> None:
        self.entity = entity
        self.mentions = profiles.select(*ROW, "profile")
        distinct = profiles.unique("profile", maintain_order=True)
        memory = Memory(distinct, entity)
        shipped = load_model(entity)
        self.sized = measured(memory, distinct["profile"], shipped)
        self.pairs = candidates(memory, distinct["profile"], shipped)
        shared = self.mentions.group_by("profile").agg(rows=pl.len()).filter(pl.col("rows") > 1)
        self.own = shared.select(left="profile", right="profile", rows="rows").sort("left")

    def patterns(self, model: Model) -> pl.DataFrame:
        """How often each combination of levels occurs among pairs that may be the same."""
        between = self._levels(self.pairs, model).with_columns(pl.lit(1.0).alias(PAIRS))
        # Many equal rows say one thing many times: each counts as often as it has a neighbour.
        within = self._levels(self.own.drop("rows"), model).with_columns(
            (self.own["rows"] - 1.0).alias(PAIRS)
        )
        return _counted(pl.concat([between, within]))

    def background(self, model: Model) -> pl.DataFrame:
        """The same of all other pairs, as far as a sample tells."""
        drawn = self._drawn()
        apart = drawn.join(self.pairs, on=_ENDS, how="anti")
        every = self.sized.height * (self.sized.height - 1) / 2
        each = pl.lit(every / max(drawn.height, 1)).alias(PAIRS)
        return _counted(self._levels(apart, model).with_columns(each))

    def _drawn(self) -> pl.DataFrame:
        """Pairs of profiles by chance, the same ones for the same rows."""
        profiles, chance = self.sized["profile"].sort(), np.random.default_rng(_SEED)
        one, other = (profiles.gather(chance.integers(0, len(profiles), _SAMPLE)) for _ in _ENDS)
        pairs = pl.DataFrame({"left": one, "right": other}).select(
            left=pl.min_horizontal(_ENDS), right=pl.max_horizontal(_ENDS)
        )
        return pairs.filter(pl.col("left") != pl.col("right")).unique(maintain_order=True)

    def _levels(self, pairs: pl.DataFrame, model: Model) -> pl.DataFrame:
        ordered = pairs.with_row_index("at")
        levels = score(pairs, self.sized, self.entity, model)
        return ordered.join(levels, on=_ENDS).sort("at").select(*model.weights)

    def clusters(self, model: Model) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(profile, row, group) of every row that names somebody, and what was compared: (left,
        right, score) of profiles, null where they must not be the same."""
        compared = [self._compare(self.pairs, model), self._compare(self.own.drop("rows"), model)]

        def compare(pairs: pl.DataFrame) -> Weights:
            made = self._compare(pairs, model)
            compared.append(made)
            return dict(_weights(made))

        linked = {pair: weight for pair, weight in _weights(compared[0]) if weight > 0}
        busy = pl.Series([*(p for pair in linked for p in pair), *self.own["left"]], dtype=pl.Int64)
        together = self.mentions.filter(pl.col("profile").is_in(busy.unique().implode()))
        groups = group_rows(together, linked, Links((), ()), compare)
        grouped = pl.DataFrame(
            [(int(row), number) for number, group in enumerate(groups) for _, _, row in group],
            schema={"row": pl.Int64, "group": pl.Int64},
            orient="row",
        )
        rows = self.mentions.select("profile", row=pl.col("record_id").cast(pl.Int64))
        return rows.join(grouped, on="row", how="left"), pl.concat(compared)

    def _compare(self, pairs: pl.DataFrame, model: Model) -> pl.DataFrame:
        return score(pairs, self.sized, self.entity, model).select(
            "left", "right", score=pl.when(pl.col("veto").is_null()).then("score")
        )


def _counted(levels: pl.DataFrame) -> pl.DataFrame:
    fields = [name for name in levels.columns if name != PAIRS]
    return levels.group_by(fields).agg(pl.col(PAIRS).sum()).sort(fields)


def _weights(compared: pl.DataFrame) -> Iterator[tuple[tuple[int, int], int]]:
    for left, right, weight in compared.iter_rows():
        yield (left, right), FORBIDDEN if weight is None else weight


def _numbered(height: int, grouped: pl.DataFrame, compared: pl.DataFrame) -> pl.DataFrame:
    """`cluster_id` and `match_probability` of all rows of the file, in its order."""
    # A row of no group, or that names nobody, is a cluster of its own.
    whole = pl.DataFrame({"row": pl.int_range(height, eager=True)}).join(
        grouped, on="row", how="left", maintain_order="left"
    )
    whole = whole.with_columns(group=pl.coalesce("group", -1 - pl.col("row")))
    whole = whole.with_columns(
        first=pl.col("row").min().over("group"),
        size=pl.len().over("group"),
    ).with_columns(cluster_id=pl.col("first").rank("dense").cast(pl.Int64))
    places = whole.drop_nulls("profile").select("profile", "group").unique()
    ends = [compared.select(profile=a, other=b, score="score") for a, b in (_ENDS, _ENDS[::-1])]
    seen = pl.concat(ends).drop_nulls("score").unique()
    seen = seen.join(places, on="profile").join(
        places.rename({"profile": "other", "group": "beside"}), on="other"
    )
    inside = seen.filter(pl.col("group") == pl.col("beside"))
    best = [
        frame.group_by("profile", "group").agg(pl.col("score").max().alias(name))
        for frame, name in ((inside, "inside"), (seen, "anywhere"))
    ]
    for frame in best:
        whole = whole.join(frame, on=["profile", "group"], how="left", maintain_order="left")
    likeliest = pl.when(pl.col("size") > 1).then("inside").otherwise("anywhere")
    probability = (1 / (1 + (-likeliest / NATS).exp())).fill_null(0.0)
    return whole.select("cluster_id", match_probability=probability.round(_DIGITS))
