"""Law 5 in one place: what may be written to a partner's own system, and what may not.

Every change to such a system comes through here twice: when it is planned, and again when it is
about to be sent, against what is assigned to whom at that moment. A change passes when its lead is
the partner's, and when each of its values is one that this very lead shows to this partner (see
`hub.sync.assigned`). The database refuses to store a change for a lead that the system never held
(`hub.models.guards`), so that nothing can be sent that was not looked at here.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import polars as pl
from sqlalchemy import Connection, Engine, func, or_, select

from hub.config import Agreement, Settings
from hub.connectors.contract import REMOVALS, Change, Connector, Outcome
from hub.mappings.schema import ObjectMapping, PushRule
from hub.models.database import reading
from hub.models.golden import contact, lead
from hub.models.operations import ops_change
from hub.models.partners import HELD, lead_share
from hub.sync.acceptance import Refusal
from hub.sync.assigned import ALWAYS, SHARED, allowed, as_agreed, held_leads
from hub.sync.changes import PlannedChange

ENTITY = "assigned_lead"
BARRED = "isolation"
_HUB_ID = re.compile(r"\b[a-z]{2}_\d{8}\b")
_MOVED = "nothing: the next plan asks for what is right now"


@dataclass(frozen=True)
class Barred:
    """Why a change does not pass. `moved`: it may have been right when it was planned."""

    message: str
    remedy: str
    moved: bool = False


@dataclass(frozen=True)
class _Write:
    """A change as the gate looks at it: whose, which record, what it would say."""

    hub_id: str
    op: str
    record_id: str | None
    values: Mapping[str, str | None]


def is_partners(settings: Settings, system: str) -> bool:
    return settings.systems[system].role == "partner"


def pushed(push: PushRule, agreement: Agreement) -> PushRule:
    """The rule without the fields that the agreement does not allow."""

    def kept(fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: rule
            for name, rule in fields.items()
            if rule.column is None or allowed(rule.column, agreement)
        }

    create = push.create
    if create is not None:
        create = create.model_copy(update={"fields": kept(create.fields)})
    return push.model_copy(update={"fields": kept(push.fields), "create": create})


def clearing(push: PushRule) -> PushRule:
    """The rule by which a copy is cleared: whatever it says of blanks and of what others changed in
    the partner's system, nothing of the lead stays there."""
    fields = {
        name: rule.model_copy(update={"blank_out": "clear", "drift": "reassert"})
        for name, rule in push.fields.items()
    }
    return push.model_copy(update={"fields": fields})


# -- when it is planned ------------------------------------------------------------------------


def examined(
    conn: Connection,
    settings: Settings,
    system: str,
    obj: str,
    changes: Iterable[PlannedChange],
) -> Iterator[PlannedChange]:
    """The changes to a partner's system, those that do not pass with the reason as refusal."""
    planned = list(changes)
    writes = [
        _Write(c.hub_id, c.op, c.record_id, {f: cell["after"] for f, cell in c.fields.items()})
        for c in planned
    ]
    gate = _Gate(conn, settings, system, obj)
    for change, verdict in zip(planned, gate.verdicts(writes), strict=True):
        if verdict is None:
            yield change
        else:
            yield replace(change, refusal=Refusal(verdict.message, verdict.remedy, BARRED))


# -- when it is about to be sent ---------------------------------------------------------------


def guarded(
    engine: Engine, settings: Settings, connectors: Mapping[str, Connector]
) -> dict[str, Connector]:
    """The connectors, those to partners' own systems writing only what passes the gate."""
    return {
        system: cast(Connector, _Guarded(engine, settings, connector))
        if is_partners(settings, system)
        else connector
        for system, connector in connectors.items()
    }


class _Guarded:
    """A connector whose `apply` holds back what is not the partner's. All else is its own."""

    def __init__(self, engine: Engine, settings: Settings, inner: Connector) -> None:
        self._engine, self._settings, self._inner = engine, settings, inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """One outcome per change; what does not pass is `stale` when things have moved since it was
        planned, else `rejected`, and is not sent."""
        passed = []
        with reading(self._engine) as conn:
            verdicts = self._verdicts(conn, changes)
        for change in changes:
            verdict = verdicts[change.id]
            if verdict is None:
                passed.append(change)
                continue
            yield Outcome(
                change.id,
                "stale" if verdict.moved else "rejected",
                change.record_id,
                BARRED,
                verdict.message,
                verdict.remedy,
            )
        if passed:
            yield from self._inner.apply(passed)

    def _verdicts(self, conn: Connection, changes: Sequence[Change]) -> dict[str, Barred | None]:
        stored = _stored_for(conn, [change.id for change in changes])
        found: dict[str, Barred | None] = {}
        for obj in dict.fromkeys(change.object for change in changes):
            gate = _Gate(conn, self._settings, self._inner.system, obj)
            of_object = [change for change in changes if change.object == obj]
            writes = [_write_of(change, stored, self._inner.system) for change in of_object]
            told = gate.verdicts([write for write in writes if write is not None])
            verdicts = iter(told)
            for change, write in zip(of_object, writes, strict=True):
                found[change.id] = _NOT_PLANNED if write is None else next(verdicts)
        return found


_NOT_PLANNED = Barred(
    "no stored change of a plan stands behind this write.", "plan it: `hub plan`", moved=False
)


