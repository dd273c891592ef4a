"""Outside systems in memory that keep a connector's promises, so that tests say what happened."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import polars as pl

from hub.config import SystemBase
from hub.connectors.comparing import COMPARED
from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    MODIFIED_AT,
    RECORD_ID,
    REMOVALS,
    Batch,
    CallMeter,
    Change,
    FieldShape,
    Finding,
    ObjectSpec,
    Outcome,
    Write,
)
from hub.connectors.outcomes import already, pending
from hub.connectors.text import canonical_time
from hub.errors import HubError, QuotaSpent

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)

Fields = Mapping[str, str | None]


@dataclass
class Record:
    """One record: its fields, the number of the edit that changed it last, what became of it.

    A purged record is deleted and nobody knows of it any more; a hidden one is there for others.
    """

    fields: dict[str, str | None]
    edit: int
    deleted: bool = False
    merged_into: str | None = None
    purged: bool = False
    hidden: bool = False

    @property
    def shown(self) -> bool:
        return not (self.deleted or self.hidden)


@dataclass
class FakeSystem:
    """A system's records by object and id. Each edit moves its clock on by a second.

    `defaults` are the fields a system fills in by itself when it makes a record of an object;
    `volatile` are fields of an object that change without an edit, `shapes` the fields of objects
    that are described in other words than those their records imply.
    """

    name: str
    volatile: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shapes: dict[str, list[FieldShape]] = field(default_factory=dict)
    defaults: Mapping[str, Fields] = field(default_factory=dict)
    objects: dict[str, dict[str, Record]] = field(default_factory=dict)
    written: list[Change] = field(default_factory=list)
    edits: int = 0

    def put(self, obj: str, record_id: str, **fields: str | None) -> None:
        """Somebody makes a record, brings one back, or changes some of its fields."""
        records = self.objects.setdefault(obj, {})
        self.edits += 1
        known = records.get(record_id)
        before = known.fields if known is not None else dict(self.defaults.get(obj, {}))
        hidden = known is not None and known.hidden
        records[record_id] = Record({**before, **fields}, self.edits, hidden=hidden)

    def drop(self, obj: str, record_id: str) -> None:
        """Somebody deletes a record."""
        self.edits += 1
        gone = self.objects[obj][record_id]
        gone.edit, gone.deleted = self.edits, True

    def merge(self, obj: str, loser: str, survivor: str) -> None:
        """Somebody merges two records; what was merged into the loser is the survivor's now."""
        self.put(obj, survivor)
        self.drop(obj, loser)
        for record_id, record in self.objects[obj].items():
            if record_id == loser or record.merged_into == loser:
                record.merged_into = survivor

    def purge(self, obj: str, record_id: str) -> None:
        """A record is deleted for good, without a trace."""
        self.objects[obj][record_id].deleted = True
        self.objects[obj][record_id].purged = True

    def hide(self, obj: str, *record_ids: str, hidden: bool = True) -> None:
        """Our user is shown records no more, or again: nothing about them changes."""
        for record_id in record_ids:
            self.objects[obj][record_id].hidden = hidden

    def drift(self, obj: str, record_id: str, **fields: str | None) -> None:
        """Fields come to say something else without an edit of the record."""
        self.objects[obj][record_id].fields.update(fields)

    def fields(self, obj: str, record_id: str) -> dict[str, str]:
        """What a record says; empty fields are left out."""
        told = self.objects[obj][record_id].fields
        return {name: value for name, value in told.items() if value is not None}

    def living(self, obj: str) -> list[str]:
        records = self.objects.get(obj, {})
        return sorted(key for key, record in records.items() if not record.deleted)

    def shown(self, obj: str) -> list[str]:
        """The ids of the records our user sees."""
        records = self.objects.get(obj, {})
        return sorted(key for key, record in records.items() if record.shown)

    def find(self, obj: str, name: str, value: str) -> str | None:
        """The id of the living record with that value."""
        for record_id in self.living(obj):
            if self.objects[obj][record_id].fields.get(name) == value:
                return record_id
        return None


def _accept(_change: Change) -> str | None:
    return None


