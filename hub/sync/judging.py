"""What becomes of each row of a batch: found out before anything of it is stored.

Change is detected by content hash, never by a system's modification stamp: stamps move without
changes, and our own writes come back with new ones.
"""

from dataclasses import dataclass, replace

import polars as pl
from sqlalchemy import Connection, Engine, false, select

from hub.checks.convert import convert
from hub.checks.schemas import FAULT_SCHEMA, ROW, Split, no_faults, validate
from hub.connectors.contract import RECORD_ID, Batch
from hub.erasure.suppression import without_erased
from hub.models import bulk
from hub.models.database import reading
from hub.sync import dispositions, quarantine
from hub.sync.drift import held
from hub.sync.fingerprint import text_hashes, told_texts
from hub.sync.inclusion import as_included
from hub.sync.targets import Target
from hub.sync.volatile import volatile_hashes

# What is kept of a row beside its typed columns.
_KEPT = (RECORD_ID, "modified_at", "content_hash", "told", "volatile_hash", "disposition")


@dataclass(frozen=True)
class Prepared:
    """A batch, and what can be found out about it without the warehouse: the hashes of its
    `rows`."""

    batch: Batch
    rows: pl.DataFrame


@dataclass(frozen=True)
class Judged:
    """A batch of which it is known what becomes of each row.

    `rows` have their dispositions; `good` are the new and changed ones, typed; `bad` those that are
    held back, with their faults. `known` is what was stored of its records. Of the `read` rows,
    those of strangers and of erased people are not among `rows`.
    """

    batch: Batch
    read: int
    rows: pl.DataFrame
    good: pl.DataFrame
    bad: pl.DataFrame
    faults: pl.DataFrame
    known: pl.DataFrame


def prepared(batch: Batch, target: Target) -> Prepared:
    return Prepared(batch, _fingerprinted(batch.rows, target))


def judged(engine: Engine, target: Target, made: Prepared, *, unseen: bool = False) -> Judged:
    """What becomes of the rows. `unseen`: no record of the batch is stored."""
    read = made.batch.rows.height
    made = _without_erased(engine, target, made)
    batch = made.batch
    with reading(engine) as conn:
        known = _known(conn, target, batch.rows.clear() if unseen else batch.rows)
    ours = dispositions.without_strangers(made.rows, known, target.keyed_by)
    ours = as_included(ours, known, target.mapping, target.table)
    rows = dispositions.classify(ours, known)
    fresh = rows.filter(pl.col("disposition").is_in(["new", "changed"]))
    split = _checked(fresh, target, batch.faults)
    bad = quarantine.held_back(fresh, split.faults)
    is_bad = pl.col("position").is_in(bad["position"].implode())
    return Judged(
        batch,
        read,
        rows.with_columns(
            disposition=pl.when(is_bad).then(pl.lit("quarantined")).otherwise("disposition")
        ),
        split.good_of(fresh).select(_KEPT).hstack(split.good),
        bad,
        split.faults,
        known,
    )


def _without_erased(engine: Engine, target: Target, made: Prepared) -> Prepared:
    """Without what speaks of erased people. Found out here, not when the batch was prepared: who is
    erased stands in the warehouse."""
    rows = made.batch.rows.with_row_index("position")
    clean = without_erased(engine, target.system, target.mapping, rows)
    if clean.equals(rows):
        return made
    read = made.batch.faults
    faults = None if read is None else _at_fresh(read, clean)
    return prepared(replace(made.batch, rows=clean.drop("position"), faults=faults), target)


def _checked(fresh: pl.DataFrame, target: Target, read: pl.DataFrame | None) -> Split:
    """Typed and judged, with the faults that were found when the rows were `read`. A batch in
    which nothing is fresh, as most are, costs nothing here."""
    if fresh.is_empty():
        return Split(fresh.clear().select(), no_faults(), 0)
    typed = convert(fresh, target.mapping.pull, target.mapping.values, target.table)
    judged = held(validate(target.mapping.source, typed), fresh, target)
    return judged if read is None else judged.with_more(_at_fresh(read, fresh))


def _at_fresh(read: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """Faults by position in a batch → by position among its fresh rows."""
    places = fresh.select("position").with_row_index("at")
    return (
        read.join(places, left_on=ROW, right_on="position", how="inner", maintain_order="left")
        .with_columns(pl.col("at").cast(pl.UInt32).alias(ROW))
        .select(list(FAULT_SCHEMA))
    )


def _fingerprinted(rows: pl.DataFrame, target: Target) -> pl.DataFrame:
    """`rows` with `content_hash` (of what is only pulled), `told` (what the hub writes too) and
    `volatile_hash`.

    The hash covers how the fields are read: the same text under another mapping is a change.
    """
    written = target.mapping.told_fields
    pulled = [f for f in sorted(target.mapping.pull) if f not in written]
    return rows.with_columns(
        text_hashes(rows, pulled, target.reading).alias("content_hash"),
        told_texts(rows, written).alias("told"),
        volatile_hashes(rows, target.volatile_pulled),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("position"),
    )


def _known(conn: Connection, target: Target, rows: pl.DataFrame) -> pl.DataFrame:
    c = target.table.c
    here = (c.system == target.system, c.object == target.object)
    query = select(
        *(c.record_id, c.content_hash, c.told, c.agreed, c.volatile_hash),
        *(c.is_deleted, c.gone, c.merged_into, c.modified_at),
    ).where(*here)
    keys = rows.select(RECORD_ID).unique().drop_nulls()
    if keys.is_empty():
        return bulk.read(conn, query.where(false()))
    with bulk.staged(conn, keys, target.table) as wanted:
        return bulk.read(conn, query.where(c.record_id == wanted.c.record_id))
