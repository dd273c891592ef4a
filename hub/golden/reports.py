"""Reports and their versions: which file of a distributor holds for which period.

A report of mode `full_replace`, or one that says it replaces, takes back all that earlier ones said
of its period and branch. Lines that it does not repeat are marked as deleted, but for those that
wait in quarantine: of these the last good version stays in effect. Nothing else is guessed: reports
whose periods differ never replace each other.
"""

import polars as pl
from sqlalchemy import Connection, Table, func, or_, select, update
from sqlalchemy.sql import ColumnElement

from hub.golden.minting import mint
from hub.golden.versions import CANCELLED, SUPERSEDED, versions
from hub.golden.write import write
from hub.models import bulk
from hub.models.golden import report
from hub.models.identity import crosswalk
from hub.models.operations import ops_quarantine
from hub.models.runs import Run
from hub.models.sources import (
    DELETED,
    src_claim,
    src_inventory_line,
    src_pos_line,
    src_report,
    src_shipment,
)
from hub.sync.quarantine import WAITING

_DATED = {src_pos_line: "report_date", src_inventory_line: "as_of_date", src_claim: "claim_date",
          src_shipment: "ship_date"}  # fmt: skip
_TAKEN_BACK = (SUPERSEDED, CANCELLED)


def unify_reports(conn: Connection, run: Run, since: int) -> int:
    """Number the versions of the reports that came after run `since`, and take back the lines of
    those that hold no more; returns how many reports were written."""
    fresh = bulk.read(conn, select(src_report).where(src_report.c.run > since))
    if fresh.height:
        mint(conn, "report", "rp", fresh.with_columns(hub_key=pl.lit(None, pl.String)), report, run)
    systems = sorted({*fresh["system"], *_stirred(conn, since)})
    if not systems:
        return 0
    told = _told(conn, systems)
    made = versions(told)
    written = write(conn, report, made, run)
    _take_back(conn, run, made.filter(pl.col("status").is_in(_TAKEN_BACK)), told, since)
    return written


def _stirred(conn: Connection, since: int) -> set[str]:
    """Systems with lines that were read again: those of an old version come back with it."""
    found: set[str] = set()
    for table in _DATED:
        lines = table.c.run > since, table.c.report_record_id.is_not(None)
        found.update(conn.scalars(select(table.c.system).where(*lines).distinct()))
    return found


def _told(conn: Connection, systems: list[str]) -> pl.DataFrame:
    """All reports of these systems in the order they were taken, with their hub ids; periods that
    no report tells are those of its lines when it was first seen."""
    c, names = src_report.c, ("status", "reason", "report_kind", "mode", "purpose", "branch")
    known = select(report.c.id, report.c.period_start, report.c.period_end).subquery()
    query = (
        select(
            crosswalk.c.hub_id.label("id"),
            c.system.label("distributor"),
            c.record_id,
            *(c[name] for name in names),
            *(c[name] for name in ("file", "digest", "received_at", "lines_read")),
            c.report_id.label("report_no"),
            func.coalesce(known.c.period_start, c.period_start).label("period_start"),
            func.coalesce(known.c.period_end, c.period_end).label("period_end"),
        )
        .join_from(
            src_report,
            crosswalk,
            (crosswalk.c.entity == "report")
            & (crosswalk.c.system == c.system)
            & (crosswalk.c.object == c.object)
            & (crosswalk.c.record_id == c.record_id),
        )
        .outerjoin(known, known.c.id == crosswalk.c.hub_id)
        .where(c.system.in_(systems), c.is_deleted.is_(False))
        .order_by(c.received_at, c.file, c.record_id)
    )
    rows = bulk.read(conn, query)
    days = _days_of_lines(conn, rows.filter(pl.col("period_end").is_null()))
    return (
        rows.join(days, on=["distributor", "record_id"], how="left", maintain_order="left")
        .with_columns(
            pl.col("file").str.split("/").list.first().str.slice(0, 64).alias("report"),
            pl.coalesce("period_start", "first_day").alias("period_start"),
            pl.coalesce("period_end", "last_day").alias("period_end"),
        )
        .drop("first_day", "last_day")
    )


def _days_of_lines(conn: Connection, reports: pl.DataFrame) -> pl.DataFrame:
    """The first and the last day that the lines of reports without a period are of."""
    found = pl.DataFrame(
        schema={
            "distributor": pl.String,
            "record_id": pl.String,
            "first_day": pl.Date,
            "last_day": pl.Date,
        }
    )
    if not reports.height:
        return found
    keys = reports.select(pl.col("distributor").alias("system"), "record_id")
    for table, column in _DATED.items():
        day = table.c[column]
        with bulk.staged(conn, keys, src_report, index=["record_id"]) as wanted:
            query = (
                select(
                    table.c.system.label("distributor"),
                    table.c.report_record_id.label("record_id"),
                    func.min(day, type_=day.type).label("first_day"),
                    func.max(day, type_=day.type).label("last_day"),
                )
                .where(
                    table.c.system == wanted.c.system,
                    table.c.report_record_id == wanted.c.record_id,
                    table.c.is_deleted.is_(False),
                )
                .group_by(table.c.system, table.c.report_record_id)
            )
            found = pl.concat([found, bulk.read(conn, query)])
    return found.group_by("distributor", "record_id").agg(
        pl.col("first_day").min(), pl.col("last_day").max()
    )


def _take_back(
    conn: Connection, run: Run, gone: pl.DataFrame, told: pl.DataFrame, since: int
) -> None:
    """Mark the lines of reports that hold no more, where they became so or came back lately."""
    lately = set(
        conn.scalars(
            select(report.c.id).where(
                or_(report.c.run > since, report.c.run == run.number),
            )
        )
    )
    keys = told.join(gone.select("id"), on="id", how="semi").select(
        pl.col("distributor").alias("system"), "record_id", pl.col("id").is_in(lately).alias("new")
    )
    if not keys.height:
        return
    for table in _DATED:
        _mark(conn, run, table, keys.filter("new"), ())
        _mark(conn, run, table, keys.filter(~pl.col("new")), (table.c.run > since,))


def _mark(
    conn: Connection,
    run: Run,
    table: Table,
    keys: pl.DataFrame,
    lately: tuple[ColumnElement[bool], ...],
) -> None:
    if not keys.height:
        return
    c = table.c
    waits = (
        select(ops_quarantine.c.id)
        .where(
            ops_quarantine.c.status == WAITING,
            ops_quarantine.c.system == c.system,
            ops_quarantine.c.object == c.object,
            ops_quarantine.c.record_id == c.record_id,
        )
        .exists()
    )
    with bulk.staged(conn, keys.drop("new"), src_report, index=["record_id"]) as stage:
        of_report = (
            select(stage.c.record_id)
            .where(stage.c.system == c.system, stage.c.record_id == c.report_record_id)
            .exists()
        )
        conn.execute(
            update(table)
            .where(c.is_deleted.is_(False), of_report, ~waits, *lately)
            .values(is_deleted=True, gone=DELETED, run=run.number)
        )
