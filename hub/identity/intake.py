"""What the changed source rows mean for the profiles: which are new, which nobody has any more."""

from dataclasses import dataclass

import polars as pl

from hub.identity.mentions import LINKS, ROW, STATE, Entity
from hub.identity.standardise import COLUMNS, standardise
from hub.identity.store import Store


@dataclass(frozen=True)
class Intake:
    """`rows` (ROW) changed or left; `born` are new profiles with their columns, `dead` have no row
    left, `stirred` live on with other rows or links than before."""

    rows: pl.DataFrame
    born: pl.DataFrame
    dead: pl.Series
    stirred: pl.Series


def take_in(store: Store, told: pl.DataFrame, entity: Entity, *, everything: bool) -> Intake:
    """Store what `told` (mentions as read) changes.

    A row whose matching columns and links are as stored is dropped here, whatever else changed in
    it. With `everything`, `told` is all there is, so that stored rows missing in it have left, and
    no profile counts as known.
    """
    now = standardise(told.filter("live"), entity)
    stored = store.mentions(None if everything else told)
    before = stored.filter(pl.col("profile").is_not_null())
    same = [pl.col(n).eq_missing(pl.col(f"{n}_before")) for n in (*LINKS, "profile")]
    changed = now.join(before.drop("last_id"), on=ROW, how="left", suffix="_before")
    if not everything:
        changed = changed.filter(~pl.all_horizontal(same))
    gone = before.join(now, on=ROW, how="anti")
    _save(store, changed, gone)
    old = pl.concat([changed["profile_before"], gone["profile"]]).drop_nulls().unique()
    new = changed["profile"].unique()
    touched = pl.concat([old, new]).unique()
    alive = store.mentions_of(touched)["profile"].unique()
    known = store.known_profiles(touched)
    born = changed.filter(~pl.col("profile").is_in(known.implode()))
    return Intake(
        rows=pl.concat([changed.select(ROW), gone.select(ROW)]),
        born=born.unique("profile").select("profile", *COLUMNS[entity]).sort("profile"),
        dead=known.filter(~known.is_in(alive.implode())),
        stirred=alive,
    )


def _save(store: Store, changed: pl.DataFrame, gone: pl.DataFrame) -> None:
    store.save_mentions(changed.select(*ROW, *STATE, "profile"))
    last = gone.select(ROW).join(store.ids_of(gone), on=ROW, how="left")
    store.save_mentions(
        last.select(
            *ROW, pl.lit(None, pl.Int64).alias("profile"), pl.col("hub_id").alias("last_id")
        )
    )
