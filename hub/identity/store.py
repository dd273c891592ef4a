"""What matching remembers between runs: mentions, profiles, keys, block sizes, pairs.

Only reads and writes; what they mean is decided elsewhere. Every lookup goes from the few things
that changed through an index to the few they touch.
"""

from collections.abc import Iterable
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, Table, delete, select, tuple_, update

from hub.identity.among import (
    delete_among,
    given_ids,
    given_numbers,
    given_rows,
    read_among,
)
from hub.identity.mentions import LINKS, ROW, Entity
from hub.identity.standardise import COLUMNS
from hub.models import bulk
from hub.models.frames import frame_schema
from hub.models.identity import (
    crosswalk,
    identity_block,
    identity_key,
    identity_mention,
    identity_model,
    identity_pair,
    identity_profile,
)

_PORTION = 200_000
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

    def look_up(self) -> None:
        """Tell PostgreSQL, for this transaction, that a page is found as fast as the next one: it
        takes a few thousand keys for many rows, and would read whole tables that are in memory."""
        if self.conn.dialect.name == "postgresql":
            self.conn.exec_driver_sql("SET LOCAL random_page_cost = 1.0")

    def take_stock(self) -> None:
        """Tell PostgreSQL how much there is: until it counts on its own, it would read whole tables
        for a few rows."""
        if self.conn.dialect.name == "postgresql":
            for table in (*_TABLES_OF_MODEL, identity_mention, crosswalk):
                self.conn.exec_driver_sql(f'ANALYZE "{table.name}"')

    # -- mentions ----------------------------------------------------------------------------

    def mentions(self, rows: pl.DataFrame | None = None) -> pl.DataFrame:
        """ROW + LINKS + profile (null: gone) + last_id of the given rows, or of all."""
        m = identity_mention
        wanted = [m.c[n] for n in (*ROW, *LINKS, "profile", "last_id")]
        query = select(*wanted).where(m.c.entity == self.entity)
        if rows is None:
            return bulk.read(self.conn, query)
        with given_rows(self.conn, self.entity, rows) as given:
            return self._read(query, m, given)

    def mentions_of(self, profiles: pl.Series) -> pl.DataFrame:
        m = identity_mention
        wanted = [m.c[n] for n in (*ROW, *LINKS, "profile", "last_id")]
        with given_numbers(self.conn, profiles) as given:
            return self._read(select(*wanted), m.c.profile, given)

    def save_mentions(self, rows: pl.DataFrame) -> None:
        """ROW + any of STATE, profile, last_id; what is not given stays."""
        self._merge(identity_mention, rows)

    # -- profiles and keys -------------------------------------------------------------------

    def known_profiles(self, profiles: pl.Series) -> pl.Series:
        p = identity_profile
        with given_numbers(self.conn, profiles) as given:
            return self._read(select(p.c.profile), p.c.profile, given).to_series()

    def load_profiles(self, profiles: pl.Series) -> pl.DataFrame:
        """`profile` and the standardised columns."""
        p = identity_profile
        with given_numbers(self.conn, profiles) as given:
            found = self._read(select(p.c.profile, p.c.features), p.c.profile, given)
        shape = pl.Struct(dict.fromkeys(COLUMNS[self.entity], pl.String))
        return found.with_columns(pl.col("features").str.json_decode(shape)).unnest("features")

    def add_profiles(self, profiles: pl.DataFrame, keys: pl.DataFrame) -> None:
        columns = COLUMNS[self.entity]
        told = profiles.select("profile", features=pl.struct(columns).struct.json_encode())
        self._append(identity_profile, told)
        self._append(identity_key, keys)

    def drop_profiles(self, profiles: pl.Series) -> None:
        with given_numbers(self.conn, profiles) as given:
            for table in (identity_profile, identity_key):
                delete_among(self.conn, table, table.c.profile, given)

    def holders(self, keys: pl.Series) -> pl.DataFrame:
        """(key, profile) of everybody who holds one of `keys`."""
        k = identity_key
        with given_numbers(self.conn, keys) as given:
            return self._read(select(k.c.key, k.c.profile), k.c.key, given)

    def members(self, keys: pl.Series) -> pl.DataFrame:
        """(key, members) of the blocks there are."""
        b = identity_block
        with given_numbers(self.conn, keys) as given:
            return self._read(select(b.c.key, b.c.members), b.c.key, given)

    def add_blocks(self, blocks: pl.DataFrame) -> None:
        """(key, kind, label, members) of blocks that are not there yet."""
        self._append(identity_block, blocks)

    def shift_blocks(self, shifts: pl.DataFrame) -> pl.DataFrame:
        """Blocks grow or shrink: (key, kind, label, by). An empty one is forgotten.

        Returns (key, members) of those that were there.
        """
        b = identity_block
        by = shifts.rename({"by": "members"})
        with bulk.staged(self.conn, by.select("key", "members"), b) as stage:
            move = update(b).where(b.c.key == stage.c.key)
            move = move.values(members=b.c.members + stage.c.members)
            moved = self.conn.execute(move.returning(b.c.key, b.c.members)).all()
        shape = frame_schema(b, ("key", "members"))
        found = pl.DataFrame(moved, schema=shape, orient="row")
        self.add_blocks(by.join(found, on="key", how="anti"))
        with given_numbers(self.conn, found.filter(pl.col("members") == 0)["key"]) as given:
            delete_among(self.conn, b, b.c.key, given)
        return found

    # -- pairs -------------------------------------------------------------------------------

    def linked(self, profiles: pl.Series | None = None) -> pl.DataFrame:
        """(left, right, score) of the pairs that speak for the same and touch `profiles`, or of
        all."""
        p = identity_pair
        chosen = select(
            p.c.left_profile.label("left"), p.c.right_profile.label("right"), p.c.score
        ).where(p.c.score > 0, p.c.veto.is_(None))
        if profiles is None:
            return bulk.read(self.conn, chosen.where(p.c.entity == self.entity))
        with given_numbers(self.conn, profiles) as given:
            found = [
                self._read(chosen, side, given) for side in (p.c.left_profile, p.c.right_profile)
            ]
        return pl.concat(found).unique()

    def kept_among(self, profiles: pl.Series) -> pl.DataFrame:
        """(left, right) of all pairs that are kept with both ends among `profiles`."""
        p = identity_pair.c
        query = select(p.left_profile.label("left"), p.right_profile.label("right"))
        with given_numbers(self.conn, profiles) as given:
            found = self._read(query, p.left_profile, given)
        return found.filter(pl.col("right").is_in(profiles.implode()))

    def drop_those(self, pairs: pl.DataFrame) -> None:
        """Forget the pairs (left, right)."""
        p = identity_pair.c
        if pairs.is_empty():
            return
        keys = pairs.select(left_profile="left", right_profile="right")
        with bulk.staged(self.conn, keys, identity_pair) as stage:
            named = select(stage.c.left_profile, stage.c.right_profile)
            both = tuple_(p.left_profile, p.right_profile)
            self.conn.execute(delete(identity_pair).where(both.in_(named)))

    def drop_pairs(self, profiles: pl.Series) -> None:
        p = identity_pair
        with given_numbers(self.conn, profiles) as given:
            for side in (p.c.left_profile, p.c.right_profile):
                delete_among(self.conn, p, side, given)

    def add_pairs(self, pairs: pl.DataFrame) -> None:
        """left_profile, right_profile, score, veto, evidence."""
        self._append(identity_pair, pairs)

    # -- crosswalk ---------------------------------------------------------------------------

    def ids_of(self, rows: pl.DataFrame) -> pl.DataFrame:
        """ROW + hub_id of the given rows, where they have one."""
        x = crosswalk
        query = select(*(x.c[n] for n in ROW), x.c.hub_id)
        with given_rows(self.conn, self.entity, rows) as given:
            return self._read(query, x, given)

    def rows_of(self, hub_ids: Iterable[str] | None = None) -> pl.DataFrame:
        """ROW + hub_id of everything under the given ids, or under any."""
        x = crosswalk
        query = select(*(x.c[n] for n in ROW), x.c.hub_id).where(x.c.entity == self.entity)
        if hub_ids is None:
            return bulk.read(self.conn, query)
        with given_ids(self.conn, hub_ids) as given:
            return self._read(query, x.c.hub_id, given)

    def save_ids(self, rows: pl.DataFrame) -> None:
        self._merge(crosswalk, rows)

    def add_ids(self, rows: pl.DataFrame) -> None:
        """ROW + hub_id of rows that have none."""
        self._append(crosswalk, rows)

    def drop_ids(self, rows: pl.DataFrame) -> None:
        with given_rows(self.conn, self.entity, rows) as given:
            delete_among(self.conn, crosswalk, crosswalk, given)

    # ----------------------------------------------------------------------------------------

    def _read(self, query: Select[Any], what: Any, given: Any) -> pl.DataFrame:
        return read_among(self.conn, query, what, given)

    def _merge(self, table: Table, rows: pl.DataFrame) -> None:
        if rows.height:
            with bulk.staged(self.conn, self._stamped(rows), table) as stage:
                bulk.merge(self.conn, table, stage)

    def _append(self, table: Table, rows: pl.DataFrame) -> None:
        for start in range(0, rows.height, _PORTION):
            bulk.insert(self.conn, table, self._stamped(rows.slice(start, _PORTION)))

    def _stamped(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(entity=pl.lit(self.entity), run=pl.lit(self.run))
