"""Classic webhooks: who wants to hear of what, and the queue of what is still to be told them."""

import msgspec

from sandbox.hubspot.db import Database
from sandbox.hubspot.events import Action, Event
from sandbox.hubspot.schema import ObjectType, Role
from sandbox.hubspot.switches import Switches

GENERIC = "object"
CLASSIC = ("contact", "company", "deal", "ticket", "line_item", "product")
_PRIVACY = f"contact.{Action.PRIVACY}"


class Settings(msgspec.Struct, kw_only=True):
    """Where an app wants its events to be sent."""

    target_url: str
    max_concurrent_requests: int
    created_at: str
    updated_at: str


class Subscription(msgspec.Struct, kw_only=True, rename="camel"):
    """One kind of event an app asked for, as the API prints it."""

    id: str
    event_type: str
    active: bool
    property_name: str | msgspec.UnsetType = msgspec.UNSET
    object_type_id: str | msgspec.UnsetType = msgspec.UNSET
    created_at: str
    updated_at: str

    def wants(self, event: Event, *, creation_is_change: bool) -> list[str | None]:
        """The properties to tell of, one message each; `[None]` for an event without any."""
        subject, _, action = self.event_type.partition(".")
        if not self.active or not self._is_about(subject, event.kind):
            return []
        if action == Action.CHANGE:
            changed = event.action is Action.CHANGE
            made = event.action is Action.CREATION and creation_is_change
            return [self.name] if (changed or made) and self.name in event.values else []
        if event.joined is not None and event.joined.link.role not in (Role.PLAIN, Role.PRIMARY):
            return []
        return [None] if action == event.action else []

    @property
    def name(self) -> str:
        return self.property_name if isinstance(self.property_name, str) else ""

    def _is_about(self, subject: str, kind: ObjectType) -> bool:
        if subject == GENERIC:
            return self.object_type_id == kind.type_id
        return subject == kind.singular and subject in CLASSIC


class Webhooks:
    """Settings and subscriptions by app, remembered by the account; hears events for them."""

    def __init__(self, db: Database, portal_id: int, switches: Switches) -> None:
        self._db, self._portal_id, self._switches = db, portal_id, switches
        self.reload()

    def reload(self) -> None:
        self.settings = {
            int(name): msgspec.json.decode(body, type=Settings)
            for _, name, body in self._documents("webhook_settings")
        }
        self.subscriptions: dict[int, dict[str, Subscription]] = {}
        for app_id, name, body in self._documents("webhook_subscription"):
            found = msgspec.json.decode(body, type=Subscription)
            self.subscriptions.setdefault(int(app_id), {})[name] = found

    def _documents(self, kind: str) -> list[tuple[str, str, bytes]]:
        return self._db.execute(
            "SELECT scope, name, body FROM document WHERE kind = ? ORDER BY rowid", (kind,)
        ).fetchall()

    def _save(self, kind: str, scope: str, name: str, body: msgspec.Struct | None) -> None:
        self._db.execute(
            "DELETE FROM document WHERE kind = ? AND scope = ? AND name = ?", (kind, scope, name)
        )
        if body is not None:
            self._db.execute(
                "INSERT INTO document VALUES (?, ?, ?, ?)",
                (kind, scope, name, msgspec.json.encode(body)),
            )

    def put_settings(self, app_id: int, settings: Settings | None) -> None:
        """None takes the settings away; nothing is sent to the app then."""
        self.settings.pop(app_id, None)
        if settings is not None:
            self.settings[app_id] = settings
        self._save("webhook_settings", "", str(app_id), settings)

    def of(self, app_id: int) -> dict[str, Subscription]:
        return self.subscriptions.setdefault(app_id, {})

    def put(self, app_id: int, subscription: Subscription) -> None:
        self.of(app_id)[subscription.id] = subscription
        self._save("webhook_subscription", str(app_id), subscription.id, subscription)

    def drop(self, app_id: int, subscription_id: str) -> None:
        del self.of(app_id)[subscription_id]
        self._save("webhook_subscription", str(app_id), subscription_id, None)

    # Hearing

    @property
    def listening(self) -> bool:
        return any(self.subscriptions.values())

    def hear(self, event: Event) -> None:
        """Queue one message for each subscription that wants the event."""
        swallowed = event.action is Action.DELETION and event.merged is not None
        if swallowed and self._switches.webhook_merge_without_deletion:
            return
        made = self._switches.webhook_creation_changes
        for app_id, subscriptions in self.subscriptions.items():
            for subscription in subscriptions.values():
                for name in subscription.wants(event, creation_is_change=made):
                    self._queue(app_id, subscription, event, name)

    def _queue(
        self, app_id: int, subscription: Subscription, event: Event, name: str | None
    ) -> None:
        message: dict[str, object] = {
            "eventId": self._db.next_value("event", 3_900_000_001),
            "subscriptionId": int(subscription.id),
            "portalId": self._portal_id,
            "appId": app_id,
            "occurredAt": event.at,
            "subscriptionType": subscription.event_type,
            "objectId": event.object_id,
            "changeSource": "CRM_UI" if event.app_id is None else "INTEGRATION",
            **_particulars(event, name),
        }
        if event.app_id is not None:
            message["sourceId"] = str(event.app_id)
        if subscription.event_type.startswith(f"{GENERIC}."):
            message["objectTypeId"] = event.kind.type_id
        self._db.execute(
            "INSERT INTO webhook (app_id, due, attempt, body) VALUES (?, ?, 0, ?)",
            (app_id, event.at, msgspec.json.encode(message)),
        )


def _particulars(event: Event, name: str | None) -> dict[str, object]:
    """What only events of this kind tell."""
    if name is not None:
        return {"propertyName": name, "propertyValue": event.values[name]}
    if event.action is Action.MERGE and event.merged is not None:
        return {
            "primaryObjectId": event.merged.primary_id,
            "mergedObjectIds": list(event.merged.gone_ids),
            "newObjectId": event.object_id,
            "numberOfPropertiesMoved": event.merged.properties_moved,
        }
    if event.joined is not None:
        link = event.joined.link
        return {
            "associationType": link.name.removesuffix("_unlabeled").upper(),
            "fromObjectId": event.object_id,
            "toObjectId": event.joined.to_id,
            "associationRemoved": event.joined.removed,
            "isPrimaryAssociation": link.role is Role.PRIMARY,
        }
    flags = {Action.CREATION: "CREATED", Action.DELETION: "DELETED"}
    return {"changeFlag": flags[event.action]} if event.action in flags else {}


def known_event_type(text: str) -> bool:
    """Whether a subscription can be made for this."""
    subject, _, action = text.partition(".")
    if text == _PRIVACY:
        return True
    actions = {one.value for one in Action} - {Action.PRIVACY.value}
    return subject in (*CLASSIC, GENERIC) and action in actions
