"""From rows to clusters: standardise, candidates, weights, scores, groups, all in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from hub.identity.cluster import Links, Weights, group_rows
from hub.identity.compare import levels, weigh
from hub.identity.graph import FORBIDDEN
from hub.identity.mentions import Entity
from hub.identity.model import NATS, Model, load_model
from hub.identity.standalone.columns import Columns
from hub.identity.standalone.estimate import estimate
from hub.identity.standalone.patterns import ENDS, Sample
from hub.identity.standalone.rows import mentions
from hub.identity.standardise import standardise

_NAMING: dict[Entity, tuple[str, ...]] = {
    "company": ("name", "domain", "tax", "duns"),
    "contact": ("person", "mail", "phone", "mobile"),
}
"""Rows in which none of these stands speak of nobody: each is a cluster of its own."""
_PERSONS = {"first_name", "last_name", "full_name"}
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
    sample = Sample(profiles, entity)
    if model is None:
        shipped = _to_begin_with(columns, entity)
        model = estimate(
            sample.patterns(shipped), lambda: sample.background(shipped), shipped, entity
        )
    found = _numbered(rows.height, *_Matcher(sample).clusters(model))
    return Matched(found, found["cluster_id"].n_unique(), sample.pairs.height, model)


def _to_begin_with(columns: Columns, entity: Entity) -> Model:
    """The shipped model; where only persons' names are given, equal ones are taken for the same."""
    shipped = load_model(entity)
    if entity == "company" or not set(columns.fields) <= _PERSONS:
        return shipped
    return replace(shipped, version=f"{shipped.version}+names", bias=shipped.bias + NATS)


class _Matcher:
    """The rows of one file, to be put into groups by weights."""

    def __init__(self, sample: Sample) -> None:
        self.entity, self.sized = sample.entity, sample.sized
        self.mentions, self.own, self.sample = sample.mentions, sample.own, sample

    def clusters(self, model: Model) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(profile, row, group) of every row that names somebody, and what was compared: (left,
        right, score) of profiles, null where they must not be the same."""
        compared = [_weighed(told, model) for told in self.sample.compared(model)]

        def compare(pairs: pl.DataFrame) -> Weights:
            made = _weighed(levels(pairs, self.sized, self.entity, model), model)
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


def _weighed(told: pl.DataFrame, model: Model) -> pl.DataFrame:
    return weigh(told, model).select(
        "left", "right", score=pl.when(pl.col("veto").is_null()).then("score")
    )


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
    ends = [compared.select(profile=a, other=b, score="score") for a, b in (ENDS, ENDS[::-1])]
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
