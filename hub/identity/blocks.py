"""Who holds which blocking key, how large each block is, and who is a candidate for whom."""

from dataclasses import dataclass

import polars as pl

from hub.identity.keys import MEASURED, keys_of, size_of
from hub.identity.model import Model
from hub.identity.store import Store

_PORTION = 100_000


@dataclass(frozen=True)
class Passed:
    """What profiles that did not change notice of others that did.

    `resized` (with their columns) hold a value that counts as rarer or commoner now, `closed` are
    keys of blocks that have grown beyond their cap, `opened` of those that have shrunk to it.
    """

    resized: pl.DataFrame
    closed: pl.Series
    opened: pl.Series


def replace_profiles(store: Store, born: pl.DataFrame, dead: pl.Series, model: Model) -> Passed:
    """Store the keys of `born`, forget those of `dead`."""
    added, removed = (keys_of(of, store.entity) for of in (born, store.load_profiles(dead)))
    shifts = (
        pl.concat(
            [
                added.select("key", "kind", "label", by=pl.lit(1, pl.Int64)),
                removed.select("key", "kind", "label", by=pl.lit(-1, pl.Int64)),
            ]
        )
        .group_by("key")
        .agg(pl.col("by").sum(), pl.col("kind", "label").first())
        .filter(pl.col("by") != 0)
    )
    store.drop_profiles(dead)
    store.add_profiles(born, added)
    blocks = shifts.join(store.shift_blocks(shifts), on="key", how="left").select(
        "key",
        "kind",
        was=pl.col("members").fill_null(pl.col("by")) - pl.col("by"),
        members=pl.col("members").fill_null(pl.col("by")),
    )
    fits_now, fitted = (_brings(pl.col(name), model) for name in ("members", "was"))
    resized = _resized(store, blocks, model)
    return Passed(
        resized.join(born, on="profile", how="anti"),
        closed=blocks.filter(fitted & ~fits_now & (pl.col("members") > 1))["key"],
        opened=blocks.filter(fits_now & ~fitted & (pl.col("was") > 1))["key"],
    )


def _brings(members: pl.Expr, model: Model) -> pl.Expr:
    """Whether a block of so many brings candidates."""
    return members.is_between(2, model.cap(pl.col("kind")))


def _resized(store: Store, blocks: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Holders of a measured value that passed a bound, with their columns, if it is by this value
    that they are measured: a name is as rare as its rarest word, whatever becomes of the others.

    Bounds are low, so a block that passes one is small.
    """
    passed = [
        blocks.filter(
            pl.col("kind").is_in(MEASURED[kind])
            & (pl.col("was") > 0)
            & (_rank(pl.col("was"), bounds) != _rank(pl.col("members"), bounds))
        )["key"]
        for kind, bounds in model.rarity.items()
    ]
    keys = pl.concat([blocks["key"].clear(), *passed])
    holders = store.load_profiles(store.holders(keys)["profile"].unique())
    sizes = _sizes(store, holders, model).join(
        blocks.select("key", "was"), on="key", how="left", maintain_order="left"
    )
    sizes = sizes.with_columns(was=pl.coalesce("was", "members"))
    found = []
    for kind, bounds in model.rarity.items():
        mine = sizes.filter(pl.col("kind").is_in(MEASURED[kind])).group_by("profile")
        then, now = (_rank(size_of(kind, name), bounds) for name in ("was", "members"))
        found.append(mine.agg(moved=then != now).filter("moved")["profile"])
    moved = pl.concat([holders["profile"].clear(), *found])
    return holders.filter(pl.col("profile").is_in(moved.implode()))


def _rank(size: pl.Expr, bounds: tuple[int, int]) -> pl.Expr:
    low, high = bounds
    return (size > low).cast(pl.Int8) + (size > high).cast(pl.Int8)


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


def candidates(store: Store, columns: pl.DataFrame, model: Model) -> pl.DataFrame:
    """(left, right), left < right: who shares a key with one of the profiles, given with their
    columns."""
    held = _bringing(store, columns, model)
    return _crossed(held, store.holders(held["key"].unique()))


def _bringing(store: Store, columns: pl.DataFrame, model: Model) -> pl.DataFrame:
    """(profile, key): the keys of the profiles that bring candidates."""
    keys = _counted(store, keys_of(columns, store.entity))
    return keys.filter(_brings(pl.col("members"), model)).select("profile", "key")


def inside(store: Store, keys: pl.Series) -> pl.DataFrame:
    """(left, right), left < right: who shares one of the keys."""
    holders = store.holders(keys)
    return _crossed(holders, holders)


def strangers(store: Store, keys: pl.Series, model: Model) -> pl.DataFrame:
    """(left, right, …) of the pairs kept that share one of `keys`, and none any more that brings
    candidates."""
    holders = store.holders(keys).select("profile")
    kept = store.kept_among(holders["profile"].unique())
    held = _bringing(store, store.load_profiles(ends(kept)), model)
    sharing = (
        kept.select("left", "right")
        .join(held, left_on="left", right_on="profile")
        .join(held, left_on=["right", "key"], right_on=["profile", "key"])
    )
    return kept.join(sharing, on=["left", "right"], how="anti")


def _crossed(some: pl.DataFrame, holders: pl.DataFrame) -> pl.DataFrame:
    """(left, right) of the profiles that share a key, each pair once."""
    return (
        some.join(holders, on="key", suffix="_other")
        .filter(pl.col("profile") != pl.col("profile_other"))
        .select(
            left=pl.min_horizontal("profile", "profile_other"),
            right=pl.max_horizontal("profile", "profile_other"),
        )
        .unique()
        .sort("left", "right")
    )


def ends(pairs: pl.DataFrame) -> pl.Series:
    """The profiles that are in one of the pairs (left, right)."""
    return pl.concat([pairs["left"], pairs["right"]]).unique()


def measured(store: Store, profiles: pl.Series, model: Model) -> pl.DataFrame:
    """The profiles with their columns and, per measured kind, the size of their value's block."""
    return with_sizes(store, store.load_profiles(profiles), model)


def with_sizes(store: Store, columns: pl.DataFrame, model: Model) -> pl.DataFrame:
    """`columns` (profile and its standardised columns) with the sizes."""
    sizes = _sizes(store, columns, model)
    for kind in model.rarity:
        counted = (
            sizes.filter(pl.col("kind").is_in(MEASURED[kind]))
            .group_by("profile")
            .agg(size_of(kind, "members").alias(f"{kind}_size"))
        )
        columns = columns.join(counted, on="profile", how="left")
    return columns


def _sizes(store: Store, columns: pl.DataFrame, model: Model) -> pl.DataFrame:
    """(profile, key, kind, members) of the values of measured kinds."""
    kinds = {one for kind in model.rarity for one in MEASURED[kind]}
    return _counted(store, keys_of(columns, store.entity, kinds))


def _counted(store: Store, keys: pl.DataFrame) -> pl.DataFrame:
    """(profile, key, kind, members): many profiles share a key, whose block is read once."""
    counted = store.members(keys["key"])
    return keys.drop("label").join(counted, on="key", how="left", maintain_order="left")
