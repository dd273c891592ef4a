"""Reading a few columns of all records: which ids there are, and what changes without a trace."""

from collections.abc import Iterator, Sequence

import polars as pl
from simple_salesforce.format import format_soql

from hub.connectors.contract import RECORD_ID, ObjectSpec
from hub.connectors.paging import Minimum
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.faults import LocatorLost
from hub.connectors.salesforce.rows import PAGE_ROWS, Page, Rows
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
    minimum = Minimum(org.calls, PAGE_ROWS)
    for page in _all_pages(org, Rows(ObjectSpec(obj, ()), schemas, gone=False)):
        minimum.add(page.rows.height)
        yield page.rows[RECORD_ID]


def volatile(
    org: Org, schemas: Schemas, obj: str, fields: tuple[str, ...], record_ids: Sequence[str]
) -> Iterator[pl.DataFrame]:
    """`record_id` and the fields: of the named records, or of all where that takes fewer calls.

    How many there are in all is learnt from the first page of all, whose rows are of use anyway.
    """
    rows = Rows(ObjectSpec(obj, fields), schemas, gone=False)
    columns = (RECORD_ID, *fields)
    wanted = dict.fromkeys(record_ids)
    by_id = _calls(len(wanted), IDS_PER_QUERY)
    if by_id <= 1:
        org.calls.minimum += by_id
    else:
        for number, page in enumerate(_all_pages(org, rows)):
            if number == 0:
                org.calls.minimum += min(by_id, max(1, _calls(page.total, PAGE_ROWS)))
            yield page.rows.select(columns)
            for record_id in page.rows[RECORD_ID]:
                wanted.pop(record_id, None)
            left = page.total - (number + 1) * PAGE_ROWS
            if _calls(len(wanted), IDS_PER_QUERY) < _calls(left, PAGE_ROWS):
                break
        else:
            return
    for ids in portions(wanted):
        yield asked(org, "query", rows, ids)[0].select(columns)


def _calls(rows: int, per_call: int) -> int:
    return max(0, -(-rows // per_call))


def _all_pages(org: Org, rows: Rows) -> Iterator[Page]:
    """All records in the order of their ids, asked again from the last one when the server forgets
    the query."""
    last, asked_after = "", None
    while last != asked_after:
        asked_after = last
        where = format_soql(" WHERE Id > {}", last) if last else ""
        try:
            response = org.get("query/", {"q": f"{rows.select}{where} ORDER BY Id"})
            while True:
                page = rows.decode(response.content)
                yield page
                if page.further is None:
                    return
                last = page.rows[RECORD_ID][-1]
                response = org.get(page.further)
        except LocatorLost:
            continue
    raise SystemUnreachable(
        f"{org.system}/{rows.object}: the server forgets each query before its second page.",
        remedy="wait; the next run tries again",
    )
