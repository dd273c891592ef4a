"""Single records: list, get, create, patch, delete."""

from collections.abc import Sequence

import msgspec

from sandbox.hubspot import bodies
from sandbox.hubspot.adminrules import Manner, require_association_editing
from sandbox.hubspot.errors import ApiError, missing_record, validation
from sandbox.hubspot.http import Call, Reply, Rule, both, known_kind, next_page
from sandbox.hubspot.oldviews import read_source
from sandbox.hubspot.records import Wire, table
from sandbox.hubspot.schema import COMPANIES, CONTACTS, ObjectType
from sandbox.hubspot.uniques import EMAIL
from sandbox.hubspot.writes import archive_record, create_record, update_record

MAX_LIST = 100
MAX_LIST_WITH_HISTORY = 50
_MAX_LISTED_ASSOCIATIONS = 500
READ = ("crm.objects.{object}.read",)
WRITE = ("crm.objects.{object}.write",)


def list_page(call: Call) -> Reply:
    kind = call.kind()
    history = call.names("propertiesWithHistory")
    limit = _limit(call, MAX_LIST_WITH_HISTORY if history else MAX_LIST)
    after = call.number("after", 0)
    records = call.store.records
    shape = records.shape(kind, call.names("properties") or kind.defaults)
    source = read_source(call.box, kind)
    archived = call.flag("archived")
    body: dict[str, object]
    if history or call.names("associations"):
        found = records.page(source, kind, shape, after, limit + 1, archived=archived)
        page, ids = found[:limit], [str(record["id"]) for record in found]
        add_history(call, kind, page, history)
        _add_associations(call, kind, page)
        body = {"results": page}
    else:
        printed = records.printed(source, kind, shape, after, limit + 1, archived=archived)
        ids = [str(record_id) for record_id, _ in printed]
        body = {"results": msgspec.Raw(f"[{','.join(text for _, text in printed[:limit])}]")}
    call.rows = min(limit, len(ids))
    if len(ids) > limit:
        body["paging"] = next_page(call, ids[limit - 1])
    return Reply(200, body)


def _limit(call: Call, most: int) -> int:
    limit = call.number("limit", 10)
    if limit > most and call.switches.list_limit_over_max == "reject":
        raise validation(f"limit must be at most {most}, it was {limit}")
    if limit < 1:
        raise validation("limit must be at least 1")
    return min(limit, most, call.switches.max_page or most)


def get_one(call: Call) -> Reply:
    kind = call.kind()
    record_id = find(call, kind, call.params["id"], call.query.get("idProperty"))
    wanted = call.flag("archived")
    state = None if call.switches.get_archived == "served" and not wanted else wanted
    records = call.store.records
    shape = records.shape(kind, call.names("properties") or kind.defaults)
    source = read_source(call.box, kind)
    found = records.fetch(source, kind, shape, [record_id], archived=state)
    if not found:
        raise _missing(call, call.params["id"])
    page = list(found.values())
    add_history(call, kind, page, call.names("propertiesWithHistory"))
    _add_associations(call, kind, page)
    call.rows = 1
    return Reply(200, page[0])


def create(call: Call) -> Reply:
    kind = call.kind()
    body = call.decode(bodies.CreateBody)
    if body.associations:
        require_association_editing(call)
    manner = Manner(call.dated)
    with call.store.db.transaction():
        texts = bodies.texts(body.properties)
        record_id = create_record(call.box, kind, texts, body.associations or (), manner)
    call.rows = 1
    record = written_one(call, kind, record_id, texts, manner)
    return Reply(201, record, {"Location": f"{call.path}/{record_id}"})


def patch(call: Call) -> Reply:
    kind = call.kind()
    record_id = find(call, kind, call.params["id"], call.query.get("idProperty"))
    if not call.store.records.alive(kind, record_id):
        raise _missing(call, call.params["id"])
    texts = bodies.texts(call.decode(bodies.PatchBody).properties)
    manner = Manner(call.dated)
    with call.store.db.transaction():
        update_record(call.box, kind, record_id, texts, manner)
    call.rows = 1
    return Reply(200, written_one(call, kind, record_id, texts, manner))


def delete(call: Call) -> Reply:
    """204 also for what is gone already, unless the switch says otherwise.

    A merged-away id deletes nothing: its survivor is another record.
    """
    kind = call.kind()
    text = call.params["id"]
    if text.isascii() and text.isdigit() and call.store.records.alive(kind, int(text)):
        with call.store.db.transaction():
            archive_record(call.box, kind, int(text))
        call.rows = 1
    elif call.switches.delete_missing == "not_found":
        raise _missing(call, text)
    return Reply(204)


