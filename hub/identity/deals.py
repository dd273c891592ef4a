"""Whether a registration and an opportunity of the same customer are one deal.

Evidence adds up as it does for companies and persons, over what deals say of themselves: product,
amount, closing date. What differs: at most one opportunity is the registered deal. So the odds of
one are those against all others of the customer, and of two that look alike neither is sure.
"""

import polars as pl

from hub.identity.compare import evidence, weigh
from hub.identity.fields import MISSING
from hub.identity.model import NATS, Model

TOLD = ("product", "amount", "currency", "close_date")
"""What both sides say; an opportunity's columns end in `THERE`."""
THERE = "_there"
_WITHIN = {"week": 7, "month": 31, "quarter": 92, "half_year": 184}
"""Days between the closing dates, at most."""


def alike(pairs: pl.DataFrame, model: Model) -> pl.DataFrame:
    """How much speaks for each pair of a registration and an opportunity of its customer.

    `pairs` has `registration_id`, `opportunity_id`, TOLD of both, and `is_closed` of the
    opportunity; amounts are in units of their currency. Returns `pairs` with a level per field,
    `score`, `veto` (the field that forbids it) and `evidence` (JSON: field → level, log-odds) of
    the two alone, and `odds`: that score against the scores of the registration's other
    opportunities, null where forbidden. Scores and odds are hundredths of a nat.
    """
    leveled = pairs.with_columns(
        product=_product(), amount_level=_amount(), close=_close(), state=_state()
    ).drop("amount")
    scored = weigh(leveled.rename({"amount_level": "amount"}), model)
    scored = scored.with_columns(evidence=evidence(scored, model))
    # Summed in one order, whatever order the rows came in.
    ordered = scored.sort("registration_id", "opportunity_id")
    mine = pl.when(pl.col("veto").is_null()).then((pl.col("score") / NATS).exp())
    others = mine.sum().over("registration_id") - mine
    odds = (pl.col("score") - NATS * (1 + others.clip(0)).log()).round().cast(pl.Int64)
    return ordered.with_columns(odds=odds)


def _product() -> pl.Expr:
    ours, theirs = (
        pl.col(name).str.strip_chars().str.to_lowercase().replace("", None)
        for name in ("product", f"product{THERE}")
    )
    return (
        pl.when(ours.is_null() | theirs.is_null())
        .then(pl.lit(MISSING))
        .when(ours == theirs)
        .then(pl.lit("same"))
        .otherwise(pl.lit("other"))
    )


def _amount() -> pl.Expr:
    """Amounts of two currencies say nothing, nor do those of 0, which stand for unknown ones."""
    ours, theirs = (pl.col(name).cast(pl.Float64) for name in ("amount", f"amount{THERE}"))
    more, less = pl.max_horizontal(ours, theirs), pl.min_horizontal(ours, theirs)
    one_currency = pl.col("currency").eq_missing(pl.col(f"currency{THERE}"))
    comparable = (ours > 0) & (theirs > 0) & one_currency
    return (
        pl.when(~comparable.fill_null(value=False))
        .then(pl.lit(MISSING))
        .when(more == less)
        .then(pl.lit("equal"))
        .when(more - less <= more / 10)
        .then(pl.lit("tenth"))
        .when(more <= 2 * less)
        .then(pl.lit("double"))
        .otherwise(pl.lit("apart"))
    )


def _close() -> pl.Expr:
    days = (pl.col("close_date") - pl.col(f"close_date{THERE}")).dt.total_days().abs()
    levels = [pl.when(days <= most).then(pl.lit(level)) for level, most in _WITHIN.items()]
    apart = pl.when(days.is_not_null()).then(pl.lit("apart"))
    return pl.coalesce(*levels, apart, pl.lit(MISSING))


def _state() -> pl.Expr:
    return pl.when(pl.col("is_closed")).then(pl.lit("closed")).otherwise(pl.lit(MISSING))
