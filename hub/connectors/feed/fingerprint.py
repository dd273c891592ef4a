"""Whether a file still looks as its sender's files did when the profile was learned.

Headers and their order, the decimal mark, the order of dates, codes of one width, small sets of
codes, the range of numbers. A difference stops the file before any line of it is read, and says how
the profile would have to change if the sender means it.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal

import polars as pl

from hub.connectors.feed.canonical import CODE_COLUMNS, DATE_COLUMNS, NUMBER_COLUMNS
from hub.connectors.feed.profile import ColumnPrint, Fingerprint, Profile
from hub.connectors.feed.report import Head, Source
from hub.connectors.feed.tabular import dates, numbers
from hub.connectors.feed.tabular.grid import Row
from hub.connectors.feed.tabular.header import Header, by_words, find_header
from hub.connectors.feed.tabular.reading import grid_of
from hub.errors import FeedUnreadable

_SETS = ("currency", "unit", "transaction_type", "reseller_country", "end_customer_country")
_FEW_CODES, _MANY_ROWS = 12, 20
_WIDER = 10.0
_BEYOND = 0.1
_ALIKE = 0.6


def compare(source: Source, profile: Profile) -> None:
    """Raises FeedUnreadable, rule `fingerprint`, with every difference and what would settle it."""
    if profile.fingerprint is None:
        return
    found = list(_differences(source, profile, profile.fingerprint))
    if found:
        raise FeedUnreadable(
            f"{source.name}: not as the files of this sender were: {'; '.join(found)}.",
            remedy="if the sender means it, take the change over with `hub feed learn FILE "
            "--profile P`; otherwise have the file sent again as before",
            rule="fingerprint",
        )


def _differences(source: Source, profile: Profile, known: Fingerprint) -> Iterator[str]:
    head = Head(profile.kind, profile.format or "csv")
    grid = grid_of(source, profile, head)
    printed = header_row(grid.top, profile, known)
    headers = header_changes(known.headers, printed, profile)
    yield from headers
    if headers:
        return
    header = find_header(grid.top, profile, source.name)
    cells = next(grid.below(header.line, len(header.cells)), None)
    if cells is None or not cells.height:
        return
    for column, before in known.columns.items():
        if column in header.positions:
            told = texts(cells, header, column)
            yield from (f"{column}: {what}" for what in column_changes(before, told, column))


def header_row(top: Sequence[Row], profile: Profile, known: Fingerprint) -> tuple[str, ...]:
    """The row that is most like the headers as they were, without empty cells at its end."""
    wanted = {h.casefold() for h in known.headers}
    rows = [tuple(cell.strip() for cell in cells) for _, cells in top]
    stacked = by_words(top, profile.kind)
    if stacked is not None:
        rows.append(stacked.cells)
    best = max(rows, key=lambda r: len(wanted & {c.casefold() for c in r}), default=())
    return trimmed(best)


def trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    kept = list(cells)
    while kept and not kept[-1].strip():
        kept.pop()
    return tuple(kept)


def header_changes(before: Sequence[str], now: Sequence[str], profile: Profile) -> list[str]:
    """Headers that were renamed, inserted or left out, or stand in another order."""
    old = [h.casefold() for h in before]
    new = [h.casefold() for h in now]
    if old == new:
        return []
    gone = [h for h in before if h.casefold() not in new]
    come = [h for h in now if h.casefold() not in old]
    changes = []
    column_of = {h.casefold(): c for c, h in profile.columns.items()}
    for header in gone:
        other = _renamed(header, before, now, come)
        column = column_of.get(header.casefold())
        if other is None:
            changes.append(f"the column {header!r} is not there")
        else:
            come.remove(other)
            settles = f" (columns.{column}: {other})" if column else ""
            changes.append(f"the column {header!r} is headed {other!r} now{settles}")
    changes += [f"there is a new column {header!r}" for header in come]
    if not changes:
        moved = [h for at, h in enumerate(now) if at >= len(old) or old[at] != new[at]]
        changes.append(f"the columns stand in another order, from {moved[0]!r} on")
    return changes


def _renamed(
    header: str, before: Sequence[str], now: Sequence[str], come: Sequence[str]
) -> str | None:
    """What a header that has gone is called now: the new one in its place, or the most alike."""
    at = list(before).index(header)
    if len(before) == len(now) and now[at] in come:
        return now[at]
    likely = [(SequenceMatcher(None, header.casefold(), c.casefold()).ratio(), c) for c in come]
    best = max(likely, default=(0.0, ""))
    return best[1] if best[0] >= _ALIKE else None


def texts(cells: pl.DataFrame, header: Header, column: str) -> pl.Series:
    """The values of a column as trimmed text, without empty ones."""
    told = cells[str(header.positions[column])].str.strip_chars()
    return told.replace("", None).drop_nulls()


def column_changes(before: ColumnPrint, told: pl.Series, column: str) -> Iterator[str]:
    """How the values of a column differ from what they were."""
    now = print_of(column, told)
    if before.decimal_mark and now.decimal_mark and now.decimal_mark != before.decimal_mark:
        mark = now.decimal_mark
        yield f"numbers have a decimal {_MARKS[mark]} now (decimal_mark: '{mark}')"
    if before.order and now.order and now.order != before.order:
        yield f"dates have the {now.order} first now, they had the {before.order}"
    if before.width is not None:
        short = told.str.contains(r"^\d+$") & (told.str.len_chars() < before.width)
        if short.any():
            yield (
                f"{int(short.sum())} codes have lost leading zeros, like {told.filter(short)[0]!r} "
                f"(widths.{column}: {before.width})"
            )
    if before.codes:
        new = sorted(set(told.unique()) - set(before.codes))
        if new:
            yield f"codes never seen before: {', '.join(new[:5])} (codes.{column})"
    yield from _range_changes(before, told, now)


def _range_changes(before: ColumnPrint, told: pl.Series, now: ColumnPrint) -> Iterator[str]:
    if before.most is None:
        return
    mark = now.decimal_mark or before.decimal_mark or "."
    values = _sizes(told, mark)
    beyond = [value for value in values if value > before.most]
    if len(beyond) > _BEYOND * len(values):
        most = f"{before.most / _WIDER:g}"
        yield f"numbers are far larger than ever, up to {max(beyond):g}; {most} was the most"


def _sizes(told: pl.Series, mark: str) -> list[float]:
    read = numbers.spelt(told, mark)[0].cast(pl.Float64, strict=False)
    return read.abs().drop_nulls().to_list()


def print_of(column: str, told: pl.Series) -> ColumnPrint:
    """What the values of a column look like."""
    if column in NUMBER_COLUMNS:
        return _print_of_numbers(told)
    if column in DATE_COLUMNS:
        return ColumnPrint(kind="date", order=_order(told))
    if column in _SETS:
        distinct = told.unique()
        few = distinct.len() <= _FEW_CODES and told.len() >= _MANY_ROWS
        return ColumnPrint(kind="code", codes=tuple(sorted(distinct)) if few else ())
    if column in CODE_COLUMNS:
        return ColumnPrint(kind="code", width=_width(told))
    return ColumnPrint(kind="text")


def _print_of_numbers(told: pl.Series) -> ColumnPrint:
    votes = numbers.MarkVotes()
    votes.count(told)
    most = max(_sizes(told, votes.mark or "."), default=0.0)
    widest = float(f"{most * _WIDER:.3g}") if most > 0 else None
    mark: str | None = votes.mark
    return ColumnPrint(
        kind="number",
        decimal_mark="," if mark == "," else "." if mark == "." else None,
        most=widest,
    )


def _order(told: pl.Series) -> Literal["year", "day", "month", "serial"] | None:
    votes = dates.DateVotes()
    votes.count(told)
    if votes.day or votes.month:
        return "day" if votes.day >= votes.month else "month"
    if votes.dotted:
        return "day"
    if votes.either:
        return None
    if told.len() and told.str.contains(r"^(19|20)\d{2}").all():
        return "year"
    return "serial" if told.len() and dates.is_serial(told).all() else None


def _width(told: pl.Series) -> int | None:
    """The one width of codes that are all digits, some of them with a zero in front."""
    if told.len() < _MANY_ROWS or not told.str.contains(r"^\d+$").all():
        return None
    widths = told.str.len_chars().unique()
    return int(widths[0]) if widths.len() == 1 and told.str.starts_with("0").any() else None


_MARKS = {",": "comma", ".": "point"}