def find(call: Call, kind: ObjectType, text: str, id_property: str | None) -> int:
    """The record that an id, or the value of an identifying property, leads to; 404 for none."""
    if id_property in (None, "", "hs_object_id"):
        if not text.isascii() or not text.isdigit():
            raise _missing(call, text)
        record_id = call.store.records.resolve(kind, int(text))
        if call.box.effects.is_unseen(kind.name, record_id):
            raise _missing(call, text)
        return record_id
    found = holder(call, kind, str(id_property), text)
    if found is None or call.box.effects.is_unseen(kind.name, found):
        raise ApiError(404, "resource not found", "OBJECT_NOT_FOUND")
    return found


def holder(call: Call, kind: ObjectType, id_property: str, value: str) -> int | None:
    """Who has this value of an identifying property; 400 when the property identifies nobody."""
    if kind is COMPANIES and id_property == "domain":
        row = call.store.db.execute(
            "SELECT min(id) FROM record_companies "
            "WHERE archived_at IS NULL AND p_domain = ? COLLATE NOCASE",
            (value,),
        ).fetchone()
        return row[0] if row is not None else None
    require_unique(call, kind, id_property)
    return call.store.uniques.holder(kind, id_property, value)


def require_unique(call: Call, kind: ObjectType, id_property: str) -> None:
    definition = call.store.catalog.property(kind, id_property)
    is_address = kind is CONTACTS and id_property == EMAIL
    if definition is None or not (definition.has_unique_value or is_address):
        raise validation(
            f"idProperty {id_property!r} is not a unique property of {kind.upper}",
            idProperty=[id_property],
        )


def _missing(call: Call, text: str) -> ApiError:
    return missing_record(text, with_category=call.switches.not_found_has_category)


def written(
    call: Call, kind: ObjectType, ids: Sequence[int], names: Sequence[str] | dict[str, str | None]
) -> dict[int, Wire]:
    """Records as a write answers with them: defaults and what was written."""
    records = call.store.records
    shape = records.shape(kind, [*kind.defaults, *names])
    return records.fetch(table(kind), kind, shape, ids, archived=None)


def written_one(
    call: Call, kind: ObjectType, record_id: int, texts: dict[str, str | None], manner: Manner
) -> Wire:
    """The answer for one record just written, with the warnings there are."""
    record = written(call, kind, [record_id], texts)[record_id]
    if manner.warnings:
        record["warnings"] = manner.warnings
    return record


def add_history(call: Call, kind: ObjectType, page: Sequence[Wire], names: Sequence[str]) -> None:
    known = [n for n in names if call.store.catalog.property(kind, n) is not None]
    if not known:
        return
    for record in page:
        stored = call.store.records.stored(kind, int(str(record["id"])), known)
        if stored is not None:
            record["propertiesWithHistory"] = call.store.history.of(kind, stored, known)


def _add_associations(call: Call, kind: ObjectType, page: Sequence[Wire]) -> None:
    """Ids of associated records per kind; a kind with none has no key at all."""
    kinds = [known_kind(name, call.switches) for name in call.names("associations")]
    if not kinds:
        return
    for record in page:
        joined = {right.name: _associated(call, kind, record, right) for right in kinds}
        if any(joined.values()):
            record["associations"] = {name: found for name, found in joined.items() if found}


def _associated(call: Call, kind: ObjectType, record: Wire, right: ObjectType) -> dict[str, object]:
    record_id = int(str(record["id"]))
    found, more = call.store.links.page(kind, record_id, right, 0, _MAX_LISTED_ASSOCIATIONS)
    results = [{"id": str(to_id), "type": link.name} for to_id, types in found for link in types]
    listed: dict[str, object] = {"results": results} if results else {}
    if more:
        path = f"/crm/v4/objects/{kind.name}/{record_id}/associations/{right.name}"
        after = str(found[-1][0])
        link = f"{call.origin}{path}?after={after}"
        listed["paging"] = {"next": {"after": after, "link": link}}
    return listed


def rules() -> list[Rule]:
    return both(
        "/crm/v3/objects",
        "/crm/objects/2026-09",
        [
            ("GET", "/{object}", list_page, READ),
            ("POST", "/{object}", create, WRITE),
            ("GET", "/{object}/{id}", get_one, READ),
            ("PATCH", "/{object}/{id}", patch, WRITE),
            ("DELETE", "/{object}/{id}", delete, WRITE),
        ],
    )
