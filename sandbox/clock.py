"""The one clock of a sandbox: real time by default, steered by tests and by the control routes."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

_skew: ContextVar[timedelta | None] = ContextVar("skew", default=None)


@contextmanager
def skewed(step: timedelta) -> Iterator[None]:
    """Whatever runs inside, and nothing beside it, reads every clock `step` off."""
    token = _skew.set(step)
    try:
        yield
    finally:
        _skew.reset(token)


@dataclass
class Clock:
    """Wall time plus a shift, or a frozen moment. All times are aware UTC."""

    shift: timedelta = field(default_factory=timedelta)
    frozen_at: datetime | None = None

    def now(self) -> datetime:
        moment = self.frozen_at if self.frozen_at is not None else datetime.now(UTC) + self.shift
        skew = _skew.get()
        return moment if skew is None else moment + skew

    def freeze(self, moment: datetime) -> None:
        self.frozen_at = moment.astimezone(UTC)

    def advance(self, step: timedelta) -> None:
        """Move on by `step`, whether the clock is frozen or running."""
        if self.frozen_at is not None:
            self.frozen_at += step
        else:
            self.shift += step

    def release(self) -> None:
        """Back to real time."""
        self.frozen_at, self.shift = None, timedelta()
