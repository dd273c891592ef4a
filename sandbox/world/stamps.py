"""When records were made and last touched: within two years, none within the last day."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

_SPAN = timedelta(days=729)
_BULK_SHARE = 0.1
_BULK_AGO = timedelta(days=200, hours=21, minutes=46, seconds=53)


def end_of(today: date) -> datetime:
    """The latest moment anything in the world may carry."""
    return datetime.combine(today, time(), UTC) - timedelta(days=1)


class Stamps:
    """Draws created and modified moments; a tenth share the one second of a bulk load."""

    def __init__(self, rng: Random, today: date) -> None:
        self._rng = rng
        self.end = end_of(today)
        self._start = self.end - _SPAN
        self._bulk = self.end - _BULK_AGO

    def between(self, first: datetime, last: datetime) -> datetime:
        return first + (last - first) * self._rng.random()

    def created_modified(self) -> tuple[datetime, datetime]:
        if self._rng.random() < _BULK_SHARE:
            return self.between(self._start, self._bulk).replace(microsecond=0), self._bulk
        created = self.between(self._start, self.end)
        if self._rng.random() < 0.25:
            return created, created
        return created, self.between(created, self.end)


def salesforce_time(moment: datetime) -> str:
    return f"{moment.isoformat()[:19]}.000+0000"


def hubspot_time(moment: datetime) -> str:
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"
