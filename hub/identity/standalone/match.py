"""From rows to clusters: standardise, candidates, weights, groups; in memory, or on Spark."""

from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl

from hub.identity.mentions import Entity
from hub.identity.model import NATS, Model, load_model
from hub.identity.standalone.columns import Columns
from hub.identity.standalone.estimate import estimate
from hub.identity.standalone.patterns import Sample, names_somebody
from hub.identity.standalone.rows import mentions
from hub.identity.standardise import standardise

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
    spark: str | None = None,
) -> Matched:
    """Which rows speak of one company or person.

    Clusters are numbered from 1 in the order of their first rows. `match_probability` is how likely
    a row speaks of the same as the row most like it: in its own cluster, or for a row on its own,
    outside. Without a `model`, weights are estimated from these rows, starting from the shipped.
    `spark` names the master of a cluster to work on; the outcome is the same.

    Raises HubError if Spark is wanted and not installed.
    """
    told = mentions(rows, columns, entity, source, country)
    sample = _in_memory(told, entity) if spark is None else _on_spark(told, entity, spark)
    del told
    if model is None:
        shipped = _to_begin_with(columns, entity)
        model = estimate(
            sample.patterns(shipped), lambda: sample.background(shipped), shipped, entity
        )
    found = _numbered(rows.height, sample.clusters(model))
    return Matched(found, found["cluster_id"].n_unique(), sample.candidates, model)


class _Sample(Protocol):
    """Records with their candidates, wherever they are; see `Sample`."""

    @property
    def candidates(self) -> int: ...

    def patterns(self, model: Model) -> pl.DataFrame: ...

    def background(self, model: Model) -> pl.DataFrame: ...

    def clusters(self, model: Model) -> pl.DataFrame: ...


def _in_memory(told: pl.DataFrame, entity: Entity) -> _Sample:
    profiles = standardise(told, entity)
    return Sample(profiles.filter(names_somebody(entity)), entity)


def _on_spark(told: pl.DataFrame, entity: Entity, master: str) -> _Sample:
    # Whoever matches in memory need not have Spark.
    from hub.identity.standalone.spark import SparkSample, session

    return SparkSample(told, entity, session(master))


def _to_begin_with(columns: Columns, entity: Entity) -> Model:
    """The shipped model; where only persons' names are given, equal ones are taken for the same."""
    shipped = load_model(entity)
    if entity == "company" or not set(columns.fields) <= _PERSONS:
        return shipped
    return replace(shipped, version=f"{shipped.version}+names", bias=shipped.bias + NATS)


def _numbered(height: int, grouped: pl.DataFrame) -> pl.DataFrame:
    """`cluster_id` and `match_probability` of all rows of the file, in its order."""
    whole = pl.DataFrame({"row": pl.int_range(height, eager=True)}).join(
        grouped, on="row", how="left", maintain_order="left"
    )
    # A row that names nobody is a cluster of its own.
    whole = whole.with_columns(group=pl.coalesce("group", -1 - pl.col("row")))
    whole = whole.with_columns(
        first=pl.col("row").min().over("group"),
        size=pl.len().over("group"),
    ).with_columns(cluster_id=pl.col("first").rank("dense").cast(pl.Int64))
    likeliest = pl.when(pl.col("size") > 1).then("inside").otherwise("anywhere")
    probability = (1 / (1 + (-likeliest / NATS).exp())).fill_null(0.0)
    return whole.select("cluster_id", match_probability=probability.round(_DIGITS))
