"""Writing records: batches of 100, one outcome per change.

Updates go by record id; creates are upserts by the hub's own unique property. HubSpot's upsert
takes no associations, so a create with links is a batch create; the unique property makes a second
attempt end in a conflict, which is then turned into an update. After an answer that was lost the
records are read first, and only what they do not say yet is sent again.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from hub.connectors.comparing import COMPARED
from hub.connectors.contract import REMOVALS, Change, Outcome
from hub.connectors.hubspot.client import BatchAnswer, Portal, Written
from hub.connectors.hubspot.deleting import removed
from hub.connectors.hubspot.faults import Fault, row_rule
from hub.connectors.hubspot.linktypes import LinkCatalogue, LinkField
from hub.connectors.hubspot.schema import Schemas, Shape, linked, plain
from hub.connectors.hubspot.settling import Send, Told, settled
from hub.connectors.hubspot.state import RecordState, key_of
from hub.connectors.outcomes import chunks, grouped, left_open, one_each, rejected
from hub.connectors.resending import Delivery, delivered
from hub.errors import SchemaChanged, SystemUnreachable

ROWS_PER_CALL = 100
_LEAD_CONTACT = ("associations/contacts/primary", "associations/0-1/primary")

_Input = dict[str, Any]


class Writer:
    """Applies changes to one portal.

    With `compares` every update and delete is sent only when its record still says what the plan
    was made on; without, those that ask for it.
    """

    def __init__(
        self, portal: Portal, schemas: Schemas, catalogue: LinkCatalogue, *, compares: bool = False
    ) -> None:
        self._portal, self._schemas, self._catalogue = portal, schemas, catalogue
        self._compares = compares
        self._state = RecordState(portal, schemas)

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return one_each(grouped(changes, _route), self._write)

    def _write(self, group: Sequence[Change]) -> Iterator[Outcome]:
        if group[0].op in REMOVALS:
            yield from self._remove(group)
            return
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
                continue
            made = self._made_before(chunk)
            for change_id, record_id in made.items():
                yield Outcome(change_id, "applied", record_id)
            rest = [change for change in chunk if change.id not in made]
            if rest and linked(list(chunk[0].fields)):
                yield from self._create(rest)
            elif rest:
                yield from self._upsert(rest)

    def _made_before(self, chunk: Sequence[Change]) -> dict[str, str]:
        """Change id → id of its record, of the creates that nobody answered when they were sent
        before and whose records say all of it."""
        asked = [change for change in chunk if change.compare]
        return self._state.written_already(asked, {}) if asked else {}

    def _remove(self, group: Sequence[Change]) -> Iterator[Outcome]:
        """Whoever is to be erased goes whatever the record says."""
        if group[0].op not in COMPARED:
            yield from removed(self._portal, group)
            return
        for start in range(0, len(group), ROWS_PER_CALL):
            left = yield from self._unmoved(group[start : start + ROWS_PER_CALL])
            if left:
                yield from removed(self._portal, left)

    def _update(self, chunk: Sequence[Change]) -> Iterator[Outcome]:
        records = {change.id: change.record_id or "" for change in chunk}
        left = yield from self._unmoved(chunk)
        if left:
            yield from self._update_records(left, records)

    def _unmoved(self, chunk: Sequence[Change]) -> Generator[Outcome, None, Sequence[Change]]:
        """The changes that are to be sent, after the outcomes of those that are not: somebody has
        changed their records since the plan, or they say so already."""
        asked = [c for c in chunk if (self._compares or c.compare) and c.record_id]
        if not asked:
            return chunk
        unchanged, judged = self._state.compared(asked)
        yield from judged
        moved = {change.id for change in asked} - {change.id for change in unchanged}
        return [change for change in chunk if change.id not in moved]

    def _update_records(
        self, chunk: Sequence[Change], records: Mapping[str, str]
    ) -> Iterator[Outcome]:
        def send(part: Sequence[Change]) -> BatchAnswer:
            inputs = [
                {**_traced(change), "id": records[change.id], "properties": _properties(change)}
                for change in part
            ]
            return self._portal.batch_update(chunk[0].object, inputs)

        told = settled(chunk, self._surely(send, records), records)
        yield from self._outcomes(told, records)

    def _upsert(self, chunk: Sequence[Change]) -> Iterator[Outcome]:
        def send(part: Sequence[Change]) -> BatchAnswer:
            inputs = [
                {
                    **_traced(change),
                    "idProperty": key_of(change)[0],
                    "id": key_of(change)[1],
                    "properties": _properties(change),
                }
                for change in part
            ]
            return self._portal.batch_upsert(chunk[0].object, inputs)

        yield from self._outcomes(settled(chunk, self._surely(send, {}), {}), {})

    def _create(self, chunk: Sequence[Change]) -> Iterator[Outcome]:
        """Creates with links. When the answer is lost, what came of it is read by key first."""
        obj, key = chunk[0].object, key_of(chunk[0])[0]

        def send(part: Sequence[Change]) -> BatchAnswer:
            return self._portal.batch_create(obj, [self._creation(change) for change in part])

        try:
            told = list(settled(chunk, send, {}))
        except SystemUnreachable:
            with left_open(f"{len(chunk)} creates"):
                made = self._existing(obj, key, chunk)
            for change in chunk:
                if change.id in made:
                    yield Outcome(change.id, "applied", made[change.id])
            missing = [change for change in chunk if change.id not in made]
            told = list(settled(missing, send, {})) if missing else []
        conflicts = [change for change, one in told if isinstance(one, Fault) and one.repeats_a_key]
        refused = {change.id for change in conflicts}
        yield from self._outcomes((pair for pair in told if pair[0].id not in refused), {})
        existing = self._existing(obj, key, conflicts) if conflicts else {}
        strange = refused - existing.keys()
        yield from self._outcomes((pair for pair in told if pair[0].id in strange), {})
        known = [change for change in conflicts if change.id in existing]
        already = self._state.written_already(known, existing) if known else {}
        for change_id, record_id in already.items():
            yield Outcome(change_id, "applied", record_id)
        rest = [change for change in known if change.id not in already]
        if rest:
            yield from self._update_records(rest, existing)

    def _surely(self, send: Send, records: Mapping[str, str]) -> Send:
        """`send`, but made good when an answer is lost: what came of it is read, and only changes
        whose records do not say it yet are sent again."""
        found: dict[str, str] = {}

        def sent(part: Sequence[Change]) -> BatchAnswer:
            left = [change for change in part if change.id not in found]
            made: Delivery[Change, BatchAnswer] = Delivery()
            if left:
                made = delivered(
                    left,
                    send,
                    lambda changes: self._state.written_already(changes, records),
                    lambda change: change.id,
                    self._portal.patience,
                )
            found.update(made.found)
            there = [
                Written(found[change.id], objectWriteTraceId=change.id)
                for change in part
                if change.id in found
            ]
            if made.answer is None:
                return BatchAnswer(there)
            return BatchAnswer([*there, *made.answer.results], made.answer.errors)

        return sent

    def _outcomes(
        self, told: Iterable[tuple[Change, Told]], records: Mapping[str, str]
    ) -> Iterator[Outcome]:
        """What an answer leaves open is looked up: rows it passes over, and who holds an e-mail."""
        silent: list[Change] = []
        taken: list[tuple[Change, Fault, str]] = []
        for change, one in told:
            if one is None:
                silent.append(change)
            elif isinstance(one, Fault) and one.holder is not None and change.op == "create":
                taken.append((change, one, one.holder))
            else:
                yield _outcome(change, one)
        if silent:
            yield from self._state.after_silence(silent, records)
        if taken:
            yield from self._state.after_conflict(taken)

    def _creation(self, change: Change) -> _Input:
        key, value = key_of(change)
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
        found, _ = self._portal.read_by_key(obj, key, [key_of(change)[1] for change in changes])
        held = {record.properties.get(key): record.id for record in found}
        return {
            change.id: held[key_of(change)[1]] for change in changes if key_of(change)[1] in held
        }


def _route(change: Change) -> tuple[str, str, str, bool]:
    key = change.key[0] if change.key else ""
    return change.object, change.op, key, bool(linked(list(change.fields)))


def _identity(change: Change) -> str:
    return change.key[1] if change.op == "create" and change.key else change.record_id or change.id


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
    if shape.is_leads and not any(change.fields.get(field) for field in _LEAD_CONTACT):
        return rejected(
            change,
            "no_contact",
            "a lead is made only together with its primary contact.",
            "put associations/contacts/primary into `create.fields` of the mapping",
        )
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


def _outcome(change: Change, told: Written | Fault) -> Outcome:
    if isinstance(told, Written):
        return Outcome(change.id, "applied", told.id)
    status, remedy = row_rule(told.code)
    return Outcome(change.id, status, change.record_id, told.code, told.said, remedy)
