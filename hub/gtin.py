"""The check digit of the trade's article numbers: GTIN-8, UPC (12), EAN-13 and GTIN-14.

GS1 General Specifications, section 7.9: from the right, digits weigh 3 and 1 in turn; the sum with
the check digit is a multiple of ten.
"""

import polars as pl

_LONGEST = 14


def checks_out(told: pl.Expr) -> pl.Expr:
    """Whether the last of at most 14 digits is the check digit of the others."""
    digits = told.str.zfill(_LONGEST)
    total = pl.sum_horizontal(
        digits.str.slice(at, 1).cast(pl.Int32, strict=False) * (3 if at % 2 == 0 else 1)
        for at in range(_LONGEST)
    )
    return total % 10 == 0
