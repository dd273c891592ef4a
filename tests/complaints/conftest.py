"""Fixtures: one server a session, and on it a fresh CRM with a hub for each scenario."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from complaint_kit import CRMS, HubSpotCrm, HubTime, SalesforceCrm, Stage, impatient
from databases import sqlite_copy

from sandbox.server import ThreadedServer


@pytest.fixture(scope="session")
def complaint_stage() -> Iterator[tuple[Stage, str]]:
    stage = Stage()
    with ThreadedServer(stage) as server:
        yield stage, server.url


@pytest.fixture
def hub_time() -> Iterator[HubTime]:
    with impatient() as time:
        yield time


@pytest.fixture(params=sorted(CRMS))
def crm(
    request: pytest.FixtureRequest,
    complaint_stage: tuple[Stage, str],
    sqlite_schema: Path,
    hub_time: HubTime,
    tmp_path: Path,
) -> Iterator[SalesforceCrm | HubSpotCrm]:
    """Each CRM in turn."""
    sqlite_copy(sqlite_schema, tmp_path / "hub.db")
    stage, url = complaint_stage
    made = CRMS[request.param](tmp_path, url, stage)
    yield made
    made.close()


@pytest.fixture
def org(
    complaint_stage: tuple[Stage, str], sqlite_schema: Path, hub_time: HubTime, tmp_path: Path
) -> Iterator[SalesforceCrm]:
    sqlite_copy(sqlite_schema, tmp_path / "hub.db")
    stage, url = complaint_stage
    made = SalesforceCrm(tmp_path, url, stage)
    yield made
    made.close()


@pytest.fixture
def portal(
    complaint_stage: tuple[Stage, str], sqlite_schema: Path, hub_time: HubTime, tmp_path: Path
) -> Iterator[HubSpotCrm]:
    sqlite_copy(sqlite_schema, tmp_path / "hub.db")
    stage, url = complaint_stage
    made = HubSpotCrm(tmp_path, url, stage)
    yield made
    made.close()
