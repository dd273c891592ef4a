"""A small world that was synced by Dagster twice, and copies of it to work on."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from dagster_rig import Hub, SyncedTwice, copy_of, crm_folder, feed_hub, served

from sandbox.seed import seed
from sandbox.world import World, generate


@pytest.fixture(scope="session")
def small_world() -> World:
    return generate(60, 7, today=date(2026, 8, 20))


@pytest.fixture(scope="session")
def synced(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> SyncedTwice:
    """Its CRMs are down again; nothing may be written to it."""
    hub = Hub(crm_folder(tmp_path_factory.mktemp("dagster") / "hub"))
    seed(hub.folder, small_world)
    with served(hub.folder) as log:
        first = hub.sync()
        until = len(log.lines)
        second = hub.sync()
    return SyncedTwice(hub, first, second, log.lines[:until], log.lines[until:])


@pytest.fixture
def copied(synced: SyncedTwice, tmp_path: Path) -> Iterator[Hub]:
    """A copy of the synced hub whose CRMs are up."""
    hub = copy_of(synced.hub, tmp_path / "hub")
    with served(hub.folder):
        yield hub


@pytest.fixture
def feed(tmp_path: Path) -> Hub:
    return feed_hub(tmp_path / "hub")
