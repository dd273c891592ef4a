"""Records by their ids: as they are, which there are at all, and what became of the others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from hub.connectors.contract import Batch
from hub.connectors.rest.client import Client, Refused, filled
from hub.connectors.rest.config import DeletedField, DeletedList, Named
from hub.connectors.rest.places import ABSENT, at, steps
from hub.connectors.rest.reading import Lister

_NOT_THERE = frozenset({404, 410})


class Finder:
    """Asks for records of one object by id, in the cheapest way the system offers."""

    def __init__(self, client: Client, lister: Lister) -> None:
        self._client, self._lister = client, lister
        self._object, self._rows = lister.object, lister.rows

    def named(self, record_ids: Sequence[str]) -> Iterator[Batch]:
        """The living ones among the named records."""
        for records in self._found(record_ids, {}):
            yield Batch(self._rows.frame(self._living(records)), None)

    def present(self) -> Iterator[pl.Series]:
        """The ids of all living records, each once, however the list moves meanwhile."""
        seen = set[str]()
        for records in self._lister.whole({}):
            ids = dict.fromkeys(map(self._rows.id_of, self._living(records)))
            fresh = [record_id for record_id in ids if record_id not in seen]
            seen.update(fresh)
            yield pl.Series(fresh, dtype=pl.String)

    def traced(self, record_ids: Sequence[str]) -> Iterator[Batch]:
        """Rows of what the system can tell of these records, alive or deleted."""
        deleted = self._object.deleted
        params = deleted.params if isinstance(deleted, DeletedField) else {}
        left = set(record_ids)
        for records in self._found(record_ids, params):
            frame = self._rows.frame(records)
            left -= set(frame["record_id"])
            yield Batch(frame, None)
        if isinstance(deleted, DeletedList) and left:
            for records in self._lister.whole_gone(deleted):
                frame = self._rows.gone(records, deleted).filter(
                    pl.col("record_id").is_in(sorted(left))
                )
                yield Batch(frame, None)

    def _living(self, records: Sequence[Any]) -> list[Any]:
        return [record for record in records if not self._rows.is_gone(record)]

    def _found(self, record_ids: Sequence[str], params: Mapping[str, str]) -> Iterator[list[Any]]:
        named = self._object.named
        size = self._lister.style.size
        one_by_one = named is not None and named.path is not None
        if named is None or (one_by_one and len(record_ids) > size):
            yield from self._picked(set(record_ids), params)
        elif named.path is not None:
            yield self._one_by_one(named, named.path, record_ids, params)
        else:
            size = min(named.size, size)
            for start in range(0, len(record_ids), size):
                yield self._together(named, record_ids[start : start + size], params)

    def _picked(self, wanted: Collection[str], params: Mapping[str, str]) -> Iterator[list[Any]]:
        """The whole list, for systems that cannot be asked by id, or only at a call for each."""
        for records in self._lister.whole(params):
            yield [record for record in records if self._rows.id_of(record) in wanted]

    def _together(
        self, named: Named, record_ids: Sequence[str], params: Mapping[str, str]
    ) -> list[Any]:
        asked = {**self._object.params, **params, str(named.param): ",".join(record_ids)}
        self._client.calls.minimum += 1
        records, place, _ = self._lister.page(asked, None)
        while place is not None and len(records) < len(record_ids):
            further, place, _ = self._lister.page(asked, place)
            if not further:
                break
            records += further
        return records

    def _one_by_one(
        self, named: Named, path: str, record_ids: Sequence[str], params: Mapping[str, str]
    ) -> list[Any]:
        found = []
        for record_id in record_ids:
            self._client.calls.minimum += 1
            try:
                _, document = self._client.get(filled(path, id=record_id), params)
            except Refused as err:
                if err.status not in _NOT_THERE:
                    raise
                continue
            record = at(document, steps(named.record))
            if record is not ABSENT and record is not None:
                found.append(record)
        return found
