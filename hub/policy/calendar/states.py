"""How an expected report stands at a moment: a pure function over frames.

A report that came is `received`, or `zero_reported` when it says that nothing was sold. One that
did not is `upcoming` while its period runs, `due` until its moment, `late` after it and `missing`
once it is so late that the partner programme holds payments. Nothing is taken for zero because it
is missing.
"""

from datetime import datetime

import polars as pl

RECEIVED, ZERO, UPCOMING, DUE, LATE, MISSING, WAIVED = (
    *("received", "zero_reported", "upcoming", "due", "late", "missing", "waived"),
)
OVERDUE = (LATE, MISSING)
_KEY = ("distributor", "report", "period_end")


def states(
    expected: pl.DataFrame, came: pl.DataFrame, now: datetime, escalation: dict[str, int]
) -> pl.DataFrame:
    """`expected` (distributor, report, period_start, period_end, due_at, grace_days, waived_by)
    with state, report_id, received_at, days_late, escalation.

    `came`: distributor, report, id, period_end, received_at, lines_read, of reports in force and
    those that they superseded (`in_force` tells). The first that came counts for being on time.
    `escalation`: name → days after which it is due, as the policy says.
    """
    rows = expected.join(_first(expected, came), on=_KEY, how="left")
    moment = pl.lit(now, pl.Datetime("us", "UTC"))
    until = pl.coalesce("received_at", moment)
    over = (until - pl.col("due_at")).dt.total_seconds()
    days = (over / 86_400).ceil().cast(pl.Int64).clip(0)
    there = pl.col("report_id").is_not_null()
    is_late = days > pl.col("grace_days")
    ended = moment > pl.col("period_end").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    hold = escalation["hold"]
    rows = rows.with_columns(
        days_late=pl.when(there | (moment > pl.col("due_at"))).then(days),
        state=pl.when(there & (pl.col("lines_read") == 0)).then(pl.lit(ZERO))
        .when(there).then(pl.lit(RECEIVED))
        .when(pl.col("waived_by").is_not_null()).then(pl.lit(WAIVED))
        .when(is_late & (days > hold)).then(pl.lit(MISSING))
        .when(is_late).then(pl.lit(LATE))
        .when(ended).then(pl.lit(DUE))
        .otherwise(pl.lit(UPCOMING)),
    )  # fmt: skip
    level = pl.lit(None, pl.String)
    for name, after in sorted(escalation.items(), key=lambda one: one[1]):
        level = pl.when(pl.col("days_late") >= max(after, 1)).then(pl.lit(name)).otherwise(level)
    overdue = pl.col("state").is_in(OVERDUE)
    return rows.with_columns(escalation=pl.when(overdue).then(level)).drop("lines_read")


def _first(expected: pl.DataFrame, came: pl.DataFrame) -> pl.DataFrame:
    """_KEY, report_id, received_at, lines_read: what came for each expected period."""
    fits = expected.select(*_KEY, "period_start").join(
        came.rename({"period_end": "told_end"}), on=["distributor", "report"]
    ).filter(pl.col("told_end").is_between("period_start", "period_end"))  # fmt: skip
    holds = pl.col("in_force")
    return fits.group_by(_KEY).agg(
        pl.col("id").filter(holds).last().alias("report_id"),
        pl.col("received_at").min(),
        pl.col("lines_read").filter(holds).sum().alias("lines_read"),
    )
