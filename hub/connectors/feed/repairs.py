"""Repairs of canonical lines that can be proven; each leaves a flag on its line.

Nothing here guesses: a leading zero comes back only where a check digit, the country or the profile
proves it. What stays doubtful goes on as told, for the checks to judge.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from hub.connectors.feed.canonical import ACTION, FLAGS
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import ROW, flagged
from hub.connectors.feed.terms import ACTIONS, PIECES, TYPES, UNNAMED
from hub.gtin import checks_out

_UNITED_STATES = ("us", "usa", "united states", "united states of america", "u.s.", "u.s.a.")
_MOJIBAKE = r"[ÃÂâÄÅÐ][\u0080-\u00bf\u0152-\u0178\u2013-\u2122\u02c6\u02dc€]"
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")
_CENT = 0.01

Step = Callable[[pl.DataFrame, Profile | None], pl.DataFrame]


@dataclass(frozen=True)
class Repaired:
    rows: pl.DataFrame
    faults: pl.DataFrame


def repaired(rows: pl.DataFrame, profile: Profile | None) -> Repaired:
    """Rows with all proven repairs, and what cannot be repaired but is known to be wrong."""
    for step in _STEPS:
        rows = step(rows, profile)
    rows, faults = _pieces(rows, profile)
    return Repaired(_amounts_compared(rows), faults)


def _has(rows: pl.DataFrame, *names: str) -> bool:
    return all(n in rows.columns and rows[n].null_count() < rows.height for n in names)


def _without_errors(rows: pl.DataFrame, _profile: Profile | None) -> pl.DataFrame:
    """What a spreadsheet shows for a formula that failed is no value."""
    texts = [n for n in rows.columns if rows[n].dtype == pl.String and n != FLAGS and _has(rows, n)]
    if not texts:
        return rows
    found = rows.select(
        pl.any_horizontal(pl.col(n).is_in(_ERRORS) for n in texts).fill_null(value=False)
    ).to_series()
    if not found.any():
        return rows
    cleared = rows.with_columns(
        pl.when(pl.col(n).is_in(_ERRORS)).then(None).otherwise(pl.col(n)).alias(n) for n in texts
    )
    return cleared.with_columns(flagged(pl.col(FLAGS), "spreadsheet_error", pl.lit(found)))


def _without_mojibake(rows: pl.DataFrame, _profile: Profile | None) -> pl.DataFrame:
    """`MÃ¼ller` → `Müller`: only where the bytes, read right, are UTF-8 throughout."""
    for name in [n for n in rows.columns if n.endswith(("_name", "_city", "_street"))]:
        if not _has(rows, name):
            continue
        told = rows[name]
        suspect = told.str.contains(_MOJIBAKE).fill_null(value=False)
        if not suspect.any():
            continue
        known = {text: _unscrambled(text) for text in told.filter(suspect).unique()}
        better = {text: read for text, read in known.items() if read is not None}
        rows = rows.with_columns(
            flagged(pl.col(FLAGS), "mojibake_repaired", pl.col(name).is_in(list(better))),
            pl.col(name).replace(better),
        )
    return rows


def _unscrambled(text: str) -> str | None:
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return None


def _with_constants(rows: pl.DataFrame, profile: Profile | None) -> pl.DataFrame:
    constants = profile.constants if profile is not None else {}
    return rows.with_columns(
        pl.col(name).fill_null(pl.lit(value))
        for name, value in constants.items()
        if name in rows.columns
    )


def _with_codes(rows: pl.DataFrame, profile: Profile | None) -> pl.DataFrame:
    """The sender's codes as the profile reads them; types of transactions by their words."""
    codes = dict(profile.codes) if profile is not None else {}
    types = codes.pop("transaction_type", {})
    rows = rows.with_columns(
        pl.col(name).replace(known) for name, known in codes.items() if name in rows.columns
    )
    if _has(rows, ACTION):
        said = pl.col(ACTION).str.to_lowercase()
        rows = rows.with_columns(said.replace(ACTIONS).alias(ACTION))
    if not _has(rows, "transaction_type"):
        return rows
    told = pl.col("transaction_type")
    bare = told.str.to_lowercase().str.replace_all(r"[^a-zäöüß0-9]", "")
    return rows.with_columns(
        pl.coalesce("transaction_code", told.str.slice(0, 16)).alias("transaction_code"),
        pl.coalesce(
            told.replace_strict(types, default=None, return_dtype=pl.String),
            bare.replace_strict(TYPES, default=None, return_dtype=pl.String),
            told,
        ).alias("transaction_type"),
    )


