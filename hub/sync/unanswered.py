"""Writes that nobody answered: noted before they are sent, told as applied when their records show
that they landed.

The answer to a write can be lost, and so can the process that waits for it. The change is pending
then, or superseded by the next plan, though its record may have been written. Whatever is landed of
that record later tells.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, bindparam, null, or_, select, update
from sqlalchemy.sql import ColumnElement

from hub.connectors.contract import RECORD_ID, REMOVALS, Outcome
from hub.connectors.outcomes import ALREADY, IN_DOUBT
from hub.models import bulk
from hub.models.operations import ops_change
from hub.models.runs import Run
from hub.sync.agreed import agreed_text, agreed_values, told_values
from hub.sync.changes import Cells
from hub.sync.storing import SUPERSEDED
from hub.sync.targets import Target

REMEMBERED = timedelta(days=1)
"""How long after it was superseded a write may still come to light."""


def note(conn: Connection, run: Run, chunk: Sequence[Row[Any]]) -> None:
    """Say that the changes, which follow each other in one part of a plan, are about to be sent."""
    c, first, last = ops_change.c, chunk[0], chunk[-1]
    conn.execute(
        update(ops_change)
        .where(
            *(c.plan == first.plan, c.system == first.system, c.object == first.object),
            *(c.op == first.op, c.outcome == "pending", c.seq.between(first.seq, last.seq)),
        )
        .values(unanswered=run.number)
    )


def still_open(outcome: Outcome, before: int | None, run: Run) -> int | None:
    """The `unanswered` of a change after its outcome; `before` is that of an earlier attempt."""
    if outcome.status != "pending":
        return None
    return run.number if outcome.code in IN_DOUBT else before


def in_doubt(conn: Connection, chunk: Sequence[Row[Any]]) -> set[str]:
    """Ids of those changes of a chunk that were sent before without an answer, by this plan or an
    earlier one: their records are to be looked at before they are written again."""
    first = chunk[0]
    open_ones = {_subject(row) for row in _open(conn, first.system, first.object)}
    return {row.id for row in chunk if _subject(row) in open_ones}


def _subject(row: Row[Any]) -> tuple[str, str]:
    """What is written: a record, or the record that is to be made for a hub id."""
    return row.op, row.hub_id if row.op == "create" else row.record_id


def _open(conn: Connection, system: str, obj: str) -> Sequence[Row[Any]]:
    c = ops_change.c
    query = select(ops_change).where(
        *(c.unanswered.is_not(None), c.system == system, c.object == obj),
        or_(c.outcome == "pending", _superseded()),
    )
    return conn.execute(query.order_by(c.id)).all()


def _superseded() -> ColumnElement[bool]:
    return (ops_change.c.outcome == "stale") & (ops_change.c.code == SUPERSEDED)


# -- by what was landed --------------------------------------------------------------------------


def settle(conn: Connection, target: Target, run: Run) -> None:
    """Tell as applied what the landed records of an object show to have been written, and agree on
    it as the hub's own; forget of the rest what was superseded long ago."""
    rows = _open(conn, target.system, target.object)
    if not rows:
        return
    records = _records(conn, target, rows)
    ledger = _Ledger(_key_of(target), records)
    ledger.learn(_applied_to(conn, target, list(records)))
    found = [(row, records[record]) for row in rows if (record := ledger.shown_by(row))]
    if found:
        _tell(conn, run, found)
        _agree(conn, target, [(row, record) for row, record in found if row.op == "update"])
    conn.execute(
        update(ops_change)
        .where(
            *(ops_change.c.system == target.system, ops_change.c.object == target.object),
            *(ops_change.c.unanswered.is_not(None), _superseded()),
            ops_change.c.at <= run.started_at - REMEMBERED,
        )
        .values(unanswered=None)
    )


