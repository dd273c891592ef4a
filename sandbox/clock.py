"""The one clock of a sandbox: real time by default, steered by tests and by the control routes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class Clock:
    """Wall time plus a shift, or a frozen moment. All times are aware UTC."""

    shift: timedelta = field(default_factory=timedelta)
    frozen_at: datetime | None = None

    def now(self) -> datetime:
        return self.frozen_at if self.frozen_at is not None else datetime.now(UTC) + self.shift

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
