"""All profiles of one entity at once, in memory: the same keys, sizes and candidates as the store
holds, found in columns and in bounded portions.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from hub.identity.keys import KIND, MEASURED, size_of, values_of
from hub.identity.mentions import Entity
from hub.identity.model import Model
from hub.identity.standardise import COLUMNS

_PORTION = 100_000
_PAIRS = 4_000_000
Numbers = np.ndarray[tuple[int, ...], np.dtype[Any]]


class Batch:
    """`profiles` is what `standardise` makes, distinct. Profiles go by their places here, from 0,
    in the order of their hashes."""

    def __init__(self, profiles: pl.DataFrame, entity: Entity) -> None:
        self.entity = entity
        self.profiles = profiles.select("profile", *COLUMNS[entity]).sort("profile")
        parts = [self._keys(start) for start in range(0, max(self.profiles.height, 1), _PORTION)]
        keys = pl.concat(parts).sort("key", "at")
        # A name that says a word twice holds it once.
        keys = keys.filter(pl.struct("key", "at").rle_id().diff().fill_null(1) > 0)
        self._held = keys.with_columns(members=pl.len().over("key").cast(pl.Int64))

    def _keys(self, start: int) -> pl.DataFrame:
        """(at, key, kind) of a portion; the hash is one for this process only."""
        part = self.profiles.slice(start, _PORTION)
        numbered = part.with_columns(profile=pl.int_range(start, start + part.height))
        found = values_of(numbered, self.entity)
        return found.select(
            at=pl.col("profile").cast(pl.Int32),
            key=pl.struct("kind", "value").hash(),
            kind=pl.col("kind").cast(KIND),
        )

    def sized(self, model: Model) -> pl.DataFrame:
        """The profiles with, per measured kind, the size of their value's block."""
        columns = self.profiles.with_row_index("at").with_columns(pl.col("at").cast(pl.Int32))
        for kind in model.rarity:
            counted = (
                self._held.filter(
                    pl.col("kind").is_in(pl.Series(MEASURED[kind], dtype=KIND).implode())
                )
                .group_by("at")
                .agg(size_of(kind, "members").alias(f"{kind}_size"))
            )
            columns = columns.join(counted, on="at", how="left", maintain_order="left")
        return columns.drop("at")

    def candidates(self, model: Model) -> pl.DataFrame:
        """(left, right) profiles, left < right, in order: who shares a key that few enough hold."""
        return self.places(model).select(
            pl.lit(self.profiles["profile"]).gather(pl.col(end)).alias(end)
            for end in ("left", "right")
        )

    def places(self, model: Model) -> pl.DataFrame:
        """The candidates by their places."""
        caps = pl.DataFrame({"kind": KIND.categories}).select(model.cap(pl.col("kind")))
        cap = pl.lit(caps.to_series()).gather(pl.col("kind").to_physical())
        shared = self._held.filter(pl.col("members").is_between(2, cap))
        width = max(self.profiles.height, 1)
        parts = [
            pl.Series(one * width + other, dtype=pl.Int64).unique()
            for one, other in _pairs(shared["at"].to_numpy(), shared["key"].to_numpy())
        ]
        codes = pl.concat([pl.Series(dtype=pl.Int64), *parts]).unique().sort()
        return pl.DataFrame({"left": codes // width, "right": codes % width}).cast(pl.UInt32)


def _pairs(at: Numbers, keys: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """Places of any two holders of one key, the lower first; both columns are sorted by key, then
    by place. Comes in portions of some million pairs."""
    every = np.arange(len(keys))
    ends = np.append(np.flatnonzero(keys[1:] != keys[:-1]) + 1, len(keys))
    behind = ends[np.searchsorted(ends, every, side="right")] - every - 1
    total = np.cumsum(behind)
    low = 0
    while low < len(keys):
        done = total[low - 1] if low else 0
        high = max(int(np.searchsorted(total, done + _PAIRS)), low + 1)
        count = behind[low:high]
        one = np.repeat(every[low:high], count)
        step = np.arange(len(one)) - np.repeat(np.cumsum(count) - count, count) + 1
        yield at[one].astype(np.int64), at[one + step].astype(np.int64)
        low = high
