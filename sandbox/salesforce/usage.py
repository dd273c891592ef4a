"""Counting API calls over the rolling 24 hours the daily limit is about."""

from collections import deque
from datetime import datetime, timedelta

_WINDOW = timedelta(hours=24)


class ApiUsage:
    """Calls per minute, forgotten after a day."""

    def __init__(self) -> None:
        self._minutes: deque[tuple[datetime, int]] = deque()
        self._total = 0

    def spend(self, now: datetime) -> int:
        """Count one call; returns how many there were in the window including it."""
        self._add(now, 1)
        return self.used(now)

    def spend_all(self, now: datetime, most: int) -> None:
        """Count as many calls as there are left of `most`."""
        left = most - self.used(now)
        if left > 0:
            self._add(now, left)

    def _add(self, now: datetime, calls: int) -> None:
        minute = now.replace(second=0, microsecond=0)
        if self._minutes and self._minutes[-1][0] == minute:
            self._minutes[-1] = (minute, self._minutes[-1][1] + calls)
        else:
            self._minutes.append((minute, calls))
        self._total += calls

    def used(self, now: datetime) -> int:
        while self._minutes and self._minutes[0][0] <= now - _WINDOW:
            self._total -= self._minutes.popleft()[1]
        return self._total
