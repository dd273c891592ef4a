"""Who holds which blocking key, how large each block is, and who is a candidate for whom."""

import polars as pl

from hub.identity.keys import MEASURED, keys_of
from hub.identity.model import Model
from hub.identity.store import Store

_PORTION = 100_000


def replace_profiles(store: Store, born: pl.DataFrame, dead: pl.Series, model: Model) -> pl.Series:
    """Store the keys of `born`, forget those of `dead`.

    Returns other profiles that must be scored again: they hold a key whose block passed a step of
    the model, or the cap, up or down. Steps are low, so a block that passes one is small.
    """
    added = keys_of(born, store.entity)
    removed = store.keys_of(dead)
    delta = (
        pl.concat(
            [
                added.select("key", "kind", "label", by=pl.lit(1)),
                removed.select("key", "kind", label=pl.lit(None, pl.String), by=pl.lit(-1)),
            ]
        )
        .group_by("key")
        .agg(pl.col("by").sum(), pl.col("kind").first(), pl.col("label").drop_nulls().first())
    )
    before = store.blocks(delta["key"])
    blocks = delta.join(before, on="key", how="left", suffix="_before").select(
        "key",
        "kind",
        pl.coalesce("label_before", "label").alias("label"),
        was=pl.col("members").fill_null(0),
        members=pl.col("members").fill_null(0) + pl.col("by"),
    )
    store.drop_profiles(dead)
    store.add_profiles(born, added)
    store.save_blocks(blocks.drop("was"))
    passed = blocks.filter((pl.col("was") > 0) & (_step("was", model) != _step("members", model)))
    held = store.holders(passed["key"])["profile"].unique()
    return held.filter(~held.is_in(born["profile"].implode()))


def add_everybody(store: Store, profiles: pl.DataFrame) -> None:
    """Store all profiles there are with their keys, where nothing is stored yet."""
    counted = []
    for start in range(0, profiles.height, _PORTION):
        part = profiles.slice(start, _PORTION)
        keys = keys_of(part, store.entity)
        store.add_profiles(part, keys)
        counted.append(keys.group_by("key", "kind", "label").agg(members=pl.len()))
    if counted:
        blocks = pl.concat(counted).group_by("key", "kind", "label").agg(pl.col("members").sum())
        store.add_blocks(blocks.unique("key").sort("key"))


def _step(column: str, model: Model) -> pl.Expr:
    """How many of the bounds that matter for the key's kind its block exceeds."""
    size = pl.col(column)
    steps = (size > model.cap(pl.col("kind"))).cast(pl.Int64)
    for kind, bounds in model.rarity.items():
        for bound in bounds:
            counted = pl.col("kind").is_in(MEASURED[kind])
            steps = steps + (counted & (size > bound)).cast(pl.Int64)
    return steps


def candidates(store: Store, profiles: pl.Series, model: Model) -> pl.DataFrame:
    """(left, right), left < right: who shares a key with one of `profiles`."""
    cap = model.cap(pl.col("kind"))
    held = store.keys_of(profiles).filter(pl.col("members").is_between(2, cap))
    holders = store.holders(held["key"].unique())
    return (
        held.select("profile", "key")
        .join(holders, on="key", suffix="_other")
        .filter(pl.col("profile") != pl.col("profile_other"))
        .select(
            left=pl.min_horizontal("profile", "profile_other"),
            right=pl.max_horizontal("profile", "profile_other"),
        )
        .unique()
        .sort("left", "right")
    )


def measured(store: Store, profiles: pl.Series, model: Model) -> pl.DataFrame:
    """The profiles with their columns and, per measured kind, the size of their value's block."""
    columns = store.load_profiles(profiles)
    telling = sorted({one for kind in model.rarity for one in MEASURED[kind]})
    sizes = store.keys_of(profiles, telling)
    for kind in model.rarity:
        members = pl.col("members").min() if kind == "word" else pl.col("members").max()
        counted = (
            sizes.filter(pl.col("kind").is_in(MEASURED[kind]))
            .group_by("profile")
            .agg(members.alias(f"{kind}_size"))
        )
        columns = columns.join(counted, on="profile", how="left")
    return columns
