"""Records by their ids: as they are, whether they are still there, and what became of the others.

A record in the recycle bin is shown by `queryAll`, with the record it was merged into if it was;
one that is gone from the bin may still be named by the log of deletions.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import polars as pl
from simple_salesforce.format import format_soql

from hub.connectors.contract import IS_DELETED, MERGED_INTO, MODIFIED_AT, RECORD_ID, Batch
from hub.connectors.http import server_time
from hub.connectors.paging import text_frame
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.rows import Rows
from hub.connectors.salesforce.schema import Shape
from hub.connectors.text import canonical_time, times
from hub.errors import StopSync

# An id costs about 27 bytes in a URI, which ends at 16,384.
IDS_PER_QUERY = 300
# An external id may be long, and each of its characters three in a URI.
KEYS_PER_QUERY = 40
# The log of deletions goes back 15 days; two minutes are left for the call to arrive.
_LOG_SPAN = timedelta(days=15) - timedelta(minutes=2)

_T = TypeVar("_T")


class _Gone(msgspec.Struct):
    id: str
    deletedDate: str  # noqa: N815 - the wire's name


class _Log(msgspec.Struct):
    deletedRecords: list[_Gone]  # noqa: N815 - the wire's name


class _Link(msgspec.Struct):
    Id: str
    MasterRecordId: str | None = None


class _Links(msgspec.Struct):
    records: list[_Link]


def named(org: Org, rows: Rows, record_ids: Sequence[str]) -> Iterator[Batch]:
    """The rows of the given ids, as many to a statement as a URI can hold."""
    for ids in portions(record_ids):
        org.calls.minimum += 1
        frame, _ = asked(org, "query", rows, ids)
        yield Batch(frame, None)


def keyed(org: Org, rows: Rows, key: str, values: Sequence[str]) -> pl.DataFrame:
    """The rows that hold one of these values in an external id, as many to a statement as a URI
    can hold."""
    found = []
    for some in portions(values, KEYS_PER_QUERY):
        org.calls.minimum += 1
        found.append(asked(org, "query", rows, some, key)[0])
    return pl.concat(found)


def traced(org: Org, rows: Rows, shape: Shape, record_ids: Sequence[str]) -> Iterator[Batch]:
    """The rows of the given ids that the org still knows of, deleted ones flagged."""
    unknown = dict.fromkeys(record_ids)
    now: datetime | None = None
    for ids in portions(record_ids):
        org.calls.minimum += 1
        frame, now = asked(org, "queryAll", rows, ids)
        for found in frame[RECORD_ID]:
            unknown.pop(found, None)
        yield Batch(follow_merges(org, rows.object, frame), None)
    if now is None or not unknown or not shape.replicateable:
        return
    org.calls.minimum += 1
    span = {"start": canonical_time(now - _LOG_SPAN), "end": canonical_time(now)}
    try:
        response = org.get(f"sobjects/{rows.object}/deleted/", span)
    except StopSync as err:
        if "INVALID_REPLICATION_DATE" not in err.message:
            raise
        return  # The log was purged: nobody can say what became of these.
    log = msgspec.json.decode(response.content, type=_Log)
    gone = [entry for entry in log.deletedRecords if entry.id in unknown]
    if gone:
        yield Batch(_tombstones(rows, gone), None)


def follow_merges(org: Org, obj: str, frame: pl.DataFrame) -> pl.DataFrame:
    """`merged_into` moved from the next merge's master to the end of all merges.

    Masters that the frame shows alive are not asked about.
    """
    masters = dict(frame.select(RECORD_ID, MERGED_INTO).drop_nulls().iter_rows())
    if not masters:
        return frame
    settled = set(frame.filter(pl.col(MERGED_INTO).is_null())[RECORD_ID])
    while open_ends := sorted(set(masters.values()) - masters.keys() - settled):
        settled.update(open_ends)
        for ids in portions(open_ends):
            org.calls.minimum += 1
            where = format_soql("WHERE Id IN {}", ids)
            statement = f"SELECT Id, MasterRecordId FROM {obj} {where}"
            response = org.get("queryAll/", {"q": statement})
            for link in msgspec.json.decode(response.content, type=_Links).records:
                if link.MasterRecordId is not None:
                    masters[link.Id] = link.MasterRecordId
    ends = {record_id: _end_of(record_id, masters) for record_id in masters}
    merged = pl.col(MERGED_INTO).is_not_null()
    moved = pl.col(RECORD_ID).replace_strict(ends, default=None, return_dtype=pl.String)
    return frame.with_columns(pl.when(merged).then(moved).alias(MERGED_INTO))


def _end_of(record_id: str, masters: dict[str, str]) -> str:
    passed = {record_id}
    while (master := masters.get(record_id)) is not None and master not in passed:
        passed.add(master)
        record_id = master
    return record_id


def asked(
    org: Org, resource: str, rows: Rows, ids: list[str], field: str = "Id"
) -> tuple[pl.DataFrame, datetime]:
    """The rows of a portion of ids and the server's time; long texts make them several pages."""
    where = format_soql("WHERE {:literal} IN {}", field, ids)
    response = org.get(f"{resource}/", {"q": f"{rows.select} {where}"})
    page = rows.decode(response.content)
    frames = [page.rows]
    while page.further is not None:
        response = org.get(page.further)
        page = rows.decode(response.content)
        frames.append(page.rows)
    return pl.concat(frames).sort(MODIFIED_AT, RECORD_ID), server_time(response.headers, org.system)


def _tombstones(rows: Rows, gone: Sequence[_Gone]) -> pl.DataFrame:
    told = {
        RECORD_ID: [entry.id for entry in gone],
        MODIFIED_AT: [entry.deletedDate for entry in gone],
        IS_DELETED: ["true"] * len(gone),
    }
    empty: list[str | None] = [None] * len(gone)
    columns = rows.batch_columns
    frame = text_frame(columns, [told.get(name, empty) for name in columns])
    return frame.with_columns(times(frame[MODIFIED_AT]))


def portions(ids: Iterable[_T], size: int = IDS_PER_QUERY) -> Iterator[list[_T]]:
    listed = list(ids)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]
