"""What a row said, short enough to keep: a hash of what is only read, the text of what is written.

Both are stored and compared with what is told later, so they must never depend on the version of a
library: SHA-256 over canonical text, and JSON as the standard library writes it.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

import polars as pl
import polars_hash as plh

from hub.checks.convert import blank_to_null

HASHED_BY = "sha2_256"
"""Hashes made in another way cannot be compared with these."""

_DIGITS = 32
_MISSING, _BETWEEN = "\x00", "\x1f"
# What JSON does not write as it is.
_ESCAPED = r'["\\\x00-\x1f]'


def text_hashes(rows: pl.DataFrame, fields: Sequence[str], about: str) -> pl.Series:
    """32 hexadecimal digits per row: of the hash of `about` and of the row's text in `fields`."""
    cells = [blank_to_null(pl.col(name)).fill_null(_MISSING) for name in fields]
    begun = pl.lit(sha256(about.encode()).hexdigest())
    text = pl.concat_str(begun, *cells, separator=_BETWEEN).alias("text")
    hashed = plh.col("text").chash.sha2_256().str.slice(0, _DIGITS)
    return rows.select(text).select(hashed).to_series()


def told_texts(rows: pl.DataFrame, fields: Sequence[str]) -> pl.Series:
    """`told_text` of each row's `fields`, spelt at once but for values that need escaping."""
    if not fields:
        return pl.repeat(None, rows.height, dtype=pl.String, eager=True)
    members = [
        pl.when(pl.col(name) != "").then(
            pl.concat_str(pl.lit(f'{json.dumps(name, ensure_ascii=False)}: "'), name, pl.lit('"'))
        )
        for name in sorted(fields)
    ]
    joined = pl.concat_str(members, separator=", ", ignore_nulls=True)
    awkward = pl.any_horizontal(pl.col(name).str.contains(_ESCAPED) for name in fields)
    spelt = rows.select(
        pl.when(joined != "").then(pl.concat_str(pl.lit("{"), joined, pl.lit("}"))).alias("text"),
        awkward.fill_null(value=False).alias("awkward"),
    )
    places = spelt["awkward"].arg_true()
    one_by_one = [told_text(values) for values in rows[places].select(fields).iter_rows(named=True)]
    return spelt["text"].scatter(places, pl.Series(one_by_one, dtype=pl.String))


def told_text(values: Mapping[str, str | None]) -> str | None:
    """Canonical JSON of the values that are not empty; None when all are."""
    present = {name: value for name, value in values.items() if value}
    return json.dumps(present, sort_keys=True, ensure_ascii=False) if present else None
