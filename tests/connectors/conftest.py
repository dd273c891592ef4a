"""Fixtures: one server a session, and on it a fresh system for each test."""

from collections.abc import Iterator

import pytest
from rigs import RIGS, HubSpotRig, SalesforceRig, Stage, hubspot_rig, salesforce_rig

from sandbox.server import ThreadedServer


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    stage = Stage()
    with ThreadedServer(stage) as server:
        yield stage, server.url


@pytest.fixture(params=sorted(RIGS))
def rig(
    request: pytest.FixtureRequest, stage: tuple[Stage, str]
) -> Iterator[SalesforceRig | HubSpotRig]:
    with RIGS[request.param](*stage) as running:
        yield running


@pytest.fixture
def org(stage: tuple[Stage, str]) -> Iterator[SalesforceRig]:
    with salesforce_rig(*stage) as running:
        yield running


@pytest.fixture
def portal(stage: tuple[Stage, str]) -> Iterator[HubSpotRig]:
    with hubspot_rig(*stage) as running:
        yield running
