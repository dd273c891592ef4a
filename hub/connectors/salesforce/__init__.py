"""Salesforce: SOQL pulls in key order and sObject Collections writes, over simple-salesforce."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta

import polars as pl

from hub.config import Settings
from hub.connectors.contract import (
    Batch,
    CallMeter,
    Change,
    FieldShape,
    Finding,
    ObjectSpec,
    Operation,
    Outcome,
    Write,
)
from hub.connectors.http import Patience
from hub.connectors.salesforce import preflight, reading, scanning, tracing
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.config import JwtBearer, SalesforceSystem
from hub.connectors.salesforce.provisioning import SalesforceProvisioner
from hub.connectors.salesforce.record_types import RECORD_TYPE, Choices, choices_by_record_type
from hub.connectors.salesforce.rows import Rows
from hub.connectors.salesforce.schema import Schemas
from hub.connectors.salesforce.writing import Writer

__all__ = ["SalesforceConnector"]


class SalesforceConnector:
    """One Salesforce org.

    The computed minimum of calls is derived in `docs/connectors/salesforce.md`.

    Formula fields and values looked up from a parent do not move the stamp increments go by; they
    are told by `volatile`.
    """

    config_model = SalesforceSystem
    rows_per_apply = 10_000

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
        self._by_record_type: dict[str, Choices] = {}
        config = _with_whole_paths(config, settings)
        self._org = Org(system, config, self.calls, patience or Patience())
        self._schemas = Schemas(self._org)
        self._writer = Writer(self._org, self._schemas, config)

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return list(
            preflight.findings(self._org, self._config, self._schemas, self._mappings, specs)
        )

    def describe(self, obj: str) -> Sequence[FieldShape]:
        """Picklists are told by record type too where the mapping names `RecordTypeId`."""
        shape = self._schemas.of(obj)
        mapping = self._mappings.get(obj)
        named = mapping is not None and RECORD_TYPE in mapping.all_fields
        if named and shape.has_record_types and obj not in self._by_record_type:
            self._by_record_type[obj] = choices_by_record_type(self._org, obj)
        by_type = self._by_record_type.get(obj, {})
        return [field.shape(by_type.get(name)) for name, field in shape.fields.items()]

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        start = reading.Cursor.read(cursor, self.system)
        rows = Rows(spec, self._schemas, gone=start.since is not None)
        overlap = timedelta(minutes=self._config.overlap_minutes)
        with self._schemas.trusted(spec.name):
            yield from reading.batches(self._org, rows, start, overlap)

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        rows = Rows(spec, self._schemas, gone=False)
        with self._schemas.trusted(spec.name):
            yield from tracing.named(self._org, rows, record_ids)

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:
        with self._schemas.trusted(spec.name):
            yield from scanning.present(self._org, self._schemas, spec.name)

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        rows = Rows(spec, self._schemas, gone=True)
        with self._schemas.trusted(spec.name):
            shape = self._schemas.of(spec.name)
            yield from tracing.traced(self._org, rows, shape, record_ids)

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:
        return scanning.volatile_fields(self._schemas, spec)

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:
        fields = self.volatile_fields(spec)
        with self._schemas.trusted(spec.name):
            yield from scanning.volatile(self._org, self._schemas, spec.name, fields, record_ids)

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:
        if not writes:
            return 0
        described = self._schemas.calls({obj for obj, _ in writes}, anew=anew)
        return described + (anew or not self._org.signed_in)

    def write_calls(self, obj: str, rows: int, op: Operation = "create") -> int:
        return self._writer.calls(obj, rows, op)

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        compares = asked or self._config.compare_before_write
        return -(-rows // tracing.IDS_PER_QUERY) if compares else 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return self._writer.apply(changes)

    def provisioner(self) -> SalesforceProvisioner:
        return SalesforceProvisioner(self._org, self._schemas, self._config.api_version)

    def close(self) -> None:
        self._org.close()


def _with_whole_paths(config: SalesforceSystem, settings: Settings) -> SalesforceSystem:
    """Paths start at the folder of `hub.yaml`."""
    auth = config.auth
    if not isinstance(auth, JwtBearer) or auth.private_key_file is None:
        return config
    file = settings.resolve(auth.private_key_file)
    return config.model_copy(update={"auth": auth.model_copy(update={"private_key_file": file})})
