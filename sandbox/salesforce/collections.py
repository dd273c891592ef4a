"""sObject Collections: up to 200 records a call, one result each, in the order given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeGuard

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.finding import matching, owned_id
from sandbox.salesforce.ids import to_long
from sandbox.salesforce.org import Org
from sandbox.salesforce.reading import read_by_id
from sandbox.salesforce.recycle import delete
from sandbox.salesforce.rows import checked_fields, key_field, writer_of
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.setup_objects import SETUP_OBJECTS
from sandbox.salesforce.writes import Writer, create, update

MAX_RECORDS = 200
MAX_RETRIEVED = 2_000
MAX_RUNS = 10

Result = dict[str, object]
Entry = dict[str, object]

_ROLLED_BACK = ApiError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header",
)


@dataclass(frozen=True)
class _Request:
    all_or_none: bool
    records: list[Entry]
    objects: list[SObject]


class _RollBackError(Exception):
    """Leaves the transaction after a failure that takes the whole request with it."""


def create_many(org: Org, call: Call) -> Reply:
    request, writer = _request(org, call), writer_of(org, call)

    def write(place: int) -> Result:
        record = create(writer, request.objects[place], _values(request.records[place]))
        return {"id": record, "success": True, "errors": []}

    return _written(org, len(request.records), write, all_or_none=request.all_or_none)


def update_many(org: Org, call: Call) -> Reply:
    request, writer = _request(org, call), writer_of(org, call)

    def write(place: int) -> Result:
        entry, sobject = request.records[place], request.objects[place]
        given = _named(entry, "id")
        if not isinstance(given, str) or not given:
            raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
        record = owned_id(sobject, given)
        update(writer, sobject, record, _values(entry, without="id"))
        return {"id": record, "success": True, "errors": []}

    return _written(org, len(request.records), write, all_or_none=request.all_or_none)


def upsert_many(org: Org, call: Call) -> Reply:
    """A key given twice fails both rows: which one should win is not for the platform to say."""
    request, writer = _request(org, call), writer_of(org, call)
    sobject = org.sobject(call.params["object"])
    field = key_field(sobject, call.params["field"])
    if any(named.name != sobject.name for named in request.objects):
        raise ApiError("INVALID_TYPE", f"all records have to be of type {sobject.name}")
    keys = [_key(entry, field) for entry in request.records]
    folded = [key.casefold() for key in keys]

    def write(place: int) -> Result:
        key = keys[place]
        if key and folded.count(folded[place]) > 1:
            raise ApiError(
                "DUPLICATE_VALUE", f"Duplicate external id specified: {key}", [field.name]
            )
        return upsert_one(writer, sobject, field, key, request.records[place])

    return _written(org, len(keys), write, all_or_none=request.all_or_none)


def delete_many(org: Org, call: Call) -> Reply:
    """`DELETE composite/sobjects?ids=…&allOrNone=…`, of any objects."""
    ids = _listed(call.query.get("ids", ""))
    _check_size(org, len(ids), MAX_RECORDS)
    writer = writer_of(org, call)

    def write(place: int) -> Result:
        long_id = to_long(ids[place])
        sobject = org.schema.by_prefix(ids[place][:3])
        if long_id is None or sobject is None:
            raise ApiError("MALFORMED_ID", f"malformed id {ids[place]}", [])
        delete(writer, sobject, long_id)
        return {"id": long_id, "success": True, "errors": []}

    all_or_none = call.query.get("allOrNone", "false").lower() == "true"
    return _written(org, len(ids), write, all_or_none=all_or_none)


def retrieve_many(org: Org, call: Call) -> Reply:
    """Records by id in the order asked; null where there is none."""
    sobject = org.sobject(call.params["object"])
    ids: object
    names: object
    if call.method == "GET":
        ids, names = _listed(call.query.get("ids", "")), _listed(call.query.get("fields", ""))
    else:
        body = call.json_object()
        ids, names = body.get("ids"), body.get("fields")
    if not _texts(ids) or not _texts(names) or not names:
        raise ApiError("INVALID_REQUEST", "ids and fields have to be specified")
    _check_size(org, len(ids), MAX_RETRIEVED)
    wanted = [to_long(value) or value for value in ids]
    found = read_by_id(org, sobject, wanted, checked_fields(sobject, names), call.base)
    return Reply(body=[found.get(value) for value in wanted], rows=len(found))


def _written(org: Org, count: int, write: Callable[[int], Result], *, all_or_none: bool) -> Reply:
    results: list[Result] = []
    failed: set[int] = set()
    try:
        with org.store.transaction():
            for place in range(count):
                try:
                    results.append(write(place))
                except ApiError as error:
                    failed.add(place)
                    results.append({"success": False, "errors": _row_errors(error)})
            if failed and all_or_none:
                raise _RollBackError
    except _RollBackError:
        for place in range(count):
            if place not in failed:
                results[place] = {"success": False, "errors": _ROLLED_BACK.row_errors()}
        failed = set(range(count))
    return Reply(body=results, rows=count - len(failed))


def _row_errors(error: ApiError) -> list[dict[str, object]]:
    """A row that never existed is a missing resource alone, but a bad reference in a list."""
    if error.code == "NOT_FOUND":
        error = ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    return error.row_errors()


def _request(org: Org, call: Call) -> _Request:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(entry, dict) for entry in records):
        raise ApiError("JSON_PARSER_ERROR", "The records have to be an array of objects")
    _check_size(org, len(records), MAX_RECORDS)
    objects = [_object_of(org, entry) for entry in records]
    runs = sum(
        1 for place, sobject in enumerate(objects)
        if place == 0 or sobject.name != objects[place - 1].name
    )  # fmt: skip
    setup = {sobject.name in SETUP_OBJECTS for sobject in objects}
    if len(setup) > 1:
        raise ApiError(
            "MIXED_DML_OPERATION",
            "DML operation on setup object is not permitted after you have updated a non-setup "
            "object (or vice versa)",
        )
    if runs > MAX_RUNS:
        raise ApiError(
            "EXCEEDED_MAX_TYPES_LIMIT",
            f"operation cannot have more than {MAX_RUNS} chunks of records of one type, "
            f"this one has {runs}",
        )
    return _Request(body.get("allOrNone") is True, records, objects)


def _check_size(org: Org, count: int, most: int) -> None:
    if count > most:
        raise ApiError(
            org.switches.oversized_collection_code,
            f"record limit reached. cannot submit more than {most} records into this call",
        )


def _object_of(org: Org, entry: Entry) -> SObject:
    attributes = _named(entry, "attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise ApiError("MISSING_ARGUMENT", "attributes.type has to be specified for each record")
    sobject = org.schema.get(name)
    if sobject is None:
        raise ApiError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return sobject


def upsert_one(writer: Writer, sobject: SObject, field: Field, key: str, entry: Entry) -> Result:
    if not key:
        raise ApiError("MISSING_ARGUMENT", f"{field.name} not specified", [field.name])
    values = _values(entry, without=field.name.lower())
    found = matching(writer.org, sobject, field, key)
    if len(found) > 1:
        raise ApiError(
            "DUPLICATE_EXTERNAL_ID",
            f"duplicate external id: more than one record found for {field.name}: {key}",
            [field.name],
        )
    if found:
        update(writer, sobject, found[0], values)
        return {"id": found[0], "success": True, "errors": [], "created": False}
    if field.type == "id":
        raise ApiError("NOT_FOUND", "The requested resource does not exist")
    record = create(writer, sobject, {**values, field.name: key})
    return {"id": record, "success": True, "errors": [], "created": True}


def _key(entry: Entry, field: Field) -> str:
    value = _named(entry, field.name.lower())
    return "" if value is None else str(value).strip()


def _named(entry: Entry, lowered: str) -> object:
    return next((entry[name] for name in entry if name.lower() == lowered), None)


def _values(entry: Entry, without: str = "") -> Entry:
    return {n: v for n, v in entry.items() if n.lower() not in ("attributes", without)}


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)


ROUTES = (
    Route("POST", "composite/sobjects", create_many),
    Route("PATCH", "composite/sobjects", update_many),
    Route("DELETE", "composite/sobjects", delete_many),
    Route("PATCH", "composite/sobjects/{object}/{field}", upsert_many),
    Route("POST", "composite/sobjects/{object}", retrieve_many),
    Route("GET", "composite/sobjects/{object}", retrieve_many),
)
