"""Lines of reports go into the archive by the month they are of, as they do in the warehouse.

Restating one month then adds files under that month only, and whoever reads the archive with a
columnar engine reads the months asked for (`period=2026-03`, as Hive names partitions).
"""

from collections.abc import Iterator

import polars as pl

from hub.connectors.contract import Batch
from hub.sync.targets import Target

UNKNOWN = "unknown"
_DAYS = {
    "pos_line": ("period_end", "report_date"),
    "inventory_line": ("as_of_date",),
    "claim": ("period_end", "claim_date"),
    "shipment": ("ship_date",),
}
_MONTH = r"^(\d{4}-(?:0[1-9]|1[0-2]))-\d\d"


def by_period(batch: Batch, target: Target) -> Iterator[Batch]:
    """A batch of lines as one batch per month, in the order of the months; any other as it is. The
    cursor stays with the last."""
    if target.mapping.source not in _DAYS or batch.rows.is_empty():
        yield batch
        return
    months = _months(batch.rows, target)
    found = months.unique().sort().to_list()
    if len(found) == 1:
        yield batch
        return
    for month in found:
        kept = (months == month).arg_true()
        yield Batch(
            batch.rows[kept],
            batch.cursor if month == found[-1] else None,
            batch.origin,
            _moved(batch.faults, kept),
        )


def period_of(rows: pl.DataFrame, target: Target) -> str | None:
    """The month that all rows of a batch are of; None for what is not archived by months."""
    if target.mapping.source not in _DAYS or rows.is_empty():
        return None
    return str(_months(rows.head(1), target)[0])


def _months(rows: pl.DataFrame, target: Target) -> pl.Series:
    field = {column: name for name, column in target.mapping.pull.items()}
    told = [field[column] for column in _DAYS[target.mapping.source] if column in field]
    months = [pl.col(name).str.extract(_MONTH) for name in told if name in rows.columns]
    return rows.select(pl.coalesce(*months, pl.lit(UNKNOWN)).alias("month")).to_series()


def _moved(faults: pl.DataFrame | None, kept: pl.Series) -> pl.DataFrame | None:
    """The faults of the kept rows, at the places these have now."""
    if faults is None:
        return None
    places = pl.DataFrame({"row": kept.cast(pl.UInt32)}).with_row_index("place")
    return (
        faults.join(places, on="row", how="inner", maintain_order="left")
        .with_columns(pl.col("place").cast(pl.UInt32).alias("row"))
        .select(faults.columns)
    )
