"""Documents in, balances and causes out: the whole reconciliation as one pure function."""

from dataclasses import dataclass

import polars as pl

from hub.policy.siso import KEY, causes
from hub.policy.siso.balance import DROP_SHIPMENT, EXCEPTION, balance, movements
from hub.policy.siso.ranking import ranked
from hub.policy.siso.stock import ageing, at_risk, lasting, trailing


@dataclass(frozen=True)
class Documents:
    """What is known of distributors, the period of each row by the day it is of.

    `sales`: KEY, date, transaction_type, transaction_code, quantity (signed), unit_price, amount,
    invoice_no, reseller_account, report_id. `stock`: KEY, on_hand, in_transit (null: not told),
    unit_value: the last count of the period. `shipments`: KEY, ship_date, received_date (null: not
    known), quantity (negative: taken back). `missing`: distributor, period, missing (reports that
    were due and did not come; a part of one, where it is of two months), names.
    """

    sales: pl.DataFrame
    stock: pl.DataFrame
    shipments: pl.DataFrame
    missing: pl.DataFrame


@dataclass(frozen=True)
class Rules:
    """Tolerance: the larger of `tolerance_units` and `tolerance_share` of what is expected.
    `transit_days`: how long a shipment may be on its way; `weeks_limit`: more weeks of supply are
    stock at risk."""

    tolerance_units: int = 5
    tolerance_share: float = 0.02
    transit_days: int = 10
    weeks_limit: float = 26.0


@dataclass(frozen=True)
class Reconciled:
    """`balances` per key, `causes` per key and rank of every exception."""

    balances: pl.DataFrame
    causes: pl.DataFrame


def reconcile(documents: Documents, rules: Rules) -> Reconciled:
    """Balance every key and rank the causes of what is off by more than is tolerated."""
    moved = movements(documents.sales, documents.shipments)
    balances = balance(
        moved,
        documents.stock.select(*KEY, "on_hand", "in_transit"),
        on_the_way(documents.shipments),
        tolerance_units=rules.tolerance_units,
        tolerance_share=rules.tolerance_share,
    )
    gaps = balances.filter(pl.col("status") == EXCEPTION)
    found = ranked(gaps, _claims(documents, moved, gaps.select(KEY), rules))
    return Reconciled(_looked_at(balances, documents, rules), found)


def on_the_way(shipments: pl.DataFrame) -> pl.DataFrame:
    """KEY, on_the_way: shipped in the period and, as is known, received after its end."""
    end = (pl.col("period") + "-01").str.to_date("%Y-%m-%d").dt.month_end()
    return (
        shipments.filter((pl.col("quantity") > 0) & (pl.col("received_date") > end))
        .group_by(KEY)
        .agg(pl.col("quantity").sum().alias("on_the_way"))
    )


def _claims(
    documents: Documents, moved: pl.DataFrame, keys: pl.DataFrame, rules: Rules
) -> pl.DataFrame:
    sales, shipments = _sold(documents.sales), documents.shipments
    known = shipments.select(KEY[:2]).unique()
    return pl.concat(
        [
            causes.missing_files(sales, documents.missing, keys),
            causes.duplicate_files(sales),
            causes.wrong_signs(sales),
            causes.units_of_measure(sales, causes.usual_prices(sales)),
            causes.sku_aliases(sales, documents.stock, known, keys),
            causes.in_transit(shipments, days=rules.transit_days),
            causes.returns_to_vendor(moved),
        ]
    )


def _sold(sales: pl.DataFrame) -> pl.DataFrame:
    kind = pl.col("transaction_type").fill_null("sale")
    dropped = pl.col("transaction_code").fill_null("") == DROP_SHIPMENT
    return sales.filter(kind.is_in(["sale", "return"]) & ~dropped)


def _looked_at(balances: pl.DataFrame, documents: Documents, rules: Rules) -> pl.DataFrame:
    """Balances with how long the stock lasts, how old it is and what of it is at risk."""
    rows = trailing(_sold(documents.sales), balances)
    rows = rows.join(documents.stock.select(*KEY, "unit_value"), on=KEY, how="left")
    aged = ageing(balances.filter(pl.col("closing").is_not_null()), documents.shipments)
    rows = lasting(rows).join(aged, on=KEY, how="left")
    return at_risk(rows, weeks=rules.weeks_limit).sort(KEY)
