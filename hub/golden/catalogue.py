"""The vendor's own lists, as CSV files: which numbers are which product, whose account is which.

Each fault names file, line, column and value; a list with a fault is not used at all, because lines
would otherwise be matched by a part of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import polars as pl

from hub.config import Settings
from hub.errors import ConfigError

PRODUCTS = ("sku", "gtin", "alias", "distributor", "valid_from", "valid_to")
ACCOUNTS = ("distributor", "account_no", "name", "postal_code", "company", "valid_from", "valid_to")
_DATES = ("valid_from", "valid_to")


@dataclass(frozen=True)
class Catalogue:
    """`products`: PRODUCTS, or None when the vendor keeps no list; `accounts`: ACCOUNTS, maybe no
    rows. A missing day is open. `digest` changes with the files."""

    products: pl.DataFrame | None
    accounts: pl.DataFrame
    digest: str

    @classmethod
    def empty(cls) -> "Catalogue":
        """Of a vendor that keeps no lists."""
        return cls(None, pl.DataFrame(schema=_schema(ACCOUNTS)), "")

    @classmethod
    def of(cls, settings: Settings) -> "Catalogue":
        """The lists that hub.yaml names. Raises ConfigError for the first fault."""
        products = _read(settings, settings.products, PRODUCTS, ("sku",))
        accounts = _read(settings, settings.accounts, ACCOUNTS, ("distributor", "company"))
        if accounts is not None:
            _know_distributors(settings, accounts)
        texts = [
            Path(settings.resolve(name)).read_bytes()
            for name in (settings.products, settings.accounts)
            if name
        ]
        digest = blake2b(b"\x1f".join(texts), digest_size=8).hexdigest() if texts else ""
        return cls(products, cls.empty().accounts if accounts is None else accounts, digest)


def _schema(columns: Sequence[str]) -> dict[str, pl.DataType]:
    return {name: pl.Date() if name in _DATES else pl.String() for name in columns}


def _read(
    settings: Settings, name: str, columns: Sequence[str], required: Sequence[str]
) -> pl.DataFrame | None:
    if not name:
        return None
    file = Path(settings.resolve(name))
    if not file.is_file():
        raise ConfigError(
            settings.file, "products" if "sku" in columns else "accounts",
            f"there is no file {file}.", remedy="write it, or take the key out",
        )  # fmt: skip
    told = pl.read_csv(file, infer_schema=False, encoding="utf8-lossy")
    unknown = sorted(set(told.columns) - set(columns))
    missing = sorted(set(required) - set(told.columns))
    if unknown or missing:
        raise ConfigError(
            file, "header", f"the columns are not right: unknown {unknown}, missing {missing}.",
            remedy=f"use: {', '.join(columns)}",
        )  # fmt: skip
    empty = [pl.lit(None, pl.String).alias(n) for n in columns if n not in told.columns]
    rows = told.with_columns(pl.col(pl.String).str.strip_chars().replace("", None), *empty)
    for column in required:
        _refuse(file, column, rows, rows[column].is_null(), "must not be empty", "fill it in")
    dates = rows.with_columns(pl.col(_DATES).str.to_date("%Y-%m-%d", strict=False))
    for column in _DATES:
        wrong = rows[column].is_not_null() & dates[column].is_null()
        _refuse(file, column, rows, wrong, "is no day", "write it as 2026-03-31")
    return dates.select(columns)


def _know_distributors(settings: Settings, accounts: pl.DataFrame) -> None:
    known = list(settings.systems)
    wrong = ~accounts["distributor"].is_in(known)
    remedy = f"use one of: {', '.join(known)}"
    file = Path(settings.resolve(settings.accounts))
    _refuse(file, "distributor", accounts, wrong, "is no system of hub.yaml", remedy)


def _refuse(
    file: Path, column: str, rows: pl.DataFrame, wrong: pl.Series, what: str, remedy: str
) -> None:
    if wrong.any():
        at = int(wrong.arg_true()[0])
        value = rows[column][at] or "(empty)"
        raise ConfigError(file, f"line {at + 2}, {column}", f"{value} {what}.", remedy=remedy)
