"""Survivorship: which of several source rows gives a golden row each of its values.

Rule `priority`: the most trusted system that has a value gives it; within a system the row that
changed last, then the smallest key, so that the choice never depends on the order of arrival.
Rule `authority`: the system that the mappings name as the field's authority comes before all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

SOURCE = ("system", "object", "record_id")
PRIORITY, AUTHORITY = "priority", "authority"


@dataclass(frozen=True)
class Authority:
    """The system that owns a field; `clears`: where it says nothing, there is no value."""

    system: str
    clears: bool = False


@dataclass(frozen=True)
class Survivors:
    """`rows`: hub_id and one column per field; `lineage`: hub_id, field, source key, rule."""

    rows: pl.DataFrame
    lineage: pl.DataFrame


def survive(
    members: pl.DataFrame,
    fields: Sequence[str],
    priorities: Mapping[str, int],
    authorities: Mapping[str, Authority] = MappingProxyType({}),
) -> Survivors:
    """`members`: hub_id, source key, modified_at, optional `demoted` (bool), and the fields.

    `priorities` maps system → trust, lower first; `authorities` field → its owner. A demoted row (a
    mention rather than a record of its own) comes after all that are not.
    """
    ranked = _ranked(members, priorities)
    told = pl.collect_all(_chosen(ranked.lazy(), field, authorities.get(field)) for field in fields)
    rows = ranked.select("hub_id").unique(maintain_order=True).lazy()
    lineage = []
    for field, chosen in zip(fields, told, strict=True):
        values = chosen.lazy()
        rows = rows.join(values.select("hub_id", field), on="hub_id", how="left")
        lineage.append(values.select("hub_id", pl.lit(field).alias("field"), *SOURCE, "rule"))
    return Survivors(*pl.collect_all([rows, pl.concat(lineage)]))


def _ranked(members: pl.DataFrame, priorities: Mapping[str, int]) -> pl.DataFrame:
    demoted = pl.col("demoted") if "demoted" in members.columns else pl.lit(value=False)
    return members.with_columns(
        demoted.alias("demoted"),
        trust=pl.col("system").replace_strict(
            dict(priorities), default=1_000_000, return_dtype=pl.Int64
        ),
    ).sort(
        ["hub_id", "demoted", "trust", "modified_at", *SOURCE],
        descending=[False, False, False, True, False, False, False],
        nulls_last=True,
    )


def _chosen(ranked: pl.LazyFrame, field: str, authority: Authority | None) -> pl.LazyFrame:
    """hub_id, the field's value, its source key and the rule that chose it."""
    told = ranked.filter(pl.col(field).is_not_null()).with_columns(rule=pl.lit(PRIORITY))
    if authority is not None:
        owns = ~pl.col("demoted") & (pl.col("system") == authority.system)
        told = told.with_columns(rule=pl.when(owns).then(pl.lit(AUTHORITY)).otherwise("rule")).sort(
            "hub_id", owns, descending=[False, True], maintain_order=True
        )
        if authority.clears:
            empty = ranked.filter(owns).group_by("hub_id").agg(pl.col(field).is_null().all())
            told = told.join(empty.filter(field), on="hub_id", how="anti", maintain_order="left")
    return told.group_by("hub_id", maintain_order=True).agg(
        pl.col(field).first(), *(pl.col(k).first() for k in SOURCE), pl.col("rule").first()
    )
