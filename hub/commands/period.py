"""`hub period`: which months of sales are closed, so that what is restated is booked later."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.models.channel import channel_period, pos_entry
from hub.models.database import exclusive, reading, writing

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")


@dataclass(frozen=True)
class Period:
    """A month with bookings or a closing: entries and units booked in it, of it and of others."""

    period: str
    closed_at: datetime | None
    closed_by: str | None
    entries: int
    units: int
    restated_units: int

    def shape(self) -> dict[str, Any]:
        closed = self.closed_at.isoformat() if self.closed_at else None
        return {**self.__dict__, "closed_at": closed}


def periods(place: Workplace) -> list[Period]:
    """All months that are closed or have entries, the oldest first."""
    with reading(place.engine) as conn:
        return _periods(conn)


def close(place: Workplace, period: str, by: str) -> list[Period]:
    """Close a month: nothing is booked in it any more. Raises HubError for what is no month, for
    one that is closed already, and while an earlier one is open."""
    _require(period)
    with exclusive(place.engine), writing(place.engine) as conn:
        known = {one.period: one for one in _periods(conn)}
        if period in known and known[period].closed_at:
            raise HubError(f"{period} is closed already.", remedy="see `hub period list`")
        still_open = [p for p, one in known.items() if p < period and one.closed_at is None]
        if still_open:
            raise HubError(
                f"{still_open[0]} is still open, and it is before {period}.",
                remedy=f"close it first: `hub period close {still_open[0]} --by {by}`",
            )
        conn.execute(
            channel_period.insert().values(period=period, closed_at=datetime.now(UTC), closed_by=by)
        )
        return _periods(conn)


def reopen(place: Workplace, period: str) -> list[Period]:
    """Open the last closed month again. What was booked elsewhere meanwhile stays there."""
    _require(period)
    with exclusive(place.engine), writing(place.engine) as conn:
        last = conn.scalar(select(func.max(channel_period.c.period)))
        if last != period:
            raise HubError(
                f"{period} is not the last closed month" + (f", {last} is." if last else "."),
                remedy="only the last one can be opened again; see `hub period list`",
            )
        conn.execute(channel_period.delete().where(channel_period.c.period == period))
        return _periods(conn)


def _require(period: str) -> None:
    if not _PERIOD.match(period):
        raise HubError(f"'{period}' is no month.", remedy="write it as 2026-03")


def _periods(conn: Connection) -> list[Period]:
    c = pos_entry.c
    restated = func.coalesce(
        func.sum(c.quantity).filter(c.effective_period != c.posting_period), 0
    ).label("restated")
    booked = {
        row.posting_period: row
        for row in conn.execute(
            select(
                c.posting_period,
                func.count().label("entries"),
                func.sum(c.quantity).label("units"),
                restated,
            ).group_by(c.posting_period)
        )
    }
    closed = {row.period: row for row in conn.execute(select(channel_period))}
    return [
        Period(
            period,
            closed[period].closed_at if period in closed else None,
            closed[period].closed_by if period in closed else None,
            *((booked[period].entries, booked[period].units, booked[period].restated)
              if period in booked else (0, 0, 0)),
        )
        for period in sorted({*booked, *closed})
    ]  # fmt: skip