def _with_aliases(rows: pl.DataFrame, profile: Profile | None) -> pl.DataFrame:
    aliases = profile.sku_aliases if profile is not None else {}
    if not aliases or "sku" not in rows.columns:
        return rows
    known = pl.col("sku").is_in(list(aliases))
    return rows.with_columns(
        flagged(pl.col(FLAGS), "sku_alias", known), pl.col("sku").replace(aliases)
    )


def _with_widths(rows: pl.DataFrame, profile: Profile | None) -> pl.DataFrame:
    """Codes of one width that lost leading zeros, where the profile tells the width."""
    for name, width in (profile.widths if profile is not None else {}).items():
        if name in rows.columns:
            short = pl.col(name).str.contains(r"^\d+$") & (pl.col(name).str.len_chars() < width)
            rows = rows.with_columns(
                flagged(pl.col(FLAGS), "zeros_restored", short),
                pl.when(short).then(pl.col(name).str.zfill(width)).otherwise(name).alias(name),
            )
    return rows


def _with_zips(rows: pl.DataFrame, _profile: Profile | None) -> pl.DataFrame:
    """2134 in the United States is 02134."""
    for role in ("reseller", "end_customer", "ship_to", "bill_to"):
        zip_, country = f"{role}_postal_code", f"{role}_country"
        if not _has(rows, zip_, country):
            continue
        short = pl.col(zip_).str.contains(r"^\d{3,4}$") & pl.col(country).str.to_lowercase().is_in(
            _UNITED_STATES
        )
        rows = rows.with_columns(
            flagged(pl.col(FLAGS), "zip_restored", short),
            pl.when(short).then(pl.col(zip_).str.zfill(5)).otherwise(zip_).alias(zip_),
        )
    return rows


def _with_gtins(rows: pl.DataFrame, _profile: Profile | None) -> pl.DataFrame:
    """36000291452 is 036000291452: with the zero its check digit is right."""
    if not _has(rows, "gtin"):
        return rows
    told = pl.col("gtin")
    digits = told.str.contains(r"^\d{7,13}$")
    whole = told.str.len_chars().is_in([8, 12, 13]) & digits
    right = whole & checks_out(told)
    longer = told.str.len_chars().replace_strict({7: 8, 11: 12, 12: 13, 13: 14}, default=None)
    padded = told.str.zfill(longer.fill_null(14))
    mend = digits & ~right & longer.is_not_null() & checks_out(padded)
    return rows.with_columns(
        flagged(pl.col(FLAGS), "gtin_restored", mend),
        pl.when(mend).then(padded).otherwise(told).alias("gtin"),
    )


def _signed(rows: pl.DataFrame, _profile: Profile | None) -> pl.DataFrame:
    """Returns are negative, once: −|quantity|, whether the sign or the type says so."""
    if "transaction_type" not in rows.columns or not _has(rows, "quantity"):
        return rows
    kind, told = pl.col("transaction_type"), pl.col("quantity")
    negative = told.str.starts_with("-")
    back = kind == "return"
    implicit = kind.is_in(["sale"]) & negative
    new = pl.when(implicit | (kind.is_null() & negative)).then(pl.lit("return"))
    by_sign = pl.when(kind.is_null() & told.is_not_null()).then(pl.lit("sale"))
    return rows.with_columns(
        flagged(pl.col(FLAGS), "implicit_return", implicit),
        pl.coalesce(new, kind, by_sign).alias("transaction_type"),
        *(
            pl.when(back & ~pl.col(n).str.starts_with("-") & (pl.col(n) != "0"))
            .then(pl.lit("-") + pl.col(n))
            .otherwise(n)
            .alias(n)
            for n in ("quantity", "amount")
        ),
    )


