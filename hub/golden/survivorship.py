"""Survivorship: which of several source rows gives a golden row each of its values.

Rule `priority`: the most trusted system that has a value gives it; within a system the row that
changed last, then the smallest key, so that the choice never depends on the order of arrival.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

SOURCE = ("system", "object", "record_id")
RULE = "priority"


@dataclass(frozen=True)
class Survivors:
    """`rows`: hub_id and one column per field; `lineage`: hub_id, field, source key, rule."""

    rows: pl.DataFrame
    lineage: pl.DataFrame


def survive(
    members: pl.DataFrame, fields: Sequence[str], priorities: Mapping[str, int]
) -> Survivors:
    """`members`: hub_id, source key, modified_at, optional `demoted` (bool), and the fields.

    `priorities` maps system → trust, lower first. A demoted row (a mention rather than a record of
    its own) comes after all that are not.
    """
    demoted = pl.col("demoted") if "demoted" in members.columns else pl.lit(value=False)
    ranked = members.with_columns(
        demoted.alias("demoted"),
        trust=pl.col("system").replace_strict(
            dict(priorities), default=1_000_000, return_dtype=pl.Int64
        ),
    ).sort(
        ["hub_id", "demoted", "trust", "modified_at", *SOURCE],
        descending=[False, False, False, True, False, False, False],
        nulls_last=True,
    )
    rows = ranked.select("hub_id").unique(maintain_order=True)
    lineage = []
    for field in fields:
        chosen = (
            ranked.filter(pl.col(field).is_not_null())
            .group_by("hub_id", maintain_order=True)
            .agg(pl.col(field).first(), *(pl.col(k).first() for k in SOURCE))
        )
        rows = rows.join(chosen.select("hub_id", field), on="hub_id", how="left")
        lineage.append(
            chosen.select("hub_id", pl.lit(field).alias("field"), *SOURCE, rule=pl.lit(RULE))
        )
    return Survivors(rows, pl.concat(lineage))
