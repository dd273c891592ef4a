"""What identifies a line within its sender, so that a line told again is the same line.

By the profile's key, as a rule invoice and invoice line. Where lines have no number of their own,
equal ones are counted (`…#2`): two equal sales are two sales. A line that bears the number of
another line of the same file is held back.
"""

from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import polars as pl

from hub.connectors.contract import RECORD_ID
from hub.connectors.feed.canonical import (
    CLAIM,
    END_CUSTOMER_ID,
    INVENTORY_LINE,
    LINE,
    POS_LINE,
    RESELLER_ID,
    SHIPMENT,
)
from hub.connectors.feed.terms import UNNAMED

_LONGEST = 120
_MOST_EQUALS = 10_000
_OWN_NUMBER: dict[str, tuple[str, ...]] = {
    POS_LINE: ("invoice_no", "invoice_line"),
    INVENTORY_LINE: ("as_of_date", "sku"),
    CLAIM: ("claim_no", "invoice_no", "invoice_line"),
    SHIPMENT: ("document_no", "document_line"),
}
_WITHOUT: dict[str, tuple[str, ...]] = {
    POS_LINE: ("branch", "invoice_no", "invoice_line", "sku", "gtin", "ship_date", "invoice_date"),
    INVENTORY_LINE: ("as_of_date", "branch", "sku", "gtin", "distributor_sku"),
    CLAIM: ("claim_no", "authorization_no", "invoice_no", "invoice_line", "sku", "gtin"),
    SHIPMENT: ("distributor", "document_no", "document_line", "sku", "gtin", "ship_date"),
}
"""Object → what tells its lines apart when they have no complete key."""
_END_CUSTOMER = tuple(f"end_customer_{part}" for part in ("name", "city", "postal_code", "country"))


