"""Pages of records into rows: typed and spelt a column at a time, many pages at once.

One record at a time would cost more than reading the pages from the network does.
"""

from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    MODIFIED_AT,
    RECORD_ID,
    RESERVED,
    ObjectSpec,
)
from hub.connectors.hubspot.schema import MODIFIED_PROPERTIES, Shape, plain
from hub.connectors.text import numbers, times

_LOSERS = ("hs_merged_object_ids", "hs_all_contact_vids")
_OBJECT_ID = "hs_object_id"
_SPELLINGS = {"number": numbers, "datetime": times}


class _Record(msgspec.Struct, gc=False):
    """A record of a page; its properties stay JSON until those of many records are read at once."""

    id: str
    updatedAt: str  # noqa: N815 - the wire's name, as below
    archived: bool | None = None
    archivedAt: str | None = None  # noqa: N815
    properties: msgspec.Raw = msgspec.Raw(b"{}")

    @property
    def changed(self) -> str:
        """When it was last changed; of an archived record, when it was archived."""
        return self.archivedAt or self.updatedAt if self.archived else self.updatedAt


class _Page(msgspec.Struct):
    results: list[_Record]


_decoded = msgspec.json.Decoder(_Page).decode


class Rows:
    """The plain properties of one spec: what is asked for, and how the answers become rows."""

    def __init__(self, spec: ObjectSpec, shape: Shape) -> None:
        self.object = spec.name
        self.modified = MODIFIED_PROPERTIES.get(spec.name, "hs_lastmodifieddate")
        self._properties = plain(spec.fields)
        shape.require(self._properties)
        self._types = [shape.properties[name].type for name in self._properties]
        self._losers = [name for name in _LOSERS if name in shape.properties]
        self.asked = list(dict.fromkeys([*self._properties, *self._losers])) or [_OBJECT_ID]
        self._values = dict.fromkeys(self.asked, pl.String())

    def frame(self, pages: Sequence[bytes]) -> pl.DataFrame:
        """All records of the pages in canonical text, and a deleted row for each record that was
        merged into one of them: such a record leaves every list, and only its survivor names it.
        """
        told = self._told(pages)
        living = self._spelt(told)
        merged = merges(self._survivors(told))
        if not merged:
            return living
        gone = _gone(merged, living)
        return pl.concat([living.join(gone, on=RECORD_ID, how="anti"), gone], how="diagonal")

    def merges(self, pages: Sequence[bytes]) -> dict[str, str]:
        """Record id → id of the record of these pages that it has become part of."""
        return merges(self._survivors(self._told(pages)))

    def _told(self, pages: Sequence[bytes]) -> pl.DataFrame:
        """All records of the pages as told: which, when changed, whether deleted, properties."""
        records = [one for page in pages for one in _decoded(_one_line(page)).results]
        lines = b"\n".join([one.properties for one in records])
        # No lines are no JSON.
        values = pl.read_ndjson(lines or b"{}", schema=self._values).head(len(records))
        archived = pl.Series([bool(one.archived) for one in records], dtype=pl.Boolean)
        heads = pl.DataFrame(
            {
                RECORD_ID: [one.id for one in records],
                MODIFIED_AT: [one.changed for one in records],
                IS_DELETED: archived.cast(pl.String),
            },
            schema=dict.fromkeys((RECORD_ID, MODIFIED_AT, IS_DELETED), pl.String),
        )
        return heads.hstack(values)

    def _spelt(self, told: pl.DataFrame) -> pl.DataFrame:
        filled = told.select(
            RECORD_ID,
            MODIFIED_AT,
            IS_DELETED,
            pl.lit(None, pl.String).alias(MERGED_INTO),
            *(pl.when(pl.col(name) != "").then(pl.col(name)) for name in self._properties),
        )
        return filled.with_columns(
            times(filled[MODIFIED_AT]),
            *(
                _SPELLINGS[kind](filled[name])
                for name, kind in zip(self._properties, self._types, strict=True)
                if kind in _SPELLINGS
            ),
        )

    def _survivors(self, told: pl.DataFrame) -> list[tuple[str, list[str]]]:
        """Records and those merged into them, in the order in which they were changed."""
        if not self._losers:
            return []
        found = told.select(
            RECORD_ID,
            MODIFIED_AT,
            pl.concat_str(self._losers, separator=";", ignore_nulls=True).alias("losers"),
        ).filter(pl.col("losers").str.len_chars() > 0)
        return [
            (survivor, [loser for loser in losers.split(";") if loser not in {"", survivor}])
            for survivor, _, losers in found.sort(MODIFIED_AT, RECORD_ID).rows()
        ]


def merges(survivors: Sequence[tuple[str, Sequence[str]]]) -> dict[str, str]:
    """Loser → the record at the end of its merges, given survivors and what they name.

    A search index that lags can still show a record that was merged away itself since.
    """
    step = {loser: survivor for survivor, losers in survivors for loser in losers}
    return {loser: _end(step, loser) for loser in step}


def _end(step: Mapping[str, str], record_id: str) -> str:
    seen = {record_id}
    while (following := step.get(record_id)) is not None and following not in seen:
        seen.add(following)
        record_id = following
    return record_id


def _gone(merged: Mapping[str, str], living: pl.DataFrame) -> pl.DataFrame:
    """Deleted rows of merged records; the change of the survivor is the latest they can be of."""
    at = dict(living.select(RECORD_ID, MODIFIED_AT).rows())
    rows = [(loser, at.get(into), "true", into) for loser, into in merged.items() if into in at]
    return pl.DataFrame(rows, schema=dict.fromkeys(RESERVED, pl.String), orient="row")


def _one_line(page: bytes) -> bytes:
    """JSON text holds line breaks only between its tokens, if at all."""
    return msgspec.json.format(page, indent=-1) if b"\n" in page else page
