"""Landing one batch: all of it or nothing, in one transaction.

Rows, their dispositions, the quarantine and the cursor move together. Change is detected by content
hash, never by a system's modification stamp: stamps move without changes, and our own writes come
back with new ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl
from sqlalchemy import Connection, Engine, false, select, update

from hub.checks.convert import blank_to_null, convert, utc_time
from hub.checks.schemas import FAULT_SCHEMA, ROW, Split, no_faults, validate
from hub.connectors.contract import IS_DELETED, MERGED_INTO, MODIFIED_AT, RECORD_ID, Batch
from hub.erasure.suppression import without_erased
from hub.models import bulk
from hub.models.database import reading, take_numbers, writing
from hub.models.operations import ops_batch
from hub.models.runs import Run
from hub.sync import dispositions, quarantine
from hub.sync.agreed import still_agreed
from hub.sync.archive import archived_meanwhile
from hub.sync.dispositions import DISPOSITIONS
from hub.sync.drift import held
from hub.sync.fingerprint import text_hashes, told_texts
from hub.sync.fingerprint import told_text as told_text
from hub.sync.inclusion import as_included
from hub.sync.ledger import Stopwatch
from hub.sync.targets import Target, move_cursor
from hub.sync.tombstones import come_back, mark_gone
from hub.sync.volatile import volatile_hashes

# What is kept of a row beside its typed columns.
_KEPT = (RECORD_ID, MODIFIED_AT, "content_hash", "told", "volatile_hash", "disposition")
# What changes in a row without the record having changed.
_QUIET = ("run", "batch_id", "modified_at", "volatile_hash")


@dataclass
class LandReport:
    """Rows read of one object, what became of them, faults by rule, seconds by part.

    `whole`: everything there is was asked for, not only what changed.
    """

    system: str
    object: str
    whole: bool = False
    read: int = 0
    dispositions: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DISPOSITIONS, 0))
    faults: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A batch, and what can be found out about it before the warehouse is asked: the hashes of its
    `rows` and, if wanted, how they stand if they are all new."""

    batch: Batch
    rows: pl.DataFrame
    checked: Split | None = None


def prepared(batch: Batch, target: Target, *, check: bool = False) -> Prepared:
    rows = _fingerprinted(batch.rows, target)
    return Prepared(batch, rows, _checked(rows, target, batch.faults) if check else None)


def land_batch(
    engine: Engine,
    target: Target,
    run: Run,
    made: Prepared,
    path: str,
    report: LandReport,
    watch: Stopwatch,
    *,
    unseen: bool = False,
) -> None:
    """Land one batch: all of it or nothing. `unseen`: no record of it is stored."""
    batch = made.batch
    if batch.rows.is_empty():
        if batch.cursor is not None:
            with writing(engine) as conn:
                move_cursor(conn, target, run, batch.cursor)
        return
    with watch.lap("land"):
        made = _without_erased(engine, target, made)
        with reading(engine) as conn:
            known = _known(conn, target, batch.rows.clear() if unseen else batch.rows)
        ours = dispositions.without_strangers(made.rows, known, target.keyed_by)
        ours = as_included(ours, known, target.mapping, target.table)
        rows = dispositions.classify(ours, known)
        fresh = rows.filter(pl.col("disposition").is_in(["new", "changed"]))
    with watch.lap("check"):
        all_new = fresh.height == made.rows.height
        known_split = made.checked if all_new else None
        split = known_split or _checked(fresh, target, batch.faults)
        bad = quarantine.held_back(fresh, split.faults)
    with watch.lap("land"):
        rows = rows.with_columns(
            disposition=pl.when(pl.col("position").is_in(bad["position"].implode()))
            .then(pl.lit("quarantined"))
            .otherwise("disposition")
        )
        kept = rows.filter(pl.col("disposition") != "unchanged")
        with writing(engine) as conn, archived_meanwhile(path, kept.select(batch.rows.columns)):
            batch_id = _record_batch(conn, target, run, batch.origin, path, kept.height)
            good = split.good_of(fresh).select(_KEPT)
            _merge_good(conn, target, run, batch_id, good.hstack(split.good), known)
            mark_gone(conn, target, run, rows.filter(_gone()))
            come_back(conn, target, run, _back(good, known))
            if target.volatile_pulled:
                _renew_volatile_hash(conn, target, rows, known)
            quarantine.hold(conn, target, run, batch_id, bad)
            quarantine.replace(conn, target, run, _settled(rows))
            counts = dict(rows.group_by("disposition").len().iter_rows())
            if ours.height < batch.rows.height:
                strangers = batch.rows.height - ours.height
                counts["suppressed"] = counts.get("suppressed", 0) + strangers
            dispositions.count(conn, run, target.system, target.object, counts)
            dispositions.count_read(conn, run, target.system, target.object, batch.rows.height)
            if batch.cursor is not None:
                move_cursor(conn, target, run, batch.cursor)
    _add_to_report(report, batch.rows.height, counts, split.faults)


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


