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
        values = pl.Struct(dict.fromkeys(self.asked, pl.String()))
        record = {
            "id": pl.String(),
            "updatedAt": pl.String(),
            "archived": pl.Boolean(),
            "archivedAt": pl.String(),
            "properties": values,
        }
        self._schema = {"results": pl.List(pl.Struct(record))}

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
        """All records of the pages as told: whose, when changed, whether deleted, the properties.

        The last change of an archived record is the moment it was archived.
        """
        lines = b"\n".join(_one_line(page) for page in pages)
        answers = (
            pl.scan_ndjson(lines, schema=self._schema)
            if lines
            else pl.LazyFrame(schema=self._schema)
        )
        record = pl.col("results").struct
        changed, archived = record.field("updatedAt"), record.field("archived").fill_null(False)
        deleted = pl.coalesce(record.field("archivedAt"), changed)
        return (
            answers.filter(pl.col("results").list.len() > 0)
            .explode("results")
            .select(
                record.field("id").alias(RECORD_ID),
                pl.when(archived).then(deleted).otherwise(changed).alias(MODIFIED_AT),
                pl.when(archived).then(pl.lit("true")).otherwise(pl.lit("false")).alias(IS_DELETED),
                *(record.field("properties").struct.field(name) for name in self.asked),
            )
            .collect()
        )

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
