"""Privacy deletion: a contact and everything about it gone for good, its addresses blocked."""

import msgspec

from sandbox.hubspot.errors import missing_record, validation
from sandbox.hubspot.events import Action
from sandbox.hubspot.http import Box, Call, Reply, Rule, both
from sandbox.hubspot.objects import WRITE
from sandbox.hubspot.records import lag_table
from sandbox.hubspot.schema import CONTACTS
from sandbox.hubspot.uniques import EMAIL, addresses
from sandbox.hubspot.writes import archive_orphans


class PrivacyBody(msgspec.Struct, rename="camel"):
    object_id: str | int
    id_property: str | None = None


def gdpr_delete(call: Call) -> Reply:
    """204 also for an address that nobody has: it may not come in later."""
    kind = call.kind()
    if kind is not CONTACTS:
        raise validation(f"Objects of type {kind.upper} cannot be deleted for privacy")
    body = call.decode(PrivacyBody)
    text = str(body.object_id)
    if body.id_property not in (None, "", EMAIL, "hs_object_id"):
        raise validation(f"idProperty {body.id_property!r} cannot be used for a privacy deletion")
    with call.store.db.transaction():
        if body.id_property == EMAIL:
            found = call.store.uniques.holder(CONTACTS, EMAIL, text)
            call.store.blocklist.add(text)
        else:
            found = _by_id(call, text)
        if found is not None:
            erase(call.box, found)
            call.rows = 1
    return Reply(204)


def _by_id(call: Call, text: str) -> int:
    """A contact in the recycle bin can be erased as well."""
    records = call.store.records
    if text.isascii() and text.isdigit():
        record_id = records.resolve(CONTACTS, int(text))
        if records.stored(CONTACTS, record_id) is not None:
            return record_id
    raise missing_record(text, with_category=call.switches.not_found_has_category)


def erase(box: Box, record_id: int) -> None:
    """Take a contact out of everything that remembers it."""
    store = box.store
    names = (EMAIL, "hs_additional_emails")
    stored = store.records.stored(CONTACTS, record_id, names)
    if stored is None:
        raise LookupError(f"contact {record_id} is gone")
    for address in addresses(CONTACTS, *(stored.values[name] for name in names)):
        store.blocklist.add(address)
    store.uniques.release_record(CONTACTS, record_id)
    ends = store.links.remove_record(CONTACTS, record_id)
    store.records.remove(CONTACTS, record_id)
    store.history.forget(CONTACTS, record_id)
    store.db.execute(f"DELETE FROM {lag_table(CONTACTS)} WHERE id = ?", (record_id,))
    box.events.tell(CONTACTS, record_id, Action.DELETION)
    box.events.tell(CONTACTS, record_id, Action.PRIVACY)
    archive_orphans(box, ends)


def rules() -> list[Rule]:
    return both(
        "/crm/v3/objects",
        "/crm/objects/2026-09",
        [("POST", "/{object}/gdpr-delete", gdpr_delete, WRITE)],
    )
