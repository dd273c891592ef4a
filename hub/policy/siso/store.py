"""The reconciliation in the warehouse: the documents of what was touched, and what came of them.

A month's balance opens with the count of the month before, and its rates look 13 weeks back: so the
documents are read from four months before the first touched one, and only months from there on are
written.
"""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, Table, delete, func, select

from hub.models import bulk
from hub.models.channel import allocation, expected_report, siso, siso_cause
from hub.models.golden import inventory_line, pos_line, shipment
from hub.models.runs import Run
from hub.policy.settings import Policy
from hub.policy.siso import KEY
from hub.policy.siso.allocation import allocated
from hub.policy.siso.reconcile import Documents, Rules, reconcile

_LOOK_BACK_MONTHS = 4
_FACTS = (pos_line, inventory_line, shipment, expected_report)


def govern_siso(conn: Connection, policy: Policy, run: Run, since: int) -> int:
    """Balance again what rows after run `since` touched; returns how many rows were written."""
    first = _first_touched(conn, since)
    if first is None:
        return 0
    told = policy.siso
    rules = Rules(told.tolerance_units, told.tolerance_share, told.transit_days, told.weeks_limit)
    found = reconcile(documents(conn, _months_before(first, _LOOK_BACK_MONTHS)), rules)
    anew = pl.col("period") >= first
    written = _replace(conn, siso, found.balances.filter(anew), run, first)
    written += _replace(conn, siso_cause, found.causes.filter(anew), run, first)
    return written + _allocate(conn, policy, run)


def documents(conn: Connection, since_month: str) -> Documents:
    """All that is known of the months from `since_month` (YYYY-MM) on."""
    day = func.coalesce(
        pos_line.c.ship_date,
        pos_line.c.invoice_date,
        pos_line.c.report_date,
        type_=pos_line.c.report_date.type,
    )
    names = ("distributor", "sku", "transaction_type", "transaction_code", "quantity")
    more = ("unit_price", "amount", "invoice_no", "reseller_account", "report_id")
    sales = bulk.read(
        conn,
        select(*(pos_line.c[n] for n in (*names, *more)), day.label("date")).where(
            pos_line.c.period >= since_month
        ),
    ).with_columns(period=pl.col("date").dt.strftime("%Y-%m"))
    return Documents(
        sales, _stock(conn, since_month), _shipments(conn, since_month), _missing(conn)
    )


def _stock(conn: Connection, since_month: str) -> pl.DataFrame:
    """The last count of each month, all branches together."""
    c = inventory_line.c
    rows = bulk.read(
        conn,
        select(
            *(
                c[n]
                for n in (*KEY, "as_of_date", "on_hand", "available", "in_transit", "unit_value")
            )
        ).where(c.period >= since_month),
    )
    last = pl.col("as_of_date") == pl.col("as_of_date").max().over(KEY)
    told = pl.col("in_transit")
    return (
        rows.filter(last)
        .group_by(KEY)
        .agg(
            pl.coalesce("on_hand", "available").sum().alias("on_hand"),
            pl.when(told.is_not_null().any()).then(told.sum()).alias("in_transit"),
            pl.col("unit_value").max(),
        )
    )


def _shipments(conn: Connection, since_month: str) -> pl.DataFrame:
    c = shipment.c
    names = (*KEY, "ship_date", "received_date", "quantity")
    return bulk.read(conn, select(*(c[n] for n in names)).where(c.period >= since_month))


def _missing(conn: Connection) -> pl.DataFrame:
    """Reports of sales that are overdue: how much of each falls into which month."""
    c = expected_report.c
    rows = bulk.read(
        conn,
        select(c.distributor, c.report, c.period_start, c.period_end).where(
            c.state.in_(["late", "missing"])
        ),
    )
    whole = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    days = rows.with_columns(
        day=pl.date_ranges("period_start", "period_end"), whole=whole
    ).explode("day")  # fmt: skip
    return (
        days.with_columns(period=pl.col("day").dt.strftime("%Y-%m"))
        .group_by("distributor", "period")
        .agg(
            missing=(1 / pl.col("whole")).sum(),
            names=pl.concat_str("report", pl.lit(" of "), "period_end")
            .unique()
            .sort()
            .str.join(", "),
        )
    )


def _first_touched(conn: Connection, since: int) -> str | None:
    """The first month of which anything changed: by the day of the line, not of its report."""
    firsts: list[str] = []
    for table in _FACTS:
        column = table.c["period" if "period" in table.c else "period_start"]
        found = conn.scalar(select(func.min(column)).where(table.c.run > since))
        if found is not None:
            firsts.append(str(found)[:7])
    gone = conn.scalar(select(func.min(siso.c.period)).where(siso.c.run > since))
    if gone is not None and firsts:
        firsts.append(str(gone))
    return _months_before(min(firsts), 1) if firsts else None


def _months_before(month: str, number: int) -> str:
    year, at = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - number, 12)
    return f"{year:04d}-{at + 1:02d}"


def _replace(conn: Connection, table: Table, rows: pl.DataFrame, run: Run, first: str) -> int:
    """Write rows of the months from `first` on; what is there and not among them goes."""
    key = [c.name for c in table.primary_key.columns]
    with bulk.staged(conn, rows.with_columns(run=pl.lit(run.number)), table, index=key) as stage:
        there = select(stage.c[key[0]]).where(*(stage.c[n] == table.c[n] for n in key)).exists()
        gone = conn.execute(delete(table).where(table.c.period >= first, ~there)).rowcount
        return int(gone) + bulk.merge(conn, table, stage)


def _allocate(conn: Connection, policy: Policy, run: Run) -> int:
    """Allocate by the stock of the last month that each distributor counted."""
    c = siso.c
    names: Sequence[str] = (*KEY, "closing", "in_transit", "trailing")
    rows = bulk.read(conn, select(*(c[n] for n in names)).where(c.closing.is_not(None)))
    if not rows.height:
        return 0
    last = pl.col("period") == pl.col("period").max().over("distributor")
    told = policy.allocation
    supply = pl.DataFrame(
        {"sku": list(told.supply), "supply": list(told.supply.values())},
        schema={"sku": pl.String, "supply": pl.Int64},
    )
    found = allocated(
        rows.filter(last).rename({"closing": "on_hand"}), supply, target_weeks=told.target_weeks
    ).with_columns(policy_version=pl.lit(policy.version))
    first = str(found["period"].min())
    return _replace(conn, allocation, found, run, first)
