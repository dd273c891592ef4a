"""What the handlers do with leads and deals: show, list, make, change."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.datastructures import URL, QueryParams

from sandbox.partner_api.access import Portal
from sandbox.partner_api.errors import ApiError, bad_request, invalid, not_found
from sandbox.partner_api.paging import Page, Wanted, page_of
from sandbox.partner_api.schema import KEY, check, leaves, nested
from sandbox.partner_api.store import Record

_MOST_IDS = 100


def shown(portal: Portal, obj: str, record: Record) -> dict[str, Any]:
    """A record as JSON: the fields the schema has now, empty ones as null."""
    own = {
        "id": record.id,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }
    told = {name: own.get(name, record.values.get(name)) for name in portal.store.fields(obj)}
    if portal.switches.deletes == "field":
        told |= {"deleted_at": record.deleted_at, "merged_into": record.merged_into}
    return nested(told)


def listed(portal: Portal, obj: str, query: QueryParams, url: URL) -> Page:
    """The records that the query asks for, a page of them."""
    where, values = "hidden = 0", list[str | int]()
    if not _with_deleted(portal, query):
        where += " AND deleted_at IS NULL"
    since = query.get("updated_since")
    if since is not None:
        where += f" AND updated_at {'>=' if portal.switches.since_inclusive else '>'} ?"
        values.append(_moment(since))
    if "ids" in query:
        ids = query["ids"].split(",")
        if len(ids) > _MOST_IDS:
            raise bad_request("too_many_ids", f"ids takes {_MOST_IDS} at most.")
        where += f" AND id IN ({', '.join('?' * len(ids))})"
        values += ids
    if KEY in query:
        where += " AND key = ?"
        values.append(query[KEY])
    return page_of(portal.store, Wanted(obj, where, values), portal.switches, query, url)


def deletions(portal: Portal, obj: str, query: QueryParams, url: URL) -> Page:
    """Records that are gone, by the time of their deletion."""
    if portal.switches.deletes != "endpoint":
        raise ApiError(404, "not_found", "There is no such resource.")
    where, values = "hidden = 0 AND deleted_at IS NOT NULL", list[str | int]()
    if "since" in query:
        where += " AND deleted_at >= ?"
        values.append(_moment(query["since"]))
    wanted = Wanted(obj, where, values, "deleted_at")
    return page_of(portal.store, wanted, portal.switches, query, url)


def found(portal: Portal, obj: str, record_id: str, *, deleted: bool = False) -> Record:
    """The record, or 404: also when it is hidden from our user, or gone."""
    record = portal.store.get(obj, record_id)
    if record is None or record.hidden or (record.deleted_at is not None and not deleted):
        raise not_found(obj, record_id)
    return record


def one(portal: Portal, obj: str, record_id: str, query: QueryParams) -> Record:
    return found(portal, obj, record_id, deleted=_with_deleted(portal, query))


def make(portal: Portal, obj: str, body: bytes, key: str | None = None) -> Record:
    """A new record. 409 names the record that has the external reference already."""
    values = _values(portal, obj, body)
    if key is not None:
        values[KEY] = key
    for name, field in portal.store.fields(obj).items():
        if field.required and values.get(name) is None:
            raise invalid(name, "is required", "required")
    _refuse_taken(portal, obj, values.get(KEY), None)
    now = portal.now()
    record = Record(portal.store.next_id(obj), values.get(KEY), now, now, values=values)
    portal.store.put(obj, record)
    return record


def change(portal: Portal, obj: str, record: Record, body: bytes) -> Record:
    """The record with the given fields set; what the body leaves out stays."""
    values = _values(portal, obj, body)
    _refuse_taken(portal, obj, values.get(KEY), record.id)
    record.values |= values
    record.key = record.values.get(KEY)
    record.updated_at = portal.now()
    portal.store.put(obj, record)
    return record


def remove(portal: Portal, obj: str, record: Record) -> None:
    """The record is deleted, as far as our user sees; the portal's own people can restore it."""
    record.deleted_at = record.updated_at = portal.now()
    portal.store.put(obj, record)


def _values(portal: Portal, obj: str, body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise bad_request("invalid_json", f"The body is no JSON object ({error}).") from error
    fields = portal.store.fields(obj)
    values: Mapping[str, Any] = dict(leaves(told))
    for name, value in values.items():
        if name not in fields:
            raise invalid(name, "is not a field", "unknown_field")
        check(fields[name], value)
    return dict(values)


def _refuse_taken(portal: Portal, obj: str, key: str | None, own_id: str | None) -> None:
    holder = portal.store.by_key(obj, key) if key is not None else None
    if holder is not None and holder.id != own_id:
        message = f"{KEY} {key} is taken by {holder.id}."
        raise ApiError(409, "duplicate", message, {"field": KEY, "id": holder.id})


def _with_deleted(portal: Portal, query: QueryParams) -> bool:
    return portal.switches.deletes == "field" and query.get("include_deleted") == "true"


def _moment(text: str) -> str:
    """A time of the query in the spelling of the store."""
    if len(text) == 24 and text.endswith("Z"):
        return text
    raise bad_request("invalid_parameter", "a time must look like 2026-05-04T09:08:07.000Z.")
