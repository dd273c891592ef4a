"""Which mark stands before the decimals of a file, and its numbers as canonical text.

The whole file decides, never a cell. `1,234` may be either; where nothing else in the file tells,
such cells are held back, not guessed.
"""

from dataclasses import dataclass

import polars as pl

from hub.connectors.text import numbers

_COMMA, _DOT = ",", "."
# A currency, by sign or code, before or after; `CR` means credit and is read as a minus.
_CURRENCY = r"^(?:[A-Z]{3}|[€$£¥])\s*|\s*(?:[A-BD-Z][A-Z]{2}|C[A-QS-Z][A-Z]|[€$£¥])$"
_GROUPED = r"^\d{1,3}(?:%s\d{3})+(?:%s\d+)?$"
_VOTES = {
    # 1.234,5 · 1234,56 · 0,125 · 1.234.567
    _COMMA: r"^\d{1,3}(?:\.\d{3})+,\d+$|^\d+,(?:\d{1,2}|\d{4,})$|^0,\d+$|^\d{4,},\d+$"
    r"|^\d{1,3}(?:\.\d{3}){2,}$",
    _DOT: r"^\d{1,3}(?:,\d{3})+\.\d+$|^\d+\.(?:\d{1,2}|\d{4,})$|^0\.\d+$|^\d{4,}\.\d+$"
    r"|^\d{1,3}(?:,\d{3}){2,}$",
}
_PLAIN = r"^-?\d+(?:\.\d+)?$"
_EITHER = r"^[1-9]\d{0,2}[.,]\d{3}$"
AMBIGUOUS = (
    "number_ambiguous",
    "thousands or decimals: nothing in the file tells; set `decimal_mark` in the profile",
)


@dataclass
class MarkVotes:
    """How many cells can only have a decimal comma, only a point, or either."""

    comma: int = 0
    dot: int = 0
    either: int = 0

    def count(self, column: pl.Series) -> None:
        bare = _bare(column.unique())
        self.comma += int(bare.str.contains(_VOTES[_COMMA]).sum())
        self.dot += int(bare.str.contains(_VOTES[_DOT]).sum())
        self.either += int(bare.str.contains(_EITHER).sum())

    @property
    def mark(self) -> str | None:
        """The mark that the cells speak for: nearly all of those that tell; None: nobody tells."""
        if self.comma + self.dot == 0:
            return None
        return _COMMA if self.comma > self.dot else _DOT

    @property
    def divided(self) -> bool:
        """Whether so many cells speak for either that none can be trusted."""
        return min(self.comma, self.dot) * 10 > max(self.comma, self.dot)


def spelt(column: pl.Series, mark: str | None) -> tuple[pl.Series, pl.Series]:
    """A text column with plain numbers where cells are numbers, and which cells are ambiguous.

    Signs before, behind or as brackets, currency signs, and groups of thousands are read; what
    is no number then comes back as told. `mark` None: a lone `1,234` or `1.234` is ambiguous.
    """
    none = pl.Series(column.name, [False], dtype=pl.Boolean).new_from_index(0, column.len())
    if mark != _COMMA and column.str.contains(_PLAIN).all():
        return numbers(column), none
    read = numbers(_read(column, mark or _DOT))
    if mark is not None:
        return read.zip_with(read.is_not_null(), column).alias(column.name), none
    either = _bare(column).str.contains(_EITHER).fill_null(value=False)
    known = read.is_not_null() & ~either
    return read.zip_with(known, column).alias(column.name), either


def _read(column: pl.Series, mark: str) -> pl.Series:
    """Numbers under a decimal mark as plain text; null where a cell is none."""
    group = "." if mark == _COMMA else ","
    bare = _bare(column)
    whole = rf"^\d+(?:\{mark}\d+)?$"
    grouped = _GROUPED % (rf"[\{group}'’]", rf"\{mark}")
    table = pl.DataFrame({"bare": bare, "told": column})
    fits = pl.col("bare").str.contains(whole) | pl.col("bare").str.contains(grouped)
    digits = (
        pl.col("bare").str.replace_all(rf"[\{group}'’]", "").str.replace(mark, ".", literal=True)
    )
    told = pl.col("told").str.strip_chars()
    negative = (
        told.str.contains(r"^[^\d]*[-−]")
        | told.str.contains(r"[\d]\s*[-−]$")
        | told.str.contains(r"^\(.*\)$")
        | told.str.contains(r"(?i)[\d.]\s*CR$")
    )
    signed = pl.when(negative).then(pl.lit("-") + digits).otherwise(digits)
    return table.select(pl.when(fits).then(signed)).to_series()


def _bare(column: pl.Series) -> pl.Series:
    """Cells without spaces, currency, sign and brackets."""
    return (
        column.str.strip_chars()
        .str.replace(r"(?i)\s*CR$", "")
        .str.replace_all(_CURRENCY, "")
        .str.replace_all(r"[\s\u00a0\u202f]", "")
        .str.replace(r"^\((.+)\)$", "$1")
        .str.replace(r"^[-+−]|[-−]$", "")
        .str.replace_all(_CURRENCY, "")
    )
