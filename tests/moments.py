"""Moments that tests share: no test asks what time it is."""

from datetime import UTC, datetime

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
