"""HubSpot: list and search pulls, batch writes, associations as fields, over hubspot-api-client."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import polars as pl

from hub.config import Settings
from hub.connectors.comparing import COMPARED
from hub.connectors.contract import (
    MODIFIED_AT,
    RECORD_ID,
    REMOVALS,
    RESERVED,
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
from hub.connectors.hubspot import preflight
from hub.connectors.hubspot.client import Portal
from hub.connectors.hubspot.config import HubSpotSystem
from hub.connectors.hubspot.deleting import removal_calls
from hub.connectors.hubspot.links import LinkReader
from hub.connectors.hubspot.linktypes import LinkCatalogue, LinkField
from hub.connectors.hubspot.provisioning import HubSpotProvisioner
from hub.connectors.hubspot.reading import BATCH_ROWS, Reader
from hub.connectors.hubspot.rows import Rows
from hub.connectors.hubspot.schema import Schemas, linked
from hub.connectors.hubspot.tracing import Tracer, present
from hub.connectors.hubspot.writing import ROWS_PER_CALL, Writer
from hub.errors import SchemaChanged

__all__ = ["HubSpotConnector"]


class HubSpotConnector:
    """One HubSpot account.

    The computed minimum of calls is derived in `docs/connectors/hubspot.md`.

    A changed association does not move a record's last-modified time: increments see it only when
    something else about the record changes; it is a volatile field. Calculated properties do move
    it, as every property does.
    """

    config_model = HubSpotSystem
    rows_per_apply = 10 * ROWS_PER_CALL

    def __init__(
        self,
        system: str,
        config: HubSpotSystem,
        settings: Settings,
        *,
        patience: Patience | None = None,
    ) -> None:
        self.system = system
        self.calls = CallMeter(share=config.quota_share)
        self._config = config
        self._mappings = settings.mappings.get(system, {})
        self._portal = Portal(system, config, self.calls, patience or Patience())
        self._schemas = Schemas(self._portal)
        self._catalogue = LinkCatalogue(self._portal)
        self._writer = Writer(
            self._portal, self._schemas, self._catalogue, compares=config.compare_before_write
        )

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return list(
            preflight.findings(self._portal, self._schemas, self._catalogue, self._mappings, specs)
        )

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        """Batches hold many pages: rows are made, and associations read, for many at once."""
        try:
            batches = Reader(self._portal, self._config, self._rows(spec)).changed(cursor)
            yield from self._linked(spec, batches)
        except SchemaChanged:
            self._schemas.forget(spec.name)
            raise

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        batches = Reader(self._portal, self._config, self._rows(spec)).named(record_ids)
        return self._linked(spec, batches)

    def describe(self, obj: str) -> Sequence[FieldShape]:
        mapping = self._mappings.get(obj)
        mapped = linked(mapping.all_fields) if mapping is not None else []
        return [*self._schemas.of(obj).described(), *self._catalogue.described(obj, mapped)]

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:
        return present(self._portal, spec.name)

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        tracer = Tracer(self._portal, self._rows(spec))
        for start in range(0, len(record_ids), BATCH_ROWS):
            batch = tracer.trace(record_ids[start : start + BATCH_ROWS])
            yield from self._linked(spec, iter([batch]))

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:
        return tuple(linked(spec.fields))

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:
        links = self._links(spec)
        for start in range(0, len(record_ids), BATCH_ROWS):
            yield links.of(record_ids[start : start + BATCH_ROWS])

    def _rows(self, spec: ObjectSpec) -> Rows:
        return Rows(spec, self._schemas.of(spec.name))

    def _links(self, spec: ObjectSpec) -> LinkReader:
        fields, size = linked(spec.fields), self._config.association_batch
        return LinkReader(self._portal, self._catalogue, spec.name, fields, size)

    def _linked(self, spec: ObjectSpec, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches, each row with the records it is associated with."""
        links = self._links(spec)
        for batch in batches:
            told = links.added(batch.rows).select(*RESERVED, *spec.fields)
            yield replace(batch, rows=told.sort(MODIFIED_AT, RECORD_ID))

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:
        if not writes:
            return 0
        compares = anew or self._config.compare_before_write
        told = {o for o, op in writes if op not in REMOVALS or (op in COMPARED and compares)}
        pairs = {
            (obj, field.to)
            for obj, op in writes
            for field in map(LinkField.parsed, linked(self._created_fields(obj)))
            if op == "create" and field.custom
        }
        return (
            self._portal.sign_in_calls(anew=anew)
            + self._schemas.calls(told, anew=anew)
            + self._catalogue.calls(pairs, anew=anew)
        )

    def _created_fields(self, obj: str) -> list[str]:
        mapping = self._mappings.get(obj)
        return [] if mapping is None or mapping.push is None else list(mapping.push.all_fields)

    def write_calls(self, obj: str, rows: int, op: Operation = "create") -> int:
        return removal_calls(obj, rows, op) if op in REMOVALS else -(-rows // ROWS_PER_CALL)

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:  # noqa: ARG002
        return -(-rows // ROWS_PER_CALL) if asked or self._config.compare_before_write else 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return self._writer.apply(changes)

    def provisioner(self) -> HubSpotProvisioner:
        return HubSpotProvisioner(self._portal, self._schemas, self._catalogue)

    def close(self) -> None:
        self._portal.close()
