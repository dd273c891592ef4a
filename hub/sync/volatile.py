"""Fields that change without the record appearing in an increment: formulas, links of others.

Their text, as landed, is remembered as one hash per row, so that a look at these fields alone tells
which records have to be read again in full.
"""

from collections.abc import Sequence
from hashlib import blake2b

import polars as pl

from hub.checks.convert import blank_to_null


def volatile_hashes(rows: pl.DataFrame, fields: Sequence[str]) -> pl.Series:
    """`volatile_hash` of each row: of the text of `fields`, and of which fields these are.

    All null when there are no such fields.
    """
    if not fields:
        return pl.Series("volatile_hash", [None] * rows.height, dtype=pl.String)
    begun = blake2b("\x1f".join(fields).encode(), digest_size=16)
    cells = [blank_to_null(pl.col(name)).fill_null("\x00") for name in fields]
    texts = rows.select(pl.concat_str(cells, separator="\x1f").alias("text"))["text"]
    hashes = []
    for text in texts.to_list():
        digest = begun.copy()
        digest.update(text.encode())
        hashes.append(digest.hexdigest())
    return pl.Series("volatile_hash", hashes, dtype=pl.String)
