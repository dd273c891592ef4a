"""Tables in files of other people's making: CSV in any usual dialect, Parquet, spreadsheets.

Text comes out as it went in: no number is made of a postal code, no blank is lost. What a CSV is
written with (encoding, delimiter, line ends) is kept for the result.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from hub.errors import HubError

_DELIMITERS = ",;\t|"
_ENCODINGS = ("utf-8-sig", "utf-8", "cp1252", "latin-1")
_KINDS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\n"


@dataclass(frozen=True)
class Sheet:
    """A table as it was read. Everything is text, but a Parquet file keeps its types."""

    rows: pl.DataFrame
    dialect: Dialect = Dialect()


def read_sheet(file: Path) -> Sheet:
    """Raises HubError if there is no such file, or its content is not what its name says."""
    kind = _kind(file)
    if not file.is_file():
        raise HubError(f"{file}: no such file.", remedy="check the path")
    try:
        if kind == ".parquet":
            return Sheet(pl.read_parquet(file))
        if kind == ".xlsx":
            # Of the first sheet, every cell as it is shown, so that no zero in front is lost.
            return Sheet(pl.read_excel(file, read_options={"dtypes": "string"}))
        return _read_csv(file)
    except (PolarsError, OSError, csv.Error) as err:
        reason = str(err).splitlines()[0]
        raise HubError(
            f"{file}: cannot be read as {kind.removeprefix('.')}: {reason}",
            remedy="check that the file opens elsewhere; of a workbook the first sheet is read",
        ) from err


def write_sheet(rows: pl.DataFrame, file: Path, dialect: Dialect) -> None:
    """Write the result as the name of the file says, CSV in the dialect given."""
    kind = _kind(file)
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == ".parquet":
        rows.write_parquet(file)
    elif kind == ".xlsx":
        rows.write_excel(file)
    else:
        delimiter = "\t" if kind == ".tsv" else dialect.delimiter
        # An empty cell is written as it usually came, without quotes.
        told = rows.with_columns(pl.col(pl.String).replace("", None))
        text = told.write_csv(separator=delimiter, line_terminator=dialect.line_end)
        # What the results add is ASCII, all else came in this encoding.
        file.write_bytes(text.encode(dialect.encoding))


def _kind(file: Path) -> str:
    kind = file.suffix.lower()
    if kind not in _KINDS:
        raise HubError(
            f"{file}: files of the kind '{kind}' are not known.",
            remedy=f"use one of: {', '.join(_KINDS)}",
        )
    return kind


def _read_csv(file: Path) -> Sheet:
    text, encoding = _decoded(file.read_bytes())
    line_end = "\r\n" if "\r\n" in text[:65_536] else "\n"
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count) if any(d in first for d in _DELIMITERS) else ","
    header = next(csv.reader([first], delimiter=delimiter), [])
    if not header:
        raise HubError(f"{file}: the file is empty.", remedy="choose another file")
    rows = pl.read_csv(
        io.BytesIO(text.encode()),
        separator=delimiter,
        infer_schema=False,
        empty_string_is_null=False,
    )
    return Sheet(rows, Dialect(encoding, delimiter, line_end))


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16"), "utf-16"
    for encoding in _ENCODINGS:
        if encoding == "utf-8-sig" and not content.startswith(b"\xef\xbb\xbf"):
            continue
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise AssertionError("latin-1 reads any bytes")
