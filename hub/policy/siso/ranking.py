"""Which cause comes first: the one that removes most of the gap.

Of causes that remove practically the same share of a gap (within a tenth of it), that one comes
first that removes more from all gaps of that distributor and period together: one missing file
explains many gaps at once, and that two causes meet by chance in all of them is unlikely.
"""

import polars as pl

from hub.policy.siso import KEY

_BAND = 10


def ranked(gaps: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Per key of `gaps` (KEY, gap) its causes: rank (from 1), cause, effect, removes, share,
    across, evidence. Of each cause its best claim; one that would widen the gap is no cause.

    `removes` = |gap| − |gap − effect|; `across` is the sum of it over all SKUs of the distributor
    and period.
    """
    size = pl.col("gap").abs()
    judged = claims.join(gaps.select(*KEY, "gap"), on=KEY).with_columns(
        removes=size - (pl.col("gap") - pl.col("effect")).abs()
    )
    best = (
        judged.filter(pl.col("removes") > 0)
        .sort(*KEY, "cause", "removes", "evidence", descending=[False] * 4 + [True, False])
        .group_by(*KEY, "cause", maintain_order=True)
        .first()
        .with_columns(
            share=pl.col("removes") / size,
            across=pl.col("removes").sum().over("distributor", "period", "cause"),
        )
    )
    band = (pl.col("share").max().over(KEY) - pl.col("share")) * _BAND
    return (
        best.with_columns(band=band.floor().cast(pl.Int64))
        .sort(
            *KEY, "band", "across", "removes", "cause",
            descending=[False, False, False, False, True, True, False],
        )
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(KEY))
        .select(*KEY, "rank", "cause", "effect", "removes", "share", "across", "evidence")
    )  # fmt: skip
