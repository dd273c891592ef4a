"""Where the header of a table is, and which column of it says what.

A profile names the headers. Without one they are told by the trade's usual words (`aliases.yaml`);
a header may be stacked in two rows, the upper one naming a group (`End Customer` over `City`).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from hub.connectors.feed.canonical import COLUMNS, LINES_OF, NUMBER_COLUMNS, Kind
from hub.connectors.feed.profile import Profile
from hub.errors import FeedUnreadable

LOOKED_AT = 40
_LEAST_HITS = 4
_SHOWN = 200
_SLIPS, _LONG_ENOUGH = 2, 6
# A word that is another column in a report of stock or of claims.
_OTHERWISE: dict[Kind, dict[str, str]] = {
    "inventory": {"unit_cost": "unit_value", "unit_price": "unit_value", "quantity": "on_hand"},
    "claim": {"amount": "claim_amount"},
}


@dataclass(frozen=True)
class Header:
    """The header of a table: its last row's number, its cells as one row, what each column is.

    `rows` are the rows it stands in, as printed, so that repetitions of them are known.
    """

    line: int
    cells: tuple[str, ...]
    positions: Mapping[str, int]
    rows: tuple[tuple[str, ...], ...]


def find_header(
    rows: Sequence[tuple[int, Sequence[str]]], profile: Profile | None, file: str
) -> Header:
    """The header among the first rows, each with its line number. Raises FeedUnreadable."""
    if profile is not None and profile.columns:
        return _as_named(rows, profile, file)
    found = by_words(rows, None if profile is None else profile.kind)
    if found is None:
        shown = " / ".join(str(list(cells)) for _, cells in rows[:3])[:_SHOWN]
        raise FeedUnreadable(
            f"{file}: no row in the first {LOOKED_AT} reads like a header (fewer than "
            f"{_LEAST_HITS} columns are known by their words); it begins {shown}.",
            remedy="name the headers in a profile (`columns`), or have the file sent with a header "
            "row",
        )
    return found


def by_words(rows: Sequence[tuple[int, Sequence[str]]], kind: Kind | None) -> Header | None:
    """The row, or two stacked rows, in which most columns are known by their words."""
    best: Header | None = None
    for at, (line, cells) in enumerate(rows):
        stacked = [] if at == 0 else [(_joined(rows[at - 1][1], cells), rows[at - 1 : at + 1])]
        for told, stands_in in [(tuple(cells), rows[at : at + 1]), *stacked]:
            positions = known_positions(told, kind)
            if len(positions) >= _LEAST_HITS and (
                best is None or len(positions) > len(best.positions)
            ):
                printed = tuple(tuple(cell.strip() for cell in row) for _, row in stands_in)
                best = Header(line, tuple(c.strip() for c in told), positions, printed)
    return best


def known_positions(cells: Sequence[str], kind: Kind | None) -> dict[str, int]:
    """Canonical column → position, as far as the words of a header tell."""
    positions: dict[str, int] = {}
    for position, cell in enumerate(cells):
        column = _words().get(_bare(cell))
        if column is not None:
            positions.setdefault(column, position)
    kind = kind or kind_of(positions)
    others = _OTHERWISE.get(kind, {})
    renamed = {c: p for c, p in positions.items() if c not in others}
    for column, position in positions.items():
        if column in others:
            renamed.setdefault(others[column], position)
    allowed = {name for obj in LINES_OF[kind] for name in COLUMNS[obj]}
    return {column: position for column, position in renamed.items() if column in allowed}


def misspelt(cells: Sequence[str], positions: Mapping[str, int]) -> dict[str, str]:
    """Headers without a meaning that are a slip away from that of a number the report then lacks,
    each with the column it was likely to be."""
    lacking = {word: name for word, name in _words().items()
               if name in NUMBER_COLUMNS and name not in positions
               and len(word) >= _LONG_ENOUGH}  # fmt: skip
    meant: dict[str, str] = {}
    for at, cell in enumerate(cells):
        bare = _bare(cell)
        if not bare or at in positions.values() or bare in _words():
            continue
        near = process.extractOne(
            bare, list(lacking), scorer=Levenshtein.distance, score_cutoff=_SLIPS
        )
        if near is not None:
            meant[cell] = lacking[near[0]]
    return meant


def kind_of(columns: Mapping[str, object]) -> Kind:
    """What a report is about, by its columns."""
    if "claim_no" in columns or "claim_date" in columns:
        return "claim"
    stock = {"on_hand", "available", "as_of_date"}
    return "inventory" if stock & set(columns) and "invoice_no" not in columns else "pos"


def _as_named(rows: Sequence[tuple[int, Sequence[str]]], profile: Profile, file: str) -> Header:
    """The first row (or two stacked ones) with all headers of the profile."""
    wanted = {name: _folded(told) for name, told in profile.columns.items()}
    for at, (line, cells) in enumerate(rows):
        above = [] if at == 0 else [(_joined(rows[at - 1][1], cells), rows[at - 1 : at + 1])]
        for told, stands_in in [(tuple(cells), rows[at : at + 1]), *above]:
            places = {_folded(cell): p for p, cell in reversed(list(enumerate(told)))}
            if all(header in places for header in wanted.values()):
                positions = {name: places[header] for name, header in wanted.items()}
                printed = tuple(tuple(c.strip() for c in row) for _, row in stands_in)
                return Header(line, tuple(c.strip() for c in told), positions, printed)
    raise _missing(rows, profile, file)


def _missing(
    rows: Sequence[tuple[int, Sequence[str]]], profile: Profile, file: str
) -> FeedUnreadable:
    wanted = {_folded(told) for told in profile.columns.values()}
    nearest = max(
        (cells for _, cells in rows),
        key=lambda cells: len(wanted & {_folded(cell) for cell in cells}),
        default=(),
    )
    there = {_folded(cell) for cell in nearest}
    missing = [told for told in profile.columns.values() if _folded(told) not in there]
    return FeedUnreadable(
        f"{file}: no column headed {', '.join(map(repr, missing))}; "
        f"the header reads {(profile.delimiter or ' | ').join(nearest)[:_SHOWN]!r}.",
        remedy="if the sender changed the layout, name the new headers (and delimiter) in the "
        "profile; otherwise have the file sent again",
    )


def _joined(upper: Sequence[str], lower: Sequence[str]) -> tuple[str, ...]:
    """`End Customer` over `Name`, `City` → `End Customer Name`, `End Customer City`. A group's
    name is not taken on by a header beside it that says enough alone."""
    group, joined = "", []
    for position, cell in enumerate(lower):
        over = upper[position].strip() if position < len(upper) else ""
        group = over or (group if cell.strip() else "")
        both = f"{group} {cell.strip()}".strip()
        alone = _bare(both) not in _words() and _bare(cell) in _words()
        joined.append(cell.strip() if alone else both)
    return tuple(joined)


@cache
def _words() -> dict[str, str]:
    raw = yaml.safe_load(
        files("hub.connectors.feed").joinpath("aliases.yaml").read_text(encoding="utf-8")
    )
    words = {_bare(name): name for name in raw}
    for name, told in raw.items():
        words.update({_bare(alias): name for alias in told.split(",")})
    return words


def _bare(cell: str) -> str:
    return re.sub(r"[\W_]+", "", cell.casefold())


def _folded(cell: str) -> str:
    return cell.strip().casefold()
