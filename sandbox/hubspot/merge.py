"""Merging two records into one survivor, and the redirects this leaves behind."""

from sandbox.hubspot.bodies import MergeBody
from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.events import Action, Merged
from sandbox.hubspot.http import Box, Call, Reply, Rule, both
from sandbox.hubspot.objects import WRITE, find, written
from sandbox.hubspot.oldviews import keep_old_view
from sandbox.hubspot.records import Raw, Stored
from sandbox.hubspot.schema import CONTACTS, LinkType, ObjectType
from sandbox.hubspot.uniques import EMAIL, addresses

_KEPT_APART = ("hs_merged_object_ids", "hs_additional_emails", "hs_all_contact_vids")


def merge(call: Call) -> Reply:
    kind = call.kind()
    if not kind.mergeable:
        raise validation(f"Objects of type {kind.upper} cannot be merged")
    body = call.decode(MergeBody)
    primary = find(call, kind, str(body.primary_object_id), None)
    loser = find(call, kind, str(body.object_id_to_merge), None)
    with call.store.db.transaction():
        survivor = merge_records(call.box, kind, primary, loser)
    call.rows = 1
    return Reply(200, written(call, kind, [survivor], ())[survivor])


def merge_records(box: Box, kind: ObjectType, primary_id: int, loser_id: int) -> int:
    """Make one record of two and return its id: a new one, or the primary's by switch.

    The primary's values win and the other's fill the gaps. Both old records are gone for good,
    without ever passing through the recycle bin; their ids lead to the survivor.
    """
    store, now = box.store, box.now()
    kept = [p for p in store.catalog.all_properties(kind) if not p.archived]
    names = [p.name for p in kept if p.name not in kind.always]
    primary = store.records.stored(kind, primary_id, names)
    loser = store.records.stored(kind, loser_id, names)
    gone = [r for r in (primary, loser) if r is None or r.archived_at is not None]
    if primary_id == loser_id or gone or primary is None or loser is None:
        raise validation(f"Records {primary_id} and {loser_id} cannot be merged")
    keeps_id = box.switches.merge_keeps_primary_id
    survivor_id = primary_id if keeps_id else store.records.next_id(kind)
    values = _merged_values(kind, primary, loser, survivor_id)
    most = box.switches.max_merged_ids
    if len(str(values["hs_merged_object_ids"]).split(";")) > most:
        raise ApiError(414, f"A record cannot be merged from more than {most} others")
    links = _cut_links(box, kind, primary_id) + _cut_links(box, kind, loser_id)
    for old in (primary_id, loser_id):
        store.uniques.release_record(kind, old)
        if old != survivor_id:
            store.records.remove(kind, old)
            store.records.redirect(kind, old, survivor_id)
    if keeps_id:
        keep_old_view(box, kind, survivor_id)
        store.records.update(kind, survivor_id, now, values)
    else:
        keep_old_view(box, kind, survivor_id, new=True)
        store.records.insert(kind, survivor_id, now, values)
    store.records.set_created(kind, survivor_id, min(primary.created, loser.created))
    store.history.note(kind, None, survivor_id, values, now)
    _claim(box, kind, survivor_id, values)
    gone_ids = [old for old in (primary_id, loser_id) if old != survivor_id]
    merged = Merged(primary_id, gone_ids, len(values))
    for old in gone_ids:
        box.events.tell(kind, old, Action.DELETION, merged=merged)
    box.events.tell(kind, survivor_id, Action.MERGE, merged=merged)
    _join(box, survivor_id, links)
    return survivor_id


def _merged_values(
    kind: ObjectType, primary: Stored, loser: Stored, survivor_id: int
) -> dict[str, Raw]:
    values = {
        name: primary.values[name] or loser.values[name]
        for name in primary.values
        if name not in _KEPT_APART
    }
    merged: dict[str, Raw] = {
        name: value for name, value in values.items() if value not in (None, "")
    }
    losers = [str(r.id) for r in (primary, loser) if r.id != survivor_id]
    earlier = [str(r.values.get("hs_merged_object_ids") or "") for r in (primary, loser)]
    merged["hs_merged_object_ids"] = ";".join(text for text in [*earlier, *losers] if text)
    if kind is CONTACTS:
        merged["hs_all_contact_vids"] = f"{survivor_id};{merged['hs_merged_object_ids']}"
        known = [
            address
            for r in (primary, loser)
            for address in addresses(kind, r.values[EMAIL], r.values["hs_additional_emails"])
        ]
        others = [address for address in dict.fromkeys(known) if address != merged.get(EMAIL)]
        if others:
            merged["hs_additional_emails"] = ";".join(others)
    return merged


def _cut_links(box: Box, kind: ObjectType, record_id: int) -> list[tuple[LinkType, int]]:
    links = box.store.links.neighbours(kind, record_id)
    box.store.links.remove_record(kind, record_id)
    return links


def _claim(box: Box, kind: ObjectType, survivor_id: int, values: dict[str, Raw]) -> None:
    store = box.store
    for address in addresses(kind, values.get(EMAIL), values.get("hs_additional_emails")):
        store.uniques.claim(kind, EMAIL, address, survivor_id)
    for name, value in values.items():
        definition = store.catalog.property(kind, name)
        if definition is not None and definition.has_unique_value and value is not None:
            store.uniques.claim(kind, name, str(value), survivor_id)


def _join(box: Box, survivor_id: int, links: list[tuple[LinkType, int]]) -> None:
    """Hand the associations over. The primary's come last, so that its primary marks win."""
    for link, to_id in reversed(links):
        if to_id != survivor_id:
            box.store.links.add(link, survivor_id, to_id)


def rules() -> list[Rule]:
    return both(
        "/crm/v3/objects",
        "/crm/objects/2026-09",
        [("POST", "/{object}/merge", merge, WRITE)],
    )
