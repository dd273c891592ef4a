"""When a report is due: `monthly+5bd`, read from `hub.yaml` and turned into days.

`daily`, `weekly` (Monday to Sunday), `monthly` or `quarterly` is the period; `+5bd` the fifth
business day after its end, `+3d` the third day; `@12:00` a time of that day, its end otherwise.
Business days are Monday to Friday without the holidays of a country, or of a part of it (`DE-BY`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase

_RULE = re.compile(r"(daily|weekly|monthly|quarterly)\+(\d{1,3})(bd|d)(?:@(\d\d):(\d\d))?\Z")
_MONTHS = {"monthly": 1, "quarterly": 3}
_SATURDAY = 5
_END_OF_DAY = time(23, 59, 59)


@dataclass(frozen=True)
class DueRule:
    """How long a period is, and how long after it the report is due."""

    period: str
    days: int
    business: bool
    at: time = _END_OF_DAY

    @classmethod
    def read(cls, text: str) -> "DueRule":
        """Raises ValueError for what is no rule."""
        found = _RULE.match(text)
        if found is None:
            raise ValueError(
                f"'{text}' is no due rule: write daily, weekly, monthly or quarterly, then +5bd "
                "(business days) or +5d, and @12:00 for a time of the day"
            )
        at = time(int(found[4]), int(found[5])) if found[4] else _END_OF_DAY
        return cls(found[1], int(found[2]), found[3] == "bd", at)

    def due_at(self, period_end: date, country: str | None, zone: str | None) -> datetime:
        """The moment (UTC) by which the report of a period must be there."""
        day = period_end + timedelta(days=0 if self.business else self.days)
        for _ in range(self.days if self.business else 0):
            day = _next_business_day(day, country)
        local = datetime.combine(day, self.at, ZoneInfo(zone or "UTC"))
        return local.astimezone(UTC)

    def periods(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """First and last day of each period that holds a day from `first` to `last`."""
        start = self._start(first)
        while start <= last:
            after = self._after(start)
            yield start, after - timedelta(days=1)
            start = after

    def _start(self, day: date) -> date:
        if self.period == "daily":
            return day
        if self.period == "weekly":
            return day - timedelta(days=day.weekday())
        months = _MONTHS[self.period]
        return day.replace(month=(day.month - 1) // months * months + 1, day=1)

    def _after(self, start: date) -> date:
        if self.period in _MONTHS:
            month = start.month - 1 + _MONTHS[self.period]
            return date(start.year + month // 12, month % 12 + 1, 1)
        return start + timedelta(days=1 if self.period == "daily" else 7)


def holidays_of(country: str) -> "HolidayBase":
    """The holidays of `DE` or `DE-BY`. Raises ValueError for a place that nobody knows."""
    try:
        return _known(country)
    except (NotImplementedError, KeyError) as err:
        raise ValueError(
            f"no holidays are known of '{country}': write an ISO country, or country and part, "
            "like DE or DE-BY"
        ) from err


@cache
def _known(country: str) -> "HolidayBase":
    # Imported where it is needed: it takes longer than reading a file.
    import holidays

    place, _, part = country.partition("-")
    return holidays.country_holidays(place, subdiv=part or None)


def _next_business_day(day: date, country: str | None) -> date:
    off = holidays_of(country) if country else frozenset[date]()
    day += timedelta(days=1)
    while day.weekday() >= _SATURDAY or day in off:
        day += timedelta(days=1)
    return day
