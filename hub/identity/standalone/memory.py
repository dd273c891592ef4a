"""The profiles, keys and block sizes of one file, looked up as the resolve step looks up tables."""

import polars as pl

from hub.identity.keys import keys_of
from hub.identity.mentions import Entity
from hub.identity.standardise import COLUMNS


class Memory:
    """Everything there is of one entity; `profiles` is what `standardise` makes, one row each."""

    def __init__(self, profiles: pl.DataFrame, entity: Entity) -> None:
        self.entity = entity
        self._profiles = profiles.select("profile", *COLUMNS[entity])
        keys = keys_of(self._profiles, entity)
        members = keys.group_by("key").agg(members=pl.len().cast(pl.Int64))
        self._keys = keys.join(members, on="key").select("profile", "key", "kind", "members")

    def load_profiles(self, profiles: pl.Series) -> pl.DataFrame:
        return _among(self._profiles, "profile", profiles)

    def keys_of(self, profiles: pl.Series) -> pl.DataFrame:
        """(profile, key, kind, members)"""
        return _among(self._keys, "profile", profiles)

    def holders(self, keys: pl.Series) -> pl.DataFrame:
        """(key, profile)"""
        return _among(self._keys.select("key", "profile"), "key", keys)


def _among(frame: pl.DataFrame, column: str, wanted: pl.Series) -> pl.DataFrame:
    return frame.join(pl.DataFrame({column: wanted.unique()}), on=column, how="semi")
