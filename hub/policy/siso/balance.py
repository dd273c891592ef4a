"""The balance of each distributor, SKU and period, and by how much the counted stock is off.

    position at the end = position at the beginning + sales-in − returned to the vendor
                          − (sales-out − customers' returns) + adjustments
    expected on hand    = that − in transit;   gap = counted on hand − expected on hand

A position is stock on hand and in transit. The next period begins with what was counted, so that a
gap shows once. Drop shipments never touch the distributor's stock and do not count; summary lines
(PTD SU) do.
"""

import polars as pl

from hub.policy.siso import KEY

DROP_SHIPMENT = "DS"
RETURNED, ADJUSTED, SCRAPPED = ("RV",), ("IA", "SA", "AI", "AO"), ("SC", "TD", "CC")
BALANCED, WITHIN_TOLERANCE, EXCEPTION, INCOMPLETE = (
    *("balanced", "within_tolerance", "exception", "incomplete"),
)
_SOLD = ("sale", "return", "summary")
_MOVES = ("sales_in", "sales_out", "returns", "returned_to_vendor", "adjustments")


def movements(sales: pl.DataFrame, shipments: pl.DataFrame) -> pl.DataFrame:
    """What moved, per key. `sales`: KEY, transaction_type, transaction_code, quantity (signed);
    `shipments`: KEY (period of the day of shipping), quantity (negative: taken back).

    What was returned to the vendor counts as the vendor booked it; where it keeps no such book
    (`shipments` has nothing of the distributor), as the distributor reports it.
    """
    code, quantity = pl.col("transaction_code").fill_null(""), pl.col("quantity")
    kind = pl.col("transaction_type").fill_null("sale")
    sold = kind.is_in(_SOLD) & (code != DROP_SHIPMENT)
    reported = sales.group_by(KEY).agg(
        sales_out=quantity.filter(sold & (quantity > 0)).sum(),
        returns=-quantity.filter(sold & (quantity < 0)).sum(),
        reported_back=quantity.filter(code.is_in(RETURNED)).abs().sum(),
        adjustments=quantity.filter(code.is_in(ADJUSTED)).sum()
        - quantity.filter(code.is_in(SCRAPPED)).abs().sum(),
    )
    booked = shipments.group_by(KEY).agg(
        sales_in=quantity.filter(quantity > 0).sum(),
        booked_back=-quantity.filter(quantity < 0).sum(),
    )
    kept = shipments["distributor"].unique().implode()
    both = reported.join(booked, on=KEY, how="full", coalesce=True)
    return both.with_columns(pl.col(pl.Int64).fill_null(0)).with_columns(
        returned_to_vendor=pl.when(pl.col("distributor").is_in(kept))
        .then("booked_back")
        .otherwise("reported_back")
    )


def balance(
    moved: pl.DataFrame,
    stock: pl.DataFrame,
    on_the_way: pl.DataFrame,
    *,
    tolerance_units: int,
    tolerance_share: float,
) -> pl.DataFrame:
    """Per key: opening … closing, expected, gap, tolerance, status.

    `stock`: KEY, on_hand, in_transit (as counted and told, the last of the period); `on_the_way`:
    KEY, units known to be shipped and not received at the end of the period. Where nobody counted,
    or nobody counted the period before, the balance is `incomplete`.
    """
    counted = stock.join(on_the_way, on=KEY, how="left").with_columns(
        in_transit=pl.coalesce("in_transit", "on_the_way").fill_null(0)
    )
    before = counted.select(
        *KEY[:2],
        _month_after(pl.col("period")).alias("period"),
        opening="on_hand",
        opening_in_transit="in_transit",
    )
    rows = (
        moved.select(*KEY, *_MOVES)
        .join(counted.select(*KEY, "on_hand", "in_transit"), on=KEY, how="full", coalesce=True)
        .join(before, on=KEY, how="left")
        .rename({"on_hand": "closing"})
        .with_columns(pl.col(*_MOVES, "in_transit", "opening_in_transit").fill_null(0))
    )
    net = pl.col("sales_out") - pl.col("returns")
    came_and_went = pl.col("sales_in") - pl.col("returned_to_vendor") + pl.col("adjustments")
    there = pl.col("opening") + pl.col("opening_in_transit") + came_and_went
    rows = rows.with_columns(
        net_sell_through=net,
        expected=there - net - pl.col("in_transit"),
        implied_sell_through=there - pl.col("in_transit") - pl.col("closing"),
    ).with_columns(
        gap=pl.col("closing") - pl.col("expected"),
        tolerance=pl.max_horizontal(
            pl.lit(tolerance_units), (pl.col("expected").abs() * tolerance_share).floor()
        ).cast(pl.Int64),
    )
    size = pl.col("gap").abs()
    return rows.with_columns(
        status=pl.when(size.is_null()).then(pl.lit(INCOMPLETE))
        .when(size == 0).then(pl.lit(BALANCED))
        .when(size <= pl.col("tolerance")).then(pl.lit(WITHIN_TOLERANCE))
        .otherwise(pl.lit(EXCEPTION)),
    ).sort(KEY)  # fmt: skip


def _month_after(period: pl.Expr) -> pl.Expr:
    return (period + "-01").str.to_date("%Y-%m-%d").dt.offset_by("1mo").dt.strftime("%Y-%m")
