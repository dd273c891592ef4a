"""The ledger of sales: what became known of each line, and when, as differences.

A line that is told for the first time is booked in its own period while that is open. What changes
about it later is booked as the difference; when its period is closed, in the first open one after
it. So a closed period never changes, and the sum over `known_at` up to any moment is what was known
at that moment.
"""

import polars as pl
from sqlalchemy import Connection, select

from hub.models import bulk
from hub.models.channel import channel_period, pos_entry
from hub.models.database import take_numbers
from hub.models.runs import Run

FIRST, RESTATED, WITHDRAWN = "first", "restated", "withdrawn"
_IS = ("line_id", "distributor", "sku", "reseller_account", "currency")
_WHEN = ("effective_period", "effective_date")
_TOLD = ("quantity", "amount")


def book(conn: Connection, run: Run, ids: pl.DataFrame, lines: pl.DataFrame) -> int:
    """Book what is new about the lines `ids` (id), of which `lines` are those that are there;
    returns how many entries."""
    booked = _booked(conn, ids)
    now = lines.select(
        pl.col("id").alias("line_id"),
        *(name for name in _IS[1:]),
        pl.col("period").alias("effective_period"),
        pl.coalesce("ship_date", "invoice_date", "report_date").alias("effective_date"),
        *_TOLD,
        "report_id",
    )
    news = differences(booked, now)
    if not news.height:
        return 0
    numbers = take_numbers(conn, "pos_entry", news.height)
    entries = news.with_columns(
        posting_period=posting_period(pl.col("effective_period"), closed_periods(conn)),
        entry=pl.Series(numbers, dtype=pl.Int64),
        known_at=pl.lit(run.started_at),
        run=pl.lit(run.number),
    )
    return bulk.insert(conn, pos_entry, entries)


def differences(booked: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """What has to be booked so that the sums of entries say what the lines say.

    Both have `_IS`, `_WHEN`, quantity and amount; `now` also `report_id`. What a line is (its
    product, buyer, currency, day) cannot be added up: where that changes, all that was booked is
    taken back and booked anew.
    """
    key = [*_IS, *_WHEN]
    known = booked["line_id"].unique().implode()
    there = now["line_id"].unique().implode()
    both = now.join(booked, on=key, how="full", suffix="_booked", coalesce=True, nulls_equal=True)
    money = pl.Decimal(15, 2)
    zero = pl.lit(0, money)
    delta = both.with_columns(
        quantity=pl.col("quantity").fill_null(0) - pl.col("quantity_booked").fill_null(0),
        amount=(
            pl.col("amount").cast(money).fill_null(zero)
            - pl.col("amount_booked").cast(money).fill_null(zero)
        ).cast(money),
        kind=pl.when(~pl.col("line_id").is_in(known)).then(pl.lit(FIRST))
        .when(~pl.col("line_id").is_in(there)).then(pl.lit(WITHDRAWN))
        .otherwise(pl.lit(RESTATED)),
    )  # fmt: skip
    news = (pl.col("quantity") != 0) | (pl.col("amount") != zero) | (pl.col("kind") == FIRST)
    report = now.select("line_id", pl.col("report_id").alias("by")).unique("line_id")
    return (
        delta.filter(news)
        .join(report, on="line_id", how="left")
        .select(*key, *_TOLD, "kind", pl.coalesce("report_id", "by").alias("report_id"))
        .sort("effective_period", "line_id", "quantity")
    )


def posting_period(effective: pl.Expr, closed: list[str]) -> pl.Expr:
    """The period itself while it is open, else the first one after it that is."""
    opened = {period: _first_open(period, frozenset(closed)) for period in closed}
    return effective.replace(opened)


def closed_periods(conn: Connection) -> list[str]:
    return list(conn.scalars(select(channel_period.c.period).order_by(channel_period.c.period)))


def _first_open(period: str, closed: frozenset[str]) -> str:
    while period in closed:
        year, month = int(period[:4]), int(period[5:])
        period = f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    return period


def _booked(conn: Connection, ids: pl.DataFrame) -> pl.DataFrame:
    """What the entries of these lines add up to. Added up here: SQLite has no exact sums."""
    key = [*_IS, *_WHEN]
    query = select(*(pos_entry.c[name] for name in (*key, *_TOLD)))
    if conn.scalar(select(pos_entry.c.entry).limit(1)) is None:
        return bulk.read(conn, query.limit(0))
    with bulk.staged(conn, ids.select(pl.col("id").alias("line_id")), pos_entry) as wanted:
        entries = bulk.read(conn, query.where(pos_entry.c.line_id == wanted.c.line_id))
    return entries.group_by(key).agg(pl.col(name).sum() for name in _TOLD)
