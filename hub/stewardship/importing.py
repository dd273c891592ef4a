"""Judgements from a CSV file: all of them, or none and every fault of every line."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from hub.errors import HubError
from hub.models.database import deciding
from hub.models.identity import identity_decision
from hub.stewardship.judging import Judged, Wish, judge

COLUMNS = ("judgement", "a", "b", "by", "why")
OPTIONAL = ("entity",)


@dataclass(frozen=True)
class LineFault:
    """What is wrong with a line of the file, counted from 1 with the header."""

    line: int
    message: str
    remedy: str


@dataclass(frozen=True)
class Imported:
    """With faults nothing was stored."""

    judged: list[Judged]
    faults: list[LineFault]


class _Faulty(Exception):
    """Undoes the transaction."""


def import_file(engine: Engine, file: Path, at: datetime) -> Imported:
    """Store the judgements of a file. Raises HubError when it cannot be read as one."""
    lines = list(_lines(file))
    faults: list[LineFault] = []
    judged: list[Judged] = []
    try:
        with deciding(engine, identity_decision) as conn:
            wishes = [_wish(told) for _, told in lines]
            for (line, told), outcome in zip(lines, judge(conn, wishes, at), strict=True):
                too_many = told.get(None)
                if too_many:
                    said = f"there are more cells than columns: '{too_many[0]}'."
                    faults.append(LineFault(line, said, "put text with commas into quotes"))
                elif isinstance(outcome, HubError):
                    faults.append(LineFault(line, outcome.message, outcome.remedy))
                else:
                    judged.append(outcome)
            if faults:
                raise _Faulty
    except _Faulty:
        return Imported([], faults)
    return Imported(judged, [])


def _wish(told: Mapping[Any, str | None]) -> Wish:
    cells = {name: (told.get(name) or "").strip() for name in (*COLUMNS, *OPTIONAL)}
    judgement: Any = cells["judgement"].lower()
    entity: Any = cells["entity"].lower() or None
    return Wish(judgement, cells["a"], cells["b"], cells["by"], cells["why"], entity)


def _lines(file: Path) -> Iterator[tuple[int, dict[Any, Any]]]:
    """(number of the line it ends on, column → cell) of every line that is not empty."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise HubError(f"{file}: cannot be read: {err}", remedy="name a CSV file in UTF-8") from err
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    header = list(rows.fieldnames or ())
    missing = [name for name in COLUMNS if name not in header]
    unknown = [name for name in header if name not in (*COLUMNS, *OPTIONAL)]
    if missing or unknown or len(set(header)) < len(header):
        wrong = f"has no column '{missing[0]}'" if missing else f"has the columns {header}"
        raise HubError(
            f"{file}: {wrong}.",
            remedy=f"begin it with {','.join(COLUMNS)} and, if wanted, {OPTIONAL[0]}",
        )
    try:
        for told in rows:
            if any(cell for cell in told.values()):
                yield rows.line_num, told
    except csv.Error as err:
        raise HubError(
            f"{file}: line {rows.line_num}: {err}.", remedy="write it as CSV with commas"
        ) from err
