"""The warehouse beside the truth, the hub's ledger beside what the CRMs saw it write."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, func, select

from hub.config import Settings
from hub.connectors.contract import MERGED_INTO, RECORD_ID
from hub.connectors.hubspot.faults import EMAIL_TAKEN
from hub.models.operations import ops_change, ops_quarantine, ops_run
from hub.models.sources import HIDDEN, HOUSEKEEPING, SOURCES
from soak.journal import Value, Write
from soak.truth import ObjectTruth, Truth, plain_number

_Row = Mapping[str, Any]
Merges = Mapping[str, Sequence[tuple[str, str, str]]]
"""System → (object, loser, survivor), in the order they happened."""


@dataclass
class Verdict:
    """What was compared, and every difference found."""

    figures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    differences: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Where and of what kind → each one."""

    def differ(self, where: str, kind: str, what: str) -> None:
        self.differences[f"{where}, {kind}"].append(what)


# -- refusals ------------------------------------------------------------------------------------


def compare_refusals(conn: Connection, erased: Callable[[str], bool]) -> Verdict:
    """What a CRM still refuses at the end, when nothing goes wrong any more: only what it must
    refuse for ever, a person who was `erased` there."""
    verdict = Verdict()
    c = ops_change.c
    lately = conn.scalars(select(func.max(ops_run.c.started_at))).one() - timedelta(hours=1)
    for change in conn.execute(select(ops_change).where(c.outcome == "rejected", c.at > lately)):
        email = json.loads(change.fields).get("email", {}).get("after")
        if change.object == "contacts" and email and erased(email):
            verdict.figures["refused for ever"] += 1
        else:
            where = f"{change.system}/{change.object}"
            verdict.differ(where, "refused", f"{change.hub_id}: {change.code} {change.message}")
    return verdict


# -- sources -------------------------------------------------------------------------------------


def compare_sources(conn: Connection, settings: Settings, truth: Truth, merges: Merges) -> Verdict:
    """Every living record with every value, every deletion, every merge and where it ended.

    What is gone without a trace that the CRM would show is right when it is told as hidden.
    """
    verdict = Verdict()
    for (system, obj), real in truth.items():
        table = SOURCES[settings.mappings[system][obj].source]
        here = (table.c.system == system, table.c.object == obj)
        known = conn.execute(select(table).where(*here)).mappings().all()
        rows = {str(row[RECORD_ID]): dict(row) for row in known}
        where = f"{system}/{obj}"
        living = {r for r, row in rows.items() if not row["is_deleted"] and row["gone"] is None}
        _compare_presence(verdict, where, living, rows.keys() - living, real)
        hidden = {record for record, row in rows.items() if row["gone"] == HIDDEN}
        verdict.figures["hidden"] += len(hidden)
        for record in sorted(hidden & real.gone):
            verdict.differ(where, "hidden", f"{record} was deleted, and the CRM says so")
        _compare_values(verdict, where, table, rows, real)
        ends = _ends(merges.get(system, ()), obj)
        _compare_merges(verdict, where, rows, ends)
        _compare_quarantine(conn, verdict, system, obj, real)
    return verdict


def _compare_presence(
    verdict: Verdict, where: str, living: set[str], deleted: set[str], real: ObjectTruth
) -> None:
    valid = set(real.rows[RECORD_ID])
    verdict.figures["rows"] += len(valid)
    verdict.figures["deletions"] += len(deleted)
    for record in sorted(valid - living):
        how = "is taken to be deleted" if record in deleted else "was missed"
        verdict.differ(where, "missing", f"{record} is there and {how}")
    for record in sorted(living - valid - real.invalid):
        verdict.differ(where, "not deleted", f"{record} is gone and is taken to be there")


def _compare_values(
    verdict: Verdict, where: str, table: Table, rows: Mapping[str, _Row], real: ObjectTruth
) -> None:
    columns = [c.name for c in table.columns if c.name not in (*HOUSEKEEPING, MERGED_INTO)]
    for expected in real.rows.iter_rows(named=True):
        record = expected[RECORD_ID]
        row = rows.get(record)
        if row is None or row["is_deleted"] or row["gone"] is not None:
            continue
        verdict.figures["values"] += len(columns)
        verdict.figures["associations"] += sum(
            expected[name] is not None for name in columns if name.endswith("_record_id")
        )
        for name in columns:
            if row[name] != expected[name]:
                verdict.differ(where, name, f"{record} is {expected[name]!r}, not {row[name]!r}")
        told = json.loads(row["told"]) if row["told"] else {}
        if told != real.told[record]:
            verdict.differ(where, "told", f"{record} says {real.told[record]!r}, not {told!r}")


def _ends(merges: Sequence[tuple[str, str, str]], obj: str) -> dict[str, str]:
    """Record merged away → the record it is part of today."""
    into = {loser: survivor for name, loser, survivor in merges if name == obj}
    ends = {}
    for loser in into:
        end = into[loser]
        while end in into:
            end = into[end]
        ends[loser] = end
    return ends


def _compare_merges(
    verdict: Verdict, where: str, rows: Mapping[str, _Row], ends: Mapping[str, str]
) -> None:
    """The hub may hold a chain link by link; where it leads to is what counts."""
    into = {record: row[MERGED_INTO] for record, row in rows.items() if row[MERGED_INTO]}
    for record, row in rows.items():
        end = into.get(record)
        while end is not None and end in into:
            end = into[end]
        if record in ends:
            verdict.figures["merges"] += 1
        if end != ends.get(record):
            verdict.differ(
                where, "merge", f"{record} was merged into {ends.get(record)}, not {end}"
            )
        if end is not None and not row["is_deleted"]:
            verdict.differ(
                where, "merge", f"{record} was merged into {end} and is taken to be there"
            )


