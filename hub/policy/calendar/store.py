"""The calendar in the warehouse: every report due by now, brought up to date by the clock."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import Connection, delete, func, select

from hub.config import Settings
from hub.connectors.feed.config import FeedReport, FeedSystem
from hub.connectors.feed.due import DueRule
from hub.models import bulk
from hub.models.channel import expected_report
from hub.models.golden import report
from hub.models.runs import Run
from hub.policy.calendar.states import OVERDUE, states
from hub.policy.settings import Policy

_KEY = ("distributor", "report", "period_end")
_SHAPE: dict[str, pl.DataType | type[pl.DataType]] = {
    "distributor": pl.String, "report": pl.String, "period_start": pl.Date, "period_end": pl.Date,
    "due_at": pl.Datetime("us", "UTC"), "grace_days": pl.Int64,
}  # fmt: skip


def govern_calendar(conn: Connection, settings: Settings, policy: Policy, run: Run) -> int:
    """Bring `expected_report` up to date; returns how many rows were written.

    A report that is overdue is told of once per state: `alerted_at` is when it became so.
    """
    known = bulk.read(conn, select(expected_report))
    rows = list(_expected(conn, settings, run.started_at.date()))
    expected = pl.DataFrame(rows, schema=_SHAPE, orient="row")
    before = known.select(
        *_KEY, "waived_by", "waived_why", pl.col("state").alias("before"), "alerted_at"
    )
    escalation = policy.calendar.escalation
    found = states(
        expected.join(before, on=_KEY, how="left"), _came(conn), run.started_at, escalation
    )
    overdue, same = pl.col("state").is_in(OVERDUE), pl.col("state") == pl.col("before")
    told = (
        pl.when(~overdue).then(pl.col("alerted_at"))
        .when(same.fill_null(value=False)).then(pl.coalesce("alerted_at", pl.lit(run.started_at)))
        .otherwise(pl.lit(run.started_at))
    )  # fmt: skip
    found = found.with_columns(alerted_at=told, run=pl.lit(run.number))
    with bulk.staged(conn, found, expected_report, index=_KEY) as stage:
        c = expected_report.c
        there = select(stage.c.report).where(*(stage.c[n] == c[n] for n in _KEY)).exists()
        gone = conn.execute(delete(expected_report).where(~there)).rowcount
        return int(gone) + bulk.merge(conn, expected_report, stage, quiet=("run",))


def _expected(conn: Connection, settings: Settings, today: date) -> Iterator[tuple[Any, ...]]:
    """Each period that has begun, of each report with a `due`."""
    for system, config in settings.systems.items():
        if not isinstance(config, FeedSystem):
            continue
        for name, told in config.reports.items():
            first = told.since or _first_told(conn, system, name)
            if told.due is None or first is None:
                continue
            rule = DueRule.read(told.due)
            for start, end in rule.periods(first, min(today, told.until or today)):
                yield system, name, start, end, _due(rule, told, end), told.grace_days


def _due(rule: DueRule, told: FeedReport, end: date) -> Any:
    return rule.due_at(end, told.holidays, told.time_zone)


def _first_told(conn: Connection, system: str, name: str) -> date | None:
    """The first day that any report of the name is of: nothing was expected before."""
    c = report.c
    query = select(func.min(c.period_start, type_=c.period_start.type)).where(
        c.distributor == system, c.report == name, c.version.is_not(None)
    )
    first: date | None = conn.scalar(query)
    return first


def _came(conn: Connection) -> pl.DataFrame:
    c = report.c
    names = ("distributor", "report", "id", "period_end", "received_at", "lines_read", "status")
    rows = bulk.read(
        conn,
        select(*(c[n] for n in names))
        .where(c.status.in_(["in_force", "superseded"]), c.period_end.is_not(None))
        .order_by(c.received_at, c.id),
    )
    return rows.with_columns(in_force=pl.col("status") == "in_force").drop("status")
