"""Fields whose value goes back and forth: the hub writes what it wrote before, again and again.

Either two systems disagree by way of the hub, or somebody or something in a system undoes what the
hub writes. A hub that only reconciles would go on like that for ever, each run in order by itself.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, func, select

from hub.models.operations import ops_change

WINDOW = 100
"""Runs that are looked at, up to the last one."""
_AGAIN = 2
"""So often must a value be written again: once may be an edit put right."""


@dataclass(frozen=True)
class Flap:
    """A field of an object, the records in which it goes back and forth, and one of them."""

    system: str
    object: str
    field: str
    records: int
    record_id: str
    values: tuple[str, ...]
    against: tuple[str, ...]
    """Other systems in which the same record's values go back and forth; none: it is undone
    where it is written."""

    def __str__(self) -> str:
        shown = " and ".join(f"'{value}'" for value in self.values)
        whose = f"with {', '.join(self.against)}" if self.against else "with edits there"
        return (
            f"{self.field} goes back and forth between {shown} {whose} "
            f"({self.records} records, such as {self.record_id})"
        )


@dataclass(frozen=True)
class _Back:
    """One field of one record that is written over and over."""

    system: str
    object: str
    field: str
    record_id: str
    hub_id: str
    values: tuple[str, ...]


def flapping(conn: Connection) -> list[Flap]:
    """What went back and forth in the last WINDOW runs, by system, object and field."""
    backs = sorted(_backs(_often_written(conn)), key=lambda b: (b.system, b.object, b.field))
    systems: dict[str, set[str]] = {}
    for back in backs:
        systems.setdefault(back.hub_id, set()).add(back.system)
    found = []
    for (system, obj, field), group in groupby(backs, lambda b: (b.system, b.object, b.field)):
        several = list(group)
        first = min(several, key=lambda b: b.record_id)
        against = {s for back in several for s in systems[back.hub_id]} - {system}
        place = (len(several), first.record_id, first.values, tuple(sorted(against)))
        found.append(Flap(system, obj, field, *place))
    return found


def _often_written(conn: Connection) -> Iterable[Row[Any]]:
    """Applied updates of records that were written often enough, in their order."""
    c = ops_change.c
    since = (conn.scalar(select(func.max(c.run))) or 0) - WINDOW
    applied = (c.op == "update", c.outcome == "applied", c.run > since)
    often = (
        select(c.system, c.object, c.record_id)
        .where(*applied)
        .group_by(c.system, c.object, c.record_id)
        .having(func.count() > _AGAIN)
        .subquery()
    )
    same = [c[name] == often.c[name] for name in ("system", "object", "record_id")]
    query = (
        select(c.system, c.object, c.record_id, c.hub_id, c.fields)
        .join(often, same[0] & same[1] & same[2])
        .where(*applied)
        .order_by(c.system, c.object, c.record_id, c.run, c.id)
    )
    return conn.execute(query)


def _backs(changes: Iterable[Row[Any]]) -> Iterator[_Back]:
    for (system, obj, record_id), group in groupby(changes, _record):
        written: dict[str, list[dict[str, Any]]] = {}
        hub_id = ""
        for change in group:
            hub_id = change.hub_id
            for field, cell in json.loads(change.fields).items():
                written.setdefault(field, []).append(cell)
        for field, cells in written.items():
            said = [cell["after"] for cell in cells]
            again = sum(value in said[:place] for place, value in enumerate(said))
            if again >= _AGAIN:
                seen = [text for cell in cells for text in (cell["after"], cell["before"])]
                values = tuple(dict.fromkeys(v for v in seen if v is not None))[:2]
                yield _Back(system, obj, field, record_id, hub_id, values)


def _record(change: Row[Any]) -> tuple[str, str, str]:
    return change.system, change.object, change.record_id
