"""Fields that change without the record appearing in an increment: formulas, links of others.

Their text, as landed, is remembered as one hash per row, so that a look at these fields alone tells
which records have to be read again in full.
"""

from collections.abc import Sequence

import polars as pl

from hub.sync.fingerprint import text_hashes


def volatile_hashes(rows: pl.DataFrame, fields: Sequence[str]) -> pl.Series:
    """`volatile_hash` of each row: of the text of `fields`, and of which fields these are.

    All null when there are no such fields.
    """
    if not fields:
        return pl.Series("volatile_hash", [None] * rows.height, dtype=pl.String)
    return text_hashes(rows, fields, "\x1f".join(fields)).alias("volatile_hash")
