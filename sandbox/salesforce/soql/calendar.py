"""What a SOQL date literal stands for: a half-open span of the user's calendar days."""

from datetime import date, timedelta

from sandbox.salesforce.soql.tree import DateRange

Span = tuple[date, date]

_UNIT = {"DAYS": "DAY", "WEEKS": "WEEK", "MONTHS": "MONTH", "QUARTERS": "QUARTER", "YEARS": "YEAR"}


def span(literal: DateRange, today: date) -> Span:
    """First day and the day after the last."""
    name = literal.name
    if name in ("YESTERDAY", "TODAY", "TOMORROW"):
        day = today + timedelta(days=("YESTERDAY", "TODAY", "TOMORROW").index(name) - 1)
        return day, day + timedelta(days=1)
    if name in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        return _many("LAST" if name.startswith("LAST") else "NEXT", "DAY", 90, today)
    words = name.split("_")
    if "N" not in words:
        return _unit(words[1], today, {"LAST": -1, "THIS": 0, "NEXT": 1}[words[0]])
    if words[-1] == "AGO":
        return _unit(_UNIT[words[1]], today, -literal.count)
    return _many(words[0], _UNIT[words[2]], literal.count, today)


def _many(which: str, unit: str, count: int, today: date) -> Span:
    """LAST_N_DAYS runs from n days ago up to now; longer units are whole ones before this one."""
    if which == "LAST":
        end = _unit(unit, today, 1)[0] if unit == "DAY" else _unit(unit, today, 0)[0]
        return _unit(unit, today, -count)[0], end
    return _unit(unit, today, 1)[0], _unit(unit, today, count)[1]


def _unit(unit: str, today: date, shift: int) -> Span:
    if unit == "DAY":
        day = today + timedelta(days=shift)
        return day, day + timedelta(days=1)
    if unit == "WEEK":
        # Weeks start on Sunday in a US-English org.
        sunday = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=shift)
        return sunday, sunday + timedelta(weeks=1)
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit]
    running = today.year * 12 + today.month - 1
    first = running - running % months + shift * months
    return _first_of(first), _first_of(first + months)


def _first_of(running_month: int) -> date:
    return date(running_month // 12, running_month % 12 + 1, 1)
