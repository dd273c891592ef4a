"""What matching remembers between runs: mentions, profiles, keys, block sizes, pairs.

Only reads and writes; what they mean is decided elsewhere. Every lookup goes from the few things
that changed through an index to the few they touch.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import polars as pl
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select

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
            return bulk.read(self.conn, select(*wanted).join_from(stage, m, _same_row(m, stage)))

    def mentions_of(self, profiles: pl.Series) -> pl.DataFrame:
        m = identity_mention
        wanted = [m.c[n] for n in (*ROW, *LINKS, "profile", "last_id")]
        with self._staged(profiles) as stage:
            return bulk.read(
                self.conn, select(*wanted).join_from(stage, m, m.c.profile == stage.c.profile)
            )

    def save_mentions(self, rows: pl.DataFrame) -> None:
        """Rows as ROW + LINKS + profile + last_id."""
        with bulk.staged(self.conn, self._stamped(rows), identity_mention) as stage:
            bulk.merge(self.conn, identity_mention, stage)

    # -- profiles and keys -------------------------------------------------------------------

    def known_profiles(self, profiles: pl.Series) -> pl.Series:
        p = identity_profile
        with self._staged(profiles) as stage:
            query = select(p.c.profile).join_from(stage, p, p.c.profile == stage.c.profile)
            return bulk.read(self.conn, query).to_series()

    def load_profiles(self, profiles: pl.Series) -> pl.DataFrame:
        """`profile` and the standardised columns."""
        p = identity_profile
        with self._staged(profiles) as stage:
            query = select(p.c.profile, p.c.features).join_from(
                stage, p, p.c.profile == stage.c.profile
            )
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
                bulk.remove(self.conn, table, stage, ("profile",))

    def keys_of(self, profiles: pl.Series) -> pl.DataFrame:
        """(profile, key, kind, members) of the given profiles."""
        k, b = identity_key, identity_block
        with self._staged(profiles) as stage:
            query = (
                select(k.c.profile, k.c.key, b.c.kind, b.c.members)
                .join_from(stage, k, k.c.profile == stage.c.profile)
                .join(b, b.c.key == k.c.key)
            )
            return bulk.read(self.conn, query)

    def holders(self, keys: pl.Series) -> pl.DataFrame:
        """(key, profile) of everybody who holds one of `keys`."""
        k = identity_key
        with self._staged(keys, "key") as stage:
            query = select(k.c.key, k.c.profile).join_from(stage, k, k.c.key == stage.c.key)
            return bulk.read(self.conn, query)

    def blocks(self, keys: pl.Series) -> pl.DataFrame:
        """(key, kind, label, members) of the blocks there are."""
        b = identity_block
        with self._staged(keys, "key") as stage:
            query = select(b.c.key, b.c.kind, b.c.label, b.c.members)
            return bulk.read(self.conn, query.join_from(stage, b, b.c.key == stage.c.key))

    def save_blocks(self, blocks: pl.DataFrame) -> None:
        """(key, kind, label, members); an empty block is forgotten."""
        empty = blocks.filter(pl.col("members") == 0)
        with bulk.staged(self.conn, self._stamped(blocks), identity_block) as stage:
            bulk.merge(self.conn, identity_block, stage)
        with self._staged(empty["key"], "key") as stage:
            bulk.remove(self.conn, identity_block, stage, ("key",))

    # -- pairs -------------------------------------------------------------------------------

    def linked(self, profiles: pl.Series) -> pl.DataFrame:
        """(left, right, score) of the pairs that speak for the same and touch `profiles`."""
        p = identity_pair
        chosen = select(
            p.c.left_profile.label("left"), p.c.right_profile.label("right"), p.c.score
        ).where(p.c.score > 0, p.c.veto.is_(None))
        with self._staged(profiles) as stage:
            found = [
                bulk.read(
                    self.conn,
                    chosen.join_from(stage, p, side == stage.c.profile),
                )
                for side in (p.c.left_profile, p.c.right_profile)
            ]
        return pl.concat(found).unique()

    def drop_pairs(self, profiles: pl.Series) -> None:
        p = identity_pair
        with self._staged(profiles) as stage:
            gone = select(stage.c.profile)
            for side in (p.c.left_profile, p.c.right_profile):
                self.conn.execute(delete(p).where(side.in_(gone)))

    def add_pairs(self, pairs: pl.DataFrame) -> None:
        """left_profile, right_profile, score, veto, evidence."""
        with bulk.staged(self.conn, self._stamped(pairs), identity_pair) as stage:
            bulk.append(self.conn, identity_pair, stage)

    # -- crosswalk ---------------------------------------------------------------------------

    def ids_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """ROW + hub_id of the given rows, where they have one."""
        x = crosswalk
        with self._staged_rows(rows) as stage:
            query = select(*(x.c[n] for n in ROW), x.c.hub_id)
            return bulk.read(self.conn, query.join_from(stage, x, _same_row(x, stage)))

    def rows_of(self, hub_ids: Iterable[str]) -> pl.DataFrame:
        """ROW + hub_id of everything under the given ids."""
        x = crosswalk
        wanted = pl.DataFrame({"hub_id": sorted(hub_ids)}, schema={"hub_id": pl.String})
        with bulk.staged(self.conn, self._stamped(wanted), x) as stage:
            query = select(*(x.c[n] for n in ROW), x.c.hub_id)
            return bulk.read(
                self.conn,
                query.join_from(
                    stage, x, (x.c.hub_id == stage.c.hub_id) & (x.c.entity == stage.c.entity)
                ),
            )

    def save_ids(self, rows: pl.DataFrame) -> None:
        with bulk.staged(self.conn, self._stamped(rows), crosswalk) as stage:
            bulk.merge(self.conn, crosswalk, stage)

    def drop_ids(self, rows: pl.DataFrame) -> None:
        with self._staged_rows(rows) as stage:
            bulk.remove(self.conn, crosswalk, stage, ("entity", *ROW))

    # ----------------------------------------------------------------------------------------

    def _stamped(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(entity=pl.lit(self.entity), run=pl.lit(self.run))

    def _staged(self, values: pl.Series, name: str = "profile") -> AbstractContextManager[Table]:
        frame = pl.DataFrame({name: values.unique()}, schema={name: pl.Int64})
        return bulk.staged(self.conn, frame, identity_key)

    def _staged_rows(self, rows: pl.DataFrame) -> AbstractContextManager[Table]:
        return bulk.staged(self.conn, self._stamped(rows.select(ROW)).drop("run"), crosswalk)


def _same_row(table: Table, stage: Table) -> ColumnElement[bool]:
    return and_(*(table.c[name] == stage.c[name] for name in ("entity", *ROW)))
