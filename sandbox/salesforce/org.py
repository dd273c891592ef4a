"""The running org that handlers work on: its records, settings, clock and short-lived state."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.salesforce.access import Views
from sandbox.salesforce.cursors import Cursors
from sandbox.salesforce.errors import not_found
from sandbox.salesforce.locks import RowLocks
from sandbox.salesforce.schema import Schema, SObject
from sandbox.salesforce.sessions import Sessions
from sandbox.salesforce.soql.scope import Context
from sandbox.salesforce.store import SalesforceStore
from sandbox.salesforce.switches import Switches
from sandbox.salesforce.usage import ApiUsage
from sandbox.salesforce.values import parse_instant, stamp


@dataclass
class Org:
    store: SalesforceStore
    switches: Switches
    clock: Clock
    base_url: str
    sessions: Sessions
    usage: ApiUsage = field(default_factory=ApiUsage)
    bulk_batches: ApiUsage = field(default_factory=ApiUsage)
    bulk_queries: ApiUsage = field(default_factory=ApiUsage)
    cursors: Cursors = field(default_factory=Cursors)
    locks: RowLocks = field(default_factory=RowLocks)
    queries_run: int = 0
    faults: Faults | None = None
    _changes: Counter[tuple[int, str]] = field(default_factory=Counter)
    _seen: Schema | None = None

    def __post_init__(self) -> None:
        self._views = Views(self.store)

    def now(self) -> datetime:
        return self.clock.now()

    def stamp(self) -> str:
        """This moment as columns hold it, in whole seconds."""
        return stamp(self.clock.now())

    def changes_in(self, entity: str) -> int:
        """Count one more change of an object in the running call; which one it is."""
        key = (self.locks.attempt, entity)
        if key not in self._changes:
            self._changes.clear()
        self._changes[key] += 1
        return self._changes[key]

    def age(self, moment: str) -> float:
        """Seconds since a moment that a column holds."""
        at = parse_instant(moment)
        return (self.now() - at).total_seconds() if at is not None else 0.0

    @property
    def schema(self) -> Schema:
        """The objects and fields that the caller may see."""
        return self._seen if self._seen is not None else self.store.schema

    def see_as(self, user_id: str | None) -> None:
        """From here on `schema` is what this user may see; None is the platform itself."""
        features = self.switches.partner_features
        self._seen = (
            self._views.of(user_id, partner_features=features) if user_id is not None else None
        )

    def sobject(self, name: str) -> SObject:
        """The object of this name (without case) or NOT_FOUND."""
        found = self.schema.get(name)
        if found is None:
            raise not_found()
        return found

    def context(self, *, include_deleted: bool, schema: Schema | None = None) -> Context:
        """What to read the next statement against; each gets its own shuffle of unordered rows."""
        self.queries_run += 1
        # A reproducible shuffle, nothing secret.
        dice = Random(f"{self.switches.order_seed}:{self.queries_run}")
        return Context(
            schema if schema is not None else self.schema,
            self.clock.now(),
            ZoneInfo(self.switches.user_time_zone),
            include_deleted,
            dice.randrange(2**31),
        )
