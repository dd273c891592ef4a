"""Rows to clusters on Apache Spark: what `Sample` does, by the same functions, on partitions.

Standardising, keys, comparison and grouping run in Python on the workers, which need the hub
installed; blocks are counted and joined by Spark. The driver holds the weights, the numbers of the
profiles and their positive pairs, of which it makes components: 24 bytes for each. What a stage
made stays on the workers (`localCheckpoint`): one that dies ends the call, which can be made again.
"""

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl

from hub.errors import HubError
from hub.identity.cluster import Links, group_rows
from hub.identity.compare import coded, decoded, levels, weigh
from hub.identity.graph import FORBIDDEN, components_of
from hub.identity.keys import MEASURED, keys_of
from hub.identity.mentions import ROW, Entity
from hub.identity.model import Model, load_model
from hub.identity.standalone.estimate import PAIRS
from hub.identity.standalone.patterns import ENDS, counted, drawn, names_somebody
from hub.identity.standardise import COLUMNS, standardise

try:
    import pyarrow as pa
    import pyspark.sql.functions as sf
    from pyspark.sql import DataFrame, SparkSession
except ImportError as err:
    raise HubError(
        "The engine 'spark' is not installed.",
        remedy="install the hub with its extra: pip install 'partner-hub[spark]'",
    ) from err

_LONG, _TEXT = "bigint", "string"


