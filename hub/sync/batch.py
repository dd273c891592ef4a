"""Landing one batch: all of it or nothing, in one transaction.

Rows, their dispositions, the quarantine and the cursor move together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl
from sqlalchemy import Connection, Engine, update

from hub.checks.convert import blank_to_null, utc_time
from hub.connectors.contract import IS_DELETED, MERGED_INTO, MODIFIED_AT, RECORD_ID
from hub.models import bulk
from hub.models.database import take_numbers, writing
from hub.models.operations import ops_batch
from hub.models.runs import Run
from hub.sync import dispositions, quarantine
from hub.sync.agreed import still_agreed
from hub.sync.archive import archived_meanwhile
from hub.sync.dispositions import DISPOSITIONS
from hub.sync.judging import Judged
from hub.sync.ledger import Stopwatch
from hub.sync.targets import Target, move_cursor
from hub.sync.tombstones import come_back, mark_gone

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


def land_batch(
    engine: Engine,
    target: Target,
    run: Run,
    found: Judged,
    path: str,
    report: LandReport,
    watch: Stopwatch,
    *,
    archived: bool = False,
) -> None:
    """Land one batch that has rows: all of it or nothing. `archived`: it comes from the archive,
    where it stays as it is."""
    batch, rows = found.batch, found.rows
    with watch.lap("land"):
        kept = rows.filter(pl.col("disposition") != "unchanged").select(batch.rows.columns)
        to_store = kept.clear() if archived else kept
        with writing(engine) as conn, archived_meanwhile(path, to_store):
            batch_id = _record_batch(conn, target, run, batch.origin, path, kept.height)
            _merge_good(conn, target, run, batch_id, found.good, found.known)
            mark_gone(conn, target, run, rows.filter(_gone()))
            come_back(conn, target, run, _back(found.good, found.known))
            if target.volatile_pulled:
                _renew_volatile_hash(conn, target, rows, found.known)
            quarantine.hold(conn, target, run, batch_id, found.bad)
            quarantine.replace(conn, target, run, _settled(rows))
            counts = dict(rows.group_by("disposition").len().iter_rows())
            if traceless := found.read - rows.height:
                counts["suppressed"] = counts.get("suppressed", 0) + traceless
            dispositions.count(conn, run, target.system, target.object, counts)
            dispositions.count_read(conn, run, target.system, target.object, found.read)
            if batch.cursor is not None:
                move_cursor(conn, target, run, batch.cursor)
    _add_to_report(report, found.read, counts, found.faults)


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
