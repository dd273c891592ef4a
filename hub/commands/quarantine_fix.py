"""`hub quarantine export` and `fix`: waiting rows corrected in bulk, by a CSV or by a rule.

A rule says what is right in all rows that say something: it is shown which rows it frees before
anything is changed.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from hub.checks.spreadsheet import as_meant, harmless
from hub.commands.warehouse import Workplace
from hub.config import Settings
from hub.connectors.contract import RECORD_ID, RESERVED
from hub.connectors.feed.canonical import LINES_OF
from hub.connectors.feed.config import FeedSystem
from hub.connectors.feed.profile import load_profile
from hub.errors import HubError
from hub.models.database import reading
from hub.sync.quarantine import waiting_rows
from hub.sync.retry import Mended, judged, retry

_PLACE = ("id", "system", "object", "record_id", "faults")


@dataclass
class Fixed:
    """What a correction does: per row its number, its record and what is still wrong with it."""

    done: bool
    rows: list[tuple[int, str, list[dict[str, Any]]]] = field(default_factory=list)
    for_profile: str = ""

    @property
    def freed(self) -> list[int]:
        return [number for number, _, faults in self.rows if not faults]

    @property
    def left(self) -> int:
        return len(self.rows) - len(self.freed)

    def shape(self) -> dict[str, Any]:
        return {
            "done": self.done,
            "freed": self.freed,
            "left": self.left,
            "rows": [dict(zip(("id", "record_id", "faults"), row, strict=True))
                     for row in self.rows],
            "for_profile": self.for_profile,
        }  # fmt: skip


def export(place: Workplace, file: Path, system: str | None, obj: str | None) -> int:
    """Write waiting rows as CSV (UTF-8, `;`), as they were told; returns how many.

    No cell runs as a formula when a spreadsheet opens the file.
    """
    with reading(place.engine) as conn:
        rows = [
            row
            for row in waiting_rows(conn)
            if system in (None, row.system) and obj in (None, row.object)
        ]
    told = [json.loads(row.raw) for row in rows]
    fields = list(dict.fromkeys(n for one in told for n in one if n not in RESERVED))
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow([*_PLACE, *fields])
        for row, one in zip(rows, told, strict=True):
            place_of = [str(row.id), row.system, row.object, row.record_id, _reasons(row)]
            cells = [*place_of, *(one.get(name) or "" for name in fields)]
            writer.writerow([harmless(cell) for cell in cells])
    return len(rows)


def fix(
    place: Workplace, file: Path | None, where: Sequence[str], sets: Sequence[str], *, do: bool
) -> Fixed:
    """Correct waiting rows by a file or a rule; `do` False: only say what would come of it.

    Raises HubError when neither or both are given, or a row or column is unknown.
    """
    if (file is None) == (not (where and sets)):
        raise HubError(
            "Neither a file nor a rule says what is right, or both do.",
            remedy="name a CSV that `hub quarantine export` wrote, or give --where and --set",
        )
    with reading(place.engine) as conn:
        rows = waiting_rows(conn)
    if file is not None:
        mended = _by_file(file, rows)
    else:
        mended = _by_rule(rows, _pairs(where), _pairs(sets))
    mended = {number: {**values, **_new_id(place.settings, row, values)}
              for row in rows if (values := mended.get(number := row.id)) is not None}  # fmt: skip
    left = judged(place.engine, place.settings, mended) if mended else {}
    report = Fixed(do, [(row.id, row.record_id, left[row.id]) for row in rows if row.id in left])
    if file is None:
        report.for_profile = _lasting(_pairs(where), _pairs(sets))
    if do and mended:
        retry(place.engine, place.settings, list(mended), mended)
    return report


def _reasons(row: Row[Any]) -> str:
    return "; ".join(f"{f['column']}: {f['message']}" for f in json.loads(row.faults))


def _by_file(file: Path, rows: Sequence[Row[Any]]) -> dict[int, dict[str, str | None]]:
    """The cells of a corrected CSV that differ from what was told, by row."""
    known = {row.id: json.loads(row.raw) for row in rows}
    mended: dict[int, dict[str, str | None]] = {}
    for line, cells in enumerate(_read(file), 2):
        number = cells.get("id") or ""
        if not number.isdecimal() or int(number) not in known:
            raise HubError(
                f"{file}: line {line}: no row {number!r} waits in quarantine.",
                remedy="leave the column `id` as exported; see `hub quarantine list`",
            )
        told = known[int(number)]
        unknown = [n for n in cells if n not in told and n not in _PLACE and cells[n]]
        if unknown:
            raise HubError(
                f"{file}: line {line}: the row has no field {unknown[0]!r}.",
                remedy=f"it has: {', '.join(n for n in told if n not in RESERVED)}",
            )
        changed = {
            name: cells[name] or None
            for name in told
            if name in cells and name not in _PLACE and (cells[name] or None) != told[name]
        }
        if changed:
            mended[int(number)] = changed
    return mended


def _read(file: Path) -> Iterable[dict[str, str]]:
    if not file.is_file():
        raise HubError(f"{file}: no such file.", remedy="write one with `hub quarantine export`")
    text = file.read_text(encoding="utf-8-sig")
    first = text.split("\n", 1)[0]
    reader = csv.DictReader(text.splitlines(keepends=True), delimiter=";" if ";" in first else ",")
    if reader.fieldnames is None or "id" not in reader.fieldnames:
        raise HubError(
            f"{file}: no column `id`.", remedy="correct a file that `hub quarantine export` wrote"
        )
    return [
        {name: as_meant(cell or "").strip() for name, cell in row.items() if name is not None}
        for row in reader
    ]


def _by_rule(
    rows: Sequence[Row[Any]], where: Mapping[str, str], sets: Mapping[str, str]
) -> dict[int, dict[str, str | None]]:
    mended: dict[int, dict[str, str | None]] = {}
    for row in rows:
        told = json.loads(row.raw)
        if all((told.get(name) or "") == value for name, value in where.items()) and all(
            name in told for name in sets
        ):
            mended[row.id] = {name: value or None for name, value in sets.items()}
    if not mended:
        raise HubError(
            f"No waiting row says {', '.join(f'{n} = {v}' for n, v in where.items())} and has "
            f"{', '.join(sets)}.",
            remedy="see `hub quarantine list`; columns are named as in `hub quarantine show ID`",
        )
    return mended


def _pairs(told: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for one in told:
        name, equals, value = one.partition("=")
        if not equals:
            raise HubError(f"'{one}' is not COLUMN=VALUE.", remedy="write reseller_account=0471")
        pairs[name.strip()] = value.strip()
    return pairs


def _new_id(
    settings: Settings, row: Row[Any], values: Mapping[str, str | None]
) -> dict[str, str | None]:
    """A line of a feed whose key was mended is known by it from now on."""
    config = settings.systems.get(row.system)
    if not isinstance(config, FeedSystem):
        return {}
    told = {**json.loads(row.raw), **values}
    for report in config.reports.values():
        profile = load_profile(report.profile, settings)
        key = profile.line_key
        if row.object in LINES_OF[profile.kind] and set(key) & set(values):
            parts = [told.get(name) for name in key]
            if all(parts):
                return {RECORD_ID: "/".join(str(part) for part in parts)}
    return {}


def _lasting(where: Mapping[str, str], sets: Mapping[str, str]) -> str:
    """The rule as a profile has it, when it is of one column: the sender's code is the hub's."""
    same = [name for name in sets if name in where]
    if len(sets) == 1 and len(where) == 1 and same:
        return f"codes: {{{same[0]}: {{{where[same[0]]!r}: {sets[same[0]]!r}}}}}"
    return ""


__all__ = ["Fixed", "Mended", "export", "fix"]