def _compare_quarantine(
    conn: Connection, verdict: Verdict, system: str, obj: str, real: ObjectTruth
) -> None:
    q = ops_quarantine.c
    held = set(
        conn.scalars(
            select(q.record_id).where(q.system == system, q.object == obj, q.status == "waiting")
        )
    )
    where = f"{system}/{obj}"
    verdict.figures["quarantined"] += len(held)
    for record in sorted(held - real.invalid):
        verdict.differ(where, "quarantine", f"{record} waits in quarantine and is valid, or gone")
    for record in sorted(real.invalid - held):
        verdict.differ(
            where, "quarantine", f"{record} is not valid and does not wait in quarantine"
        )


# -- writes --------------------------------------------------------------------------------------


@dataclass
class _Planned:
    """A change of the ledger: what it wanted of which record."""

    op: str
    record: str | None
    fields: dict[str, str | None]
    outcome: str
    found_made: bool
    """Applied without a write: the record was there already under the same e-mail address."""


def compare_writes(
    conn: Connection, system: str, keys: Mapping[str, str], writes: Sequence[Write]
) -> Verdict:
    """Every write was planned, hit what was planned, and was made once.

    `keys`: object → the field by which it is created.
    """
    verdict = Verdict()
    planned = _changes(conn, system)
    merged = _joined(writes)
    for (obj, record), seen in merged.items():
        changes = list(planned.pop((obj, record), ()))
        where = f"{system}/{obj}"
        for write in seen:
            verdict.figures["writes"] += 1
            if not write.cells:
                verdict.figures["in vain"] += 1
                verdict.differ(where, "duplicate", f"{record} was written again for nothing")
                continue
            found = _match(write, changes)
            if found is None:
                told = f"{record}: nobody planned {write.op} of {_news(write)}"
                verdict.differ(where, "unplanned", told)
                continue
            changes.remove(found)
            if found.outcome != "applied":
                told = f"{record}: {write.op} of {_news(write)} is told as {found.outcome}"
                verdict.differ(where, "untold", told)
        _never_written(verdict, where, record, changes)
    for (obj, record), changes in planned.items():
        _never_written(verdict, f"{system}/{obj}", record, changes)
    _compare_creates(verdict, system, keys, writes)
    return verdict


def _never_written(verdict: Verdict, where: str, record: str, changes: Sequence[_Planned]) -> None:
    for change in changes:
        if change.outcome == "applied" and not change.found_made:
            told = f"{record}: {change.op} of {change.fields} is told as applied"
            verdict.differ(where, "never written", told)


_STAMPS = frozenset(
    {
        "SystemModstamp", "LastModifiedDate", "LastModifiedById", "CreatedDate", "CreatedById",
        "hs_lastmodifieddate", "lastmodifieddate", "createdate", "hs_object_id",
        "notes_last_updated",
    }
)  # fmt: skip


def _joined(writes: Sequence[Write]) -> dict[tuple[str, str], list[Write]]:
    """Writes by record, without stamps; what follows an insert at once belongs to it."""
    found: dict[tuple[str, str], list[Write]] = defaultdict(list)
    last: Write | None = None
    for write in writes:
        cells = {name: cell for name, cell in write.cells.items() if name not in _STAMPS}
        same = last is not None and (last.object, last.record) == (write.object, write.record)
        follows = last is not None and same and last.op == "insert"
        if write.op == "link" or (follows and write.op == "update" and last is not None):
            if follows and last is not None:
                last.cells.update(cells)
            continue
        last = Write(write.object, write.record, write.op, cells)
        found[write.object, write.record].append(last)
    return found


def _changes(conn: Connection, system: str) -> dict[tuple[str, str], list[_Planned]]:
    c = ops_change.c
    rows = conn.execute(
        select(c.object, c.op, c.record_id, c.fields, c.outcome, c.code)
        .where(c.system == system)
        .order_by(c.id)
    )
    found: dict[tuple[str, str], list[_Planned]] = defaultdict(list)
    for row in rows:
        fields = {name: cell["after"] for name, cell in json.loads(row.fields).items()}
        made = row.outcome == "applied" and row.code == EMAIL_TAKEN
        planned = _Planned(row.op, row.record_id, fields, row.outcome, made)
        found[row.object, row.record_id or ""].append(planned)
    return found


def _match(write: Write, changes: Sequence[_Planned]) -> _Planned | None:
    """The change that this write carried out, one that is told as applied before any other."""
    ordered = sorted(changes, key=lambda change: change.outcome != "applied")
    for change in ordered:
        if (change.op == "create") != (write.op == "insert"):
            continue
        if all(
            same(change.fields.get(name), new)
            for name, (_, new) in write.cells.items()
            if name in change.fields
        ) and any(name in change.fields for name in write.cells):
            return change
    return None


def _news(write: Write) -> dict[str, Value]:
    return {name: new for name, (_, new) in write.cells.items()}


def same(wanted: str | None, held: Value) -> bool:
    """Whether a stored value is what was to be written."""
    if held is None or held == "":
        return wanted is None or wanted == ""
    if wanted is None:
        return False
    if isinstance(held, float | int):
        return wanted == plain_number(held)
    return wanted.strip() == str(held)


def _compare_creates(
    verdict: Verdict, system: str, keys: Mapping[str, str], writes: Sequence[Write]
) -> None:
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for write in writes:
        key = keys.get(write.object)
        if write.op == "insert" and key is not None and key in write.cells:
            made[write.object, str(write.cells[key][1])].append(write.record)
            verdict.figures["creates"] += 1
    for (obj, hub_id), records in made.items():
        if len(records) > 1:
            verdict.differ(
                f"{system}/{obj}", "duplicate", f"{hub_id} was made {len(records)} times: {records}"
            )
