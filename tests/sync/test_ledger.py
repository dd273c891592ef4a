"""The ledger of runs: numbered, in the order of time, none left running, every call counted."""

from datetime import timedelta

from databases import rows_of
from moments import MORNING
from sqlalchemy import Engine

from hub.connectors.contract import CallMeter
from hub.models.database import reading, writing
from hub.models.operations import ops_call, ops_run
from hub.sync.ledger import Stopwatch, begin_run, end_run, latest_run, record_calls


def test_runs_are_numbered_and_closed_with_their_figures(engine: Engine) -> None:
    first = begin_run(engine, "sync", "a-config", MORNING)
    end_run(engine, first, "done", seconds={"pull": 1.5})
    second = begin_run(engine, "settle", "a-config", MORNING + timedelta(hours=1))
    end_run(engine, second, "failed", error="the quota is spent", seconds={})
    told = [(r["run"], r["kind"], r["status"], r["error"]) for r in rows_of(engine, ops_run)]
    assert told == [(1, "sync", "done", None), (2, "settle", "failed", "the quota is spent")]
    assert rows_of(engine, ops_run)[0]["seconds"] == '{"pull": 1.5}'
    with reading(engine) as conn:
        assert latest_run(conn) == 2


def test_a_run_that_was_killed_is_known_as_dead_when_the_next_one_begins(engine: Engine) -> None:
    begin_run(engine, "sync", "a-config", MORNING)
    begin_run(engine, "sync", "a-config", MORNING + timedelta(hours=1))
    told = [(row["status"], row["finished_at"]) for row in rows_of(engine, ops_run)]
    assert told == [("died", MORNING + timedelta(hours=1)), ("running", None)]


def test_runs_follow_each_other_even_when_the_clock_is_set_back(engine: Engine) -> None:
    moments = [
        begin_run(engine, "sync", "a-config", MORNING + shift).started_at - MORNING
        for shift in (timedelta(), timedelta(hours=-1), timedelta(hours=-1), timedelta(hours=1))
    ]
    tick = timedelta(microseconds=1)
    assert moments == [timedelta(), tick, 2 * tick, timedelta(hours=1)]


def test_calls_add_up_per_run_system_and_step_and_the_quota_is_the_latest(engine: Engine) -> None:
    run = begin_run(engine, "sync", "a-config", MORNING)
    meter = CallMeter(used=3, minimum=2, writes=1, quota_used=100, quota_limit=1000)
    with writing(engine) as conn:
        record_calls(conn, run, "crm", "land/Account", meter)
    meter.restart()
    assert (meter.used, meter.quota_used) == (0, 100)
    meter.used, meter.minimum, meter.quota_used = 4, 4, 104
    with writing(engine) as conn:
        record_calls(conn, run, "crm", "land/Account", meter)
        record_calls(conn, run, "crm", "apply/Account", CallMeter(used=1, minimum=1, writes=1))
    shown = ("step", "used", "minimum", "writes", "quota_used", "quota_limit")
    assert [tuple(row[n] for n in shown) for row in rows_of(engine, ops_call)] == [
        ("apply/Account", 1, 1, 1, None, None),
        ("land/Account", 7, 6, 1, 104, 1000),
    ]


def test_a_stopwatch_adds_up_laps_even_of_what_failed() -> None:
    watch = Stopwatch()
    try:
        with watch.lap("land"):
            raise ValueError
    except ValueError:
        pass
    with watch.lap("land"), watch.lap("check"):
        pass
    assert sorted(watch.seconds) == ["check", "land"]
    assert all(seconds >= 0 for seconds in watch.seconds.values())
