"""What people had decided by each run: who is who, the weights in use, which months are closed."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Table, or_, select, update
from sqlalchemy.sql import ColumnElement

from hub.models.channel import channel_period
from hub.models.database import reading, writing
from hub.models.identity import identity_approval, identity_decision, identity_version
from hub.models.runs import Run

_TAKEN_BACK = ("withdrawn_at", "withdrawn_by", "withdrawn_reason")


class Decided:
    """Brings decisions from the warehouse that has them to the one that is replayed into."""

    def __init__(self, source: Engine, into: Engine) -> None:
        self._source, self._into = source, into

    def until(self, run: Run) -> None:
        """What the run took into account: judgements and withdrawals by its own note, weights by
        when they were approved, months by when they were closed."""
        d = identity_decision.c
        self._judgements(d.applied_run == run.number, d.withdrawn_run == run.number)
        self._add(identity_version, identity_version.c.made_at <= run.started_at)
        self._add(identity_approval, identity_approval.c.approved_at <= run.started_at)
        self._add(channel_period, channel_period.c.closed_at <= run.started_at)

    def waiting(self, moment: datetime) -> None:
        """What had been decided, and no run had taken into account yet."""
        d = identity_decision.c
        self._judgements(d.decided_at <= moment, d.withdrawn_at <= moment)

    def _judgements(self, made: ColumnElement[bool], taken_back: ColumnElement[bool]) -> None:
        d = identity_decision.c
        with reading(self._source) as conn:
            rows = conn.execute(select(identity_decision).where(or_(made, taken_back))).mappings()
            found = [dict(row) for row in rows]
            withdrawn = set(conn.scalars(select(d.id).where(taken_back)))
        with writing(self._into) as conn:
            there = set(conn.scalars(select(d.id)))
            for row in found:
                told = {name: row.pop(name) for name in _TAKEN_BACK}
                if row["id"] not in there:
                    row |= {"applied_run": None, "withdrawn_run": None}
                    conn.execute(identity_decision.insert().values(row))
                if row["id"] in withdrawn:
                    conn.execute(update(identity_decision).where(d.id == row["id"]).values(told))

    def _add(self, table: Table, by_then: ColumnElement[bool]) -> None:
        key = list(table.primary_key.columns)
        with reading(self._source) as conn:
            rows = [dict(row) for row in conn.execute(select(table).where(by_then)).mappings()]
        if not rows:
            return
        with writing(self._into) as conn:
            there = {tuple(row) for row in conn.execute(select(*key))}
            new = [row for row in rows if _key(table, row) not in there]
            if new:
                conn.execute(table.insert(), new)


def _key(table: Table, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table.primary_key.columns)
