"""Sandbox servers that are started once and emptied before each test."""

from collections.abc import Iterator

import pytest
from hubspot_kit import Portal

from sandbox.clock import Clock
from sandbox.hubspot import HubSpotStore, Switches, create_app
from sandbox.requestlog import RequestLog
from sandbox.server import ThreadedServer


@pytest.fixture(scope="session")
def hubspot_server() -> Iterator[Portal]:
    store, switches, clock, log = HubSpotStore(), Switches(), Clock(), RequestLog(None)
    app = create_app(store, system="acme_hubspot", log=log, clock=clock, switches=switches)
    with ThreadedServer(app) as server:
        yield Portal(server.url, store, switches, clock, log)


@pytest.fixture
def portal(hubspot_server: Portal) -> Portal:
    """An empty account with default switches, its clock standing still at `NOON`."""
    hubspot_server.start_over()
    return hubspot_server
