"""Associations v4: reading, setting and removing what joins two records."""

from collections.abc import Sequence

import msgspec

from sandbox.hubspot import joins
from sandbox.hubspot.bodies import Ref, Spec
from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, Reply, Rule, batch_reply, next_page
from sandbox.hubspot.links import Neighbour
from sandbox.hubspot.objects import READ, WRITE
from sandbox.hubspot.schema import LinkType, ObjectType
from sandbox.hubspot.writes import archive_orphans

MAX_PAGE = 500
MAX_CREATE = 2_000


class ReadInput(msgspec.Struct):
    id: str | int
    after: str | int | None = None


class ReadBatch(msgspec.Struct):
    inputs: list[ReadInput]


class TypedInput(msgspec.Struct, rename={"from_": "from"}):
    from_: Ref
    to: Ref
    types: list[Spec]


class TypedBatch(msgspec.Struct):
    inputs: list[TypedInput]


class PlainInput(msgspec.Struct, rename={"from_": "from"}):
    from_: Ref
    to: Ref


class PlainBatch(msgspec.Struct):
    inputs: list[PlainInput]


class ArchiveInput(msgspec.Struct, rename={"from_": "from"}):
    from_: Ref
    to: list[Ref]


class ArchiveBatch(msgspec.Struct):
    inputs: list[ArchiveInput]


# Reading


