"""The promises of a connector, kept by Salesforce and HubSpot against their sandboxes."""

from collections.abc import Iterator

import pytest
from crm_rigs import HubSpotCompanies, SalesforceAccounts, hubspot_companies, salesforce_accounts
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


class TestSalesforce(
    ConnectorPromises,
    IncrementPromises,
    DeletionPromises,
    MergePromises,
    FailurePromises,
    CredentialPromises,
    QuotaPromises,
    WritingPromises,
    RemovalPromises,
    SchemaPromises,
    VolatilePromises,
):
    @pytest.fixture
    def rig(self, stage: tuple[Stage, str]) -> Iterator[SalesforceAccounts]:
        with salesforce_accounts(*stage) as running:
            yield running


class TestHubSpot(
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
    def rig(self, stage: tuple[Stage, str]) -> Iterator[HubSpotCompanies]:
        with hubspot_companies(*stage) as running:
            yield running
