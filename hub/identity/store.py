"""What matching remembers between runs: mentions, profiles, keys, block sizes, pairs.

Only reads and writes; what they mean is decided elsewhere. Every lookup goes from the few things
that changed through an index to the few they touch.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import polars as pl
from sqlalchemy import Column, ColumnElement, Connection, Table, delete, select, tuple_

from hub.identity.mentions import LINKS, ROW, Entity
from hub.identity.standardise import COLUMNS
from hub.models import bulk
from hub.models.identity import (
    crosswalk,
    identity_block,
    identity_key,
    identity_mention,
    identity_model,
    identity_pair,
    identity_profile,
)

_TABLES_OF_MODEL = (identity_profile, identity_key, identity_block, identity_pair)


class Store:
    """The stored state of one entity, on the connection of the transaction that changes it."""

    def __init__(self, conn: Connection, entity: Entity, run: int) -> None:
        self.conn, self.entity, self.run = conn, entity, run

    # -- model -------------------------------------------------------------------------------

    def model_version(self) -> str | None:
        m = identity_model.c
        return self.conn.scalar(select(m.version).where(m.entity == self.entity))

    def start_over(self, version: str) -> None:
        """Forget everything made by a model; mentions stay, so that rows that left are noticed."""
        for table in _TABLES_OF_MODEL:
            self.conn.execute(delete(table).where(table.c.entity == self.entity))
        self.conn.execute(delete(identity_model).where(identity_model.c.entity == self.entity))
        self.conn.execute(
            identity_model.insert().values(entity=self.entity, version=version, run=self.run)
        )

    # -- mentions ----------------------------------------------------------------------------

    def mentions(self, rows: pl.DataFrame | None = None) -> pl.DataFrame:
        """ROW + LINKS + profile (null: gone) + last_id of the given rows, or of all."""
        m = identity_mention
        wanted = [m.c[n] for n in (*ROW, *LINKS, "profile", "last_id")]
        query = select(*wanted).where(m.c.entity == self.entity)
        if rows is None:
            return bulk.read(self.conn, query)
        with self._staged_rows(rows) as stage:
            return bulk.read(self.conn, query.where(_row_in(m, stage)))

    def mentions_of(self, profiles: pl.Series) -> pl.DataFrame:
        m = identity_mention
        wanted = [m.c[n] for n in (*ROW, *LINKS, "profile", "last_id")]
        with self._staged(profiles) as stage:
            return bulk.read(self.conn, select(*wanted).where(_in(m.c.profile, stage)))

    def save_mentions(self, rows: pl.DataFrame) -> None:
        """ROW + any of STATE, profile, last_id; what is not given stays."""
        with bulk.staged(self.conn, self._stamped(rows), identity_mention) as stage:
            bulk.merge(self.conn, identity_mention, stage)

    # -- profiles and keys -------------------------------------------------------------------

    def known_profiles(self, profiles: pl.Series) -> pl.Series:
        p = identity_profile
        with self._staged(profiles) as stage:
            query = select(p.c.profile).where(_in(p.c.profile, stage))
            return bulk.read(self.conn, query).to_series()

    def load_profiles(self, profiles: pl.Series) -> pl.DataFrame:
        """`profile` and the standardised columns."""
        p = identity_profile
        with self._staged(profiles) as stage:
            query = select(p.c.profile, p.c.features).where(_in(p.c.profile, stage))
            found = bulk.read(self.conn, query)
        shape = pl.Struct(dict.fromkeys(COLUMNS[self.entity], pl.String))
        return found.with_columns(pl.col("features").str.json_decode(shape)).unnest("features")

    def add_profiles(self, profiles: pl.DataFrame, keys: pl.DataFrame) -> None:
        columns = COLUMNS[self.entity]
        told = profiles.select("profile", features=pl.struct(columns).struct.json_encode())
        with bulk.staged(self.conn, self._stamped(told), identity_profile) as stage:
            bulk.append(self.conn, identity_profile, stage)
        with bulk.staged(self.conn, self._stamped(keys), identity_key) as stage:
            bulk.append(self.conn, identity_key, stage)

    def drop_profiles(self, profiles: pl.Series) -> None:
        with self._staged(profiles) as stage:
            for table in (identity_profile, identity_key):
                self.conn.execute(delete(table).where(_in(table.c.profile, stage)))

    def keys_of(self, profiles: pl.Series) -> pl.DataFrame:
        """(profile, key, kind, members) of the given profiles."""
        k, b = identity_key, identity_block
        with self._staged(profiles) as stage:
            query = (
                select(k.c.profile, k.c.key, b.c.kind, b.c.members)
                .join_from(k, b, b.c.key == k.c.key)
                .where(_in(k.c.profile, stage))
            )
            return bulk.read(self.conn, query)

    def holders(self, keys: pl.Series) -> pl.DataFrame:
        """(key, profile) of everybody who holds one of `keys`."""
        k = identity_key
        with self._staged(keys, "key") as stage:
            return bulk.read(self.conn, select(k.c.key, k.c.profile).where(_in(k.c.key, stage)))

    def blocks(self, keys: pl.Series) -> pl.DataFrame:
        """(key, kind, label, members) of the blocks there are."""
        b = identity_block
        with self._staged(keys, "key") as stage:
            query = select(b.c.key, b.c.kind, b.c.label, b.c.members)
            return bulk.read(self.conn, query.where(_in(b.c.key, stage)))

    def save_blocks(self, blocks: pl.DataFrame) -> None:
        """(key, kind, label, members); an empty block is forgotten."""
        empty = blocks.filter(pl.col("members") == 0)
        with bulk.staged(self.conn, self._stamped(blocks), identity_block) as stage:
            bulk.merge(self.conn, identity_block, stage)
        with self._staged(empty["key"], "key") as stage:
            b = identity_block
            self.conn.execute(delete(b).where(_in(b.c.key, stage)))

    # -- pairs -------------------------------------------------------------------------------

    def linked(self, profiles: pl.Series) -> pl.DataFrame:
        """(left, right, score) of the pairs that speak for the same and touch `profiles`."""
        p = identity_pair
        chosen = select(
            p.c.left_profile.label("left"), p.c.right_profile.label("right"), p.c.score
        ).where(p.c.score > 0, p.c.veto.is_(None))
        with self._staged(profiles) as stage:
            found = [
                bulk.read(self.conn, chosen.where(_in(side, stage)))
                for side in (p.c.left_profile, p.c.right_profile)
            ]
        return pl.concat(found).unique()

    def drop_pairs(self, profiles: pl.Series) -> None:
        p = identity_pair
        with self._staged(profiles) as stage:
            for side in (p.c.left_profile, p.c.right_profile):
                self.conn.execute(delete(p).where(_in(side, stage)))

    def add_pairs(self, pairs: pl.DataFrame) -> None:
        """left_profile, right_profile, score, veto, evidence."""
        with bulk.staged(self.conn, self._stamped(pairs), identity_pair) as stage:
            bulk.append(self.conn, identity_pair, stage)

    # -- crosswalk ---------------------------------------------------------------------------

    def ids_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """ROW + hub_id of the given rows, where they have one."""
        x = crosswalk
        query = select(*(x.c[n] for n in ROW), x.c.hub_id)
        with self._staged_rows(rows) as stage:
            return bulk.read(self.conn, query.where(_row_in(x, stage)))

    def rows_of(self, hub_ids: Iterable[str]) -> pl.DataFrame:
        """ROW + hub_id of everything under the given ids."""
        x = crosswalk
        query = select(*(x.c[n] for n in ROW), x.c.hub_id).where(x.c.entity == self.entity)
        wanted = pl.DataFrame({"hub_id": sorted(hub_ids)}, schema={"hub_id": pl.String})
        with bulk.staged(self.conn, wanted, x) as stage:
            return bulk.read(self.conn, query.where(x.c.hub_id.in_(select(stage.c.hub_id))))

    def save_ids(self, rows: pl.DataFrame) -> None:
        with bulk.staged(self.conn, self._stamped(rows), crosswalk) as stage:
            bulk.merge(self.conn, crosswalk, stage)

    def drop_ids(self, rows: pl.DataFrame) -> None:
        with self._staged_rows(rows) as stage:
            self.conn.execute(delete(crosswalk).where(_row_in(crosswalk, stage)))

    # ----------------------------------------------------------------------------------------

    def _stamped(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(entity=pl.lit(self.entity), run=pl.lit(self.run))

    def _staged(self, values: pl.Series, name: str = "profile") -> AbstractContextManager[Table]:
        frame = pl.DataFrame({name: values.unique()}, schema={name: pl.Int64})
        return bulk.staged(self.conn, frame, identity_key)

    def _staged_rows(self, rows: pl.DataFrame) -> AbstractContextManager[Table]:
        return bulk.staged(self.conn, self._stamped(rows.select(ROW)).drop("run"), crosswalk)


# Membership, not a join: whichever table a planner without statistics takes for the smaller one, a
# list of values leads through the index of the large one.


def _in(column: Column[int], stage: Table) -> ColumnElement[bool]:
    return column.in_(select(next(iter(stage.c))))


def _row_in(table: Table, stage: Table) -> ColumnElement[bool]:
    key = (*ROW, "entity")
    return tuple_(*(table.c[n] for n in key)).in_(select(*(stage.c[n] for n in key)))
