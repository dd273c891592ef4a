"""Which of the vendor's products a line is of: by its number, an alias of it, or its GTIN."""

import polars as pl

SKU, ALIAS, GTIN, UNKNOWN, NOT_CHECKED = "sku", "alias", "gtin", "unknown", "not_checked"


def with_products(lines: pl.DataFrame, products: pl.DataFrame | None) -> pl.DataFrame:
    """`lines` (system, sku, distributor_sku, gtin, day) with `sku` as the vendor numbers it and
    `product_match`. An alias may be one distributor's own, and hold for a time only.

    What the list does not know keeps the number it was told with; without a list nothing is known.
    """
    told = pl.coalesce("sku", "gtin", "distributor_sku")
    if products is None:
        return lines.with_columns(sku=told, product_match=pl.lit(NOT_CHECKED))
    numbered = lines.with_row_index("at")
    found = pl.concat(
        [
            _by_number(numbered, products),
            _by_alias(numbered, products),
            _by_gtin(numbered, products),
        ]
    ).unique("at", keep="first", maintain_order=True)
    return (
        numbered.join(found, on="at", how="left", maintain_order="left")
        .with_columns(
            sku=pl.coalesce("vendor_sku", told),
            product_match=pl.col("product_match").fill_null(UNKNOWN),
        )
        .drop("at", "vendor_sku")
    )


def _by_number(lines: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    known = products.select("sku", vendor_sku="sku").unique()
    return _found(lines.join(known, on="sku"), SKU)


def _by_alias(lines: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    aliases = products.filter(pl.col("alias").is_not_null()).select(
        "alias", "distributor", "valid_from", "valid_to", vendor_sku="sku"
    )
    numbers = pl.concat(
        [lines.select("at", "system", "day", alias=name) for name in ("sku", "distributor_sku")]
    )
    day = pl.col("day")
    hits = numbers.join(aliases, on="alias").filter(
        (pl.col("distributor").is_null() | (pl.col("distributor") == pl.col("system")))
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= day))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    )
    return _found(_certain(hits), ALIAS)


def _by_gtin(lines: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    known = products.filter(pl.col("gtin").is_not_null())
    bare = pl.col("gtin").str.strip_chars_start("0")
    known = known.select(bare.alias("bare"), vendor_sku="sku").unique()
    hits = lines.select("at", bare.alias("bare")).join(known, on="bare")
    return _found(_certain(hits), GTIN)


def _certain(hits: pl.DataFrame) -> pl.DataFrame:
    """A number that stands for two products stands for none."""
    return hits.filter(pl.col("vendor_sku").n_unique().over("at") == 1)


def _found(hits: pl.DataFrame, by: str) -> pl.DataFrame:
    return hits.select("at", "vendor_sku", product_match=pl.lit(by)).unique("at")
