"""Who gets how much of what is scarce: by need, and where that is more than there is, by its share.

A distributor needs what it lacks to last the weeks that the policy wants. Pieces that do not divide
go to the largest remainders, then by name, so that the same figures always give the same answer.
"""

import polars as pl

NO_DEMAND, COVERED, NEED_MET, SHORT, UNKNOWN = (
    *("no_demand", "stock_covers_target", "need_met", "supply_short", "supply_unknown"),
)
_OF = ("period", "sku")


def allocated(stock: pl.DataFrame, supply: pl.DataFrame, *, target_weeks: float) -> pl.DataFrame:
    """`stock` (distributor, sku, period, on_hand, in_transit, trailing of 13 weeks) with
    weekly_demand, need, supply, allocated and reason. `supply`: sku, supply."""
    weekly = pl.col("trailing").clip(0) / 13
    there = pl.col("on_hand") + pl.col("in_transit")
    rows = (
        stock.join(supply, on="sku", how="left")
        .with_columns(weekly_demand=weekly.round(2))
        .with_columns(
            need=((weekly * target_weeks).ceil().cast(pl.Int64) - there).clip(0),
        )
        .with_columns(wanted=pl.col("need").sum().over(_OF))
    )
    share = pl.when(pl.col("wanted") > 0).then(
        pl.min_horizontal("supply", "wanted") * pl.col("need") / pl.col("wanted")
    ).otherwise(0.0)  # fmt: skip
    rows = (
        rows.with_columns(share=share)
        .with_columns(whole=pl.col("share").floor().cast(pl.Int64))
        .with_columns(rest=pl.col("share") - pl.col("whole"))
        .sort(*_OF, "rest", "distributor", descending=[False, False, True, False])
        .with_columns(
            left=pl.min_horizontal("supply", "wanted").first().over(_OF)
            - pl.col("whole").sum().over(_OF),
            place=pl.int_range(pl.len()).over(_OF),
        )
        .with_columns(allocated=pl.col("whole") + (pl.col("place") < pl.col("left")).cast(pl.Int64))
    )
    reason = (
        pl.when(pl.col("trailing") <= 0).then(pl.lit(NO_DEMAND))
        .when(pl.col("need") == 0).then(pl.lit(COVERED))
        .when(pl.col("supply").is_null()).then(pl.lit(UNKNOWN))
        .when(pl.col("allocated") >= pl.col("need")).then(pl.lit(NEED_MET))
        .otherwise(pl.lit(SHORT))
    )  # fmt: skip
    known = pl.col("supply").is_not_null()
    return (
        rows.with_columns(allocated=pl.when(known).then("allocated"))
        .select(
            *("period", "sku", "distributor", "weekly_demand", "on_hand", "in_transit", "need"),
            *("supply", "allocated"),
            reason.alias("reason"),
        )
        .sort("period", "sku", "distributor")
    )
