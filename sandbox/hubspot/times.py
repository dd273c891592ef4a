"""The faces of a moment on HubSpot's wire: epoch milliseconds, ISO 8601 in UTC, plain dates."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_MILLIS_TEXT = re.compile(r"-?\d{1,15}")
DAY_MS = 86_400_000


def to_millis(moment: datetime) -> int:
    """Epoch milliseconds; a moment without a zone is taken as UTC."""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=16_384)
def iso(millis: int) -> str:
    """The way live responses print it: `Z`, and no fraction when the milliseconds are zero."""
    day, rest = divmod(millis, DAY_MS)
    seconds, thousandths = divmod(rest, 1000)
    fraction = f".{thousandths:03d}" if thousandths else ""
    hours, minutes = divmod(seconds // 60, 60)
    return f"{_day(day)}T{hours:02d}:{minutes:02d}:{seconds % 60:02d}{fraction}Z"


@lru_cache(maxsize=16_384)
def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).date().isoformat()


def millis_of(value: str | int | datetime) -> int:
    """A moment from any of the forms a write or a loader may use; ValueError when it is none."""
    if isinstance(value, datetime):
        return to_millis(value)
    if isinstance(value, int):
        return value
    if _MILLIS_TEXT.fullmatch(value):
        return int(value)
    if "T" not in value:
        return to_millis(datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC))
    return to_millis(datetime.fromisoformat(value))


def clock_text(millis: int) -> str:
    """Time of day as HubSpot quotes it when it refuses a date that is not at midnight."""
    seconds, thousandths = divmod(millis % DAY_MS, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60}:{seconds % 60}.{thousandths:03d}"
