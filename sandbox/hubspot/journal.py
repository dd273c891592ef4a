"""The webhooks journal, as the account keeps it: events in files, files in a strict order.

A file is closed when somebody reads, and never changes afterwards; so what was read once from an
offset can be read again, until it is three days old.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from sandbox.hubspot.db import Database
from sandbox.hubspot.events import Action, Event
from sandbox.hubspot.schema import object_type
from sandbox.hubspot.times import iso

KEPT_MS = 3 * 86_400_000
MAX_EVENTS = 10_000
MAX_BYTES = 5_000_000
_ACTIONS = {
    Action.CREATION: "CREATE",
    Action.CHANGE: "UPDATE",
    Action.DELETION: "DELETE",
    Action.MERGE: "MERGE",
    Action.RESTORE: "RESTORE",
    Action.PRIVACY: "GDPR_DELETE",
}
_TYPE_OF = {Action.ASSOCIATION: "ASSOCIATION", Action.PRIVACY: "GDPR_PRIVACY_DELETION"}


class JournalSubscription(msgspec.Struct, kw_only=True, rename="camel"):
    """What one app wants to find in its journal."""

    id: int
    app_id: int
    portal_id: int
    subscription_type: str
    object_type_id: str
    actions: list[str]
    properties: list[str] | None = None
    object_ids: list[int] | None = None
    associated_object_type_ids: list[str] | None = None
    created_at: str
    updated_at: str
    deleted_at: str | None = None

    def wants(self, event: Event) -> bool:
        if self.subscription_type != _TYPE_OF.get(event.action, "OBJECT"):
            return False
        if self.object_type_id != event.kind.type_id or action_of(event) not in self.actions:
            return False
        if self.object_ids and event.object_id not in self.object_ids:
            return False
        if event.joined is not None and self.associated_object_type_ids:
            return _other_type(event) in self.associated_object_type_ids
        changed = event.action is Action.CHANGE and self.properties
        return not changed or not set(self.properties or ()).isdisjoint(event.values)


def action_of(event: Event) -> str:
    if event.joined is not None:
        return "ASSOCIATION_REMOVED" if event.joined.removed else "ASSOCIATION_ADDED"
    return _ACTIONS[event.action]


def _other_type(event: Event) -> str:
    other = object_type(event.joined.link.to_type) if event.joined is not None else None
    return other.type_id if other is not None else ""


@dataclass(frozen=True, slots=True)
class File:
    """One closed file of an app's journal."""

    sequence: int
    offset: str
    at: int


class Journal:
    """Subscriptions and files of all apps; hears events for them."""

    def __init__(self, db: Database, portal_id: int) -> None:
        self._db, self._portal_id = db, portal_id
        self.reload()

    def reload(self) -> None:
        rows = self._db.execute(
            "SELECT body FROM document WHERE kind = 'journal_subscription' ORDER BY rowid"
        )
        found = [msgspec.json.decode(body, type=JournalSubscription) for (body,) in rows]
        self.subscriptions = {one.id: one for one in found}

    def put(self, subscription: JournalSubscription) -> None:
        self.subscriptions[subscription.id] = subscription
        self._db.execute(
            "INSERT OR REPLACE INTO document VALUES ('journal_subscription', '', ?, ?)",
            (str(subscription.id), msgspec.json.encode(subscription)),
        )

    def drop(self, subscription_id: int) -> None:
        del self.subscriptions[subscription_id]
        self._db.execute(
            "DELETE FROM document WHERE kind = 'journal_subscription' AND name = ?",
            (str(subscription_id),),
        )

    # Hearing

    @property
    def listening(self) -> bool:
        return bool(self.subscriptions)

    def hear(self, event: Event) -> None:
        """One entry per app that wants the event. Of a merge the merge itself is told, no more."""
        if event.action is Action.DELETION and event.merged is not None:
            return
        apps = {one.app_id for one in self.subscriptions.values() if one.wants(event)}
        for app_id in sorted(apps):
            self._db.execute(
                "INSERT INTO journal_event (app_id, at, file, body) VALUES (?, ?, NULL, ?)",
                (app_id, event.at, msgspec.json.encode(_entry(event, self._portal_id))),
            )

    # Reading

    def files(self, app_id: int, now: int) -> list[File]:
        """Every file that is still kept, in order; what has happened by now is in one of them."""
        self._close(app_id)
        self._forget(now - KEPT_MS)
        rows = self._db.execute(
            'SELECT sequence, "offset", at FROM journal_file WHERE app_id = ? ORDER BY sequence',
            (app_id,),
        )
        return [File(*row) for row in rows]

    def content(self, offset: str) -> dict[str, object] | None:
        """What one file holds."""
        found = self._db.execute(
            'SELECT sequence, at FROM journal_file WHERE "offset" = ?', (offset,)
        ).fetchone()
        if found is None:
            return None
        rows = self._db.execute(
            "SELECT body FROM journal_event WHERE file = ? ORDER BY id", (found[0],)
        )
        events = [msgspec.Raw(body) for (body,) in rows]
        return {"offset": offset, "journalEvents": events, "publishedAt": iso(found[1])}

    def _close(self, app_id: int) -> None:
        """Put events that are in no file yet into files."""
        rows = self._db.execute(
            "SELECT id, at, length(body) FROM journal_event "
            "WHERE app_id = ? AND file IS NULL ORDER BY id",
            (app_id,),
        ).fetchall()
        part: list[tuple[int, int]] = []
        size = 0
        for number, at, length in rows:
            if len(part) == MAX_EVENTS or (part and size + length > MAX_BYTES):
                self._add_file(app_id, part)
                part, size = [], 0
            part.append((number, at))
            size += length
        if part:
            self._add_file(app_id, part)

    def _add_file(self, app_id: int, part: Sequence[tuple[int, int]]) -> None:
        sequence, at = self._db.next_value("journal_file", 1), part[-1][1]
        self._db.execute(
            "INSERT INTO journal_file VALUES (?, ?, ?, ?)",
            (sequence, app_id, _offset(at, sequence), at),
        )
        self._db.executemany(
            "UPDATE journal_event SET file = ? WHERE id = ?",
            [(sequence, number) for number, _ in part],
        )

    def _forget(self, before: int) -> None:
        self._db.execute(
            "DELETE FROM journal_event WHERE file IN "
            "(SELECT sequence FROM journal_file WHERE at <= ?)",
            (before,),
        )
        self._db.execute("DELETE FROM journal_file WHERE at <= ?", (before,))


def _offset(at: int, sequence: int) -> str:
    """A UUID of version 7: time first, so that offsets sort as they came."""
    return str(uuid.UUID(int=(at << 80) | (7 << 76) | (2 << 62) | sequence))


def _entry(event: Event, portal_id: int) -> dict[str, object]:
    entry: dict[str, object] = {
        "type": "crm.object" if event.joined is None else "crm.association",
        "portalId": portal_id,
        "occurredAt": iso(event.at),
        "action": action_of(event),
        "objectTypeId": event.kind.type_id,
        "objectId": event.object_id,
    }
    if event.values:
        entry["propertyChanges"] = event.values
    if event.merged is not None:
        entry["primaryObjectId"] = event.merged.primary_id
        entry["mergedObjectIds"] = list(event.merged.gone_ids)
    if event.joined is not None:
        entry["associatedObjectTypeId"] = _other_type(event)
        entry["associatedObjectId"] = event.joined.to_id
        entry["associationTypeId"] = event.joined.link.type_id
        entry["associationCategory"] = event.joined.link.category
    return entry
