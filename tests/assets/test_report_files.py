"""A distributor's files as partitions: each once, with what became of it."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import dagster as dg
import pytest
from dagster_rig import LINE, Hub, drop

FILES = dg.AssetKey(["files", "northwind"])
ANOTHER = LINE.replace(";N1;", ";N2;")


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def sync(hub: Hub, instance: dg.DagsterInstance) -> bool:
    job = hub.definitions().resolve_job_def("sync")
    return job.execute_in_process(instance=instance, raise_on_error=False).success


def told(instance: dg.DagsterInstance) -> list[tuple[str, dict[str, Any]]]:
    """Partition and metadata of each event of a file, oldest first."""
    found = [
        record.asset_materialization
        for record in instance.fetch_materializations(FILES, limit=100).records
    ]
    return [
        (str(event.partition), {name: value.value for name, value in event.metadata.items()})
        for event in reversed(found)
        if event is not None
    ]


def test_each_file_is_a_partition_with_what_was_read_of_it(
    feed: Hub, instance: dg.DagsterInstance
) -> None:
    drop(feed.folder, "pos_2.csv", ANOTHER + LINE.replace(";N1;", ";N3;"))
    assert sync(feed, instance)
    files = told(instance)
    assert [
        (name, file["status"], file["lines_read"], file["hub_run"]) for name, file in files
    ] == [
        ("pos/pos_1.csv", "taken", 1, 1),
        ("pos/pos_2.csv", "taken", 2, 1),
    ]
    content = (feed.folder / "feeds" / "pos_2.csv").read_bytes()
    assert files[1][1]["digest"] == sha256(content).hexdigest()
    assert instance.get_dynamic_partitions("northwind_files") == ["pos/pos_1.csv", "pos/pos_2.csv"]
    assert sync(feed, instance)
    assert told(instance) == files


def test_a_copy_and_a_file_that_cannot_be_read_say_why_they_were_not_taken(
    feed: Hub, instance: dg.DagsterInstance
) -> None:
    sync(feed, instance)
    drop(feed.folder, "pos_copy.csv", LINE)
    (feed.folder / "feeds" / "pos_torn.csv").write_text("a;b\n1;2\n")
    assert not sync(feed, instance)
    files = dict(told(instance))
    assert files["pos/pos_copy.csv"]["status"] == "duplicate_ignored"
    assert files["pos/pos_torn.csv"]["status"] == "rejected"
    assert "no column headed" in files["pos/pos_torn.csv"]["reason"]
