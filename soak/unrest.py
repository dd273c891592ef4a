"""A world that does not keep still: changes between the syncs, and before any of their requests."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.hubspot.errors import ApiError as HubSpotError
from sandbox.requestlog import CONTROL_PREFIX
from sandbox.salesforce.errors import ApiError as SalesforceError
from soak.journal import acting
from soak.marketers import Marketers
from soak.reps import Reps

_BULK_SHARE = 0.3
_BULK_ROWS = 300
_REQUEST_SECONDS = 1.0

_Act = TypeVar("_Act")


class World:
    """Chooses who does what. `during` is the chance that something changes before a request."""

    def __init__(self, reps: Reps, marketers: Marketers, clock: Clock, chance: Random) -> None:
        self._reps, self._marketers = reps, marketers
        self._clock, self._chance = clock, chance
        self.during = 0.0
        self.bulk_rows = _BULK_ROWS
        self.done: Counter[str] = Counter()

    async def live(self, changes: int, seconds: float) -> None:
        """So many changes, spread over so much time; now and then a bulk update among them."""
        self._reps.begin()
        pause = timedelta(seconds=seconds / (changes + 1))
        for _ in range(changes):
            self._clock.advance(pause)
            await self._change()
        if self._chance.random() < _BULK_SHARE and changes:
            self.done["bulk update"] += 1
            if self._chance.random() < 0.5:
                self._reps.bulk_update(self.bulk_rows)
            else:
                await self._marketers.bulk_update(self.bulk_rows)
        self._clock.advance(pause)

    async def before_request(self) -> None:
        """Time goes on with every request, and so may the world."""
        self._clock.advance(timedelta(seconds=_REQUEST_SECONDS))
        if self._chance.random() < self.during:
            self._reps.begin()
            await self._change()

    async def _change(self) -> None:
        try:
            if self._chance.random() < 0.6:
                name, act = _drawn(self._chance, self._reps.habits)
                act()
            else:
                name, ask = _drawn(self._chance, self._marketers.habits)
                await ask()
            self.done[name] += 1
        except (SalesforceError, HubSpotError):
            self.done["refused by the CRM's own rules"] += 1


def _drawn(chance: Random, habits: Sequence[tuple[str, float, _Act]]) -> tuple[str, _Act]:
    """One of the habits, by their weights: its name, and how it is done."""
    name, _, act = chance.choices(habits, [weight for _, weight, _ in habits])[0]
    return name, act


class Restless:
    """ASGI middleware right before an app, inside its faults: what arrives here has its effect."""

    def __init__(self, app: ASGIApp, world: World) -> None:
        self._app, self._world = app, world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(CONTROL_PREFIX):
            await self._app(scope, receive, send)
            return
        with acting(hub=False):
            await self._world.before_request()
        with acting(hub=True):
            await self._app(scope, receive, send)
