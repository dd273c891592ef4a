"""When reports are due, and what is said of those that do not come."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
from trade import Trade, moment_of, sale

from hub.commands.siso import calendar, waive
from hub.commands.status import status
from hub.commands.warehouse import Workplace
from hub.connectors.feed.config import FeedReport
from hub.connectors.feed.due import DueRule
from hub.errors import HubError
from hub.models.channel import expected_report, siso

Make = Callable[..., Trade]
MARCH = date(2026, 3, 31)


@pytest.mark.parametrize(("place", "due"), [(None, "2026-04-07"), ("DE", "2026-04-09")])
def test_F28_the_fifth_business_day_knows_the_holidays(place: str | None, due: str) -> None:
    """Good Friday and Easter Monday 2026 are 3 and 6 April."""
    moment = DueRule.read("monthly+5bd").due_at(MARCH, place, None)
    assert f"{moment:%Y-%m-%d %H:%M:%S}" == f"{due} 23:59:59"


@pytest.mark.parametrize(
    ("rule", "day", "period", "due"),
    [
        ("daily+1d", "2026-03-05", "2026-03-05..2026-03-05", "2026-03-06T23:59:59"),
        ("weekly+2bd@12:00", "2026-03-05", "2026-03-02..2026-03-08", "2026-03-10T12:00:00"),
        ("monthly+10d", "2026-02-05", "2026-02-01..2026-02-28", "2026-03-10T23:59:59"),
        ("quarterly+10bd", "2026-03-05", "2026-01-01..2026-03-31", "2026-04-14T23:59:59"),
        ("monthly+1bd", "2026-12-31", "2026-12-01..2026-12-31", "2027-01-01T23:59:59"),
    ],
)
def test_rules_of_periods(rule: str, day: str, period: str, due: str) -> None:
    read, when = DueRule.read(rule), date.fromisoformat(day)
    [(first, last)] = read.periods(when, when)
    assert f"{first}..{last}" == period
    assert read.due_at(last, None, None) == moment_of(due)


def test_a_due_day_ends_where_the_distributor_is() -> None:
    moment = DueRule.read("monthly+5bd").due_at(MARCH, None, "America/New_York")
    assert moment == moment_of("2026-04-08T03:59:59")


@pytest.mark.parametrize(
    ("key", "value"),
    [("due", "monthly"), ("due", "5bd"), ("holidays", "XX"), ("time_zone", "Mars")],
)
def test_a_rule_that_nobody_understands_is_refused(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=value):
        FeedReport.model_validate({"path": "x", "profile": "y", key: value})


def _states(here: Trade) -> list[tuple[object, ...]]:
    return here.rows(expected_report, "period_end", "state", "days_late", "escalation")


@pytest.mark.parametrize(("place", "state", "days"), [(None, "received", 1), ("DE", "received", 0)])
def test_F28_what_arrives_on_8_april_is_late_without_holidays(
    trade: Make, place: str | None, state: str, days: int
) -> None:
    here = trade(reports={"pos": {"due": "monthly+5bd", "holidays": place}})
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-08 09:00")
    here.sync("2026-04-08 10:00")
    assert _states(here)[0] == (MARCH, state, days, None)


def test_F29_late_missing_and_zero_are_three_things_and_each_is_told_once(trade: Make) -> None:
    here = trade(reports={"pos": {"due": "monthly+5bd"}})
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-02")
    here.drop("pos_2026-04.csv", [], "2026-05-04", list(sale("I1")))
    assert here.sync("2026-06-05 10:00").status == "done"
    may = date(2026, 5, 31)
    assert [row[:2] for row in _states(here)] == [
        (MARCH, "received"), (date(2026, 4, 30), "zero_reported"), (may, "due"),
        (date(2026, 6, 30), "upcoming"),
    ]  # fmt: skip

    late = here.sync("2026-06-10 10:00")
    assert late.status == "failed"
    [law] = [law.detail for law in late.laws if law.law == "honesty"]
    assert "northwind/pos of 2026-05-31 is late, it was due on 2026-06-05" in law
    assert _states(here)[2] == (may, "late", 5, "cam")
    first = _alerted(here)
    here.sync("2026-06-11 10:00")
    assert _alerted(here) == first == moment_of("2026-06-10 10:00")
    here.sync("2026-06-20 10:00")
    assert _states(here)[2] == (may, "missing", 15, "hold")
    assert _alerted(here) == moment_of("2026-06-20 10:00")
    here.sync("2026-06-21 10:00")
    assert _alerted(here) == moment_of("2026-06-20 10:00")

    place = Workplace(here.settings, here.engine)
    assert [one["state"] for one in status(place)["reports"]] == ["missing", "upcoming"]
    here.drop("pos_2026-05.csv", [sale("I5", Date="2026-05-05")], "2026-06-22")
    assert here.sync("2026-06-22 10:00").status == "done"
    assert _states(here)[2] == (may, "received", 17, None)
    assert {row[0] for row in here.rows(siso, "status")} == {"incomplete"}


def _alerted(here: Trade) -> datetime:
    found = {row[0]: row[1] for row in here.rows(expected_report, "period_end", "alerted_at")}
    told: datetime = found[date(2026, 5, 31)]
    return told


def test_what_is_waived_is_no_fault(trade: Make) -> None:
    here = trade(reports={"pos": {"due": "monthly+5bd", "since": "2026-03-01"}})
    assert here.sync("2026-04-10 10:00").status == "failed"
    place = Workplace(here.settings, here.engine)
    assert [one["state"] for one in calendar(place)] == ["late", "upcoming"]
    waive(place, "northwind/pos", "2026-03-31", "an operator", "stock-taking")
    assert here.sync("2026-04-11 10:00").status == "done"
    assert _states(here)[0][:2] == (MARCH, "waived")
    with pytest.raises(HubError, match="is waived"):
        waive(place, "northwind/pos", "2026-03-31", "an operator", "again")
    with pytest.raises(HubError, match="expected"):
        waive(place, "northwind/pos", "2026-02-28", "an operator", "x")


def test_a_feed_without_a_rule_owes_nothing(trade: Make, tmp_path: Path) -> None:
    here = trade()
    here.drop("pos_2026-03.csv", [sale("I1")], "2026-04-08 09:00")
    assert here.sync("2026-12-01 10:00").status == "done"
    assert here.rows(expected_report, "state") == []
