"""When Dagster syncs by itself: every quarter of an hour, and when a distributor drops a file."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from dagster_rig import LINE, Hub, drop

from dagster_project.jobs import every_15_minutes, sync_job


def _tick(hub: Hub, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    (sensor,) = hub.definitions().sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    told = sensor(dg.build_sensor_context(cursor=cursor))
    assert isinstance(told, dg.SensorResult | dg.SkipReason)
    return told


def _asked(hub: Hub, cursor: str | None = None) -> dg.SensorResult:
    told = _tick(hub, cursor)
    assert isinstance(told, dg.SensorResult)
    return told


def _skipped(hub: Hub, cursor: str | None = None) -> str | None:
    told = _tick(hub, cursor)
    assert isinstance(told, dg.SkipReason)
    return told.skip_message


def test_a_dropped_file_asks_for_one_sync(feed: Hub) -> None:
    told = _asked(feed)
    (request,) = told.run_requests or []
    assert request.run_key == f"northwind:{told.cursor}"
    assert request.tags["hub/files"] == "pos/pos_1.csv"


def test_a_file_that_waits_is_not_asked_for_twice(feed: Hub) -> None:
    cursor = _asked(feed).cursor
    assert _skipped(feed, cursor) == "A sync was asked for already: pos/pos_1.csv."


def test_a_further_file_asks_again_under_another_key(feed: Hub) -> None:
    first = _asked(feed)
    drop(feed.folder, "pos_2.csv", LINE.replace("N1;1", "N2;1"))
    second = _asked(feed, first.cursor)
    assert second.cursor != first.cursor
    assert (second.run_requests or [])[0].tags["hub/files"] == "pos/pos_1.csv, pos/pos_2.csv"


def test_files_that_a_sync_took_ask_for_nothing_whoever_synced(feed: Hub) -> None:
    objects = ("pos_line", "reseller", "end_customer", "report")
    assert feed.materialize(*(f"land/northwind_{obj}" for obj in objects)).success
    assert _skipped(feed) == "Every file of northwind was taken."


def test_a_file_that_only_a_part_of_the_feed_has_taken_still_waits(feed: Hub) -> None:
    assert feed.materialize("land/northwind_reseller").success
    assert (_asked(feed).run_requests or [])[0].tags["hub/files"] == "pos/pos_1.csv"


def test_many_files_are_named_briefly(feed: Hub) -> None:
    for number in range(2, 6):
        drop(feed.folder, f"pos_{number}.csv", LINE.replace("N1;1", f"N{number};1"))
    (request,) = _asked(feed).run_requests or []
    assert request.tags["hub/files"] == "pos/pos_1.csv, pos/pos_2.csv, pos/pos_3.csv and 2 more"


def _scheduled(instance: dg.DagsterInstance) -> object:
    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    return every_15_minutes(
        dg.build_schedule_context(instance=instance, scheduled_execution_time=noon)
    )


def test_the_schedule_syncs_every_quarter_of_an_hour(tmp_path: Path) -> None:
    assert every_15_minutes.cron_schedule == "*/15 * * * *"
    assert every_15_minutes.job.name == sync_job.name == "sync"
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        request = _scheduled(instance)
    assert isinstance(request, dg.RunRequest)
    assert request.run_key == "2026-03-02T12:00:00+00:00"


def test_the_schedule_waits_for_the_sync_before(feed: Hub, tmp_path: Path) -> None:
    job = feed.definitions().resolve_job_def("sync")
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        skipped = _scheduled(instance)
    assert isinstance(skipped, dg.SkipReason)
    assert skipped.skip_message == "The sync before is still under way."


def test_nothing_is_switched_on_by_itself(feed: Hub) -> None:
    (sensor,) = feed.definitions().sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    assert every_15_minutes.default_status is dg.DefaultScheduleStatus.STOPPED
