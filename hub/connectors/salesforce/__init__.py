"""Salesforce: SOQL pulls in key order and sObject Collections writes, over simple-salesforce."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from hub.config import Settings
from hub.connectors.contract import Batch, CallMeter, Change, Finding, ObjectSpec, Outcome
from hub.connectors.http import Patience
from hub.connectors.salesforce import preflight, reading
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.config import SalesforceSystem
from hub.connectors.salesforce.schema import Schemas
from hub.connectors.salesforce.writing import ROWS_PER_CALL, Writer
from hub.errors import SchemaChanged

__all__ = ["SalesforceConnector"]


class SalesforceConnector:
    """One Salesforce org.

    The computed minimum of calls: 1 for the token, 1 per object described (once per connector),
    max(1, ceil(rows / 2,000)) per pull, ceil(changes / 200) per written object and operation.

    Formula fields and values looked up from a parent do not move the stamp increments go by; map
    the fields they are computed from.
    """

    config_model = SalesforceSystem
    rows_per_write = ROWS_PER_CALL

    def __init__(
        self,
        system: str,
        config: SalesforceSystem,
        settings: Settings,
        *,
        patience: Patience | None = None,
    ) -> None:
        self.system = system
        self.calls = CallMeter(share=config.quota_share)
        self._config = config
        self._mappings = settings.mappings.get(system, {})
        self._org = Org(system, config, self.calls, patience or Patience())
        self._schemas = Schemas(self._org)
        self._writer = Writer(self._org, self._schemas, auto_assign=config.auto_assign)

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return list(
            preflight.findings(self._org, self._config, self._schemas, self._mappings, specs)
        )

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        rows = reading.Rows(spec, self._schemas.of(spec.name))
        overlap = timedelta(minutes=self._config.overlap_minutes)
        try:
            yield from reading.batches(self._org, rows, cursor, overlap)
        except SchemaChanged:
            self._schemas.forget(spec.name)
            raise

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        rows = reading.Rows(spec, self._schemas.of(spec.name))
        return reading.named(self._org, rows, record_ids)

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return self._writer.apply(changes)

    def close(self) -> None:
        self._org.close()
