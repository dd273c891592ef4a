"""HubSpot: list and search pulls, batch writes, associations as fields, over hubspot-api-client."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hub.config import Settings
from hub.connectors.contract import (
    MODIFIED_AT,
    RECORD_ID,
    RESERVED,
    Batch,
    CallMeter,
    Change,
    Finding,
    ObjectSpec,
    Outcome,
)
from hub.connectors.http import Patience
from hub.connectors.hubspot import preflight
from hub.connectors.hubspot.client import Portal
from hub.connectors.hubspot.config import HubSpotSystem
from hub.connectors.hubspot.links import LinkCatalogue, LinkReader
from hub.connectors.hubspot.reading import Reader, Rows
from hub.connectors.hubspot.schema import Schemas, linked
from hub.connectors.hubspot.writing import ROWS_PER_CALL, Writer
from hub.connectors.paging import merged
from hub.errors import SchemaChanged

__all__ = ["HubSpotConnector"]

_BATCH_ROWS = 10_000


class HubSpotConnector:
    """One HubSpot account.

    The computed minimum of calls: 1 per object for its properties (once per connector), 1 per pair
    of objects for custom labels; a first load max(1, ceil(rows / 100)); an increment
    max(1, ceil(rows / 200)) searches and max(1, ceil(archived / 100)) pages of the archived list;
    ceil(rows / association_batch) per object associated; ceil(changes / 100) per written object,
    operation and key.

    A changed association does not move a record's last-modified time: increments see it only when
    something else about the record changes, a full pull always does.
    """

    config_model = HubSpotSystem
    rows_per_write = ROWS_PER_CALL

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
        self._writer = Writer(self._portal, self._schemas, self._catalogue)

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return list(
            preflight.findings(self.calls, self._schemas, self._catalogue, self._mappings, specs)
        )

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        """Batches hold many pages, because associations are read for up to 1,000 rows at once."""
        try:
            rows = Rows(spec, self._schemas.of(spec.name))
            pages = Reader(self._portal, self._config, rows).pages(cursor)
            yield from self._linked(spec, rows, pages)
        except SchemaChanged:
            self._schemas.forget(spec.name)
            raise

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        rows = Rows(spec, self._schemas.of(spec.name))
        pages = Reader(self._portal, self._config, rows).named(record_ids)
        return self._linked(spec, rows, pages)

    def _linked(self, spec: ObjectSpec, rows: Rows, pages: Iterator[Batch]) -> Iterator[Batch]:
        """The pages in large batches, each row with the records it is associated with."""
        links = LinkReader(
            self._portal,
            self._catalogue,
            spec.name,
            linked(spec.fields),
            self._config.association_batch,
        )
        for batch in merged(pages, _BATCH_ROWS):
            told = links.added(rows.spelt(batch.rows)).select(*RESERVED, *spec.fields)
            yield replace(batch, rows=told.sort(MODIFIED_AT, RECORD_ID))

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return self._writer.apply(changes)

    def close(self) -> None:
        self._portal.close()
