"""What a distributor's stock is worth looking at for: how long it lasts, how old it is."""

import polars as pl

from hub.policy.siso import KEY

TRAILING_WEEKS = 13
AGES = (30, 90, 180)
AGE_COLUMNS = ("aged_30", "aged_90", "aged_180", "aged_more", "aged_unknown")


def trailing(sales: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """`keys` with `trailing`: net sell-through of the 13 weeks that end with the period. `sales`:
    distributor, sku, date, quantity (signed), without drop shipments."""
    ends = keys.select(KEY).with_columns(end=_end(pl.col("period")))
    sold = (
        ends.join(sales.select(*KEY[:2], "date", "quantity"), on=KEY[:2])
        .filter(
            (pl.col("date") <= pl.col("end"))
            & (pl.col("date") > pl.col("end").dt.offset_by(f"-{TRAILING_WEEKS}w"))
        )
        .group_by(KEY)
        .agg(pl.col("quantity").sum().alias("trailing"))
    )
    return keys.join(sold, on=KEY, how="left").with_columns(pl.col("trailing").fill_null(0))


def lasting(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` (closing, trailing, opening, sales_in, sales_out) with weeks_of_supply,
    days_of_inventory and sell_through_rate; null where nothing was sold, or nothing was there."""
    a_week = pl.col("trailing") / TRAILING_WEEKS
    weeks = pl.when(pl.col("trailing") > 0).then(pl.col("closing") / a_week)
    offered = pl.col("opening").fill_null(0) + pl.col("sales_in")
    return rows.with_columns(
        weeks_of_supply=weeks.round(2),
        days_of_inventory=(weeks * 7).round(1),
        sell_through_rate=pl.when(offered > 0).then(pl.col("sales_out") / offered).round(4),
    )


def ageing(stock: pl.DataFrame, shipments: pl.DataFrame) -> pl.DataFrame:
    """KEY and units per age of what is on hand at the end of the period: first in, first out, so
    what is left came last. `stock`: KEY, closing; `shipments`: distributor, sku, ship_date,
    received_date, quantity. What no known shipment brought is of unknown age."""
    came = pl.coalesce("received_date", "ship_date").alias("came")
    receipts = shipments.filter(pl.col("quantity") > 0).select(*KEY[:2], came, "quantity")
    left = (
        stock.select(*KEY, "closing")
        .with_columns(end=_end(pl.col("period")))
        .join(receipts, on=KEY[:2])
        .filter(pl.col("came") <= pl.col("end"))
        .sort(*KEY, "came", descending=[False, False, False, True])
        .with_columns(newer=pl.col("quantity").cum_sum().over(KEY) - pl.col("quantity"))
        .with_columns(
            units=pl.min_horizontal("quantity", pl.col("closing") - pl.col("newer")).clip(0),
            days=(pl.col("end") - pl.col("came")).dt.total_days(),
        )
    )
    days, units = pl.col("days"), pl.col("units")
    aged = left.group_by(KEY).agg(
        aged_30=units.filter(days <= AGES[0]).sum(),
        aged_90=units.filter((days > AGES[0]) & (days <= AGES[1])).sum(),
        aged_180=units.filter((days > AGES[1]) & (days <= AGES[2])).sum(),
        aged_more=units.filter(days > AGES[2]).sum(),
    )
    known = AGE_COLUMNS[:4]
    return (
        stock.select(*KEY, "closing")
        .join(aged, on=KEY, how="left")
        .with_columns(pl.col(known).fill_null(0))
        .with_columns(aged_unknown=(pl.col("closing") - pl.sum_horizontal(known)).clip(0))
        .drop("closing")
    )


def at_risk(rows: pl.DataFrame, *, weeks: float) -> pl.DataFrame:
    """`rows` with at_risk_units: older than 180 days, or more than `weeks` of supply, whichever is
    more. Stock that nothing was sold of is at risk as a whole."""
    lasts = (pl.col("trailing").clip(0) / TRAILING_WEEKS * weeks).floor().cast(pl.Int64)
    too_much = (pl.col("closing") - lasts).clip(0)
    return rows.with_columns(
        at_risk_units=pl.max_horizontal(pl.col("aged_more").fill_null(0), too_much)
    )


def _end(period: pl.Expr) -> pl.Expr:
    return (period + "-01").str.to_date("%Y-%m-%d").dt.month_end()