def read_page(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    limit = call.number("limit", MAX_PAGE)
    if not 1 <= limit <= MAX_PAGE:
        raise validation(f"limit must be between 1 and {MAX_PAGE}, it was {limit}")
    limit = min(limit, call.switches.max_page or limit)
    from_id = _number(call.params["id"])
    found, more = call.store.links.page(left, from_id, right, call.number("after", 0), limit)
    call.rows = len(found)
    body: dict[str, object] = {"results": [_neighbour(call, one) for one in found]}
    if more:
        body["paging"] = next_page(call, str(found[-1][0]))
    return Reply(200, body)


def _number(text: str) -> int:
    """The id as it is stored; what is no number leads nowhere."""
    return int(text) if text.isascii() and text.isdigit() else 0


def _neighbour(call: Call, found: Neighbour) -> dict[str, object]:
    to_id, types = found
    return {"toObjectId": _shown(call, to_id), "associationTypes": [_spec(link) for link in types]}


def _shown(call: Call, record_id: int) -> int | str:
    return record_id if call.switches.association_ids_numeric else str(record_id)


def _spec(link: LinkType) -> dict[str, object]:
    return {"category": link.category, "typeId": link.type_id, "label": link.label}


def read_batch(call: Call) -> Reply:
    """One row for each record that is joined to anything, with paging of its own."""
    left, right = call.kind(), call.kind("to_object")
    inputs = call.decode(ReadBatch).inputs
    _capped(inputs, call.switches.association_read_max)
    limit = min(MAX_PAGE, call.switches.max_page or MAX_PAGE)
    rows: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    for one in inputs:
        from_id, after = _number(str(one.id)), _number(str(one.after or "0"))
        found, more = call.store.links.page(left, from_id, right, after, limit)
        if found:
            row: dict[str, object] = {"from": {"id": str(one.id)}}
            row["to"] = [_neighbour(call, neighbour) for neighbour in found]
            if more:
                row["paging"] = {"next": {"after": str(found[-1][0])}}
            rows.append(row)
            call.rows += len(found)
        elif call.switches.no_associations_is_error:
            error = _nothing_joined(left, right, str(one.id))
            errors.append(error.entry({}, full=call.switches.full_batch_errors))
    return batch_reply(call, rows, errors)


def _nothing_joined(left: ObjectType, right: ObjectType, record_id: str) -> ApiError:
    return ApiError(
        404,
        f"No {right.singular} is associated with {left.singular} {record_id}.",
        "OBJECT_NOT_FOUND",
        sub_category="crm.associations.NO_ASSOCIATIONS_FOUND",
        context={
            "fromObjectId": [record_id],
            "fromObjectType": [left.singular],
            "toObjectType": [right.singular],
        },
    )


def _capped(inputs: Sequence[object], most: int) -> None:
    if len(inputs) > most:
        raise validation(
            f"The maximum number of inputs supported in a batch request is {most}. "
            f"This request holds {len(inputs)}."
        )


# Setting


def put_pair(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    one = TypedInput(Ref(call.params["id"]), Ref(call.params["to_id"]), call.decode(list[Spec]))
    with call.store.db.transaction():
        row = _set(call, left, right, one)
    call.rows = 1
    return Reply(201, row)


def _set(call: Call, left: ObjectType, right: ObjectType, one: TypedInput) -> dict[str, object]:
    links = joins.find_types(call.box, left, right, one.types)
    from_id = joins.living(call.box, left, one.from_.text)
    to_id = joins.living(call.box, right, one.to.text)
    joins.set_types(call.box, left, from_id, right, to_id, links)
    return {
        "fromObjectTypeId": left.type_id,
        "fromObjectId": _shown(call, from_id),
        "toObjectTypeId": right.type_id,
        "toObjectId": _shown(call, to_id),
        "labels": [link.label for link in links if link.label is not None],
    }


def create_batch(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    inputs = call.decode(TypedBatch).inputs
    _capped(inputs, MAX_CREATE)
    rows, errors = [], []
    with call.store.db.transaction():
        for one in inputs:
            try:
                rows.append(_set(call, left, right, one))
            except ApiError as error:
                context = {"fromObjectId": [one.from_.text], "toObjectId": [one.to.text]}
                errors.append(error.entry(context, full=call.switches.full_batch_errors))
    call.rows = len(rows)
    clean = 200 if call.dated else call.switches.association_create_status
    return batch_reply(call, rows, errors, clean=clean)


def put_default(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    one = PlainInput(Ref(call.params["id"]), Ref(call.params["to_id"]))
    with call.store.db.transaction():
        rows = _set_default(call, left, right, one)
    call.rows = 1
    return batch_reply(call, rows, ())


def _set_default(
    call: Call, left: ObjectType, right: ObjectType, one: PlainInput
) -> list[dict[str, object]]:
    plain = call.store.catalog.plain(left, right)
    if plain is None:
        raise validation(f"{left.upper} and {right.upper} cannot be associated")
    from_id = joins.living(call.box, left, one.from_.text)
    to_id = joins.living(call.box, right, one.to.text)
    call.store.links.add(plain, from_id, to_id)
    there, back = {"id": str(from_id)}, {"id": str(to_id)}
    return [
        {"from": there, "to": back, "associationSpec": _default_spec(plain.type_id)},
        {"from": back, "to": there, "associationSpec": _default_spec(plain.inverse)},
    ]


def _default_spec(type_id: int) -> dict[str, object]:
    return {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}


def default_batch(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    inputs = call.decode(PlainBatch).inputs
    _capped(inputs, MAX_CREATE)
    rows: list[dict[str, object]] = []
    errors: list[dict[str, object]] = []
    with call.store.db.transaction():
        for one in inputs:
            try:
                rows.extend(_set_default(call, left, right, one))
                call.rows += 1
            except ApiError as error:
                context = {"fromObjectId": [one.from_.text], "toObjectId": [one.to.text]}
                errors.append(error.entry(context, full=call.switches.full_batch_errors))
    return batch_reply(call, rows, errors)


# Removing


def delete_pair(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    pair = (_number(call.params["id"]), _number(call.params["to_id"]))
    with call.store.db.transaction():
        _remove(call, left, right, [pair])
    return Reply(204)


def archive_batch(call: Call) -> Reply:
    left, right = call.kind(), call.kind("to_object")
    inputs = call.decode(ArchiveBatch).inputs
    _capped(inputs, MAX_CREATE)
    pairs = [(_number(one.from_.text), _number(to.text)) for one in inputs for to in one.to]
    with call.store.db.transaction():
        _remove(call, left, right, pairs)
    return Reply(204)


def _remove(
    call: Call, left: ObjectType, right: ObjectType, pairs: Sequence[tuple[int, int]]
) -> None:
    for from_id, to_id in pairs:
        joined = bool(call.store.links.between(left, from_id, right, to_id))
        call.store.links.remove_pair(left, from_id, right, to_id)
        if joined:
            call.rows += 1
            archive_orphans(call.box, ((left, from_id), (right, to_id)))


def archive_labels(call: Call) -> Reply:
    """Take types off pairs; the unlabelled one takes the rest along."""
    left, right = call.kind(), call.kind("to_object")
    inputs = call.decode(TypedBatch).inputs
    _capped(inputs, MAX_CREATE)
    with call.store.db.transaction():
        for one in inputs:
            from_id, to_id = _number(one.from_.text), _number(one.to.text)
            for link in joins.find_types(call.box, left, right, one.types):
                call.store.links.remove(link, from_id, to_id)
            call.rows += 1
            archive_orphans(call.box, ((left, from_id), (right, to_id)))
    return Reply(204)


def rules() -> list[Rule]:
    """Pairs hang under the object, batches under the two types; the dated paths mirror v4."""
    made = []
    for objects, pairs, dated in (
        ("/crm/v4/objects", "/crm/v4/associations", False),
        ("/crm/v4/objects", "/crm/associations/v4", False),
        ("/crm/objects/2026-09", "/crm/associations/2026-09", True),
    ):
        one = objects + "/{object}/{id}/associations"
        many = pairs + "/{object}/{to_object}/batch"
        made += [
            Rule("GET", one + "/{to_object}", read_page, READ, dated=dated),
            Rule("POST", many + "/read", read_batch, READ, dated=dated),
        ]
        made += [
            Rule(method, path, handler, WRITE, dated=dated, associates=True)
            for method, path, handler in (
                ("PUT", one + "/default/{to_object}/{to_id}", put_default),
                ("PUT", one + "/{to_object}/{to_id}", put_pair),
                ("DELETE", one + "/{to_object}/{to_id}", delete_pair),
                ("POST", many + "/create", create_batch),
                ("POST", many + "/archive", archive_batch),
                ("POST", many + "/labels/archive", archive_labels),
                ("POST", many + "/associate/default", default_batch),
            )
        ]
    return list(dict.fromkeys(made))
