"""Rate limits: rolling ten seconds per app, searches per second and calls per day per account.

Counting always goes on, because the headers tell of it; refusing is behind switches.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sandbox.hubspot.errors import ApiError
from sandbox.hubspot.switches import Switches
from sandbox.hubspot.times import to_millis
from sandbox.hubspot.tokens import Grant

Policy = Literal["TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY"]
BURST_MS = 10_000
SECOND_MS = 1_000


class Window:
    """Calls of the last so many milliseconds."""

    def __init__(self, span_ms: int) -> None:
        self._span = span_ms
        self._calls: deque[int] = deque()

    def used(self, now: int) -> int:
        while self._calls and self._calls[0] <= now - self._span:
            self._calls.popleft()
        return len(self._calls)

    def wait_ms(self, now: int) -> int:
        """How long until the oldest call leaves the window."""
        return self._calls[0] + self._span - now if self._calls else 0

    def take(self, now: int) -> None:
        self._calls.append(now)


class Limiter:
    """The counters of one account. They do not outlive the process."""

    def __init__(self, switches: Switches, time_zone: str) -> None:
        self._switches = switches
        self.zone = ZoneInfo(time_zone)
        self.clear()

    def clear(self) -> None:
        self._bursts: dict[int, Window] = {}
        self._seconds: dict[int, Window] = {}
        self._searches = Window(SECOND_MS)
        self._day = self._spent_day = ""
        self._today = 0

    def admit(self, grant: Grant, now: int, *, search: bool) -> None:
        """Count a call, or refuse it with 429. A refused call uses nothing up."""
        switches = self._switches
        enforced = switches.enforce_daily or self._spent_day == self._day_of(now)
        if enforced and self._used_today(now) >= switches.daily_max:
            raise self._refusal("DAILY", self._until_midnight(now))
        if search:
            if switches.enforce_search and self._searches.used(now) >= switches.search_max:
                raise self._refusal("SECONDLY", self._searches.wait_ms(now))
            self._searches.take(now)
        else:
            burst = self._bursts.setdefault(grant.app_id, Window(BURST_MS))
            if switches.enforce_burst and burst.used(now) >= self._burst_max(grant):
                raise self._refusal("TEN_SECONDLY_ROLLING", burst.wait_ms(now))
            burst.take(now)
            self._seconds.setdefault(grant.app_id, Window(SECOND_MS)).take(now)
        self._used_today(now)
        self._today += 1

    def spend_day(self, now: int) -> None:
        """Whatever was left of the day's calls is gone, and calls beyond it are refused."""
        self._today = max(self._used_today(now), self._switches.daily_max)
        self._spent_day = self._day

    def headers(self, grant: Grant, now: int) -> dict[str, str]:
        """What every answer but a search's says of the limits; OAuth apps get no daily pair."""
        burst = self._bursts.setdefault(grant.app_id, Window(BURST_MS))
        most = self._burst_max(grant)
        secondly = most // 10
        second = self._seconds.setdefault(grant.app_id, Window(SECOND_MS))
        told = {
            "X-HubSpot-RateLimit-Max": most,
            "X-HubSpot-RateLimit-Remaining": max(0, most - burst.used(now)),
            "X-HubSpot-RateLimit-Interval-Milliseconds": BURST_MS,
            "X-HubSpot-RateLimit-Secondly": secondly,
            "X-HubSpot-RateLimit-Secondly-Remaining": max(0, secondly - second.used(now)),
        }
        if not grant.oauth:
            daily = self._switches.daily_max
            told["X-HubSpot-RateLimit-Daily"] = daily
            told["X-HubSpot-RateLimit-Daily-Remaining"] = max(0, daily - self._used_today(now))
        return {name: str(value) for name, value in told.items()}

    def _burst_max(self, grant: Grant) -> int:
        return self._switches.oauth_burst_max if grant.oauth else self._switches.burst_max

    def _local(self, now: int) -> datetime:
        return datetime.fromtimestamp(now / 1000, UTC).astimezone(self.zone)

    def _day_of(self, now: int) -> str:
        return self._local(now).date().isoformat()

    def _used_today(self, now: int) -> int:
        day = self._day_of(now)
        if day != self._day:
            self._day, self._today = day, 0
        return self._today

    def _until_midnight(self, now: int) -> int:
        tomorrow = (self._local(now) + timedelta(days=1)).date()
        midnight = datetime.combine(tomorrow, datetime.min.time(), self.zone)
        return to_millis(midnight.astimezone(UTC)) - now

    def _refusal(self, policy: Policy, wait_ms: int) -> ApiError:
        seconds = max(1, -(-wait_ms // 1000)) if self._switches.retry_after_on_429 else None
        return refusal(policy, seconds, with_category=self._switches.rate_limit_category)


def refusal(policy: Policy, retry_after: float | None, *, with_category: bool) -> ApiError:
    """429 by a policy. How long to wait is told only on request, as live answers rarely do."""
    return ApiError(
        429,
        f"You have reached your {policy.lower()} limit.",
        "RATE_LIMITS" if with_category else "",
        extra={"errorType": "RATE_LIMIT", "policyName": policy},
        headers={} if retry_after is None else {"Retry-After": f"{retry_after:g}"},
    )
