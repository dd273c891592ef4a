"""Law 1 at the landing: every row read ends in exactly one disposition, and both are counted."""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection, Table, update

from hub.checks.convert import blank_to_null, utc_time
from hub.connectors.contract import IS_DELETED, MERGED_INTO, MODIFIED_AT, RECORD_ID
from hub.models.operations import ops_disposition, ops_read
from hub.models.runs import Run

DISPOSITIONS = (
    "new",
    "changed",
    "unchanged",
    "quarantined",
    "superseded",
    "suppressed",
    "deleted",
)


def classify(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """`rows` with `disposition`, before validation (which may still quarantine new and changed).

    `rows` carries record_id, modified_at, is_deleted (text), merged_into, content_hash, told,
    position; `known` the same of what is stored, and `gone`. A version older than the stored one,
    or repeated within the batch, is superseded; a deletion of what was never here is suppressed. A
    record that was gone or hidden and is told as there is changed, whatever it says.
    """
    stored = known.select(
        RECORD_ID,
        pl.col("content_hash").alias("known_hash"),
        pl.col("told").alias("known_told"),
        pl.col("is_deleted").alias("known_deleted"),
        pl.col("gone").alias("known_gone"),
        pl.col("merged_into").alias("known_merged"),
        pl.col("modified_at").alias("known_modified"),
    )
    joined = rows.join(stored, on=RECORD_ID, how="left", maintain_order="left")
    modified = utc_time(pl.col(MODIFIED_AT))
    is_last = _is_last(rows, modified)
    is_known = pl.col("known_hash").is_not_null()
    is_older = modified < pl.col("known_modified")
    gone = pl.col(IS_DELETED) == "true"
    same = (
        (pl.col("content_hash") == pl.col("known_hash"))
        & pl.col("told").eq_missing(pl.col("known_told"))
        & pl.col("known_gone").is_null()
    )
    same_end = blank_to_null(pl.col(MERGED_INTO)).eq_missing(pl.col("known_merged"))
    disposition = (
        pl.when(~is_last)
        .then(pl.lit("superseded"))
        .when(gone & is_known & pl.col("known_deleted") & same_end)
        .then(pl.lit("unchanged"))
        .when(gone & is_known & is_older)
        .then(pl.lit("superseded"))
        .when(gone & is_known)
        .then(pl.lit("deleted"))
        .when(gone)
        .then(pl.lit("suppressed"))
        .when(~is_known)
        .then(pl.lit("new"))
        .when(same)
        .then(pl.lit("unchanged"))
        .when(is_older)
        .then(pl.lit("superseded"))
        .otherwise(pl.lit("changed"))
    )
    return joined.with_columns(disposition=disposition).drop(
        "known_hash", "known_told", "known_deleted", "known_gone", "known_merged", "known_modified"
    )


def without_strangers(
    rows: pl.DataFrame, known: pl.DataFrame, keyed_by: str | None
) -> pl.DataFrame:
    """`rows` as read, without records that are not known and carry no hub key, where only such are
    kept: they are counted as suppressed, and no trace of them is left."""
    if keyed_by is None:
        return rows
    keyed = blank_to_null(pl.col(keyed_by)).is_not_null()
    return rows.filter(keyed | pl.col(RECORD_ID).is_in(known[RECORD_ID].implode()))


def _is_last(rows: pl.DataFrame, modified: pl.Expr) -> pl.Expr:
    """True for the last version of each record in the batch; most batches hold only one."""
    if not rows[RECORD_ID].is_duplicated().any():
        return pl.lit(value=True)
    newest = pl.col("position").sort_by(modified, "position", nulls_last=False).last()
    return pl.col("position") == newest.over(RECORD_ID)


def count(conn: Connection, run: Run, system: str, obj: str, rows: Mapping[str, int]) -> None:
    """Add to the run's dispositions of one object."""
    for disposition, number in rows.items():
        key = {"run": run.number, "system": system, "object": obj, "disposition": disposition}
        _add(conn, ops_disposition, key, number)


def count_read(
    conn: Connection, run: Run, system: str, obj: str, rows: int, *, completed: bool | None = None
) -> None:
    """Add to the rows read of one object; `completed` says whether its pull came to its end."""
    _add(
        conn,
        ops_read,
        {"run": run.number, "system": system, "object": obj},
        rows,
        **({} if completed is None else {"completed": completed}),
    )


def _add(
    conn: Connection, table: Table, key: Mapping[str, object], rows: int, **state: object
) -> None:
    found = [table.c[name] == value for name, value in key.items()]
    added = update(table).where(*found).values(rows=table.c.rows + rows, **state)
    if conn.execute(added).rowcount == 0:
        conn.execute(table.insert().values(**key, rows=rows, **state))
