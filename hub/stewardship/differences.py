"""What one run changed in the model, row by row and field by field.

Every table of the model is looked at, whatever it is about: all whose rows carry the run that last
changed them, but for what systems told, bookkeeping, and what matching remembers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Column, Connection, Table, select

from hub.identity.among import given_ids
from hub.models import bulk, metadata
from hub.models.golden import decision, lineage
from hub.models.identity import crosswalk, identity_alias, identity_event

_NOT_THE_MODEL = ("src_", "ops_", "identity_")
# No judgement takes a row out of these, so that what a run changed in them is all there is.
_GROWING = (crosswalk, decision, identity_alias, identity_event)

Row = dict[str, Any]


def model_tables() -> list[Table]:
    """The tables in which a judgement can change something, in the order of their names."""
    return [
        table
        for name, table in sorted(metadata.tables.items())
        if "run" in table.c
        and not name.endswith("_history")
        and (table in _GROWING or not name.startswith(_NOT_THE_MODEL))
    ]


@dataclass(frozen=True)
class Seen:
    """The state after a run, as far as it can differ from the one before.

    `changed`: table → rows that the run wrote; `keys`: table → keys of all rows, of tables that
    lose rows; `lineage` is that of `ids`, which the run has touched.
    """

    changed: Mapping[str, pl.DataFrame]
    keys: Mapping[str, pl.DataFrame]
    ids: frozenset[str]
    lineage: pl.DataFrame


@dataclass(frozen=True)
class RowChange:
    """A row that is new (`before` None), gone (`after` None), or other than it was."""

    table: str
    key: Row
    before: Row | None
    after: Row | None

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """Field → before and after, of the fields that differ."""
        before, after = self.before or {}, self.after or {}
        return {
            name: {"before": before.get(name), "after": after.get(name)}
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }


def look(conn: Connection, run: int) -> Seen:
    """What `run` has changed, to be compared with the state before it."""
    tables = [table for table in model_tables() if table is not lineage]
    changed = {t.name: bulk.read(conn, select(t).where(t.c.run == run)) for t in tables}
    keys = {t.name: bulk.read(conn, select(*_key(t))) for t in tables if t not in _GROWING}
    events = changed[identity_event.name]
    ids = {
        *(key for t in tables if t not in _GROWING for key in _hub_ids(t, changed[t.name])),
        *events["hub_id"],
        *events["other_id"].drop_nulls(),
    }
    return Seen(changed, keys, frozenset(ids), _lineage(conn, ids))


def _hub_ids(table: Table, rows: pl.DataFrame) -> Iterator[str]:
    """Whom rows are about, where they are about one entity."""
    name = next((name for name in ("id", "hub_id") if name in table.c), None)
    return iter(()) if name is None else map(str, rows[name])


def compare(conn: Connection, seen: Seen) -> list[RowChange]:
    """The differences between the state that `conn` shows, the one before, and what was seen."""
    found: list[RowChange] = []
    for table in model_tables():
        if table is lineage:
            before, after = _lineage(conn, seen.ids), seen.lineage
        else:
            after = seen.changed[table.name]
            before = _before(conn, table, seen)
        found += _changes(table, before, after)
    return found


def _key(table: Table) -> list[Column[Any]]:
    return list(table.primary_key.columns)


def _lineage(conn: Connection, ids: frozenset[str] | set[str]) -> pl.DataFrame:
    with given_ids(conn, ids) as given:
        return bulk.read(conn, select(lineage).where(lineage.c.id.in_(given)))


def _before(conn: Connection, table: Table, seen: Seen) -> pl.DataFrame:
    """The rows as they were of what was changed or is gone."""
    names = [c.name for c in _key(table)]
    wanted = seen.changed[table.name].select(names)
    if table not in _GROWING:
        known = bulk.read(conn, select(*_key(table)))
        wanted = pl.concat([wanted, known.join(seen.keys[table.name], on=names, how="anti")])
    with bulk.staged(conn, wanted.unique(), table) as stage:
        same = (table.c[name] == stage.c[name] for name in names)
        return bulk.read(conn, select(table).where(*same))


def _changes(table: Table, before: pl.DataFrame, after: pl.DataFrame) -> Iterator[RowChange]:
    names = [c.name for c in _key(table)]
    was, now = (_by_key(frame, names) for frame in (before, after))
    for key in sorted({**was, **now}):
        old, new = was.get(key), now.get(key)
        if old != new:
            yield RowChange(table.name, dict(zip(names, key, strict=True)), old, new)


def _by_key(frame: pl.DataFrame, names: list[str]) -> dict[tuple[Any, ...], Row]:
    """What the rows say, by key; which run said it is not what they say."""
    told = frame.drop("run")
    keys = told.select(names).rows()
    return dict(zip(keys, told.to_dicts(), strict=True))
