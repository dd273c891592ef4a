"""Keeping below a rate limit by waiting, instead of finding it by being refused."""

from collections import deque

from hub.connectors.http import Patience


class Pace:
    """At most `most` calls in any `seconds`. A call that would be one too many waits its turn."""

    def __init__(self, most: int, seconds: float, time: Patience) -> None:
        self.most = most
        self._seconds, self._time = seconds, time
        self._calls: deque[float] = deque()

    def wait(self) -> None:
        while True:
            now = self._time.monotonic()
            while self._calls and self._calls[0] <= now - self._seconds:
                self._calls.popleft()
            if len(self._calls) < self.most:
                self._calls.append(now)
                return
            self._time.sleep(self._calls[0] + self._seconds - now)
