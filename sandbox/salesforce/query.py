"""`query`, `queryAll` and the pages behind their locators."""

import re
from array import array
from datetime import timedelta

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.cursors import Cursor
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.reading import Record, records_of
from sandbox.salesforce.soql.compiled import (
    compile_count,
    compile_grouped,
    compile_rows,
    is_grouped,
)
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.scope import Context
from sandbox.salesforce.soql.tree import Query

MAX_BATCH, MIN_BATCH, LONG_TEXT_BATCH = 2_000, 200, 200
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


def run_query(org: Org, call: Call) -> Reply:
    """The first page of a statement, without the recycle bin."""
    return _run(org, call, include_deleted=False)


def run_query_all(org: Org, call: Call) -> Reply:
    """The first page of a statement, deleted and merged records included."""
    return _run(org, call, include_deleted=True)


def next_page(org: Org, call: Call) -> Reply:
    """A further page; the locator knows whether it includes deleted records."""
    lifetime = timedelta(hours=org.switches.locator_hours)
    cursor, offset = org.cursors.find(call.params["locator"], org.now(), lifetime)
    return _page(org, call, cursor, offset, _asked_batch(call) or cursor.batch)


def _run(org: Org, call: Call, *, include_deleted: bool) -> Reply:
    return run_in(org, call, org.context(include_deleted=include_deleted))


def run_in(org: Org, call: Call, context: Context) -> Reply:
    """The first page of the statement in `q`, read against this context."""
    statement = call.query.get("q")
    if not statement:
        raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
    query = parse(statement)
    if query.count_only:
        return _counted(org, context, query)
    if is_grouped(query):
        return _grouped(org, context, query)
    compiled = compile_rows(context, query)
    found = org.store.db.execute(compiled.rows.sql, compiled.rows.params)
    rows = array("q", [row for (row,) in found])
    batch = _asked_batch(call) or MAX_BATCH
    if compiled.long_texts >= 2:
        batch = min(batch, LONG_TEXT_BATCH)
    cursor = Cursor(0, compiled, rows, batch, org.now())
    if len(rows) > _page_size(org, batch) or compiled.children:
        cursor = org.cursors.open(compiled, rows, batch, org.now(), org.switches.max_open_cursors)
    return _page(org, call, cursor, 0, batch)


def _asked_batch(call: Call) -> int | None:
    match = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return max(MIN_BATCH, min(MAX_BATCH, int(match.group(1)))) if match else None


def _page_size(org: Org, batch: int) -> int:
    shrunk = org.switches.page_shrink_to
    return batch if shrunk is None else max(1, min(batch, shrunk))


def _page(org: Org, call: Call, cursor: Cursor, offset: int, batch: int) -> Reply:
    size = _page_size(org, batch)
    rows = cursor.rows[offset : offset + size].tolist()
    records = records_of(org, cursor.compiled, rows, call.base)
    taken = len(rows)
    if cursor.compiled.children:
        taken = _parents_that_fit(cursor, records, size)
        records = records[:taken]
    end = offset + taken
    body: dict[str, object] = {"totalSize": len(cursor.rows), "done": end >= len(cursor.rows)}
    if end < len(cursor.rows):
        locator = org.cursors.locator(cursor, end, org.switches.locator_style)
        body["nextRecordsUrl"] = f"{call.base}/query/{locator}"
    body["records"] = records
    return Reply(body=body, rows=len(records))


def _parents_that_fit(cursor: Cursor, records: list[Record], size: int) -> int:
    """Child rows count towards the page, but a page carries at least one parent."""
    used = 0
    for place, record in enumerate(records):
        used += 1
        for child in cursor.compiled.children:
            result = record[child.relationship]
            used += result["totalSize"] if isinstance(result, dict) else 0
        if used > size:
            return max(1, place)
    return len(records)


def _counted(org: Org, context: Context, query: Query) -> Reply:
    count = compile_count(context, query)
    total = org.store.db.execute(count.sql, count.params).fetchone()[0]
    return Reply(body={"totalSize": total, "done": True, "records": []})


def _grouped(org: Org, context: Context, query: Query) -> Reply:
    grouped = compile_grouped(context, query)
    found = org.store.db.execute(grouped.statement.sql, grouped.statement.params)
    records = [
        {"attributes": {"type": "AggregateResult"}, **dict(zip(grouped.names, row, strict=True))}
        for row in found
    ]
    return Reply(
        body={"totalSize": len(records), "done": True, "records": records}, rows=len(records)
    )


ROUTES = (
    Route("GET", "query", run_query),
    Route("GET", "queryAll", run_query_all),
    Route("GET", "query/{locator}", next_page),
    Route("GET", "queryAll/{locator}", next_page),
)
