"""Writing records: sObject Collections, 200 rows a call, one outcome per change.

Updates go by record id, creates are upserts by the hub's own external id. Both set absolute values,
so a request whose answer was lost is simply sent again.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from hub.connectors.contract import Change, Outcome
from hub.connectors.outcomes import chunks, grouped, one_each, rejected
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.faults import LOCKED, row_rule
from hub.connectors.salesforce.schema import Schemas, Shape
from hub.errors import SystemUnreachable

ROWS_PER_CALL = 200
LOCK_ATTEMPTS = 4
_LOCK_PAUSE_SECONDS = 0.5

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class _RowError(msgspec.Struct):
    statusCode: str = ""  # noqa: N815 - the wire's name
    message: str = ""
    fields: list[str] = []


class _RowResult(msgspec.Struct):
    success: bool
    id: str | None = None
    errors: list[_RowError] = []


_Record = dict[str, object]


class Writer:
    """Applies changes to one org."""

    def __init__(self, org: Org, schemas: Schemas, *, auto_assign: bool) -> None:
        self._org, self._schemas = org, schemas
        self._headers = {} if auto_assign else {"Sforce-Auto-Assign": "FALSE"}

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return one_each(grouped(changes, _route), self._write)

    def _write(self, group: Sequence[Change]) -> Iterator[Outcome]:
        with self._schemas.trusted(group[0].object):
            yield from self._group(group)

    def _group(self, group: Sequence[Change]) -> Iterator[Outcome]:
        shape = self._schemas.of(group[0].object)
        records: dict[str, _Record] = {}
        for change in group:
            told = _record(change, shape)
            if isinstance(told, Outcome):
                yield told
            else:
                records[change.id] = told
        ready = [change for change in group if change.id in records]
        self._org.calls.minimum += -(-len(ready) // ROWS_PER_CALL)
        for chunk in chunks(ready, ROWS_PER_CALL, _identity):
            yield from self._chunk(chunk, records)

    def _chunk(self, chunk: Sequence[Change], records: dict[str, _Record]) -> Iterator[Outcome]:
        """Rows locked by somebody else get a few more attempts, together and by themselves."""
        waiting: Sequence[Change] = chunk
        for attempt in range(1, LOCK_ATTEMPTS + 1):
            locked: list[Change] = []
            answers = self._send(waiting, [records[change.id] for change in waiting])
            for change, result in zip(waiting, answers, strict=True):
                if attempt < LOCK_ATTEMPTS and _code(result) == LOCKED:
                    locked.append(change)
                else:
                    yield _outcome(change, result)
            if not locked:
                return
            waiting = locked
            self._org.patience.sleep(attempt * _LOCK_PAUSE_SECONDS)

    def _send(self, chunk: Sequence[Change], records: Sequence[_Record]) -> list[_RowResult]:
        first = chunk[0]
        path = "composite/sobjects"
        if first.op == "create" and first.key is not None:
            path = f"{path}/{first.object}/{first.key[0]}"
        body = _ENCODER.encode({"allOrNone": False, "records": records})
        response = self._org.write("PATCH", path, body, self._headers)
        try:
            results = msgspec.json.decode(response.content, type=list[_RowResult])
        except msgspec.MsgspecError as err:
            raise self._unclear("cannot be read") from err
        if len(results) != len(chunk):
            raise self._unclear(f"has {len(results)} rows for {len(chunk)} changes")
        return results

    def _unclear(self, how: str) -> SystemUnreachable:
        return SystemUnreachable(
            f"{self._org.system}: the answer to a write {how}.",
            remedy="the next sync reads what came of it",
        )


def _route(change: Change) -> tuple[str, str, str]:
    return change.object, change.op, change.key[0] if change.key else ""


def _identity(change: Change) -> str:
    """What two changes in one request must not share: ids by their 15 significant characters,
    keys without case, as the org compares them."""
    if change.op == "create" and change.key is not None:
        return change.key[1].casefold()
    return (change.record_id or change.id)[:15]


def _record(change: Change, shape: Shape) -> _Record | Outcome:
    """The change as one row of a request, or its rejection when no request could carry it."""
    if change.op == "create" and change.key is None:
        return rejected(change, "no_key", "a create without a key.", "name `create.key`")
    if change.op == "update" and not change.record_id:
        return rejected(change, "no_record", "an update without a record id.", "sync again")
    values: Iterable[tuple[str, str | None]] = change.fields.items()
    record: _Record = {"attributes": {"type": shape.name}}
    if change.op == "update":
        record["id"] = change.record_id
    elif change.key is not None:
        values = {**change.fields, change.key[0]: change.key[1]}.items()
    for name, text in values:
        field = shape.fields.get(name)
        if field is None:
            return rejected(
                change,
                "INVALID_FIELD",
                f"{shape.name} has no visible field {name}.",
                shape.remedy_for([name]),
            )
        try:
            record[name] = field.wire(text)
        except ValueError as err:
            return rejected(
                change, "bad_value", f"{name}: {err}.", "correct the value or its mapping"
            )
    return record


def _code(result: _RowResult) -> str:
    return result.errors[0].statusCode if result.errors else ""


def _outcome(change: Change, result: _RowResult) -> Outcome:
    if result.success:
        return Outcome(change.id, "applied", result.id or change.record_id)
    own_record = change.op == "update" and not any(error.fields for error in result.errors)
    status, remedy = row_rule(_code(result), own_record=own_record)
    messages = "; ".join(
        f"{error.message} ({', '.join(error.fields)})" if error.fields else error.message
        for error in result.errors
    )
    return Outcome(change.id, status, change.record_id, _code(result), messages, remedy)