@dataclass
class FakeConnector:
    """A connector to a FakeSystem. The cursor is the number of the last edit read.

    `batch_rows` rows make a batch and cost a call, `overlap` edits are read again. `trouble` is
    raised after `batches_before_trouble` batches of a pull, and `struck` counts that.
    `tells_deletions`: whether increments do. `refuse` names the code with which a change is
    rejected; `halt` makes all changes after that many `pending`, as a spent quota does.
    """

    config_model: ClassVar[type[SystemBase]] = SystemBase

    outside: FakeSystem
    batch_rows: int = 1000
    overlap: int = 0
    trouble: HubError | None = None
    batches_before_trouble: int = 0
    struck: int = 0
    tells_deletions: bool = True
    refuse: Callable[[Change], str | None] = _accept
    halt: int | None = None
    calls: CallMeter = field(default_factory=CallMeter)
    rows_per_write: int = 100
    rows_per_apply: int = 1000

    @property
    def system(self) -> str:
        return self.outside.name

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return [Finding(spec.name, "ok", "readable") for spec in specs]

    def describe(self, obj: str) -> Sequence[FieldShape]:
        if obj in self.outside.shapes:
            return self.outside.shapes[obj]
        records = self.outside.objects.get(obj, {}).values()
        volatile = self.outside.volatile.get(obj, ())
        names = sorted({*volatile, *(name for record in records for name in record.fields)})
        return [FieldShape(name, "text", formula=name in volatile) for name in names]

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        since = max(int(cursor) - self.overlap, 0) if cursor is not None else 0
        upto = self.outside.edits
        records = self.outside.objects.get(spec.name, {})
        found = sorted(
            (record.edit, record_id)
            for record_id, record in records.items()
            if record.edit > since
            and not (record.hidden or record.purged)
            and not (record.deleted and (cursor is None or not self.tells_deletions))
        )
        starts = range(0, len(found), self.batch_rows)
        for number, start in enumerate(starts):
            self._stumble(number)
            page = found[start : start + self.batch_rows]
            self._count(1)
            yield Batch(self._frame(spec, [record_id for _, record_id in page]), str(page[-1][0]))
        self._stumble(len(starts))
        if not starts:
            self._count(1)
        yield Batch(self._frame(spec, []), str(upto))

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        shown = set(self.outside.shown(spec.name))
        for page in self._pages(record_ids):
            yield Batch(self._frame(spec, [key for key in page if key in shown]), None)

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:
        for page in self._pages(self.outside.shown(spec.name)):
            yield pl.Series(page, dtype=pl.String)

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        records = self.outside.objects.get(spec.name, {})
        for page in self._pages(record_ids):
            told = [
                key
                for key in page
                if key in records and not (records[key].purged or records[key].hidden)
            ]
            yield Batch(self._frame(spec, told), None)

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:
        return tuple(f for f in self.outside.volatile.get(spec.name, ()) if f in spec.fields)

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:
        shown = set(self.outside.shown(spec.name))
        for page in self._pages(record_ids):
            rows = self._frame(spec, [key for key in page if key in shown])
            yield rows.select(RECORD_ID, *self.volatile_fields(spec))

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:  # noqa: ARG002
        return 0

    def write_calls(self, obj: str, rows: int, op: str = "create") -> int:  # noqa: ARG002
        return -(-rows // self.rows_per_write)

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        return -(-rows // self.batch_rows) if asked else 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        judged = self._judged([c for c in changes if c.compare and c.op in COMPARED])
        yield from judged.values()
        changes = [change for change in changes if change.id not in judged]
        for number, change in enumerate(changes):
            try:
                if self.halt is not None and number >= self.halt:
                    raise QuotaSpent("come again")
                if number % self.rows_per_write == 0:
                    self._count(1, write=True)
            except QuotaSpent as err:
                yield from pending(changes[number:], err)
                return
            code = self.refuse(change)
            if code is not None:
                yield Outcome(change.id, "rejected", change.record_id, code, "no", "say yes")
                continue
            yield Outcome(change.id, "applied", self._write(change))

    def close(self) -> None:
        pass

    def _judged(self, asked: Sequence[Change]) -> dict[str, Outcome]:
        """Of the updates and deletes that ask for it, those whose record says something else than
        planned, or all of it already."""
        found = {}
        for page in self._pages([str(change.record_id) for change in asked]):
            for change in (c for c in asked if c.record_id in page):
                record = self.outside.objects.get(change.object, {}).get(str(change.record_id))
                said = record.fields if record is not None and record.shown else None
                if said is None and change.op == "delete":
                    continue
                wanted = change.before if change.op == "delete" else change.fields
                if said is None or any(
                    said.get(name) not in (change.before.get(name), wanted[name]) for name in wanted
                ):
                    found[change.id] = Outcome(
                        change.id, "stale", change.record_id, "changed_there", "moved", "sync"
                    )
                elif change.op == "update" and all(said.get(n) == wanted[n] for n in wanted):
                    found[change.id] = already(change)
        return found

    def _write(self, change: Change) -> str:
        outside = self.outside
        fields = dict(change.fields)
        if change.op in REMOVALS:
            assert change.record_id is not None
            if change.record_id in outside.living(change.object):
                outside.drop(change.object, change.record_id)
            outside.written.append(change)
            return change.record_id
        if change.op == "update":
            assert change.record_id is not None
            outside.put(change.object, change.record_id, **fields)
            outside.written.append(change)
            return change.record_id
        assert change.key is not None
        name, value = change.key
        known = outside.find(change.object, name, value)
        said = outside.fields(change.object, known) if known is not None else {}
        if known is not None and change.compare and {**fields, name: value}.items() <= said.items():
            return known
        made = known or f"{change.object.lower()}-{value}"
        outside.put(change.object, made, **{**fields, name: value})
        outside.written.append(change)
        return made

    def _frame(self, spec: ObjectSpec, record_ids: Sequence[str]) -> pl.DataFrame:
        records = [self.outside.objects[spec.name][record_id] for record_id in record_ids]
        columns: dict[str, list[str | None]] = {
            RECORD_ID: list(record_ids),
            MODIFIED_AT: [canonical_time(START + timedelta(seconds=r.edit)) for r in records],
            IS_DELETED: ["true" if record.deleted else "false" for record in records],
            MERGED_INTO: [record.merged_into for record in records],
        }
        for name in spec.fields:
            columns[name] = [record.fields.get(name) for record in records]
        return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))

    def _stumble(self, batches: int) -> None:
        if self.trouble is not None and batches >= self.batches_before_trouble:
            self.struck += 1
            raise self.trouble

    def _pages(self, record_ids: Sequence[str]) -> Iterator[Sequence[str]]:
        for start in range(0, len(record_ids), self.batch_rows):
            self._count(1)
            yield record_ids[start : start + self.batch_rows]

    def _count(self, calls: int, *, write: bool = False) -> None:
        for _ in range(calls):
            self.calls.spend(write=write)
            self.calls.minimum += 1
