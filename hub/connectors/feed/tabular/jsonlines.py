"""Lines of JSON (or one array) as a table: the names of the values are its header."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl

from hub.connectors.feed.canonical import LINE
from hub.connectors.feed.profile import Profile
from hub.connectors.feed.report import Head, Source
from hub.connectors.feed.tabular.cells import RAGGED
from hub.connectors.feed.tabular.grid import Row
from hub.connectors.feed.tabular.text import blocks, encoding_of
from hub.errors import FeedUnreadable

_SEEN_FOR_NAMES = 1000


class JsonGrid:
    """One object a line. A line that is no object, or names a value nobody named before, is
    marked as ragged: nothing of it is trusted by position. So is a line that alone names a value
    while it lacks one that most lines name: one is likely the other, misspelt."""

    def __init__(self, source: Source, profile: Profile | None, head: Head) -> None:
        self._source = source
        self._encoding = encoding_of(source, None if profile is None else profile.encoding)
        head.evidence["encoding"] = self._encoding
        names: Counter[str] = Counter()
        lines = 0
        for _, told in self._objects():
            names.update(list(told or ()))
            lines += told is not None
            if lines > _SEEN_FOR_NAMES:
                break
        if not names:
            raise FeedUnreadable(
                f"{source.name}: no line is a JSON object.",
                remedy="have it sent with one object a line, its names as headers",
            )
        self._names = list(names)
        expected = set() if profile is None else set(profile.columns.values())
        self._strays = {n for n, times in names.items() if times == 1 and lines > 1} - expected
        self._usual = {n for n, times in names.items() if 2 * times >= lines}
        self.top: list[Row] = [(0, self._names)]

    def below(self, line: int, width: int) -> Iterator[pl.DataFrame]:  # noqa: ARG002
        rows: list[dict[str, str | None] | None] = []
        numbers: list[int] = []
        for number, told in self._objects():
            rows.append(told)
            numbers.append(number)
            if len(rows) >= 50_000:
                yield self._frame(rows, numbers)
                rows, numbers = [], []
        if rows:
            yield self._frame(rows, numbers)

    def _frame(self, rows: list[dict[str, str | None] | None], numbers: list[int]) -> pl.DataFrame:
        known = set(self._names)
        torn = [row is None or not set(row) <= known for row in rows]
        clean = [{} if bad or row is None else row for row, bad in zip(rows, torn, strict=True)]
        ragged = [bad or self._misspelt(row) for row, bad in zip(clean, torn, strict=True)]
        columns = {
            str(at): pl.Series([row.get(name) for row in clean], dtype=pl.String)
            for at, name in enumerate(self._names)
        }
        return pl.DataFrame(columns).with_columns(
            pl.Series(LINE, numbers, dtype=pl.UInt32), pl.Series(RAGGED, ragged)
        )

    def _misspelt(self, row: dict[str, str | None]) -> bool:
        return not self._strays.isdisjoint(row) and not self._usual <= set(row)

    def _objects(self) -> Iterator[tuple[int, dict[str, str | None] | None]]:
        number = 0
        for block in blocks(self._source, self._encoding):
            if number == 0 and block.lstrip().startswith("["):
                yield from self._array(block)
                return
            for line in block.split("\n"):
                number += 1
                if line.strip():
                    yield number, _object(line)
            number -= 1

    def _array(self, start: str) -> Iterator[tuple[int, dict[str, str | None] | None]]:
        text = "".join(blocks(self._source, self._encoding))
        try:
            told = json.loads(text, parse_float=str, parse_int=str)
        except ValueError as err:
            raise FeedUnreadable(
                f"{self._source.name}: not JSON ({err}); it begins {start[:40]!r}.",
                remedy="have it sent again, with one object a line",
            ) from err
        for number, one in enumerate(told, 1):
            yield number, _flat(one) if isinstance(one, dict) else None


def _object(line: str) -> dict[str, str | None] | None:
    try:
        told = json.loads(line, parse_float=str, parse_int=str)
    except ValueError:
        return None
    return _flat(told) if isinstance(told, dict) else None


def _flat(told: dict[str, Any], before: str = "") -> dict[str, str | None]:
    """`{"end_customer": {"name": …}}` → `end_customer name`; lists are joined by blanks."""
    flat: dict[str, str | None] = {}
    for name, value in told.items():
        key = f"{before} {name}".strip()
        if isinstance(value, dict):
            flat |= _flat(value, key)
        elif isinstance(value, list):
            flat[key] = " ".join(str(one) for one in value) or None
        elif isinstance(value, bool):
            flat[key] = str(value).lower()
        else:
            flat[key] = None if value is None else str(value)
    return flat