def session(master: str) -> SparkSession:
    """A session on the cluster that `master` names; workers use this Python's version."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return (
        SparkSession.builder.master(master)
        .appName("hub match")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.execution.pythonUDsf.arrow.enabled", "true")
        .getOrCreate()
    )


class SparkSample:
    """The profiles of records with their candidates, spread over a cluster."""

    def __init__(self, told: pl.DataFrame, entity: Entity, spark: SparkSession) -> None:
        self.spark, self.entity = spark, entity
        self.columns = COLUMNS[entity]
        self.parts = max(spark.sparkContext.defaultParallelism, 2) * 2
        spark.conf.set("spark.sql.shuffle.partitions", str(self.parts))
        rows = spark.createDataFrame(told.to_arrow()).repartition(self.parts)
        self.rows = _mapped(
            rows,
            lambda frame: _profiles(frame, entity),
            _schema((*ROW, *self.columns), profile=_LONG),
        ).localCheckpoint()
        self.sized, self.pairs = self._prepared(load_model(entity))

    def _prepared(self, model: Model) -> tuple[DataFrame, DataFrame]:
        entity = self.entity
        distinct = self.rows.dropDuplicates(["profile"]).drop(*ROW).localCheckpoint()
        shape = "profile bigint, key bigint, kind string"
        keys = _mapped(distinct, lambda frame: _keys(frame, entity), shape)
        counts = keys.groupBy("key").agg(sf.count("*").alias("members"))
        held = keys.join(counts, "key").localCheckpoint()
        sized = distinct
        for kind in model.rarity:
            chosen = held.where(sf.col("kind").isin(*MEASURED[kind])).groupBy("profile")
            size = sf.min("members") if kind == "word" else sf.max("members")
            sized = sized.join(chosen.agg(size.alias(f"{kind}_size")), "profile", "left")
        cap = sf.lit(model.caps["default"])
        for kind, most in model.caps.items():
            cap = sf.when(sf.col("kind") == kind, most).otherwise(cap)
        shared = held.where((sf.col("members") >= 2) & (sf.col("members") <= cap))
        one = shared.select("key", sf.col("profile").alias("left"))
        other = shared.select("key", sf.col("profile").alias("right"))
        pairs = one.join(other, "key").where("left < right").select(*ENDS).distinct()
        return sized.localCheckpoint(), self._coded(pairs, sized, model).localCheckpoint()

    def _coded(self, pairs: DataFrame, sized: DataFrame, model: Model) -> DataFrame:
        """(left, right, code)"""
        both = pairs
        for end, mark in zip(ENDS, "lr", strict=True):
            side = sized.select(*(sf.col(n).alias(f"{mark}_{n}") for n in sized.columns))
            both = both.join(side, sf.col(end) == sf.col(f"{mark}_profile"))
        entity, names = self.entity, sized.columns
        return _mapped(
            both,
            lambda frame: _compared(frame, names, entity, model),
            "left bigint, right bigint, code bigint",
        )

    @property
    def candidates(self) -> int:
        """As `Sample.candidates`."""
        return int(self.pairs.count())

    def patterns(self, model: Model) -> pl.DataFrame:
        """As `Sample.patterns`."""
        between = _frame(self.pairs.groupBy("code").agg(sf.count("*").cast("double").alias(PAIRS)))
        own = self.rows.groupBy("profile").agg(sf.count("*").alias("rows")).where("rows > 1")
        ends = own.select(sf.col("profile").alias("left"), sf.col("profile").alias("right"), "rows")
        within = self._coded(ends.drop("rows"), self.sized, model).join(
            ends.select("left", "rows"), "left"
        )
        shared = within.groupBy("code").agg(
            (sf.sum("rows") - sf.count("*")).cast("double").alias(PAIRS)
        )
        both = pl.concat([between, _frame(shared)])
        return counted(decoded(both["code"], model).with_columns(both[PAIRS]))

    def background(self, model: Model) -> pl.DataFrame:
        """As `Sample.background`."""
        profiles = _frame(self.sized.select("profile"))["profile"]
        chosen = drawn(profiles)
        there = self.spark.createDataFrame(chosen.to_arrow())
        apart = _frame(there.join(self.pairs, list(ENDS), "left_anti"))
        wanted = pl.DataFrame({"profile": pl.concat([apart["left"], apart["right"]]).unique()})
        asked = self.spark.createDataFrame(wanted.to_arrow())
        sized = _frame(self.sized.join(sf.broadcast(asked), "profile"))
        every = profiles.len() * (profiles.len() - 1) / 2
        each = pl.lit(every / max(chosen.height, 1)).alias(PAIRS)
        told = levels(apart, sized, self.entity, model).select(*model.weights)
        return counted(told.with_columns(each))

    def clusters(self, model: Model) -> pl.DataFrame:
        """As `Sample.clusters`."""
        codes = _frame(self.pairs.select("code").distinct())["code"]
        weighed = _weighed(codes, model).with_columns(code=codes)
        weights = self.spark.createDataFrame(weighed.to_arrow())
        scored = self.pairs.join(sf.broadcast(weights), "code").drop("code").localCheckpoint()
        linked = scored.where("score > 0")
        places = self.spark.createDataFrame(self._components(_frame(linked)).to_arrow())
        mine = self.rows.select(*ROW, "profile").join(self.sized, "profile").join(places, "profile")
        # Under names of its own: Spark cannot tell columns of one origin apart.
        ends = places.select(sf.col("profile").alias("left"), sf.col("bucket").alias("place"))
        theirs = linked.join(ends, "left")
        entity, parts = self.entity, self.parts
        grouped = (
            mine.groupBy("bucket")
            .cogroup(theirs.groupBy("place"))
            .applyInArrow(
                lambda rows, pairs: _grouped(rows, pairs, entity, model, parts),
                "record_id string, profile bigint, group bigint, "
                "left bigint, right bigint, score bigint",
            )
            .localCheckpoint()
        )
        asked = grouped.where("left is not null").select(*ENDS, "score")
        groups = grouped.where("record_id is not null").select("record_id", "group")
        rows = self.rows.select("record_id", "profile").join(groups, "record_id", "left")
        number = sf.col("record_id").cast(_LONG)
        rows = rows.select(
            "profile", number.alias("row"), sf.coalesce("group", -1 - number).alias("group")
        ).localCheckpoint()
        compared = scored.union(asked).where("score is not null")
        found = rows.join(_best(compared, rows), ["profile", "group"], "left")
        return _frame(found.select("row", "group", "inside", "anywhere"))

    def _components(self, linked: pl.DataFrame) -> pl.DataFrame:
        """(profile, bucket) of the profiles with positive pairs or several rows; what belongs
        together is in one bucket."""
        several = self.rows.groupBy("profile").count().where("count > 1").select("profile")
        ends = [linked["left"], linked["right"], _frame(several)["profile"]]
        profiles = pl.concat(ends).unique().sort()
        at = [profiles.search_sorted(linked[end]) for end in ENDS]
        part = components_of(profiles.len(), *at)
        return pl.DataFrame({"profile": profiles, "bucket": part % (self.parts * 4)})


# -- on the workers ------------------------------------------------------------------------------


def _profiles(frame: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    named = standardise(frame, entity).filter(names_somebody(entity))
    return named.select(*ROW, *COLUMNS[entity], "profile")


def _keys(frame: pl.DataFrame, entity: Entity) -> pl.DataFrame:
    return keys_of(frame, entity).select("profile", "key", "kind")


def _compared(frame: pl.DataFrame, names: list[str], entity: Entity, model: Model) -> pl.DataFrame:
    sides = [frame.select(pl.col(f"{mark}_{n}").alias(n) for n in names) for mark in "lr"]
    profiles = pl.concat(sides).unique("profile")
    return frame.select(*ENDS, code=coded(frame.select(*ENDS), profiles, entity, model))


def _weighed(codes: pl.Series, model: Model) -> pl.DataFrame:
    weight = pl.when(pl.col("veto").is_null()).then("score")
    return weigh(decoded(codes, model), model).select(score=weight)


def _grouped(rows: Any, pairs: Any, entity: Entity, model: Model, parts: int) -> Any:
    """The groups of one bucket, and the pairs that had to be compared for them."""
    mentions, linked = pl.DataFrame(rows), pl.DataFrame(pairs)
    bucket = mentions["bucket"][0]
    sized = mentions.unique("profile").drop(*ROW, "bucket")
    asked = [linked.select(*ENDS, "score").clear()]

    def compare(wanted: pl.DataFrame) -> pl.DataFrame:
        told = wanted.select(
            *ENDS, score=_weighed(coded(wanted, sized, entity, model), model)["score"]
        )
        asked.append(told)
        return told.with_columns(pl.col("score").fill_null(FORBIDDEN))

    groups = group_rows(mentions, linked.select(*ENDS, "score"), Links((), ()), compare)
    numbered = mentions.join(groups, on=ROW).select(
        "record_id", "profile", group=pl.col("group") * (parts * 4) + bucket
    )
    both = pl.concat([numbered, pl.concat(asked)], how="diagonal")
    return _table(both)


# -- between Spark and polars --------------------------------------------------------------------


def _best(compared: DataFrame, rows: DataFrame) -> DataFrame:
    """(profile, group, inside, anywhere)"""
    places = rows.select("profile", "group").distinct()
    sides = [
        places.select(sf.col("profile").alias(end), sf.col("group").alias(f"{end}_group"))
        for end in ENDS
    ]
    met = compared.join(sides[0], "left").join(sides[1], "right")
    inside = sf.when(sf.col("left_group") == sf.col("right_group"), sf.col("score"))
    ends = [
        met.select(
            sf.col(end).alias("profile"), sf.col(f"{end}_group").alias("group"), "score",
            inside.alias("near"),
        )
        for end in ENDS
    ]  # fmt: skip
    best = ends[0].union(ends[1]).groupBy("profile", "group")
    return best.agg(sf.max("near").alias("inside"), sf.max("score").alias("anywhere"))


def _mapped(
    frame: DataFrame, how: Callable[[pl.DataFrame], pl.DataFrame], schema: str
) -> DataFrame:
    def batches(them: Iterator[Any]) -> Iterator[Any]:
        for batch in them:
            yield from _table(how(pl.DataFrame(batch))).to_batches()

    return frame.mapInArrow(batches, schema)


def _table(frame: pl.DataFrame) -> Any:
    """As Spark takes it: text is never large."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    large = pa.large_string()
    kinds = [(one.name, pa.string() if one.type == large else one.type) for one in table.schema]
    return table.cast(pa.schema(kinds))


def _schema(texts: tuple[str, ...], **others: str) -> str:
    kinds = {**dict.fromkeys(texts, _TEXT), **others}
    return ", ".join(f"`{name}` {kind}" for name, kind in kinds.items())


def _frame(told: DataFrame) -> pl.DataFrame:
    return pl.DataFrame(told.toArrow())
