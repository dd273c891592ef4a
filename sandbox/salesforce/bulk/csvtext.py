"""CSV as Bulk API 2.0 writes and reads it."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from sandbox.salesforce.schema import NUMBER_TYPES
from sandbox.salesforce.values import SqlValue

DELIMITERS = {
    "COMMA": ",", "SEMICOLON": ";", "TAB": "\t", "PIPE": "|", "CARET": "^", "BACKQUOTE": "`",
}  # fmt: skip
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}

Cells = Sequence[str | None]


class Table:
    """Writes tables in one dialect: every cell quoted, nulls quoted too (`""`) or left bare."""

    def __init__(self, delimiter: str, line_ending: str, *, quotes_nulls: bool = True) -> None:
        self._delimiter = DELIMITERS[delimiter]
        self._end = LINE_ENDINGS[line_ending]
        self._quotes_nulls = quotes_nulls

    def heading(self, names: Iterable[str]) -> str:
        return self.lines([[name] for name in names])

    def lines(self, columns: Sequence[Cells]) -> str:
        """All rows of a page. Whole columns are prepared at once: a page is 50,000 rows."""
        if not columns or not columns[0]:
            return ""
        if not self._quotes_nulls:
            rows = zip(*map(_quoted, columns), strict=True)
            return self._end.join(map(self._delimiter.join, rows)) + self._end
        texts = [["" if cell is None else cell for cell in column] for column in columns]
        rows = zip(*map(_doubled, texts), strict=True)
        body = f'"{self._end}"'.join(map(f'"{self._delimiter}"'.join, rows))
        return f'"{body}"{self._end}'


def _doubled(column: list[str]) -> list[str]:
    """Quotes within cells doubled; most columns hold none, and one look tells."""
    if '"' not in "".join(column):
        return column
    return [cell.replace('"', '""') for cell in column]


def _quoted(column: Cells) -> list[str]:
    return ["" if c is None else '"' + c.replace('"', '""') + '"' for c in column]


def column_texts(kind: str, values: Sequence[SqlValue], datetime_suffix: str) -> Cells:
    """The cells of one column of a field type; null stays None."""
    if kind == "boolean":
        return ["true" if value == 1 else "false" for value in values]
    if kind == "datetime":
        return [None if v is None else f"{str(v)[:-5]}{datetime_suffix}" for v in values]
    if kind in NUMBER_TYPES:
        return [None if v is None else str(v) for v in values]
    return values  # type: ignore[return-value]  # the columns of all other types hold text


class UnreadableUploadError(Exception):
    """The upload as a whole cannot be taken apart; the message is the job's."""


def read_upload(body: bytes, delimiter: str, line_ending: str) -> tuple[list[str], list[list[str]]]:
    """Heading and rows of an upload. A byte order mark stays part of the first heading, as on the
    platform, where it makes that column an unknown one."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise UnreadableUploadError("InvalidBatch : The CSV is not valid UTF-8") from None
    first_line = text.partition("\n")[0]
    if first_line.endswith("\r") != (line_ending == "CRLF"):
        raise UnreadableUploadError(
            "ClientInputError : LineEnding is invalid on user data. "
            f"Current LineEnding setting is {line_ending}"
        )
    rows = _rows(text, DELIMITERS[delimiter])
    heading = next(rows, None)
    if not heading:
        raise UnreadableUploadError("InvalidBatch : Failed to parse CSV header")
    return heading, [row for row in rows if row]


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(max(len(text), 131_072))
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise UnreadableUploadError(f"InvalidBatch : Failed to parse CSV: {error}") from None
