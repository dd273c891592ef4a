"""The promises of a connector, kept by `rest` in front of the partner's portal."""

from collections.abc import Iterator

import pytest
from portal_rig import PortalRig, portal_rig
from rigs import Stage

from hub.connectors.kit import (
    ConnectorPromises,
    CredentialPromises,
    DeletionPromises,
    FailurePromises,
    HidingPromises,
    IncrementPromises,
    MergePromises,
    QuotaPromises,
    RemovalPromises,
    SchemaPromises,
    VolatilePromises,
    WritingPromises,
)


class TestRest(
    ConnectorPromises,
    IncrementPromises,
    DeletionPromises,
    MergePromises,
    HidingPromises,
    FailurePromises,
    CredentialPromises,
    QuotaPromises,
    WritingPromises,
    RemovalPromises,
    SchemaPromises,
    VolatilePromises,
):
    @pytest.fixture
    def rig(self, stage: tuple[Stage, str]) -> Iterator[PortalRig]:
        with portal_rig(*stage) as running:
            yield running


class TestRestByOtherWays(IncrementPromises, DeletionPromises, MergePromises, FailurePromises):
    """The ways that change how lists are read, each with each way to page."""

    @pytest.fixture(params=["page", "offset", "cursor", "link"])
    def rig(self, request: pytest.FixtureRequest, stage: tuple[Stage, str]) -> Iterator[PortalRig]:
        with portal_rig(*stage) as running:
            running.ways(
                auth={"page": "bearer", "offset": "basic", "link": "oauth"}.get(
                    request.param, "api_key"
                ),
                paging=request.param,
                deletes="endpoint",
                since_inclusive=False,
            )
            yield running
