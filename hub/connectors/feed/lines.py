"""What a POS report says, per object: its lines, and the resellers and end customers they name.

Repairs made here change the spelling, never the meaning: the profile's decimal comma and date
formats become canonical text. What does not fit is passed on as told.
"""

from hashlib import blake2b

import polars as pl

from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    MODIFIED_AT,
    RECORD_ID,
    RESERVED,
    FieldKind,
)
from hub.connectors.feed.profile import DATE_COLUMNS, NUMBER_COLUMNS, POS_COLUMNS, Profile
from hub.connectors.feed.table import LINE
from hub.connectors.text import numbers

POS_LINE, RESELLER, END_CUSTOMER = "pos_line", "reseller", "end_customer"

_RESELLER_ID, _END_CUSTOMER_ID = "reseller_record_id", "end_customer_record_id"
_END_CUSTOMER = (
    "end_customer_name",
    "end_customer_city",
    "end_customer_postal_code",
    "end_customer_country",
)
_UNDATED = "1970-01-01"
_DATE = r"^\d{4}-\d\d-\d\d$"

FIELDS: dict[str, dict[str, str]] = {
    POS_LINE: {name: name for name in (*POS_COLUMNS, _RESELLER_ID, _END_CUSTOMER_ID)},
    RESELLER: {
        "account_no": "reseller_account",
        "name": "reseller_name",
        "city": "reseller_city",
        "postal_code": "reseller_postal_code",
        "country": "reseller_country",
    },
    END_CUSTOMER: {name.removeprefix("end_customer_"): name for name in _END_CUSTOMER},
}
"""Object → its fields → the column of a line each comes from."""

KINDS: dict[str, FieldKind] = {
    **dict.fromkeys(NUMBER_COLUMNS, "number"),
    **dict.fromkeys(DATE_COLUMNS, "date"),
}
"""Columns of a line that are more than text."""

_RECORD_IDS = {RESELLER: _RESELLER_ID, END_CUSTOMER: _END_CUSTOMER_ID}


def normalised(table: pl.DataFrame, profile: Profile, file: str) -> pl.DataFrame:
    """The table with canonical numbers and dates, and the ids of each line and its companies.

    A line without its key is known by file and line number, so that it can be found and mended.
    """
    spelt = table.with_columns(
        *(_dates(name, profile) for name in DATE_COLUMNS),
        *(_numbers(table[name], profile) for name in NUMBER_COLUMNS),
    )
    key = pl.concat_str([pl.col(name) for name in profile.key], separator="/")
    by_place = pl.lit(f"{file}#") + pl.col(LINE).cast(pl.String)
    return spelt.with_columns(
        pl.coalesce(key, by_place).alias(RECORD_ID),
        pl.lit(f"{_latest_report(spelt)}T00:00:00.000Z").alias(MODIFIED_AT),
        pl.lit("false").alias(IS_DELETED),
        pl.lit(None, pl.String).alias(MERGED_INTO),
        pl.col("reseller_account").alias(_RESELLER_ID),
        _end_customer_ids(spelt),
    )


def rows_of(lines: pl.DataFrame, obj: str, fields: tuple[str, ...]) -> pl.DataFrame:
    """The rows of one object in the order of the file; of a company's mentions the last counts."""
    if obj in _RECORD_IDS:
        lines = (
            lines.with_columns(pl.col(_RECORD_IDS[obj]).alias(RECORD_ID))
            .filter(pl.col(RECORD_ID).is_not_null())
            .unique(RECORD_ID, keep="last", maintain_order=True)
        )
    columns = [pl.col(FIELDS[obj][name]).alias(name) for name in fields]
    return lines.select(*RESERVED, *columns)


def _dates(name: str, profile: Profile) -> pl.Expr:
    told = pl.col(name)
    parsed = [told.str.to_date(format, strict=False) for format in profile.date_formats]
    return pl.coalesce(*(date.dt.strftime("%Y-%m-%d") for date in parsed), told).alias(name)


def _numbers(column: pl.Series, profile: Profile) -> pl.Series:
    if profile.decimal_mark == ",":
        column = column.str.replace(r"^(-?\d+),(\d+)$", "$1.$2")
    return numbers(column)


def _latest_report(lines: pl.DataFrame) -> str:
    """The newest report date in the file: the same on every machine and at every reading."""
    dates = lines["report_date"].filter(lines["report_date"].str.contains(_DATE).fill_null(False))
    latest = dates.max()
    return latest if isinstance(latest, str) else _UNDATED


def _end_customer_ids(lines: pl.DataFrame) -> pl.Series:
    """A digest of name and address as printed: end customers have no number of their own."""
    known: dict[tuple[str | None, ...], str | None] = {}
    ids: list[str | None] = []
    for printed in lines.select(_END_CUSTOMER).iter_rows():
        if printed not in known:
            known[printed] = _end_customer_id(printed)
        ids.append(known[printed])
    return pl.Series(_END_CUSTOMER_ID, ids, dtype=pl.String)


def _end_customer_id(printed: tuple[str | None, ...]) -> str | None:
    if printed[0] is None:
        return None
    text = "|".join(part or "" for part in printed)
    return blake2b(text.encode(), digest_size=8).hexdigest()