class Keys:
    """Gives each line its id; remembers which ids the file had before, eight bytes each."""

    def __init__(self, obj: str, key: tuple[str, ...], file: str, *, strict: bool) -> None:
        """`strict`: a line without the whole key is known by its place only."""
        self._object, self._file, self._strict = obj, file, strict
        own = _OWN_NUMBER[obj]
        self._key = key
        self._is_own_number = set(own) <= set(key)
        self._levels: list[npt.NDArray[np.uint64]] = []

    def given(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
        """`rows` with `record_id`, and the positions of lines that repeat another line's number."""
        place = pl.lit(f"{self._file}#") + pl.col(LINE).cast(pl.String)
        key = pl.concat_str([pl.col(name) for name in self._key], separator="/")
        loose = place if self._strict else self._loose_key(rows, place)
        exact = key.is_not_null() & pl.lit(self._is_own_number)
        rows = rows.with_columns(
            pl.coalesce(_fitting(key), _fitting(loose)).alias(RECORD_ID),
            exact.alias("exact"),
        )
        repeated = self._repeated(rows)
        clash = rows["exact"] & repeated
        if clash.any():
            rows = rows.with_columns(
                pl.when(clash).then(place).otherwise(RECORD_ID).alias(RECORD_ID)
            )
        rows = self._counted(rows)
        self._remember(rows[RECORD_ID])
        return rows.drop("exact"), clash.arg_true()

    def _loose_key(self, rows: pl.DataFrame, place: pl.Expr) -> pl.Expr:
        parts = [pl.col(n).fill_null("") for n in _WITHOUT[self._object] if n in rows.columns]
        if self._object == POS_LINE:
            negative = pl.col("quantity").str.starts_with("-").fill_null(value=False)
            parts.append(pl.when(negative).then(pl.lit("-")).otherwise(pl.lit("+")))
            period = pl.coalesce("period_end", "report_date").fill_null("")
            parts.append(pl.when(pl.col("invoice_no").is_null()).then(period).otherwise(pl.lit("")))
        products = [pl.col(n) for n in ("sku", "gtin", "distributor_sku")]
        return (
            pl.when(pl.coalesce(products).is_not_null())
            .then(pl.concat_str(parts, separator="/"))
            .otherwise(place)
        )

    def _repeated(self, rows: pl.DataFrame) -> pl.Series:
        within = (
            rows.select((pl.int_range(pl.len()).over(RECORD_ID) > 0).alias("again")).to_series()
            if rows[RECORD_ID].is_duplicated().any()
            else _none(rows.height)
        )
        return within | self._seen(rows[RECORD_ID])

    def _counted(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Equal lines without a number of their own become `…`, `…#2`, `…#3`."""
        base = rows[RECORD_ID]
        loose = ~rows["exact"]
        if not (self._seen(base) & loose).any() and not base.is_duplicated().any():
            return rows
        nth = rows.select(
            pl.int_range(pl.len(), dtype=pl.UInt32).over(RECORD_ID).alias("nth")
        ).to_series()
        before = self._times_seen(base, loose)
        number = nth + before + 1
        counted = base + "#" + number.cast(pl.String)
        return rows.with_columns(counted.zip_with(loose & (number > 1), base).alias(RECORD_ID))

    def _times_seen(self, base: pl.Series, loose: pl.Series) -> pl.Series:
        """How often each id came in earlier parts: by asking for `…#2`, `…#3` until one is new."""
        times = (self._seen(base) & loose).cast(pl.UInt32)
        for number in range(2, _MOST_EQUALS):
            asked = times == number - 1
            if not asked.any():
                break
            again = self._seen(base + f"#{number}") & asked
            times = times + again.cast(pl.UInt32)
        return times

    def _seen(self, ids: pl.Series) -> pl.Series:
        if not self._levels or not ids.len():
            return _none(ids.len())
        hashes = ids.hash().to_numpy()
        found = np.zeros(len(hashes), dtype=bool)
        for level in self._levels:
            at = np.searchsorted(level, hashes)
            inside = at < len(level)
            found[inside] |= level[at[inside]] == hashes[inside]
        return pl.Series(found, dtype=pl.Boolean)

    def _remember(self, ids: pl.Series) -> None:
        if not ids.len():
            return
        self._levels.append(np.sort(ids.hash().to_numpy()))
        while len(self._levels) > 1 and len(self._levels[-2]) < 2 * len(self._levels[-1]):
            last, before = self._levels.pop(), self._levels.pop()
            self._levels.append(np.sort(np.concatenate([before, last]), kind="stable"))


def with_companies(rows: pl.DataFrame) -> pl.DataFrame:
    """`rows` with the ids of the reseller and the end customer each line speaks of."""
    if "reseller_account" not in rows.columns:
        return rows
    return rows.with_columns(pl.col("reseller_account").alias(RESELLER_ID), _end_customers(rows))


def _end_customers(rows: pl.DataFrame) -> pl.Series:
    """A digest of name and address as printed: end customers have no number of their own."""
    name = pl.col(_END_CUSTOMER[0])
    named = name.is_not_null() & ~name.str.strip_chars().str.to_lowercase().is_in(list(UNNAMED))
    text = pl.concat_str([pl.col(n).fill_null("") for n in _END_CUSTOMER], separator="|")
    printed = rows.select(pl.when(named).then(text).alias(END_CUSTOMER_ID)).to_series()
    distinct = printed.unique().drop_nulls()
    ids = [blake2b(one.encode(), digest_size=8).hexdigest() for one in distinct]
    return printed.replace_strict(distinct, pl.Series(ids, dtype=pl.String), default=None)


def _fitting(key: pl.Expr) -> pl.Expr:
    """A key that fits the column of record ids; a longer one by its digest."""
    long = key.str.len_chars() > _LONGEST
    digest = key.map_batches(_digests, return_dtype=pl.String)
    return pl.when(long).then(digest).otherwise(key)


def _digests(keys: pl.Series) -> pl.Series:
    return pl.Series(
        [
            None if k is None or len(k) <= _LONGEST
            else blake2b(k.encode(), digest_size=16).hexdigest()
            for k in keys
        ],
        dtype=pl.String,
    ) if (keys.str.len_chars() > _LONGEST).any() else keys  # fmt: skip


def _none(height: int) -> pl.Series:
    return pl.Series([False], dtype=pl.Boolean).new_from_index(0, height)
