"""Storing a plan while it is made: its changes go into the ledger portion by portion, and what is
kept of them in memory are figures per object."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import polars as pl
from sqlalchemy import Connection

from hub.config import Settings
from hub.connectors.contract import Operation
from hub.models import bulk
from hub.models.database import take_numbers
from hub.models.frames import frame_schema
from hub.models.operations import ERASURE, SYNC, ops_change, ops_plan, ops_plan_part
from hub.models.runs import Run
from hub.sync.changes import PlannedChange
from hub.sync.costs import SENT, Bill, Calls, Costs

OPEN, WAITING, BRAKED = "open", "waiting", "braked"
APPLIED, SUPERSEDED, REJECTED = "applied", "superseded", "rejected"
"""How a plan stands. It can be applied while it is open; of one that waits for approval what needs
none can be; of a braked one nothing."""
UNDECIDED = (OPEN, WAITING, BRAKED)


_ERASURE_STANDS = timedelta(days=30)
"""How long an erasure can be applied: no other plan could name its records again."""


@dataclass
class Part:
    """What a plan wants of one object, in figures.

    `hold` is `approval` or `brake` while the part must not be sent, `reason` says why, `brakes`
    names what tripped. `emptying` counts the changes that empty a field; `records` are those in
    effect, counted where a brake may ask for them.
    """

    system: str
    object: str
    kinds: Counter[str] = field(default_factory=Counter)
    unsent: Counter[str] = field(default_factory=Counter)
    fields: dict[str, dict[str, int]] = field(default_factory=dict)
    emptying: int = 0
    records: int | None = None
    calls: Calls = field(default_factory=Calls)
    digest: str = ""
    hold: str | None = None
    brakes: tuple[str, ...] = ()
    reason: str | None = None

    def __post_init__(self) -> None:
        self._hash = blake2b(digest_size=16)

    @property
    def where(self) -> tuple[str, str]:
        return self.system, self.object

    @property
    def changes(self) -> int:
        return self.kinds.total()

    @property
    def to_send(self) -> int:
        return sum(self.sent(op) for op in SENT)

    def sent(self, op: Operation) -> int:
        """The changes of an operation, leaving out those that will not be sent."""
        return self.kinds[op] + (self.kinds["clear"] if op == "update" else 0)

    def count(self, change: PlannedChange, content: str) -> None:
        self.kinds[change.kind] += 1
        self.hash_in(content)
        if change.refusal is not None:
            self.unsent[change.refusal.outcome] += 1
            return
        self.emptying += bool(change.emptied)
        for name, cell in change.fields.items():
            counted = self.fields.setdefault(name, {"set": 0, "cleared": 0})
            counted["cleared" if cell["after"] is None else "set"] += 1

    def hash_in(self, content: str) -> None:
        self._hash.update(content.encode())

    def close(self) -> None:
        self.digest = self._hash.hexdigest()


@dataclass(frozen=True)
class Plan:
    """A stored plan in figures; its changes are read from the ledger (`hub.sync.stored`).

    `plan` is None when there is nothing to do and nothing was stored. `calls` is what it takes to
    write all of it and, unless that happens in the run that made it, to sign in, to ask for fields
    and to compare the records before.
    """

    plan: str | None
    parts: tuple[Part, ...]
    calls: int
    created_at: datetime
    config_hash: str
    status: str = OPEN
    expires_at: datetime | None = None
    kept: bool = False

    @property
    def total(self) -> int:
        return sum(part.changes for part in self.parts)

    @property
    def kinds(self) -> Counter[str]:
        return sum((part.kinds for part in self.parts), Counter[str]())

    @property
    def unsent(self) -> Counter[str]:
        """Outcome → changes that will not be sent, counted by the plan that first has them."""
        if self.kept:
            return Counter()
        return sum((part.unsent for part in self.parts), Counter[str]())

    @property
    def held(self) -> list[Part]:
        return [part for part in self.parts if part.hold is not None]


@dataclass(frozen=True)
class Draft:
    """What a plan is made for: the run, whose time is the plan's; and whether it is to be written
    `at_once`, by the very run and sessions that have just read the records."""

    run: Run
    settings: Settings
    basis: str
    costs: Costs
    at_once: bool
    kind: str = SYNC


Hold = Callable[[Connection, str, Sequence[Part]], None]
"""Decides which parts of the named plan are held back, and notes it on them."""


def store(
    conn: Connection, draft: Draft, portions: Iterable[Sequence[PlannedChange]], hold: Hold
) -> Plan:
    """Store the changes as an open plan, or as one that waits or is braked where `hold` says so.

    Returns a plan without a name, and stores nothing, when there are no changes.
    """
    run, settings = draft.run, draft.settings
    name: str | None = None
    parts: dict[tuple[str, str], Part] = {}
    seq = 0
    for portion in portions:
        if not portion:
            continue
        name = name or f"plan-{take_numbers(conn, 'plan', 1)[0]:06d}"
        rows = [_row(name, seq + n, change, run) for n, change in enumerate(portion, 1)]
        for change, row in zip(portion, rows, strict=True):
            where = (change.system, change.object)
            part = parts.setdefault(where, Part(*where))
            part.count(change, content_of(row))
        frame = pl.DataFrame(rows, schema=frame_schema(ops_change, _STORED), orient="row")
        bulk.insert(conn, ops_change, frame)
        seq += len(portion)
    if name is None:
        return Plan(None, (), 0, run.started_at, settings.config_hash)
    for part in parts.values():
        part.close()
    # A record that others hang on may have been found to be wanted only with them.
    made = list(parts.values())
    if draft.kind == SYNC:
        made.sort(key=lambda part: _place(settings, part))
    hold(conn, name, made)
    _price(made, draft)
    return _stored(conn, draft, name, made)


def _price(parts: Sequence[Part], draft: Draft) -> None:
    """Note on each part the calls it takes. What is held back is written by a later run."""
    bill, braked = Bill(draft.costs), status_of(parts) == BRAKED
    for part in parts:
        later = not draft.at_once or braked or part.hold is not None
        sent = {op: part.sent(op) for op in SENT}
        part.calls = bill.of(part.system, part.object, sent, later=later)


def _place(settings: Settings, part: Part) -> tuple[int, int]:
    """Where the mappings name the object: systems, and the objects of one, in their order."""
    systems = list(settings.mappings)
    return systems.index(part.system), list(settings.mappings[part.system]).index(part.object)


def _stored(conn: Connection, draft: Draft, name: str, parts: Sequence[Part]) -> Plan:
    run, settings = draft.run, draft.settings
    status = status_of(parts)
    calls = sum(part.calls.total for part in parts)
    hours = timedelta(hours=settings.plans.expire_hours)
    expires_at = run.started_at + (_ERASURE_STANDS if draft.kind == ERASURE else hours)
    conn.execute(
        ops_plan.insert().values(
            plan=name,
            run=run.number,
            status=status,
            config_hash=settings.config_hash,
            basis=draft.basis,
            digest=digest_of(draft.basis, parts),
            calls=calls,
            created_at=run.started_at,
            expires_at=expires_at,
            kind=draft.kind,
        )
    )
    for seq, part in enumerate(parts, 1):
        conn.execute(ops_plan_part.insert().values(plan=name, seq=seq, **_part_row(part)))
    return Plan(
        *(name, tuple(parts), calls, run.started_at, settings.config_hash, status, expires_at)
    )


def status_of(parts: Iterable[Part]) -> str:
    """A plan with a tripped brake is braked as a whole."""
    holds = {part.hold for part in parts}
    if "brake" in holds:
        return BRAKED
    return WAITING if "approval" in holds else OPEN


def digest_of(basis: str, parts: Iterable[Part]) -> str:
    """The hash of a plan: of all its changes, in their order, and of what it was made by."""
    text = json.dumps([basis, *([part.system, part.object, part.digest] for part in parts)])
    return blake2b(text.encode(), digest_size=16).hexdigest()


_CONTENT = ("op", "kind", "record_id", "hub_id", "fields", "digest")


def content_of(row: Mapping[str, Any]) -> str:
    """All that matters of a stored change, as text to hash."""
    return json.dumps([row[name] for name in _CONTENT]) + "\n"


_STORED = (
    *("id", "plan", "seq", "system", "object", "op", "kind", "record_id", "hub_id", "fields"),
    *("notes", "weight", "digest", "attempts", "outcome", "code", "message", "remedy", "run", "at"),
)


def _row(plan: str, seq: int, change: PlannedChange, run: Run) -> dict[str, Any]:
    refusal = change.refusal
    return {
        "id": f"{plan}/{seq:06d}",
        "plan": plan,
        "seq": seq,
        "system": change.system,
        "object": change.object,
        "op": change.op,
        "kind": change.kind,
        "record_id": change.record_id,
        "hub_id": change.hub_id,
        "fields": json.dumps(change.fields, sort_keys=True, ensure_ascii=False),
        "notes": json.dumps(change.notes, ensure_ascii=False) if change.notes else None,
        "weight": change.weight,
        "digest": change.digest,
        "attempts": change.attempts,
        "outcome": "pending" if refusal is None else refusal.outcome,
        "code": refusal and refusal.code,
        "message": refusal and refusal.message,
        "remedy": refusal and refusal.remedy,
        "run": run.number,
        "at": run.started_at if refusal is not None else None,
    }


def _part_row(part: Part) -> dict[str, Any]:
    return {
        "system": part.system,
        "object": part.object,
        "kinds": json.dumps(part.kinds, sort_keys=True),
        "fields": json.dumps(part.fields, sort_keys=True, ensure_ascii=False),
        "emptying": part.emptying,
        "records": part.records,
        "opening_calls": part.calls.opening,
        "write_calls": part.calls.writing,
        "compare_calls": part.calls.comparing,
        "digest": part.digest,
        "hold": part.hold,
        "brakes": ";".join(part.brakes),
        "reason": part.reason,
    }
