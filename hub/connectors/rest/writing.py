"""Writing: one request a change, repeated only where a repetition cannot write twice."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from hub.connectors.contract import (
    REMOVALS,
    Change,
    FieldShape,
    ObjectSpec,
    Operation,
    Outcome,
)
from hub.connectors.outcomes import left_open, one_each, rejected
from hub.connectors.rest.client import Client, Refused, filled
from hub.connectors.rest.config import Create, RestObject, RestSystem
from hub.connectors.rest.places import at, put, steps
from hub.connectors.rest.reading import Lister
from hub.connectors.rest.rows import Rows
from hub.connectors.rest.shape import Shapes
from hub.connectors.rest.values import encoded, json_of
from hub.errors import PermissionLost, SchemaChanged, SystemUnreachable

_GONE = frozenset({404, 410})
_CONFLICT = 409
_STALE = "the record is gone there; the next sync reads what became of it"
_DATA = "correct the value at its source, or translate it with `map` in the mapping"


class Writer:
    """Writes changes to the objects whose `update` or `create` is configured."""

    def __init__(self, client: Client, config: RestSystem, shapes: Shapes) -> None:
        self._client, self._config, self._shapes = client, config, shapes

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return one_each(([change] for change in changes), self._write)

    def _write(self, group: Sequence[Change]) -> Iterator[Outcome]:
        (change,) = group
        obj = self._shapes.object(change.object)
        refusal = self._refusal(change, obj)
        if refusal is not None:
            yield refusal
            return
        self._client.calls.minimum += calls_each(change.op, obj)
        try:
            yield self._written(change, obj)
        except PermissionLost as err:
            yield rejected(change, "forbidden", err.message, err.remedy)
        except Refused as err:
            yield _refused(change, err)

    def _written(self, change: Change, obj: RestObject) -> Outcome:
        if change.op in REMOVALS:
            return self._remove(change, obj)
        return self._update(change, obj) if change.op == "update" else self._create(change, obj)

    def _remove(self, change: Change, obj: RestObject) -> Outcome:
        if obj.delete is None or not change.record_id:
            raise ValueError(f"change {change.id} cannot be a delete")
        path = filled(obj.delete.path, id=change.record_id)
        try:
            self._client.write(obj.delete.method, path, b"", {}, replay=True)
        except Refused as err:
            if err.status not in _GONE:
                raise
        return Outcome(change.id, "applied", change.record_id)

    def _update(self, change: Change, obj: RestObject) -> Outcome:
        if obj.update is None or not change.record_id:
            raise ValueError(f"change {change.id} cannot be an update")
        body = encoded(_body(change.fields, obj, obj.update.body))
        path = filled(obj.update.path, id=change.record_id)
        self._client.write(obj.update.method, path, body, {}, replay=True)
        return Outcome(change.id, "applied", change.record_id)

    def _create(self, change: Change, obj: RestObject) -> Outcome:
        if obj.create is None or change.key is None:
            raise ValueError(f"change {change.id} cannot be a create")
        create, (key, value) = obj.create, change.key
        if create.is_upsert:
            body = encoded(_body(change.fields, obj, create.body))
            answer = self._client.write(
                create.method, filled(create.path, key=value), body, {}, replay=True
            )
            return self._made(change, obj, create, answer)
        held = self._find(obj, change)
        if held is not None:
            return self._update_held(change, obj, held)
        body = encoded(_body({**change.fields, key: value}, obj, create.body))
        headers = _idempotency(change, create, body)
        try:
            answer = self._client.write(
                create.method, create.path, body, headers, replay=bool(headers)
            )
        except SystemUnreachable:
            with left_open(f"the create of {change.object} {value}"):
                held = self._find(obj, change)
            if held is None:
                raise
            return Outcome(change.id, "applied", held)
        except Refused as err:
            held = self._find(obj, change) if err.status == _CONFLICT else None
            if held is None:
                raise
            return self._update_held(change, obj, held)
        return self._made(change, obj, create, answer)

    def _update_held(self, change: Change, obj: RestObject, record_id: str) -> Outcome:
        """The record is there already: it gets the values of the create, if it can be updated."""
        if obj.update is not None and change.fields:
            found = Change(change.id, change.object, "update", change.fields, record_id)
            return self._update(found, obj)
        return Outcome(change.id, "applied", record_id)

    def _made(self, change: Change, obj: RestObject, create: Create, answer: Any) -> Outcome:
        place = create.id if create.id is not None else obj.id
        told = at(answer, steps(place))
        if isinstance(told, str | int) and not isinstance(told, bool):
            return Outcome(change.id, "applied", str(told))
        held = self._find(obj, change) if create.find is not None else None
        if held is not None:
            return Outcome(change.id, "applied", held)
        raise SchemaChanged(
            f"{self._client.system}/{change.object}: no id at '{place}' in the answer to a "
            "create; the record may have been made.",
            remedy=f"correct `objects.{change.object}.create.id`, where the answer tells the id",
        )

    def _find(self, obj: RestObject, change: Change) -> str | None:
        """The living record that has the key of a create."""
        if obj.create is None or obj.create.find is None or change.key is None:
            return None
        rows = Rows(self._client.system, ObjectSpec(change.object, ()), obj)
        lister = Lister(self._client, self._config, obj, rows)
        way = steps(obj.fields[change.key[0]].path)
        asked = {**obj.params, obj.create.find: change.key[1]}
        records, _, _ = lister.page(asked, None)
        for record in records:
            if str(at(record, way)) == change.key[1] and not rows.is_gone(record):
                return rows.id_of(record)
        return None

    def _refusal(self, change: Change, obj: RestObject) -> Outcome | None:
        """Why no request could carry this change, if so."""
        here = f"{self._client.system}/{change.object}"
        op = "delete" if change.op in REMOVALS else change.op
        if {"update": obj.update, "create": obj.create, "delete": obj.delete}[op] is None:
            instead = "take the push out of the mapping" if op != "delete" else "delete it there"
            return rejected(
                change,
                "not_configured",
                f"{here}: no `{op}` is configured.",
                f"describe `objects.{change.object}.{op}`, or {instead}",
            )
        if change.op != "create" and not change.record_id:
            return rejected(change, "no_record", f"{change.op} without a record id.", "sync again")
        if change.op == "create" and change.key is None:
            return rejected(change, "no_key", "a create without a key.", "name `create.key`")
        shapes = {shape.name: shape for shape in self._shapes.describe(change.object)}
        names = [*change.fields, *([change.key[0]] if change.key is not None else [])]
        for name in names:
            fault = _unwritable(name, shapes.get(name))
            if fault is not None:
                return rejected(change, fault, f"{here}: {name} cannot be written.", _field(name))
        return self._misfit(change, obj)

    def _misfit(self, change: Change, obj: RestObject) -> Outcome | None:
        for name, text in change.fields.items():
            field = obj.fields[name]
            try:
                json_of(text, field.kind, field.unit)
            except ValueError as err:
                message = f"{self._client.system}/{change.object}: {name}: {err}."
                return rejected(change, "invalid_value", message, _DATA)
        return None


def calls_each(op: Operation, obj: RestObject) -> int:
    """One request; a create that must first look for its key takes two."""
    by_search = op == "create" and obj.create is not None and not obj.create.is_upsert
    return 2 if by_search else 1


def _unwritable(name: str, shape: FieldShape | None) -> str | None:
    if shape is None or name == "":
        return "no_such_field"
    return None if shape.writable else "read_only"


def _field(name: str) -> str:
    return f"have the system take values for {name}, or take it out of the push"


def _body(fields: Mapping[str, str | None], obj: RestObject, below: str) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, text in fields.items():
        field = obj.fields[name]
        way = (*steps(below), *steps(field.path))
        put(document, way, json_of(text, field.kind, field.unit))
    return document


def _idempotency(change: Change, create: Create, body: bytes) -> dict[str, str]:
    """The same create has the same key, in whatever run it is tried again."""
    if create.idempotency_header is None or change.key is None:
        return {}
    text = f"{change.object}|{change.key[0]}|{change.key[1]}|".encode() + body
    return {create.idempotency_header: blake2b(text, digest_size=16).hexdigest()}


def _refused(change: Change, err: Refused) -> Outcome:
    code = err.code or str(err.status)
    if err.status in _GONE and change.op == "update":
        return Outcome(change.id, "stale", change.record_id, code, err.message, _STALE)
    return rejected(change, code, err.message, _DATA)
