"""What the agreement of two profiles sums up to.

A score depends on the two profiles, the sizes of the blocks of their shared values, and the model;
on nothing else, so it can be made again at any time and comes out the same.
"""

from dataclasses import dataclass

import polars as pl

from hub.identity.agreement import Agreement, levels_of
from hub.identity.mentions import Entity
from hub.identity.model import NATS, Model


def score(
    pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model
) -> pl.DataFrame:
    """(left, right, score in hundredths, veto, one level column per field) of (left, right) pairs.

    `profiles` holds the standardised columns and a `KIND_size` for each measured kind.
    """
    return weigh(levels(pairs, profiles, entity, model), model)


def levels(
    pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model
) -> pl.DataFrame:
    """What `score` returns, not weighed yet, pair by pair as given: of the model only its bounds of
    rarity and the names of its levels matter."""
    told = decoded(coded(pairs, profiles, entity, model), model)
    return pl.concat([pairs.select("left", "right"), told], how="horizontal")


@dataclass(frozen=True)
class Patterns:
    """`of` has the number of each pair's pattern; `table` a row per pattern: a level per field."""

    of: pl.Series
    table: pl.DataFrame


def patterns(pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model) -> Patterns:
    """`levels` of many pairs in little room."""
    return patterns_of(coded(pairs, profiles, entity, model), model)


def patterns_of(codes: pl.Series, model: Model) -> Patterns:
    """The patterns that codes stand for: combinations of levels are few, pairs are millions."""
    distinct = codes.unique().sort()
    return Patterns(distinct.search_sorted(codes).cast(pl.UInt32), decoded(distinct, model))


def coded(pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model) -> pl.Series:
    """`levels` of each pair as one number, which `decoded` takes apart."""
    if 2 * pairs.height < profiles.height:
        ends = pl.concat([pairs["left"], pairs["right"]])
        profiles = profiles.filter(pl.col("profile").is_in(ends.implode()))
    place = profiles.select("profile").with_row_index("at")
    at = (
        pairs.select(end).join(place, left_on=end, right_on="profile", maintain_order="left")["at"]
        for end in ("left", "right")
    )
    return Agreement(profiles, entity, model).codes(*at)


def decoded(codes: pl.Series, model: Model) -> pl.DataFrame:
    """A level per field of each code; a level that weighs nothing is `missing`."""
    rest, columns = pl.col("code"), {}
    for field, names in levels_of(model).items():
        columns[field] = (rest % len(names)).replace_strict(
            range(len(names)), names, return_dtype=pl.String
        )
        rest = rest // len(names)
    return pl.DataFrame({"code": codes}).select(**columns)


def weigh(leveled: pl.DataFrame, model: Model) -> pl.DataFrame:
    """The levels with `score` and `veto`."""
    weights = [
        pl.col(field).replace_strict(weights, default=0, return_dtype=pl.Int64)
        for field, weights in model.weights.items()
    ]
    vetoed = [
        pl.when(pl.col(field) == level).then(pl.lit(field)) for field, level in sorted(model.vetoes)
    ]
    return leveled.with_columns(
        score=pl.sum_horizontal(weights) + model.bias,
        veto=pl.coalesce(*vetoed, pl.lit(None, pl.String)),
    )


def evidence(scored: pl.DataFrame, model: Model) -> pl.Series:
    """JSON per pair: field → [level, log-odds], the fields that said something."""
    fields = []
    for field, weights in model.weights.items():
        written = {
            level: f'"{field}":["{level}",{weight / NATS}]' for level, weight in weights.items()
        }
        fields.append(pl.col(field).replace_strict(written, default=None, return_dtype=pl.String))
    inside = pl.concat_str(fields, separator=",", ignore_nulls=True)
    return scored.select(pl.concat_str(pl.lit("{"), inside, pl.lit("}"))).to_series()
