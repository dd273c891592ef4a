"""What may have brought a gap about, and how much of it each cause would remove.

A cause makes a claim: "were this so, the gap would be smaller by that much". `effect` is the part
of the gap (with its sign) that a cause accounts for, worked out from the documents at hand and
never from the gap itself. Which lines, files or shipments it rests on is its `evidence`.
"""

from collections.abc import Sequence

import polars as pl

from hub.policy.siso import KEY

MISSING_FILE, DUPLICATE_FILE, WRONG_SIGN, UNIT_OF_MEASURE, SKU_ALIAS, IN_TRANSIT, RETURN = (
    *("missing_file", "duplicate_file", "wrong_sign", "unit_of_measure", "sku_alias"),
    *("in_transit", "return"),
)
CREDIT_NUMBER = r"(?i)^(CR|CN|CM|RMA|RET|GS|KS|AV)[-_ ]?\d"
PACKS = (5, 6, 8, 10, 12, 16, 20, 24, 25, 36, 48, 50, 100)
_CLAIM = (*KEY, "cause", "effect", "evidence")
_NEAR = 0.04
_CONTENT = ("invoice_no", "date", "quantity", "unit_price", "reseller_account")


def missing_files(sales: pl.DataFrame, expected: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """Sales that a missing report would have told: what the reports at hand tell of the SKU, on
    average. `expected`: distributor, period, missing (how many), names."""
    sold = sales.filter(pl.col("transaction_type").fill_null("sale").is_in(["sale", "return"]))
    reports = sold.group_by("distributor").agg(pl.col("report_id").n_unique().alias("reports"))
    usual = (
        sold.group_by("distributor", "sku")
        .agg(pl.col("quantity").sum())
        .join(reports, on="distributor")
        .select(*KEY[:2], usual=pl.col("quantity") / pl.col("reports"))
    )
    lacking = expected.filter(pl.col("missing") > 0)
    return _claims(
        keys.join(lacking, on=["distributor", "period"]).join(usual, on=KEY[:2]),
        MISSING_FILE,
        -(pl.col("usual") * pl.col("missing")).round().cast(pl.Int64),
        pl.format("{} not received; its sales are estimated by those of the others", "names"),
    )


def duplicate_files(sales: pl.DataFrame) -> pl.DataFrame:
    """Sales that two reports tell alike: same invoice, day, quantity, price and buyer."""
    first = (
        sales.group_by(*KEY, *_CONTENT)
        .agg(pl.col("report_id").n_unique().alias("told"), pl.col("report_id").min())
        .filter((pl.col("told") > 1) & pl.col("invoice_no").is_not_null())
    )
    again = first.group_by(KEY).agg(
        ((pl.col("told") - 1).cast(pl.Int64) * pl.col("quantity")).sum().alias("units"),
        pl.len().alias("lines"),
        pl.col("report_id").min(),
    )
    return _claims(
        again,
        DUPLICATE_FILE,
        pl.col("units"),
        pl.format("{} sales told by two reports, one of them {}", "lines", "report_id"),
    )


def wrong_signs(sales: pl.DataFrame) -> pl.DataFrame:
    """Lines whose sign something else contradicts: the line's price, a credit note's number, a
    negative quantity on what is called a sale. Each by itself, and all of a key together."""
    quantity, code = pl.col("quantity"), pl.col("transaction_code").fill_null("")
    contradicted = (pl.col("amount").cast(pl.Float64) * quantity < 0).fill_null(value=False)
    credited = (quantity > 0) & pl.col("invoice_no").str.contains(CREDIT_NUMBER)
    implicit = (quantity < 0) & code.is_in(["SS", "SD", "SH", "sale", "invoice"])
    odd = sales.filter(contradicted | credited.fill_null(value=False) | implicit)
    number = pl.col("invoice_no").fill_null("?")
    single = _claims(odd, WRONG_SIGN, 2 * quantity, pl.format("{} pieces on {}", quantity, number))
    together = odd.group_by(KEY).agg(quantity.sum(), pl.len().alias("lines"))
    return pl.concat(
        [
            single,
            _claims(
                together.filter(pl.col("lines") > 1),
                WRONG_SIGN,
                2 * quantity,
                pl.format("{} lines", "lines"),
            ),
        ]
    )


def units_of_measure(
    sales: pl.DataFrame, prices: pl.DataFrame, packs: Sequence[int] = PACKS
) -> pl.DataFrame:
    """Sales counted in packs: a piece costs as much as a whole pack does, or the other way round.
    `prices`: distributor, sku, usual (a piece's price, by all its lines)."""
    priced = sales.filter(pl.col("unit_price").cast(pl.Float64) > 0).join(prices, on=KEY[:2])
    times = pl.col("unit_price").cast(pl.Float64) / pl.col("usual")
    quantity = pl.col("quantity")
    found = []
    for pack in packs:
        in_packs, in_pieces = _near(times, pack), _near(times, 1 / pack)
        off = priced.filter(in_packs | in_pieces).with_columns(
            effect=pl.when(in_packs)
            .then(-quantity * (pack - 1))
            .otherwise((quantity - quantity / pack).round().cast(pl.Int64))
        )
        found.append(
            _claims(
                off.group_by(KEY).agg(pl.col("effect").sum(), pl.len().alias("lines")),
                UNIT_OF_MEASURE,
                pl.col("effect"),
                pl.format("{} lines are priced by packs of {}", "lines", pl.lit(pack)),
            )
        )
    return pl.concat(found)


def sku_aliases(
    sales: pl.DataFrame, stock: pl.DataFrame, known: pl.DataFrame, keys: pl.DataFrame
) -> pl.DataFrame:
    """Sales, or stock, under a number that the vendor never shipped: it may be another name of this
    SKU. `known`: distributor, sku, as shipped; numbers that resemble each other come first."""
    strange_sales = sales.join(known, on=KEY[:2], how="anti").group_by(KEY).agg(
        pl.col("quantity").sum().alias("sold")
    )  # fmt: skip
    strange_stock = stock.join(known, on=KEY[:2], how="anti").select(*KEY, "on_hand")
    strange = (
        strange_sales.join(strange_stock, on=KEY, how="full", coalesce=True)
        .with_columns(pl.col("sold", "on_hand").fill_null(0))
        .rename({"sku": "alias"})
    )
    pairs = (
        keys.join(known, on=KEY[:2], how="semi")
        .join(strange, on=["distributor", "period"])
        .filter(_alike(pl.col("sku"), pl.col("alias")))
    )
    return _claims(
        pairs,
        SKU_ALIAS,
        -(pl.col("sold") + pl.col("on_hand")),
        pl.format("{} sold and {} on hand as {}", "sold", "on_hand", "alias"),
    )


def in_transit(shipments: pl.DataFrame, *, days: int) -> pl.DataFrame:
    """Shipments of the last days of a period of which nobody says that they were received, the
    latest one alone, with the one before it, and so on. `shipments`: KEY, ship_date, quantity,
    received_date."""
    end = (pl.col("period") + "-01").str.to_date("%Y-%m-%d").dt.month_end()
    late = shipments.filter(
        (pl.col("quantity") > 0)
        & pl.col("received_date").is_null()
        & ((end - pl.col("ship_date")).dt.total_days() < days)
    ).sort(*KEY, "ship_date", descending=[False, False, False, True])
    summed = late.with_columns(
        units=pl.col("quantity").cum_sum().over(KEY),
        shipments=pl.int_range(1, pl.len() + 1).over(KEY),
    )
    return _claims(
        summed,
        IN_TRANSIT,
        -pl.col("units"),
        pl.format("{} shipments since {} may not have arrived", "shipments", "ship_date"),
    )


def returns_to_vendor(moved: pl.DataFrame) -> pl.DataFrame:
    """Goods sent back that one side has booked and the other has not."""
    off = moved.filter(pl.col("reported_back") != pl.col("booked_back"))
    return _claims(
        off,
        RETURN,
        pl.col("returned_to_vendor") - pl.col("reported_back"),
        pl.format(
            "the distributor sent back {}, the vendor booked {}", "reported_back", "booked_back"
        ),
    )


def usual_prices(sales: pl.DataFrame) -> pl.DataFrame:
    """distributor, sku, usual: the median price of a piece."""
    price = pl.col("unit_price").cast(pl.Float64)
    return sales.filter(price > 0).group_by(KEY[:2]).agg(price.median().alias("usual"))


def _claims(rows: pl.DataFrame, cause: str, effect: pl.Expr, evidence: pl.Expr) -> pl.DataFrame:
    return rows.select(
        *KEY,
        pl.lit(cause).alias("cause"),
        effect.cast(pl.Int64).alias("effect"),
        evidence.cast(pl.String).alias("evidence"),
    ).select(_CLAIM)


def _near(value: pl.Expr, target: float) -> pl.Expr:
    return ((value / target - 1).abs() < _NEAR).fill_null(value=False)


def _alike(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    """Whether one number, without punctuation, holds the other or begins like it."""
    bare = [one.str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "") for one in (left, right)]
    return (
        bare[0].str.contains(bare[1], literal=True)
        | bare[1].str.contains(bare[0], literal=True)
        | (bare[0].str.slice(0, 4) == bare[1].str.slice(0, 4))
    )
