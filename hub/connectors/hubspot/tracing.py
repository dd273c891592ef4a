"""Which records there are, and what became of those that are not among them."""

from collections.abc import Iterator, Sequence

import polars as pl

from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    MODIFIED_AT,
    RECORD_ID,
    RESERVED,
    Batch,
)
from hub.connectors.hubspot.client import Portal
from hub.connectors.hubspot.reading import BATCH_ROWS, LIST_ROWS, listed
from hub.connectors.hubspot.rows import Rows
from hub.connectors.paging import Minimum


def present(portal: Portal, obj: str) -> Iterator[pl.Series]:
    """The ids of all living records, by the list, which no index stands before."""
    minimum = Minimum(portal.calls, LIST_ROWS)
    held: list[str] = []
    for _, found in listed(portal, obj, ["hs_object_id"]):
        minimum.add(len(found.results))
        held += [record.id for record in found.results]
        if len(held) >= BATCH_ROWS:
            yield pl.Series(RECORD_ID, held, dtype=pl.String)
            held = []
    if held:
        yield pl.Series(RECORD_ID, held, dtype=pl.String)


class Tracer:
    """Asks for records by id: among the living first, then among the archived.

    A merged record answers under the id of its survivor, which names it. A survivor that does not
    (a list can be cut short) is found by asking for the record alone.
    """

    def __init__(self, portal: Portal, rows: Rows) -> None:
        self._portal, self._rows = portal, rows

    def trace(self, record_ids: Sequence[str]) -> Batch:
        wanted = list(dict.fromkeys(record_ids))
        living, left = self._asked(wanted, archived=False)
        archived, _ = self._asked(left, archived=True)
        rows = pl.concat([living, archived], how="diagonal_relaxed")
        return Batch(rows.unique(RECORD_ID, keep="first", maintain_order=True), None)

    def _asked(self, wanted: Sequence[str], *, archived: bool) -> tuple[pl.DataFrame, list[str]]:
        """What the living or the archived records tell of the wanted ones; of which they do not."""
        bodies: list[bytes] = []
        silent: list[str] = []
        for start in range(0, len(wanted), LIST_ROWS):
            ids = wanted[start : start + LIST_ROWS]
            self._portal.calls.minimum += 1
            found, body = self._portal.read_records(
                self._rows.object, ids, self._rows.asked, archived=archived
            )
            bodies.append(body)
            told = {record.id for record in found.results} | found.missing
            silent += [record_id for record_id in ids if record_id not in told]
        rows = self._rows.frame(bodies).filter(pl.col(RECORD_ID).is_in(list(wanted)))
        known = set(rows[RECORD_ID])
        singly = [
            self._single(record_id, archived=archived)
            for record_id in silent
            if record_id not in known
        ]
        rows = pl.concat(
            [rows, *(row for row in singly if row is not None)], how="diagonal_relaxed"
        )
        known = set(rows[RECORD_ID])
        return rows, [record_id for record_id in wanted if record_id not in known]

    def _single(self, record_id: str, *, archived: bool) -> pl.DataFrame | None:
        """A record that a batch passes over in silence; what answers for it may be another one."""
        self._portal.calls.minimum += 1
        body = self._portal.read_record(
            self._rows.object, record_id, self._rows.asked, archived=archived
        )
        if body is None:
            return None
        [row, *_] = self._rows.frame([b'{"results":[' + body + b"]}"]).rows(named=True)
        if row[RECORD_ID] == record_id:
            return pl.DataFrame([row], schema=dict.fromkeys(row, pl.String))
        gone = {
            RECORD_ID: record_id,
            MODIFIED_AT: row[MODIFIED_AT],
            IS_DELETED: "true",
            MERGED_INTO: row[RECORD_ID],
        }
        return pl.DataFrame([gone], schema=dict.fromkeys(RESERVED, pl.String))