class _Ledger:
    """Which record shows what an unanswered change wrote, if nobody else is known to have written
    the same. `key` is the field by which records are made."""

    def __init__(self, key: str | None, records: Mapping[str, Row[Any]]) -> None:
        self._key, self._records = key, records
        self._by_key: dict[str, str] = {
            record.hub_key: record.record_id for record in records.values() if record.hub_key
        }
        self._made: set[str] = set()
        self._written: dict[tuple[str, str], str] = {}
        """Record and field → the last change that is told as having written it."""
        self._claimed: set[tuple[str, str]] = set()

    def learn(self, applied: Iterable[Row[Any]]) -> None:
        """Take in what is told as applied, in its order."""
        for row in applied:
            fields = json.loads(row.fields)
            if row.op == "create" or self._key in fields:
                self._made.add(row.record_id)
            if row.op == "update":
                self._written |= {(row.record_id, name): row.id for name in fields}

    def shown_by(self, row: Row[Any]) -> str | None:
        """The id of the record that shows the change; asked in the order of planning."""
        cells = json.loads(row.fields)
        if row.op == "create":
            made = self._by_key.get(cells.get(self._key, {}).get("after"))
            if made is None or made in self._made:
                return None
            self._made.add(made)
            return made
        record_id: str = row.record_id
        record = self._records.get(record_id)
        if record is None or (record.is_deleted or record.gone is not None) != (row.op in REMOVALS):
            return None
        if row.op == "update" and not self._updated(row, record, cells):
            return None
        return record_id

    def _updated(self, row: Row[Any], record: Row[Any], cells: Cells) -> bool:
        """A record is written as a whole: one field that came to say what was sent is enough,
        whatever somebody has made of the others since."""
        told = told_values(record.told)
        fields = {(row.record_id, name) for name in cells}
        shows = any(
            told.get(name) == cell["after"] != cell["before"]
            and (row.record_id, name) not in self._claimed
            and self._written.get((row.record_id, name), "") < row.id
            for name, cell in cells.items()
        )
        if shows:
            self._claimed |= fields
        return shows


def _key_of(target: Target) -> str | None:
    push = target.mapping.push
    return push.create.key if push is not None and push.create is not None else None


def _records(conn: Connection, target: Target, rows: Sequence[Row[Any]]) -> dict[str, Row[Any]]:
    """The landed records that the changes name, or that hold the key of one to be made, by id."""
    table, key = target.table, _key_of(target)
    keys = [json.loads(r.fields).get(key, {}).get("after") for r in rows if r.op == "create"]
    ids = [row.record_id for row in rows if row.op != "create"]
    hub_key = table.c.hub_key if "hub_key" in table.c else null().label("hub_key")
    columns = (table.c.record_id, table.c.told, table.c.agreed, table.c.is_deleted, table.c.gone)
    query = select(*columns, hub_key).where(
        table.c.system == target.system, table.c.object == target.object
    )
    found: dict[str, Row[Any]] = {}
    for name, values in ((RECORD_ID, ids), ("hub_key", keys)):
        if name not in table.c or not values:
            continue
        frame = pl.DataFrame({name: values}, schema={name: pl.String}).drop_nulls().unique()
        with bulk.staged(conn, frame, table, index=[name]) as wanted:
            asked = query.where(table.c[name].in_(select(wanted.c[name])))
            found |= {row.record_id: row for row in conn.execute(asked)}
    return found


def _applied_to(conn: Connection, target: Target, ids: Sequence[str]) -> list[Row[Any]]:
    """What is told as applied to these records, in the order of planning."""
    c = ops_change.c
    frame = pl.DataFrame({RECORD_ID: ids}, schema={RECORD_ID: pl.String})
    with bulk.staged(conn, frame, ops_change, index=[RECORD_ID]) as wanted:
        query = select(c.id, c.op, c.record_id, c.fields).where(
            *(c.system == target.system, c.object == target.object, c.outcome == "applied"),
            c.record_id.in_(select(wanted.c.record_id)),
        )
        return list(conn.execute(query.order_by(c.id)))


_Found = Sequence[tuple[Row[Any], Row[Any]]]
"""Changes, each with the record that shows it."""


def _tell(conn: Connection, run: Run, found: _Found) -> None:
    conn.execute(
        update(ops_change).where(ops_change.c.id == bindparam("change")),
        [
            {
                "change": row.id,
                "outcome": "applied",
                "code": ALREADY if row.op == "update" else None,
                "message": "nobody answered, but the record shows that it was written",
                "remedy": None,
                "record_id": record.record_id,
                "run": run.number,
                "at": run.started_at,
                "unanswered": None,
            }
            for row, record in found
        ],
    )


def _agree(conn: Connection, target: Target, found: _Found) -> None:
    """What the hub wrote is agreed on: where the record says something else by now, somebody has
    changed it since."""
    agreed: dict[str, tuple[str | None, dict[str, str | None]]] = {}
    for row, record in found:
        known = dict[str, str | None](agreed_values(record.told, record.agreed))
        _, values = agreed.setdefault(record.record_id, (record.told, known))
        values |= {name: cell["after"] for name, cell in json.loads(row.fields).items()}
    if agreed:
        table = target.table
        conn.execute(
            update(table)
            .where(
                *(table.c.system == target.system, table.c.object == target.object),
                table.c.record_id == bindparam("record"),
            )
            .values(agreed=bindparam("text")),
            [
                {"record": record, "text": agreed_text(told_values(told), values)}
                for record, (told, values) in agreed.items()
            ],
        )
