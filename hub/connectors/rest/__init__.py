"""REST: any system that speaks JSON over HTTP, its ways told by configuration."""

from collections.abc import Collection, Iterator, Sequence

import polars as pl

from hub.config import Settings
from hub.connectors.comparing import COMPARED, compared_fields
from hub.connectors.contract import (
    RECORD_ID,
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
from hub.connectors.outcomes import grouped
from hub.connectors.rest import preflight
from hub.connectors.rest.client import Client
from hub.connectors.rest.comparing import moved_on
from hub.connectors.rest.config import RestSystem
from hub.connectors.rest.finding import Finder
from hub.connectors.rest.reading import Lister, Reader
from hub.connectors.rest.rows import Rows
from hub.connectors.rest.shape import Shapes
from hub.connectors.rest.writing import Writer, calls_each
from hub.errors import SchemaChanged

__all__ = ["RestConnector"]


class RestConnector:
    """One system with a JSON API.

    The computed minimum of calls: 1 per object whose fields the system describes (once per
    connector); max(1, ceil(rows / size)) per list walked, 1 more where pages are counted and no
    total is told; ceil(ids / size) for records by id, or 1 each; 1 per change, 2 per create that
    has to look for its key; 1 for a token.
    """

    config_model = RestSystem
    rows_per_apply = 100

    def __init__(
        self,
        system: str,
        config: RestSystem,
        settings: Settings,
        *,
        patience: Patience | None = None,
    ) -> None:
        self.system = system
        self.calls = CallMeter(share=config.quota_share)
        self._config = config
        self._mappings = settings.mappings.get(system, {})
        self._client = Client(system, config, self.calls, patience or Patience())
        self._shapes = Shapes(self._client, config)
        self._writer = Writer(self._client, config, self._shapes)

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        return list(
            preflight.findings(self._client, self._config, self._shapes, self._mappings, specs)
        )

    def describe(self, obj: str) -> Sequence[FieldShape]:
        return self._shapes.describe(obj)

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        try:
            yield from Reader(self._client, self._config, self._lister(spec)).changed(cursor)
        except SchemaChanged:
            self._shapes.forget(spec.name)
            raise

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        return Finder(self._client, self._lister(spec)).named(record_ids)

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:
        return Finder(self._client, self._lister(ObjectSpec(spec.name, ()))).present()

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        return Finder(self._client, self._lister(spec)).traced(record_ids)

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:
        """Those that the configuration calls volatile; without a time of change every pull reads
        everything, so none is."""
        config = self._shapes.object(spec.name)
        if config.modified is None:
            return ()
        known = (name for name in spec.fields if name in config.fields)
        return tuple(name for name in known if config.fields[name].volatile)

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:
        fields = self.volatile_fields(spec)
        finder = Finder(self._client, self._lister(ObjectSpec(spec.name, fields)))
        for batch in finder.named(record_ids):
            yield batch.rows.select(RECORD_ID, *fields)

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:
        if not writes:
            return 0
        described = self._shapes.calls({obj for obj, _ in writes}, anew=anew)
        return described + self._client.sign_in_calls(anew=anew)

    def write_calls(self, obj: str, rows: int, op: Operation = "create") -> int:
        return rows * calls_each(op, self._shapes.object(obj))

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:
        """One for each portion of ids, or for each record; none where the system cannot be asked
        by id: its records are not compared."""
        size = self._compared_at_once(obj) if asked else None
        return -(-rows // size) if size is not None else 0

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        stale: dict[str, Outcome] = {}
        asked = (c for c in changes if c.compare and c.op in COMPARED and c.record_id)
        for group in grouped(asked, _object):
            size = self._compared_at_once(group[0].object)
            if size is not None:
                known = self._shapes.object(group[0].object).fields
                told = (name for change in group for name in compared_fields(change))
                names = tuple(dict.fromkeys(name for name in told if name in known))
                finder = Finder(self._client, self._lister(ObjectSpec(group[0].object, names)))
                stale |= moved_on(finder, size, group)
        yield from stale.values()
        yield from self._writer.apply([change for change in changes if change.id not in stale])

    def _compared_at_once(self, obj: str) -> int | None:
        named = self._shapes.object(obj).named
        return None if named is None else 1 if named.path is not None else named.size

    def close(self) -> None:
        self._client.close()

    def _lister(self, spec: ObjectSpec) -> Lister:
        config = self._shapes.require(spec)
        return Lister(self._client, self._config, config, Rows(self.system, spec, config))


def _object(change: Change) -> str:
    return change.object
