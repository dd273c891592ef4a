"""The one hash behind profiles and keys: 64 bits, signed, the same on every machine and version."""

import hashlib

import polars as pl


def hash64(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def hashes(texts: pl.Series) -> pl.Series:
    """`hash64` of every text."""
    return pl.Series(texts.name, [hash64(text) for text in texts], dtype=pl.Int64)
