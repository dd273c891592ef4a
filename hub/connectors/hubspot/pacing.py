"""Keeping below a rate limit by waiting, instead of finding it by being refused.

The limits are of an account and an app, not of a connector: whatever calls the same portal with the
same token in this process shares them.
"""

from collections import deque
from collections.abc import Callable, Mapping
from hashlib import blake2b
from threading import Lock

from hub.connectors.http import Patience

SEARCHES_PER_SECOND = 4
_SHARE = 0.9
_BURST_SECONDS = 10.0
_LEAST_BURST = 100
_MAX = "X-HubSpot-RateLimit-Max"
_REMAINING = "X-HubSpot-RateLimit-Remaining"


class Pace:
    """At most `most` calls in any `seconds`. A call that would be one too many waits its turn."""

    def __init__(self, most: int, seconds: float, time: Patience) -> None:
        self._most, self._elsewhere = most, 0
        self._seconds, self._time = seconds, time
        self._calls: deque[float] = deque()
        self._held_until = 0.0
        self._lock = Lock()

    def wait(self) -> None:
        """Return when a call may be made; it counts as made."""
        while (pause := self._pause()) > 0:
            self._time.sleep(pause)

    def learn(self, most: int, used: int) -> None:
        """The limit, and how much of it the server says is used: the rest of it is others' use.

        A call is always allowed now and then, or we should never hear that the others have stopped.
        """
        with self._lock:
            self._elapse()
            self._most = most
            self._elsewhere = min(max(0, used - len(self._calls)), most - 1)

    def hold(self, seconds: float) -> None:
        """No call for so long: the server has refused one."""
        with self._lock:
            self._held_until = max(self._held_until, self._time.monotonic() + seconds)

    def _pause(self) -> float:
        with self._lock:
            now = self._elapse()
            if now < self._held_until:
                return self._held_until - now
            if len(self._calls) < self._most - self._elsewhere:
                self._calls.append(now)
                return 0.0
            return self._calls[0] + self._seconds - now

    def _elapse(self) -> float:
        now = self._time.monotonic()
        while self._calls and self._calls[0] <= now - self._seconds:
            self._calls.popleft()
        return now


class Limits:
    """The paces of one account and app: ten-second bursts as announced, searches by the second.

    Answers to searches announce nothing, and searches do not count for the burst.
    """

    def __init__(self, time: Patience) -> None:
        self.burst = Pace(int(_LEAST_BURST * _SHARE), _BURST_SECONDS, time)
        self.searches = Pace(SEARCHES_PER_SECOND, 1.0, time)

    def of(self, path: str) -> Pace:
        return self.searches if path.endswith("/search") else self.burst

    def learn(self, headers: Mapping[str, str]) -> None:
        most, left = headers.get(_MAX, ""), headers.get(_REMAINING, "")
        if most.isdigit():
            used = int(most) - int(left) if left.isdigit() else 0
            self.burst.learn(max(1, int(int(most) * _SHARE)), used)


_known: dict[tuple[str, bytes, Callable[[], float]], Limits] = {}
_making = Lock()


def limits_of(base_url: str, token: str, time: Patience) -> Limits:
    """The limits that all calls to this address with this token share, as long as we run."""
    whose = (base_url, blake2b(token.encode(), digest_size=16).digest(), time.monotonic)
    with _making:
        return _known.setdefault(whose, Limits(time))
