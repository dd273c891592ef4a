"""What was written, from the ledger: the changes that targets name, added up per record."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, or_, select
from sqlalchemy.sql import ColumnElement

from hub.connectors.outcomes import ALREADY
from hub.errors import HubError
from hub.models.operations import ops_change, ops_plan, ops_run
from hub.sync.ledger import SETTLE, SYNCS


@dataclass(frozen=True)
class Written:
    """One record that was written to. `fields`: field → (before the first change, as the hub left
    it). `op` is what was done to the record: create, update, delete.

    Without `sure` nobody was told what became of the writing; a record that says now what was to be
    written shows it. `erased`: its before-images are gone with the person they spoke of.
    """

    system: str
    object: str
    record_id: str
    hub_id: str
    op: str
    fields: dict[str, tuple[str | None, str | None]]
    changes: tuple[str, ...]
    run: int
    sure: bool = True
    erased: bool = False

    @property
    def was_made(self) -> bool:
        return self.op == "create"


def written_by(conn: Connection, targets: Sequence[str]) -> list[Written]:
    """All that the targets wrote, in the order it was written. Raises HubError for a target that
    wrote nothing."""
    rows: dict[str, Row[Any]] = {}
    for target in targets:
        found = conn.execute(
            select(ops_change).where(_of(conn, target), or_(_applied(), _unanswered()))
        ).all()
        if not found:
            raise HubError(
                f"'{target}' wrote nothing that could be undone.",
                remedy="name a run, a plan or a change that was applied; `hub status` names the "
                "last run, `ops_change` has all",
            )
        if all(row.op == "erase" for row in found):
            raise HubError(
                f"'{target}' erased people's records: that cannot be undone.",
                remedy="name a run, a plan or a change that wrote something else",
            )
        rows.update({row.id: row for row in found})
    return added_up(rows[change_id] for change_id in sorted(rows))


def _of(conn: Connection, target: str) -> ColumnElement[bool]:
    if target.isdecimal():
        runs = _passes(conn, int(target))
        made = select(ops_plan.c.plan).where(ops_plan.c.run.in_(runs))
        answered = and_(ops_change.c.outcome == "applied", ops_change.c.run.in_(runs))
        return or_(answered, and_(ops_change.c.outcome != "applied", ops_change.c.plan.in_(made)))
    return ops_change.c.id == target if "/" in target else ops_change.c.plan == target


def _passes(conn: Connection, number: int) -> list[int]:
    """A run and, if it is a sync, the passes that settled it."""
    later = conn.execute(
        select(ops_run.c.run, ops_run.c.kind).where(ops_run.c.run >= number).order_by(ops_run.c.run)
    ).all()
    runs = [number]
    if later and later[0].kind in SYNCS:
        for run in later[1:]:
            if run.kind != SETTLE:
                break
            runs.append(run.run)
    return runs


def _applied() -> ColumnElement[bool]:
    return ops_change.c.outcome == "applied"


def _unanswered() -> ColumnElement[bool]:
    """An update that may have landed though nobody was told so, as when the process was killed; if
    a later change wrote to the record, what it says is that one's."""
    later = ops_change.alias()
    return and_(
        ops_change.c.op == "update",
        ops_change.c.outcome.in_(("pending", "stale")),
        ~exists().where(
            later.c.system == ops_change.c.system,
            later.c.object == ops_change.c.object,
            later.c.record_id == ops_change.c.record_id,
            later.c.outcome == "applied",
            later.c.id > ops_change.c.id,
        ),
    )


def added_up(rows: Iterable[Row[Any]]) -> list[Written]:
    """Per record what it was before the first and is after the last of the changes, told in their
    order. A record that was made and deleted again leaves nothing to undo."""
    found: dict[tuple[str, str, str], Written] = {}
    for row in rows:
        if row.record_id is None:
            continue
        key = (row.system, row.object, row.record_id)
        one, known = _read(row), found.pop(key, None)
        if known is not None and one.op == "delete" and known.was_made:
            continue
        if known is not None and one.op != "delete":
            one = replace(
                one,
                op=known.op,
                fields=known.fields | {n: _over(known, n, cell) for n, cell in one.fields.items()},
                changes=(*known.changes, *one.changes),
                run=known.run,
                sure=known.sure or one.sure,
                erased=known.erased or one.erased,
            )
        found[key] = one
    return list(found.values())


def _over(
    known: Written, name: str, cell: tuple[str | None, str | None]
) -> tuple[str | None, str | None]:
    return (known.fields[name][0] if name in known.fields else cell[0]), cell[1]


def _read(row: Row[Any]) -> Written:
    cells = json.loads(row.fields)
    return Written(
        *(row.system, row.object, row.record_id, row.hub_id, row.op),
        {n: (c["before"], c["after"]) for n, c in cells.items() if not c.get("only_read")},
        (row.id,),
        row.run,
        sure=row.outcome == "applied" and row.code != ALREADY,
        erased=not cells,
    )
