"""What happens to records, as it is told to those who asked to hear of it.

Nothing is put together while nobody listens, so writing costs the same without subscriptions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from sandbox.hubspot.catalog import Catalog
from sandbox.hubspot.records import Raw
from sandbox.hubspot.schema import LinkType, ObjectType, object_type
from sandbox.hubspot.tokens import Grant


class Action(StrEnum):
    """By the words that classic webhook subscriptions use."""

    CREATION = "creation"
    CHANGE = "propertyChange"
    DELETION = "deletion"
    MERGE = "merge"
    RESTORE = "restore"
    ASSOCIATION = "associationChange"
    PRIVACY = "privacyDeletion"


@dataclass(frozen=True, slots=True)
class Merged:
    """Which records became one."""

    primary_id: int
    gone_ids: Sequence[int]
    properties_moved: int


@dataclass(frozen=True, slots=True)
class Joined:
    """An association as seen from one end."""

    link: LinkType
    to_id: int
    removed: bool


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one record. `values` are those that were set, cleared as ''."""

    kind: ObjectType
    object_id: int
    action: Action
    at: int
    app_id: int | None
    """The app that did it; None for a person in the browser."""
    values: Mapping[str, str] = field(default_factory=dict)
    merged: Merged | None = None
    """With a deletion: the record went into another one."""
    joined: Joined | None = None


class Listener(Protocol):
    """Somebody with subscriptions."""

    @property
    def listening(self) -> bool: ...

    def hear(self, event: Event) -> None: ...


class Events:
    """The account's events, from the one place where records change to every listener."""

    def __init__(
        self, catalog: Catalog, now: Callable[[], int], listeners: Sequence[Listener]
    ) -> None:
        self._catalog, self._now, self._listeners = catalog, now, listeners
        self.caller: Grant | None = None
        """Who is calling; None while a person works in the browser."""

    @property
    def heard(self) -> bool:
        return any(listener.listening for listener in self._listeners)

    def tell(
        self,
        kind: ObjectType,
        object_id: int,
        action: Action,
        values: Mapping[str, Raw] | None = None,
        *,
        merged: Merged | None = None,
    ) -> None:
        """Something happened to a record, in the transaction that makes it happen."""
        if self.heard:
            texts = {name: _text(value) for name, value in (values or {}).items()}
            self._send(Event(kind, object_id, action, self._now(), self._app(), texts, merged))

    def joined(self, link: LinkType, from_id: int, to_id: int, removed: bool) -> None:
        """A type was set on a pair or taken off it: an event for each of the two."""
        if not self.heard:
            return
        back = self._catalog.link_type(link.category, link.inverse)
        ends = [(link, from_id, to_id), *([(back, to_id, from_id)] if back is not None else [])]
        for seen, here, there in ends:
            kind = object_type(seen.from_type)
            if kind is not None:
                self._send(
                    Event(
                        kind,
                        here,
                        Action.ASSOCIATION,
                        self._now(),
                        self._app(),
                        joined=Joined(seen, there, removed),
                    )
                )

    def _app(self) -> int | None:
        return self.caller.app_id if self.caller is not None else None

    def _send(self, event: Event) -> None:
        for listener in self._listeners:
            if listener.listening:
                listener.hear(event)


def _text(value: Raw) -> str:
    return "" if value is None else str(value)