def _with_named_customers(rows: pl.DataFrame, _profile: Profile | None) -> pl.DataFrame:
    """Sales to `VARIOUS`, or to the reseller itself, name no end customer."""
    if not _has(rows, "end_customer_name"):
        return rows
    name = pl.col("end_customer_name").str.strip_chars().str.to_lowercase()
    itself = name == pl.col("reseller_name").str.strip_chars().str.to_lowercase()
    return rows.with_columns(
        flagged(pl.col(FLAGS), "end_customer_unnamed", name.is_in(list(UNNAMED)) | itself)
    )


_STEPS: tuple[Step, ...] = (
    _without_errors,
    _without_mojibake,
    _with_codes,
    _with_constants,
    _with_aliases,
    _with_widths,
    _with_zips,
    _with_gtins,
    _signed,
    _with_named_customers,
)


def _pieces(rows: pl.DataFrame, profile: Profile | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Quantities in pieces. A unit whose pieces nobody told is a fault of its line."""
    none = pl.DataFrame(schema={ROW: pl.UInt32, "value": pl.String})
    if not _has(rows, "unit"):
        return rows, none
    factors = {u.casefold(): f for u, f in (profile.units if profile is not None else {}).items()}
    known = {**dict.fromkeys(PIECES, 1), **factors}
    factor = (
        pl.col("unit").str.to_lowercase().str.strip_chars(". ")
        .replace_strict(known, default=None, return_dtype=pl.Int64)
    )  # fmt: skip
    rows = rows.with_columns(factor.alias("factor"))
    unknown = (
        rows.with_row_index(ROW)
        .filter(pl.col("unit").is_not_null() & pl.col("factor").is_null())
        .select(ROW, pl.col("unit").alias("value"))
    )
    if not (rows["factor"] > 1).any():
        return rows.drop("factor"), unknown
    return _times(rows).drop("factor"), unknown


def _times(rows: pl.DataFrame) -> pl.DataFrame:
    """Quantity × factor, prices per piece ÷ factor; what no longer divides evenly is flagged."""
    many = pl.col("factor") > 1
    exact = pl.Decimal(38, 8)
    quantities = [n for n in ("quantity", "on_hand", "available", "committed", "on_order",
                              "in_transit", "defective", "opening", "received", "unmapped")
                  if n in rows.columns]  # fmt: skip
    prices = [n for n in ("unit_price", "unit_cost", "special_cost", "unit_value")
              if n in rows.columns]  # fmt: skip
    more = [
        pl.when(many & pl.col(n).str.contains(r"^-?\d{1,9}$"))
        .then((pl.col(n).cast(pl.Int64, strict=False) * pl.col("factor")).cast(pl.String))
        .otherwise(n)
        .alias(n)
        for n in quantities
    ]
    per_piece = {
        n: pl.col(n).cast(exact, strict=False) / pl.col("factor").cast(exact) for n in prices
    }
    rounded = pl.any_horizontal(
        (value.round(4) != value).fill_null(value=False) for value in per_piece.values()
    )
    return rows.with_columns(
        *more,
        *(
            pl.when(many & value.is_not_null())
            .then(value.round(4).cast(pl.String).str.replace(r"\.?0+$", ""))
            .otherwise(n)
            .alias(n)
            for n, value in per_piece.items()
        ),
        flagged(flagged(pl.col(FLAGS), "converted_to_pieces", many), "price_rounded",
                many & rounded),
    )  # fmt: skip


def _amounts_compared(rows: pl.DataFrame) -> pl.DataFrame:
    """The line's price as told is trusted; that it is not quantity × unit price is flagged."""
    if "amount" not in rows.columns or not _has(rows, "amount", "unit_price", "quantity"):
        return rows
    amount, price, quantity = (
        pl.col(n).cast(pl.Float64, strict=False) for n in ("amount", "unit_price", "quantity")
    )
    apart = (amount - price * quantity).abs() > _CENT * pl.max_horizontal(quantity.abs(), 1) + 1e-9
    return rows.with_columns(flagged(pl.col(FLAGS), "amount_differs", apart))
