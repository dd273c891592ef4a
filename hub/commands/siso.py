"""`hub siso` and `hub calendar`: balances with their causes, reports due, distributors rated."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from hub.commands.feed import period_of
from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.models.channel import expected_report, siso, siso_cause
from hub.models.database import exclusive, reading, writing
from hub.policy.calendar.states import OVERDUE, WAIVED


@dataclass(frozen=True)
class Balances:
    """Balances by distributor, SKU and period, each with its causes, and how many stand how."""

    rows: list[dict[str, Any]]
    by_status: dict[str, int]

    def shape(self) -> dict[str, Any]:
        return {"by_status": self.by_status, "balances": self.rows}


def balances(
    place: Workplace, system: str | None, sku: str | None, month: str | None, *, everything: bool
) -> Balances:
    """Balances of a month (the newest, if none is named), those out of tolerance first.

    `everything`: those within tolerance too. Raises HubError for what is no month.
    """
    period_of(month)
    c = siso.c
    with reading(place.engine) as conn:
        newest = select(c.period).order_by(c.period.desc()).limit(1)
        month = month or conn.scalar(newest.where(c.closing.is_not(None)))
        wanted = [c.period == month, *([c.distributor == system] if system else []),
                  *([c.sku == sku] if sku else [])]  # fmt: skip
        rows = [dict(row) for row in conn.execute(select(siso).where(*wanted)).mappings()]
        causes = conn.execute(
            select(siso_cause)
            .where(siso_cause.c.period == month)
            .order_by(siso_cause.c.distributor, siso_cause.c.sku, siso_cause.c.rank)
        ).mappings()
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for one in causes:
            told = {k: one[k] for k in ("cause", "effect", "removes", "share", "evidence")}
            found.setdefault((one["distributor"], one["sku"]), []).append(told)
    by_status: dict[str, int] = {}
    for row in rows:
        by_status[row["status"]] = by_status.get(row["status"], 0) + 1
        row["unit_value"] = None if row["unit_value"] is None else str(row["unit_value"])
        row["causes"] = found.get((row["distributor"], row["sku"]), [])
        del row["run"]
    shown = [r for r in rows if everything or sku or r["status"] == "exception"]
    shown.sort(key=lambda r: (-abs(r["gap"] or 0), r["distributor"], r["sku"]))
    return Balances(shown, dict(sorted(by_status.items())))


def calendar(place: Workplace, *, everything: bool = False) -> list[dict[str, Any]]:
    """Expected reports: those overdue or due next; `everything`: those that came, too."""
    with reading(place.engine) as conn:
        return reports_due(conn, everything=everything)


def reports_due(conn: Connection, *, everything: bool = False) -> list[dict[str, Any]]:
    c = expected_report.c
    query = select(expected_report).order_by(c.due_at, c.distributor, c.report)
    if not everything:
        query = query.where(c.state.in_([*OVERDUE, "due", "upcoming"]))
    return [
        {name: _plain(value) for name, value in row.items() if name != "run"}
        for row in conn.execute(query).mappings()
    ]


def waive(place: Workplace, named: str, period_end: str, by: str, why: str) -> dict[str, Any]:
    """Say that an overdue report is not needed. Raises HubError when none is expected there."""
    system, _, report = named.partition("/")
    c = expected_report.c
    try:
        last = date.fromisoformat(period_end)
    except ValueError as err:
        raise HubError(
            f"'{period_end}' is no day.", remedy="name the last day of the period: 2026-03-31"
        ) from err
    here = (c.distributor == system, c.report == report, c.period_end == last)
    with exclusive(place.engine), writing(place.engine) as conn:
        row = conn.execute(select(expected_report).where(*here)).mappings().first()
        if row is None:
            raise HubError(
                f"No report {named} of {period_end} is expected.", remedy="see `hub calendar list`"
            )
        if row["state"] not in (*OVERDUE, "due", "upcoming"):
            raise HubError(
                f"{named} of {period_end} is {row['state']}.",
                remedy="only what has not come can be",
            )
        conn.execute(
            update(expected_report)
            .where(*here)
            .values(state=WAIVED, waived_by=by, waived_why=why, escalation=None)
        )
    return {"distributor": system, "report": report, "period_end": period_end, "waived_by": by}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