def _gone() -> pl.Expr:
    """Deleted, or merged away without ever having landed: others may have been merged into it."""
    disposition = pl.col("disposition")
    merged = blank_to_null(pl.col(MERGED_INTO)).is_not_null()
    return (disposition == "deleted") | ((disposition == "suppressed") & merged)


def _back(good: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """record_id of what was gone and is there again."""
    return good.join(known.filter("is_deleted"), on=RECORD_ID, how="semi").select(RECORD_ID)


def _settled(rows: pl.DataFrame) -> pl.Series:
    """Record ids whose present version was read and is valid, whether it was known or not."""
    unsettled = pl.col("disposition").is_in(["quarantined", "superseded"])
    return rows.filter(~unsettled)[RECORD_ID]


def _add_to_report(
    report: LandReport, read: int, counts: Mapping[str, int], faults: pl.DataFrame
) -> None:
    report.read += read
    for name, rows in counts.items():
        report.dispositions[name] += rows
    for rule, found in faults.group_by("rule").len().iter_rows():
        report.faults[rule] = report.faults.get(rule, 0) + found


# -- what was said before ----------------------------------------------------------------------


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


# -- what is said now --------------------------------------------------------------------------


def _record_batch(
    conn: Connection, target: Target, run: Run, origin: str | None, path: str, rows: int
) -> int:
    """The id of the batch; a batch that brought nothing new leaves no record."""
    if not rows:
        return 0
    batch_id = take_numbers(conn, "batch", 1)[0]
    conn.execute(
        ops_batch.insert().values(
            id=batch_id,
            run=run.number,
            system=target.system,
            object=target.object,
            origin=origin,
            archive_path=path,
            rows=rows,
            at=run.started_at,
        )
    )
    return batch_id


def _merge_good(
    conn: Connection,
    target: Target,
    run: Run,
    batch_id: int,
    good: pl.DataFrame,
    known: pl.DataFrame,
) -> None:
    if not good.height:
        return
    rows = still_agreed(good, known, anew=target.remapped).with_columns(
        pl.lit(target.system).alias("system"),
        pl.lit(target.object).alias("object"),
        pl.lit(value=False).alias("is_deleted"),
        pl.lit(None, pl.String).alias("gone"),
        pl.lit(None, pl.String).alias("merged_into"),
        pl.lit(batch_id).alias("batch_id"),
        pl.lit(run.number).alias("run"),
        utc_time(pl.col(MODIFIED_AT)).alias(MODIFIED_AT),
    )
    is_new = rows["disposition"] == "new"
    bulk.insert(conn, target.table, rows.filter(is_new))
    if is_new.all():
        return
    with bulk.staged(conn, rows.filter(~is_new), target.table) as stage:
        bulk.merge(conn, target.table, stage, quiet=_QUIET)


def _renew_volatile_hash(
    conn: Connection, target: Target, rows: pl.DataFrame, known: pl.DataFrame
) -> None:
    """Rows that say the same, but were landed when other fields counted as volatile."""
    same = rows.filter(pl.col("disposition") == "unchanged", pl.col(IS_DELETED) != "true")
    stale = same.select(RECORD_ID, "volatile_hash").join(
        known, on=[RECORD_ID, "volatile_hash"], how="anti"
    )
    if not stale.height:
        return
    table = target.table
    with bulk.staged(conn, stale, table, index=[RECORD_ID]) as stage:
        conn.execute(
            update(table)
            .where(
                table.c.system == target.system,
                table.c.object == target.object,
                table.c.record_id == stage.c.record_id,
            )
            .values(volatile_hash=stage.c.volatile_hash)
        )
