"""Reading a few columns of all records: which ids there are, and what changes without a trace."""

from collections.abc import Iterator, Sequence

import polars as pl
from simple_salesforce.format import format_soql

from hub.connectors.contract import RECORD_ID, ObjectSpec
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.cost import (
    ReadMinimum,
    fewest_calls,
    further_calls,
    job_is_cheaper,
)
from hub.connectors.salesforce.faults import LocatorLost
from hub.connectors.salesforce.jobs import JobRefused, results, start_query
from hub.connectors.salesforce.rows import Rows
from hub.connectors.salesforce.schema import Schemas
from hub.connectors.salesforce.tracing import IDS_PER_QUERY, asked, portions
from hub.errors import SystemUnreachable


def volatile_fields(schemas: Schemas, spec: ObjectSpec) -> tuple[str, ...]:
    """What is computed from elsewhere or lies in another object: neither moves our record's
    stamp."""
    fields = schemas.require(schemas.of(spec.name), spec.fields)
    pairs = zip(spec.fields, fields, strict=True)
    return tuple(name for name, field in pairs if field.calculated or "." in name)


def present(org: Org, schemas: Schemas, obj: str) -> Iterator[pl.Series]:
    """All ids that are shown, each once."""
    minimum = ReadMinimum(org.calls, org.bulk)
    for frame, _ in _everything(org, Rows(ObjectSpec(obj, ()), schemas, gone=False)):
        minimum.add(frame.height)
        yield frame[RECORD_ID]


def volatile(
    org: Org, schemas: Schemas, obj: str, fields: tuple[str, ...], record_ids: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """`record_id` and the fields: of the named records, or of all where that takes fewer calls.

    How many there are in all is learnt from the first page of all, whose rows are of use anyway.
    """
    rows = Rows(ObjectSpec(obj, fields), schemas, gone=False)
    columns = (RECORD_ID, *fields)
    by_id = -(-len(record_ids) // IDS_PER_QUERY)
    if by_id <= 1:
        org.calls.minimum += by_id
        yield from _named(org, rows, columns, record_ids)
        return
    wanted = dict.fromkeys(record_ids)
    for number, (frame, left) in enumerate(_everything(org, rows)):
        yield frame.select(columns)
        if number > 0:
            continue
        org.calls.minimum += min(by_id, fewest_calls(org.bulk, frame.height + left))
        for record_id in frame[RECORD_ID]:
            wanted.pop(record_id, None)
        if left and -(-len(wanted) // IDS_PER_QUERY) < further_calls(org.bulk, left):
            yield from _named(org, rows, columns, list(wanted))
            return


def _named(
    org: Org, rows: Rows, columns: Sequence[str], record_ids: Sequence[str]
) -> Iterator[pl.DataFrame]:
    for ids in portions(record_ids):
        yield asked(org, "query", rows, ids)[0].select(columns)


def _everything(org: Org, rows: Rows) -> Iterator[tuple[pl.DataFrame, int]]:
    """All records in frames, each with the number of those that are left: pages in the order of
    ids, and a job after the first of them where that takes fewer calls.

    Asked again from the last id when the server forgets the query.
    """
    bulk = org.bulk
    if bulk == "always":
        yield from _by_job(org, rows, "")
        return
    last, asked_after = "", None
    while last != asked_after:
        asked_after = last
        try:
            for number, (frame, left) in enumerate(_pages(org, rows, last)):
                yield frame, left
                if not left:
                    return
                last = frame[RECORD_ID][-1]
                if number == 0 and job_is_cheaper(bulk, left, frame.height):
                    try:
                        yield from _by_job(org, rows, last)
                        return
                    except JobRefused:
                        bulk = "never"
        except LocatorLost:
            continue
    raise SystemUnreachable(
        f"{org.system}/{rows.object}: the server forgets each query before its second page.",
        remedy="wait; the next run tries again",
    )


def _pages(org: Org, rows: Rows, after: str) -> Iterator[tuple[pl.DataFrame, int]]:
    response = org.get("query/", {"q": f"{rows.select}{_where(after)} ORDER BY Id"})
    read = 0
    while True:
        page = rows.decode(response.content)
        read += page.rows.height
        if page.further is None:
            yield page.rows, 0
            return
        yield page.rows, max(1, page.total - read)
        response = org.get(page.further)


def _by_job(org: Org, rows: Rows, after: str) -> Iterator[tuple[pl.DataFrame, int]]:
    """All records after an id. Raises JobRefused before the first of them or not at all."""
    job, _ = start_query(org, f"{rows.select}{_where(after)}", gone=False)
    try:
        for frame, locator in results(org, rows, job, None):
            yield frame, 0 if locator is None else 1
    except LocatorLost as err:
        raise SystemUnreachable(
            f"{org.system}/{rows.object}: job {job} was deleted before it was read.",
            remedy="wait; the next run makes another",
        ) from err


def _where(after: str) -> str:
    return format_soql(" WHERE Id > {}", after) if after else ""
