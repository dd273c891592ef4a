"""Batches of records: up to a hundred inputs, some of which may fail.

Failures of one kind and message are one entry of `errors`, so `numErrors` counts groups.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.hubspot import bodies
from sandbox.hubspot.adminrules import Manner, require_association_editing
from sandbox.hubspot.errors import ApiError, BadValue, InvalidValues, validation
from sandbox.hubspot.http import Call, Reply, Rule, batch_reply, both
from sandbox.hubspot.objects import READ, WRITE, add_history, holder, require_unique, written_one
from sandbox.hubspot.oldviews import read_source
from sandbox.hubspot.records import Wire
from sandbox.hubspot.schema import CONTACTS, ObjectType
from sandbox.hubspot.uniques import EMAIL, key
from sandbox.hubspot.writes import archive_record, create_record, update_record

MAX_INPUTS = 100
MAX_INPUTS_WITH_HISTORY = 50


@dataclass(slots=True)
class Outcome:
    """Rows that went well and refusals of those that did not, in the order of the inputs."""

    rows: list[Wire] = field(default_factory=list)
    _groups: dict[tuple[str, str, str], tuple[ApiError, dict[str, list[str]]]] = field(
        default_factory=dict
    )

    def refuse(self, error: ApiError, trace_id: str | None, record_id: str | None) -> None:
        """Note a failed input under its trace id, or under its record id when it has none."""
        told = (error.category, error.message, repr(error.errors))
        _, context = self._groups.setdefault(told, (error, {}))
        if trace_id is not None:
            context.setdefault("objectWriteTraceId", []).append(trace_id)
        elif record_id is not None:
            context.setdefault("ids", []).append(record_id)

    def errors(self, *, full: bool) -> list[dict[str, object]]:
        return [error.entry(context, full=full) for error, context in self._groups.values()]


def _capped(inputs: Sequence[object], most: int = MAX_INPUTS) -> None:
    if len(inputs) > most:
        raise validation(
            f"The maximum number of inputs supported in a batch request is {most}. "
            f"This request holds {len(inputs)}."
        )


def _reply(call: Call, outcome: Outcome, *, clean: int = 200) -> Reply:
    call.rows = len(outcome.rows)
    if call.switches.shuffle_batch_results:
        call.box.chance.shuffle(outcome.rows)
    errors = outcome.errors(full=call.switches.full_batch_errors)
    return batch_reply(call, outcome.rows, errors, clean=clean)


def _not_found(kind: ObjectType) -> ApiError:
    return ApiError(
        404,
        f"Could not get some {kind.upper} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        "OBJECT_NOT_FOUND",
    )


# Read and archive


def read(call: Call) -> Reply:
    kind = call.kind()
    body = call.decode(bodies.ReadBatch)
    history = body.properties_with_history or []
    if history and len(body.inputs) > MAX_INPUTS_WITH_HISTORY:
        raise validation(
            "The maximum number of inputs supported in a batch request for property histories is "
            "50. Please reduce the number of items and try again"
        )
    _capped(body.inputs)
    wanted = {ref.text: _located(call, kind, ref.text, body.id_property) for ref in body.inputs}
    if call.switches.batch_read_drops_merged and not body.id_property:
        wanted = {text: at for text, at in wanted.items() if at is None or str(at) == text}
    ids = sorted({record_id for record_id in wanted.values() if record_id is not None})
    records = call.store.records
    shape = records.shape(kind, body.properties or kind.defaults)
    source = read_source(call.box, kind)
    found = records.fetch(source, kind, shape, ids, archived=call.flag("archived"))
    outcome = Outcome([found[record_id] for record_id in ids if record_id in found])
    add_history(call, kind, outcome.rows, history)
    for text, record_id in wanted.items():
        if record_id not in found:
            outcome.refuse(_not_found(kind), None, text)
    return _reply(call, outcome)


def _located(call: Call, kind: ObjectType, text: str, id_property: str | None) -> int | None:
    if id_property not in (None, "", "hs_object_id"):
        return holder(call, kind, str(id_property), text)
    if not text.isascii() or not text.isdigit():
        return None
    return call.store.records.resolve(kind, int(text))


def archive(call: Call) -> Reply:
    kind = call.kind()
    inputs = call.decode(bodies.RefBatch).inputs
    _capped(inputs)
    with call.store.db.transaction():
        for ref in inputs:
            text = ref.text
            if text.isascii() and text.isdigit() and call.store.records.alive(kind, int(text)):
                archive_record(call.box, kind, int(text))
                call.rows += 1
    return Reply(204)


# Create


def create(call: Call) -> Reply:
    """All or nothing, unless every input carries a trace id of its own."""
    kind = call.kind()
    inputs = call.decode(bodies.CreateBatch).inputs
    _capped(inputs)
    texts = [bodies.texts(one.properties) for one in inputs]
    _refuse_repeats(_unique_values(call, kind, texts))
    if any(one.associations for one in inputs):
        require_association_editing(call)
    traces = [one.object_write_trace_id for one in inputs]
    partial = None not in traces and len(set(traces)) == len(traces)
    outcome = Outcome()
    with call.store.db.transaction():
        step = _each if partial else _all_or_nothing
        step(
            call,
            outcome,
            [
                (trace, None, _creation(call, kind, values, one.associations or ()))
                for trace, values, one in zip(traces, texts, inputs, strict=True)
            ],
        )
    return _reply(call, outcome, clean=201)


Step = Callable[[], Wire | None]
Job = tuple[str | None, str | None, Step]


def _creation(
    call: Call,
    kind: ObjectType,
    texts: dict[str, str | None],
    associations: Sequence[bodies.NewAssociation],
) -> Step:
    def step() -> Wire:
        manner = Manner(call.dated)
        record_id = create_record(call.box, kind, texts, associations, manner)
        return written_one(call, kind, record_id, texts, manner)

    return step


def _each(call: Call, outcome: Outcome, jobs: Iterable[Job]) -> None:
    """Every input for itself. A step without a row is one the live API passes over in silence."""
    for trace, record_id, step in jobs:
        try:
            call.box.effects.refuse_row()
            row = step()
        except ApiError as error:
            outcome.refuse(error, trace, record_id)
            continue
        if row is not None:
            if trace is not None:
                row["objectWriteTraceId"] = trace
            outcome.rows.append(row)


def _all_or_nothing(call: Call, outcome: Outcome, jobs: Iterable[Job]) -> None:
    """The first refusal ends it, except that bad values of all inputs are told together."""
    bad: list[BadValue] = []
    for trace, _, step in jobs:
        try:
            call.box.effects.refuse_row()
            row = step()
        except InvalidValues as error:
            bad.extend(error.values)
            continue
        if row is not None:
            if trace is not None:
                row["objectWriteTraceId"] = trace
            outcome.rows.append(row)
    if bad:
        raise InvalidValues(bad, call.store.portal_id)


def _unique_values(
    call: Call, kind: ObjectType, inputs: Sequence[dict[str, str | None]]
) -> Iterable[tuple[str, str]]:
    for texts in inputs:
        for name, value in texts.items():
            definition = call.store.catalog.property(kind, name)
            unique = definition is not None and definition.has_unique_value
            if value and (unique or (kind is CONTACTS and name == EMAIL)):
                yield name, key(name, value)


def _refuse_repeats(keys: Iterable[tuple[str, str]]) -> None:
    """Two inputs for one record: the whole request is refused."""
    seen: set[tuple[str, str]] = set()
    for name, value in keys:
        if (name, value) in seen:
            raise validation(
                f"Duplicate {name} values found in batch input: [{value}]. "
                "Each input must resolve to a different record.",
                duplicates=[value],
            )
        seen.add((name, value))


# Update and upsert


def update(call: Call) -> Reply:
    kind = call.kind()
    inputs = call.decode(bodies.WriteBatch).inputs
    _capped(inputs)
    targets = [_target(call, kind, one) for one in inputs]
    _refuse_repeats(("id", str(target)) for target in targets if target is not None)
    outcome = Outcome()
    with call.store.db.transaction():
        jobs: list[Job] = [
            (one.object_write_trace_id, str(one.id), _change(call, kind, one, target))
            for one, target in zip(inputs, targets, strict=True)
        ]
        _each(call, outcome, jobs)
    return _reply(call, outcome)


def _target(call: Call, kind: ObjectType, one: bodies.WriteInput) -> int | None:
    found = _located(call, kind, str(one.id), one.id_property)
    if found is None or call.box.effects.is_unseen(kind.name, found):
        return None
    return found if call.store.records.alive(kind, found) else None


def _change(call: Call, kind: ObjectType, one: bodies.WriteInput, target: int | None) -> Step:
    def step() -> Wire | None:
        if target is None:
            raise _not_found(kind)
        redirected = one.id_property is None and str(target) != str(one.id)
        if redirected and call.switches.batch_update_drops_merged:
            return None
        texts = bodies.texts(one.properties)
        manner = Manner(call.dated)
        update_record(call.box, kind, target, texts, manner)
        return written_one(call, kind, target, texts, manner)

    return step


def upsert(call: Call) -> Reply:
    """Change the record that holds the value, or make one that does."""
    kind = call.kind()
    inputs = call.decode(bodies.WriteBatch).inputs
    _capped(inputs)
    for one in inputs:
        if one.id_property and one.id_property != "hs_object_id":
            require_unique(call, kind, one.id_property)
    _refuse_repeats((f"{x.id_property}", key(f"{x.id_property}", str(x.id))) for x in inputs)
    targets = [_target(call, kind, one) for one in inputs]
    _refuse_repeats(("id", str(target)) for target in targets if target is not None)
    by_email = any(one.id_property == EMAIL for one in inputs)
    outcome = Outcome()
    with call.store.db.transaction():
        whole = by_email and call.switches.email_upsert_atomic
        (_all_or_nothing if whole else _each)(
            call,
            outcome,
            [
                (one.object_write_trace_id, str(one.id), _upsertion(call, kind, one, target))
                for one, target in zip(inputs, targets, strict=True)
            ],
        )
    return _reply(call, outcome)


def _upsertion(call: Call, kind: ObjectType, one: bodies.WriteInput, target: int | None) -> Step:
    def step() -> Wire:
        texts, manner = bodies.texts(one.properties), Manner(call.dated)
        if target is not None:
            update_record(call.box, kind, target, texts, manner)
            record_id = target
        elif one.id_property and one.id_property != "hs_object_id":
            keyed = {one.id_property: str(one.id), **texts}
            record_id = create_record(call.box, kind, keyed, (), manner)
        else:
            raise _not_found(kind)
        row = written_one(call, kind, record_id, texts, manner)
        row["new"] = target is None
        return row

    return step


def rules() -> list[Rule]:
    return both(
        "/crm/v3/objects/{object}/batch",
        "/crm/objects/2026-09/{object}/batch",
        [
            ("POST", "/read", read, READ),
            ("POST", "/create", create, WRITE),
            ("POST", "/update", update, WRITE),
            ("POST", "/upsert", upsert, WRITE),
            ("POST", "/archive", archive, WRITE),
        ],
    )