def _stored_for(conn: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Change id → system and hub id, as planned."""
    rows = conn.execute(
        select(ops_change.c.id, ops_change.c.system, ops_change.c.hub_id).where(
            ops_change.c.id.in_(list(ids))
        )
    )
    return {row.id: (row.system, row.hub_id) for row in rows}


def _write_of(change: Change, stored: Mapping[str, tuple[str, str]], system: str) -> _Write | None:
    planned_for, hub_id = stored.get(change.id, ("", ""))
    if planned_for != system:
        return None
    values = {**change.fields, **(dict([change.key]) if change.key is not None else {})}
    return _Write(hub_id, change.op, change.record_id, values)


# -- the gate ----------------------------------------------------------------------------------


class _Gate:
    """The rules for one object of one partner's system, as things stand in the warehouse now."""

    def __init__(self, conn: Connection, settings: Settings, system: str, obj: str) -> None:
        self._conn, self._system, self._obj = conn, system, obj
        self._agreement = settings.systems[system].agreement
        mapping: ObjectMapping | None = settings.mappings[system].get(obj)
        self._push = None if mapping is None else mapping.push

    def verdicts(self, writes: Sequence[_Write]) -> list[Barred | None]:
        """For each write, why it does not pass; None when it does."""
        if not writes:
            return []
        ids = pl.DataFrame({"id": [write.hub_id for write in writes]}).unique()
        rows = as_agreed(held_leads(self._conn, ids, [self._system]), self._agreement)
        shown = {row["hub_id"]: row for row in rows.iter_rows(named=True)}
        return [self._verdict(write, shown.get(write.hub_id)) for write in writes]

    def _verdict(self, write: _Write, row: Mapping[str, Any] | None) -> Barred | None:
        push = self._push
        if push is None or push.entity != ENTITY or ENTITY not in self._agreement.entities:
            return Barred(
                f"the agreement lets nothing be written to {self._obj} of {self._system}.",
                f"map it with `entity: {ENTITY}` and name that in `agreement.entities`",
            )
        if row is None:
            return Barred(
                f"{self._system} does not hold the lead {write.hub_id}.",
                "see who has it: `hub explain lead " + write.hub_id + "`",
                moved=True,
            )
        if write.op in REMOVALS:
            return None
        if write.op == "create" and not row["is_held"]:
            return Barred(f"the lead {write.hub_id} is not this partner's any more.", _MOVED, True)
        told = {field: value for field, value in write.values.items() if value is not None}
        foreign = self._personal_constants.intersection(told.values())
        if foreign:
            return Barred(
                f"a value in the mapping of {self._obj} names somebody whose lead this is not.",
                "take the `value` or `map` that names a person, company or id out of the mapping",
            )
        unknown = {f: v for f, v in told.items() if v not in self._sayable(push, row)}
        if unknown and not (row["is_held"] and self._was_there(write, unknown)):
            return Barred(
                f"{', '.join(sorted(unknown))}: not what this partner may be told of the lead "
                f"{write.hub_id} as things stand.",
                _MOVED,
                moved=True,
            )
        return None

    def _sayable(self, push: PushRule, row: Mapping[str, Any]) -> set[str]:
        """Every text that this lead may put into any field: its own values, their translations, and
        what the mapping says of all leads alike."""
        own = {name: str(row[name]) for name in (*ALWAYS, *SHARED) if row[name] is not None}
        texts = set(own.values())
        for rule in push.all_fields.values():
            if rule.value is not None:
                texts.add(rule.value)
            elif rule.column in own and own[rule.column] in rule.map:
                texts.add(rule.map[own[rule.column]])
        return texts

    def _was_there(self, write: _Write, values: Mapping[str, str]) -> bool:
        """Whether the record said so itself before the hub wrote: what undoing puts back."""
        before = self._conn.scalars(
            select(ops_change.c.fields).where(
                ops_change.c.system == self._system,
                ops_change.c.object == self._obj,
                ops_change.c.record_id == write.record_id,
                ops_change.c.hub_id == write.hub_id,
                ops_change.c.outcome == "applied",
            )
        )
        said: dict[str, set[str | None]] = {}
        for text in before:
            for field, cell in json.loads(text).items():
                said.setdefault(field, set()).add(cell["before"])
        return all(value in said.get(field, ()) for field, value in values.items())

    @cached_property
    def _personal_constants(self) -> frozenset[str]:
        """What the mapping says of all leads alike, and is yet the name, address, number or id of
        somebody whose lead is not with this system."""
        told = set() if self._push is None else _constants(self._push)
        named = _named_elsewhere(self._conn, self._system, {text.casefold() for text in told})
        return frozenset(t for t in told if t.casefold() in named or _HUB_ID.search(t))


def _constants(push: PushRule) -> set[str]:
    """The texts that a mapping spells out itself."""
    values = {rule.value for rule in push.all_fields.values() if rule.value is not None}
    return values.union(*(rule.map.values() for rule in push.all_fields.values()))


def _named_elsewhere(conn: Connection, system: str, texts: Collection[str]) -> set[str]:
    """Which of the (case-folded) texts name a person or company of a lead the system does not
    hold."""
    if not texts:
        return set()
    full_name = func.lower(contact.c.first_name + " " + contact.c.last_name)
    columns = (
        *(func.lower(c) for c in (lead.c.name, lead.c.email, lead.c.company_name)),
        *(func.lower(c) for c in (contact.c.email, contact.c.last_name)),
        *(contact.c.phone, contact.c.mobile, full_name),
    )
    held = select(lead_share.c.hub_id).where(
        lead_share.c.system == system, lead_share.c.state == HELD
    )
    rows = conn.execute(
        select(*columns)
        .select_from(lead)
        .outerjoin(contact, contact.c.id == lead.c.contact_id)
        .where(or_(*(c.in_(sorted(texts)) for c in columns)), lead.c.id.not_in(held))
    )
    return {value for row in rows for value in row if value is not None} & set(texts)
