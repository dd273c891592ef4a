"""`sobjects/X` and below: one record at a time, by id or by external id."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.conditions import conditions, nothing_new, validators
from sandbox.salesforce.errors import ApiError, no_such_column, not_found
from sandbox.salesforce.finding import matching, owned_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.reading import read_by_id
from sandbox.salesforce.recycle import delete
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.values import UnreadableError
from sandbox.salesforce.writes import Writer, create, update

DUPLICATE_HEADER_SINCE = 52
_ALLOW_SAVE = re.compile(r"\ballowSave\s*=\s*true\b", re.IGNORECASE)
UPSERT_ANSWERS_WITH_BODY_SINCE = 46


def writer_of(org: Org, call: Call) -> Writer:
    return Writer(
        org,
        call.user_id,
        assign=call.flag("sforce-auto-assign") is not False,
        allow_save=call.version >= DUPLICATE_HEADER_SINCE
        and _ALLOW_SAVE.search(call.headers.get("sforce-duplicate-rule-header", "")) is not None,
    )


def post_row(org: Org, call: Call) -> Reply:
    sobject = org.sobject(call.params["object"])
    with _places_named(call):
        record = create(writer_of(org, call), sobject, call.json_object())
    return _created(call, sobject, record, {"id": record, "success": True, "errors": []})


def get_row(org: Org, call: Call) -> Reply:
    sobject = org.sobject(call.params["object"])
    return _read(org, call, sobject, _path_id(sobject, call.params["id"]))


def patch_row(org: Org, call: Call) -> Reply:
    sobject = org.sobject(call.params["object"])
    record = _path_id(sobject, call.params["id"])
    with _places_named(call):
        update(writer_of(org, call), sobject, record, call.json_object(), conditions(call.headers))
    return Reply(status=204, rows=1)


def delete_row(org: Org, call: Call) -> Reply:
    sobject = org.sobject(call.params["object"])
    delete(writer_of(org, call), sobject, _path_id(sobject, call.params["id"]))
    return Reply(status=204, rows=1)


def get_by_key(org: Org, call: Call) -> Reply:
    sobject, field = _key_of(org, call)
    found = matching(org, sobject, field, call.params["value"])
    if len(found) > 1:
        return _several(call, sobject, found)
    if not found:
        raise not_found()
    return _read(org, call, sobject, found[0])


def upsert(org: Org, call: Call) -> Reply:
    """Update the one record with this key, create it where there is none, refuse to choose."""
    sobject, field = _key_of(org, call)
    value = call.params["value"]
    body = call.json_object()
    _refuse_key_in_body(field, body)
    found = matching(org, sobject, field, value)
    if len(found) > 1:
        return _several(call, sobject, found)
    writer = writer_of(org, call)
    with _places_named(call):
        if found:
            update(writer, sobject, found[0], body, conditions(call.headers))
            return _upserted(call, found[0])
        if field.type == "id":
            raise not_found()
        record = create(writer, sobject, {**body, field.name: value})
    answer = {"id": record, "success": True, "errors": [], "created": True}
    return _created(call, sobject, record, answer)


def delete_by_key(org: Org, call: Call) -> Reply:
    sobject, field = _key_of(org, call)
    found = matching(org, sobject, field, call.params["value"])
    if len(found) > 1:
        return _several(call, sobject, found)
    if not found:
        raise not_found()
    delete(writer_of(org, call), sobject, found[0])
    return Reply(status=204, rows=1)


def key_field(sobject: SObject, name: str) -> Field:
    """The field an upsert may match on, or NOT_FOUND with the platform's sentence."""
    field = sobject.field(name)
    if field is None or not (field.external_id or field.id_lookup):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    return field


def _key_of(org: Org, call: Call) -> tuple[SObject, Field]:
    sobject = org.sobject(call.params["object"])
    return sobject, key_field(sobject, call.params["field"])


def _refuse_key_in_body(field: Field, body: Mapping[str, object]) -> None:
    for name in body:
        if name.lower() in (field.name.lower(), "id"):
            raise ApiError(
                "INVALID_FIELD",
                f"The {field.name} field should not be specified in the sobject data.",
                [field.name],
            )


def _path_id(sobject: SObject, value: str) -> str:
    if len(value) not in (15, 18) or not value.isalnum():
        raise not_found(f"Provided external ID field does not exist or is not accessible: {value}")
    return owned_id(sobject, value)


def _read(org: Org, call: Call, sobject: SObject, record: str) -> Reply:
    asked = call.query.get("fields")
    names = asked.split(",") if asked else [field.name for field in sobject.readable]
    fields = checked_fields(sobject, [name.strip() for name in names])
    row = org.store.fetch(sobject, record)
    if row is None or row.get("IsDeleted"):
        raise not_found()
    headers = validators(sobject, row)
    if nothing_new(conditions(call.headers), sobject, row):
        return Reply(status=304, headers=headers)
    found = read_by_id(org, sobject, [record], fields, call.base)
    return Reply(body=found[record], headers=headers, rows=1)


def checked_fields(sobject: SObject, names: Sequence[str]) -> list[str]:
    """The fields to read, Id always among them, or INVALID_FIELD."""
    for name in names:
        if "." not in name and sobject.field(name) is None:
            raise no_such_column(sobject.name, name)
    lowered = {name.lower() for name in names}
    return [*names] if "id" in lowered else [*names, "Id"]


def _created(call: Call, sobject: SObject, record: str, body: dict[str, object]) -> Reply:
    location = f"{call.base}/sobjects/{sobject.name}/{record}"
    return Reply(status=201, body=body, headers={"Location": location}, rows=1)


def _upserted(call: Call, record: str) -> Reply:
    if call.version < UPSERT_ANSWERS_WITH_BODY_SINCE:
        return Reply(status=204, rows=1)
    return Reply(body={"id": record, "success": True, "errors": [], "created": False}, rows=1)


def _several(call: Call, sobject: SObject, found: list[str]) -> Reply:
    urls = [f"{call.base}/sobjects/{sobject.name}/{record}" for record in found]
    return Reply(status=300, body=urls)


@contextmanager
def _places_named(call: Call) -> Iterator[None]:
    """Completes parser errors with the line and column of the field in the request body."""
    try:
        yield
    except UnreadableError as error:
        raise error.located(call.body) from None


ROUTES = (
    Route("POST", "sobjects/{object}", post_row),
    Route("GET", "sobjects/{object}/{id}", get_row),
    Route("PATCH", "sobjects/{object}/{id}", patch_row),
    Route("DELETE", "sobjects/{object}/{id}", delete_row),
    Route("GET", "sobjects/{object}/{field}/{value}", get_by_key),
    Route("PATCH", "sobjects/{object}/{field}/{value}", upsert),
    Route("DELETE", "sobjects/{object}/{field}/{value}", delete_by_key),
)
