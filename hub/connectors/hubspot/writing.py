"""Writing records: batches of 100, one outcome per change.

Updates go by record id; creates are upserts by the hub's own unique property. HubSpot's upsert
takes no associations, so a create with links is a batch create; the unique property makes a second
attempt end in a conflict, which is then turned into an update. Whether an answer is 200 or 207 does
not matter: every input must be found in `results` or `errors`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.connectors.contract import Change, Outcome
from hub.connectors.hubspot.client import BatchAnswer, Portal, Written
from hub.connectors.hubspot.faults import (
    CONFLICT,
    EMAIL_TAKEN,
    GONE,
    Fault,
    RequestRefused,
    row_rule,
)
from hub.connectors.hubspot.linktypes import LinkCatalogue, LinkField
from hub.connectors.hubspot.schema import Schemas, Shape, linked, plain
from hub.connectors.outcomes import chunks, grouped, one_each, rejected
from hub.errors import SchemaChanged, SystemUnreachable

ROWS_PER_CALL = 100
_EXISTING = re.compile(r"Existing ID: (\d+)")

_Input = dict[str, Any]


class Writer:
    """Applies changes to one portal."""

    def __init__(self, portal: Portal, schemas: Schemas, catalogue: LinkCatalogue) -> None:
        self._portal, self._schemas, self._catalogue = portal, schemas, catalogue

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return one_each(grouped(changes, _route), self._write)

    def _write(self, group: Sequence[Change]) -> Iterator[Outcome]:
        shape = self._schemas.of(group[0].object)
        ready: list[Change] = []
        for change in group:
            refusal = _refusal(change, shape)
            if refusal is not None:
                yield refusal
            else:
                ready.append(change)
        self._portal.calls.minimum += -(-len(ready) // ROWS_PER_CALL)
        for chunk in chunks(ready, ROWS_PER_CALL, _identity):
            if chunk[0].op == "update":
                yield from self._update(chunk)
            elif linked(list(chunk[0].fields)):
                yield from self._create(chunk)
            else:
                yield from self._upsert(chunk)

    def _update(self, chunk: Sequence[Change]) -> Iterator[Outcome]:
        records = {change.id: change.record_id or "" for change in chunk}
        yield from self._update_records(chunk, records)

    def _update_records(
        self, chunk: Sequence[Change], records: Mapping[str, str]
    ) -> Iterator[Outcome]:
        def send(part: Sequence[Change]) -> BatchAnswer:
            inputs = [
                {**_traced(change), "id": records[change.id], "properties": _properties(change)}
                for change in part
            ]
            return self._portal.batch_update(chunk[0].object, inputs)

        for change, told in self._settled(chunk, send, records):
            yield _outcome(change, told)

    def _upsert(self, chunk: Sequence[Change]) -> Iterator[Outcome]:
        def send(part: Sequence[Change]) -> BatchAnswer:
            inputs = [
                {
                    **_traced(change),
                    "idProperty": _key(change)[0],
                    "id": _key(change)[1],
                    "properties": _properties(change),
                }
                for change in part
            ]
            return self._portal.batch_upsert(chunk[0].object, inputs)

        for change, told in self._settled(chunk, send, {}):
            if isinstance(told, Fault) and (held := _held_already(told)):
                # The same e-mail is the same person to HubSpot: what was to be made is there.
                yield Outcome(change.id, "applied", held, EMAIL_TAKEN, told.said)
            else:
                yield _outcome(change, told)

    def _create(self, chunk: Sequence[Change]) -> Iterator[Outcome]:
        """Creates with links. When the answer is lost, what came of it is read by key first."""
        obj, key = chunk[0].object, _key(chunk[0])[0]

        def send(part: Sequence[Change]) -> BatchAnswer:
            return self._portal.batch_create(obj, [self._creation(change) for change in part])

        try:
            settled = list(self._settled(chunk, send, {}))
        except SystemUnreachable:
            made = self._existing(obj, key, chunk)
            for change in chunk:
                if change.id in made:
                    yield Outcome(change.id, "applied", made[change.id])
            missing = [change for change in chunk if change.id not in made]
            settled = list(self._settled(missing, send, {})) if missing else []
        conflicts = [
            change for change, told in settled if isinstance(told, Fault) and told.code == CONFLICT
        ]
        existing = self._existing(obj, key, conflicts) if conflicts else {}
        for change, told in settled:
            if change.id not in existing:
                yield _outcome(change, told)
        known = [change for change in conflicts if change.id in existing]
        if known:
            yield from self._update_records(known, existing)

    def _creation(self, change: Change) -> _Input:
        key, value = _key(change)
        return {
            **_traced(change),
            "properties": {**_properties(change), key: value},
            "associations": [
                {"to": {"id": record_id}, "types": [self._link_type(change.object, field)]}
                for field, record_id in change.fields.items()
                if record_id is not None and linked([field])
            ],
        }

    def _link_type(self, obj: str, field: str) -> _Input:
        category, type_id = self._catalogue.type_of(obj, LinkField.parsed(field))
        return {"associationCategory": category, "associationTypeId": type_id}

    def _existing(self, obj: str, key: str, changes: Sequence[Change]) -> dict[str, str]:
        """Change id → id of the record that already holds its key."""
        found = self._portal.read_by_key(obj, key, [_key(change)[1] for change in changes])
        held = {record.properties.get(key): record.id for record in found}
        return {change.id: held[_key(change)[1]] for change in changes if _key(change)[1] in held}

    def _settled(
        self, chunk: Sequence[Change], send: Any, records: Mapping[str, str]
    ) -> Iterator[tuple[Change, Written | Fault | None]]:
        """Each change with what the answer says of it; None when it says nothing.

        A request refused as a whole is cut in halves until the rows that spoil it stand alone.
        """
        try:
            answer = send(chunk)
        except RequestRefused as refused:
            if len(chunk) == 1:
                yield chunk[0], refused.fault
                return
            middle = len(chunk) // 2
            yield from self._settled(chunk[:middle], send, records)
            yield from self._settled(chunk[middle:], send, records)
            return
        yield from _matched(chunk, answer, records)


def _matched(
    chunk: Sequence[Change], answer: BatchAnswer, records: Mapping[str, str]
) -> Iterator[tuple[Change, Written | Fault | None]]:
    """Results come in any order and one error may stand for many inputs: match by trace id, else
    by record id, else by key."""
    told: dict[str, Written | Fault] = {}
    by_record = {record_id: change_id for change_id, record_id in records.items()}
    by_key = {change.key: change.id for change in chunk if change.key is not None}
    ids = {change.id for change in chunk}
    for written in answer.results:
        names = [written.objectWriteTraceId, by_record.get(written.id)]
        names += [by_key.get((name, value or "")) for name, value in written.properties.items()]
        for name in names:
            if name in ids:
                told[name] = written
                break
    nameless: Fault | None = None
    for fault in answer.errors:
        named = _named(fault, ids, by_record)
        for change_id in named:
            told.setdefault(change_id, fault)
        if not named:
            nameless = fault
    for change in chunk:
        yield change, told.get(change.id, nameless)


def _named(fault: Fault, ids: set[str], by_record: Mapping[str, str]) -> list[str]:
    traced = [name for name in fault.context.get("objectWriteTraceId", []) if name in ids]
    if traced:
        return traced
    told = fault.context.get("ids", []) + fault.context.get("id", [])
    return [by_record[record_id] for record_id in told if record_id in by_record]


def _route(change: Change) -> tuple[str, str, str, bool]:
    key = change.key[0] if change.key else ""
    return change.object, change.op, key, bool(linked(list(change.fields)))


def _identity(change: Change) -> str:
    return change.key[1] if change.op == "create" and change.key else change.record_id or change.id


def _key(change: Change) -> tuple[str, str]:
    if change.key is None:
        raise ValueError(f"change {change.id} has no key")
    return change.key


def _traced(change: Change) -> _Input:
    return {"objectWriteTraceId": change.id}


def _properties(change: Change) -> dict[str, str]:
    """Everything travels as text; an empty text clears."""
    return {name: change.fields[name] or "" for name in plain(list(change.fields))}


def _refusal(change: Change, shape: Shape) -> Outcome | None:
    """Why no request could carry this change, if so."""
    try:
        shape.require(plain(list(change.fields)))
    except SchemaChanged as err:
        return rejected(change, "PROPERTY_DOESNT_EXIST", err.message, err.remedy)
    if change.op == "update":
        if not change.record_id:
            return rejected(change, "no_record", "an update without a record id.", "sync again")
        if linked(list(change.fields)):
            return rejected(
                change,
                "link_update",
                "associations are set only when a record is created.",
                "move the association into `create.fields` of the mapping",
            )
        return None
    if change.key is None:
        return rejected(change, "no_key", "a create without a key.", "name `create.key`")
    known = shape.properties.get(change.key[0])
    if known is None or not known.hasUniqueValue:
        return rejected(
            change,
            "key_not_unique",
            f"{shape.name}.{change.key[0]} is not a unique property: a create could not be "
            "repeated safely.",
            "create the key property with unique values (`hub provision`)",
        )
    return None


def _held_already(fault: Fault) -> str | None:
    """The record that already has the e-mail of a contact to be made, if that is the fault."""
    found = _EXISTING.search(fault.said) if fault.code == EMAIL_TAKEN else None
    return found[1] if found else None


def _outcome(change: Change, told: Written | Fault | None) -> Outcome:
    if isinstance(told, Written):
        return Outcome(change.id, "applied", told.id)
    if told is None:
        return Outcome(change.id, "stale", change.record_id, "absent", "merged or deleted", GONE)
    status, remedy = row_rule(told.code)
    return Outcome(change.id, status, change.record_id, told.code, told.said, remedy)
