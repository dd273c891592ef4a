"""Which of several reports about the same thing holds: a pure function over frames.

Two reports are about the same thing when distributor, report, period and branch agree. Purposes are
those of X12 BPT01 and EDIFACT 1225: `replace` and `cancel` take back what was said before, `change`
adds to it whatever the profile's mode, `duplicate` says nothing new.
"""

import polars as pl

TAKEN, IN_FORCE, SUPERSEDED, CANCELLED, HELD = (
    *("taken", "in_force", "superseded", "cancelled", "held"),
)
HELD_ZERO = (
    "it has no lines, and an earlier one of the same period has: it does not say that it replaces "
    "that one, so the earlier one stays in force until it is sent again with that purpose"
)
_ABOUT = ("distributor", "report", "report_kind", "branch", "period_start", "period_end")


def versions(reports: pl.DataFrame) -> pl.DataFrame:
    """`reports` in the order they were taken, with `version`, `superseded_by` and the `status` they
    stand in. Wants id, the columns of `_ABOUT`, status, reason, mode, purpose, lines_read.

    A report without lines replaces lines only when it says so (`held` otherwise): zero where there
    were many is more likely an accident. One whose period is unknown replaces nothing.
    """
    taken = reports.filter(pl.col("status") == TAKEN)
    rest = reports.filter(pl.col("status") != TAKEN).with_columns(
        version=pl.lit(None, pl.Int64), superseded_by=pl.lit(None, pl.String)
    )
    return pl.concat([_numbered(taken), rest], how="diagonal_relaxed")


def _numbered(taken: pl.DataFrame) -> pl.DataFrame:
    about = [pl.col(name).cast(pl.String).fill_null("") for name in _ABOUT]
    unknown = pl.col("period_end").is_null()
    same = pl.when(unknown).then(pl.col("id")).otherwise(pl.concat_str(about, separator="\x1f"))
    says_so = pl.col("purpose").is_in(["replace", "cancel"]).fill_null(value=False)
    adds = pl.col("purpose").is_in(["change", "duplicate"]).fill_null(value=False)
    empty = pl.col("lines_read").fill_null(0) == 0
    had_lines = (pl.col("lines_read").fill_null(0) > 0).cast(pl.Int8).cum_max().over("same") > 0
    rows = taken.with_columns(same.alias("same")).with_columns(
        version=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("same"),
        held=empty & had_lines & ~says_so & ~adds & (pl.col("mode") == "full_replace"),
        cancels=(pl.col("purpose") == "cancel").fill_null(value=False),
        replaces=says_so | ((pl.col("mode") == "full_replace") & ~adds),
    )
    replacer = pl.when("replaces", ~pl.col("held")).then("id")
    later = replacer.shift(-1).backward_fill().over("same")
    return rows.with_columns(
        superseded_by=pl.when(~pl.col("held")).then(later),
        reason=pl.when("held").then(pl.lit(HELD_ZERO)).otherwise("reason"),
    ).with_columns(
        status=pl.when("held").then(pl.lit(HELD))
        .when(pl.col("superseded_by").is_not_null()).then(pl.lit(SUPERSEDED))
        .when("cancels").then(pl.lit(CANCELLED))
        .otherwise(pl.lit(IN_FORCE)),
    ).drop("same", "held", "cancels", "replaces")  # fmt: skip
