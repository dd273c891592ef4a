"""`POST .../search`: filter groups, one sort, offset paging, the caps, and a total."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from sandbox.hubspot.errors import validation
from sandbox.hubspot.filters import Condition, Filter, condition
from sandbox.hubspot.http import Call, Reply, Rule, both, next_page
from sandbox.hubspot.objects import READ
from sandbox.hubspot.oldviews import search_source
from sandbox.hubspot.records import Raw, Wire, column, table
from sandbox.hubspot.schema import ObjectType

MAX_LIMIT = 200
MAX_BODY = 3_000
_MAX_GROUP = 6
_MANY = 4_000

Rows = list[tuple[Raw, ...]]


class Group(msgspec.Struct):
    filters: list[Filter] = []


class Sort(msgspec.Struct, rename="camel"):
    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


@dataclass(frozen=True, slots=True)
class Page:
    """Which columns of which rows, in which order."""

    select: str
    order: str
    limit: int
    after: int


class SearchBody(msgspec.Struct, rename="camel"):
    filter_groups: list[Group] | None = None
    sorts: list[Sort | str] | None = None
    query: str | None = None
    properties: list[str] | None = None
    limit: int | str | None = None
    after: int | str | None = None


def search(call: Call) -> Reply:
    kind = call.kind()
    if len(call.body.decode("utf-8", "replace")) > MAX_BODY:
        raise validation(f"The request body must be at most {MAX_BODY} characters long")
    body = call.decode(SearchBody)
    limit, after = _paging(body, call.switches.search_results_max)
    limit = min(limit, call.switches.max_page or limit)
    where = _where(call, kind, body)
    source = search_source(call.box, kind)
    order = _order(call, kind, body.sorts or [])
    records = call.store.records
    shape = records.shape(kind, body.properties or kind.defaults)
    page = Page(shape.select, order, limit, after)
    if source == table(kind) and where.windowed:
        total, rows = _window(call, source, where, page)
    else:
        total, rows = _scan(call, source, where, page)
    results = [records.render(kind, shape, row) for row in rows]
    call.rows = len(results)
    reply: dict[str, object] = {"total": total, "results": results}
    if after + len(results) < total and results:
        following = str(after + len(results))
        reply["paging"] = next_page(call, following)
    return Reply(200, reply)


def all_rows(
    call: Call, kind: ObjectType, body: SearchBody, names: Sequence[str]
) -> Iterator[Wire]:
    """Every record that a search would find, without its pages and its cap."""
    where, order = _where(call, kind, body), _order(call, kind, body.sorts or [])
    records = call.store.records
    shape = records.shape(kind, names)
    rows = call.store.db.execute(
        f"SELECT {shape.select} FROM {table(kind)} WHERE {where.sql} ORDER BY {order}",
        where.parameters,
    )
    return (records.render(kind, shape, row) for row in rows)


def _paging(body: SearchBody, most: int) -> tuple[int, int]:
    limit = _whole("limit", body.limit, 10)
    after = _whole("after", body.after, 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise validation(f"limit must be between 1 and {MAX_LIMIT}, it was {limit}")
    if after + limit > most:
        raise validation(f"after plus limit is past the {most} results that one query can return")
    return limit, after


def _whole(name: str, value: int | str | None, default: int) -> int:
    if value is None or value == "":
        return default
    text = str(value)
    if not text.isascii() or not text.isdigit():
        raise validation(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _where(call: Call, kind: ObjectType, body: SearchBody) -> Condition:
    groups = body.filter_groups or []
    _check_caps(call, groups)
    parts = ["archived_at IS NULL"]
    parameters: list[str | int | float | None] = []
    alternatives = []
    for group in groups:
        conditions = [condition(call, kind, one) for one in group.filters]
        if conditions:
            alternatives.append(" AND ".join(one.sql for one in conditions))
            parameters.extend(value for one in conditions for value in one.parameters)
    windowed = len(alternatives) == 1 and "updated >" in alternatives[0]
    if len(alternatives) == 1:
        parts.append(alternatives[0])
    elif alternatives:
        parts.append("(" + " OR ".join(f"({text})" for text in alternatives) + ")")
    for word in (body.query or "").split():
        columns = [f"coalesce(fold({column(kind, name)}), '')" for name in kind.searchable]
        parts.append("instr(" + " || ' ' || ".join(columns) + ", ?) > 0")
        parameters.append(word.casefold())
    return Condition(" AND ".join(parts), tuple(parameters), windowed)


def _check_caps(call: Call, groups: Sequence[Group]) -> None:
    switches = call.switches
    if len(groups) > switches.max_filter_groups:
        raise validation(f"At most {switches.max_filter_groups} filterGroups are allowed")
    if any(len(group.filters) > _MAX_GROUP for group in groups):
        raise validation(f"At most {_MAX_GROUP} filters are allowed in one filterGroup")
    if sum(len(group.filters) for group in groups) > switches.max_filters:
        raise validation(f"At most {switches.max_filters} filters are allowed in one request")


def _order(call: Call, kind: ObjectType, sorts: Sequence[Sort | str]) -> str:
    """One sort at most; records that tie, or lack the value, follow in the order of ids."""
    if len(sorts) > 1:
        raise validation("Only one sort is allowed")
    if not sorts:
        return "created, id"
    sort = sorts[0]
    if isinstance(sort, str):
        direction: Literal["ASCENDING", "DESCENDING"] = (
            "DESCENDING" if sort.startswith("-") else "ASCENDING"
        )
        sort = Sort(sort.removeprefix("-"), direction)
    definition = call.store.catalog.property(kind, sort.property_name)
    if definition is None:
        raise validation(f"Property '{sort.property_name}' does not exist and cannot be sorted by")
    stored = column(kind, definition.name)
    word = "DESC" if sort.direction == "DESCENDING" else "ASC"
    if stored == "id":
        return f"id {word}"
    expression = stored
    if definition.type == "number":
        expression = f"CAST({stored} AS REAL)"
    elif definition.type == "string":
        expression = f"fold({stored})"
    return f"{stored} IS NULL, {expression} {word}, id"


def _scan(call: Call, source: str, where: Condition, page: Page) -> tuple[int, Rows]:
    """Page first: when it is not full, nothing is left to be counted."""
    execute = call.store.db.execute
    rows = execute(
        f"SELECT {page.select} FROM {source} WHERE {where.sql} "
        f"ORDER BY {page.order} LIMIT ? OFFSET ?",
        (*where.parameters, page.limit, page.after),
    ).fetchall()
    if len(rows) < page.limit and (rows or page.after == 0):
        return page.after + len(rows), rows
    return _count(call, source, where), rows


def _count(call: Call, source: str, where: Condition) -> int:
    sql = f"SELECT count(*) FROM {source} WHERE {where.sql}"
    return int(call.store.db.execute(sql, where.parameters).fetchone()[0])


def _window(call: Call, source: str, where: Condition, page: Page) -> tuple[int, Rows]:
    """A window of time: few rows are found by the index on it, many by walking the ids."""
    by_time = f"{source} INDEXED BY {source}_modified"
    total = _count(call, by_time, where)
    bounds = (*where.parameters, page.limit, page.after)
    if total > _MANY and page.order.startswith("id"):
        sql = (
            f"SELECT {page.select} FROM {source} NOT INDEXED WHERE {where.sql} "
            f"ORDER BY {page.order} LIMIT ? OFFSET ?"
        )
    else:
        sql = (
            f"SELECT {page.select} FROM {source} WHERE id IN (SELECT id FROM {by_time} "
            f"WHERE {where.sql} ORDER BY {page.order} LIMIT ? OFFSET ?) ORDER BY {page.order}"
        )
    return total, call.store.db.execute(sql, bounds).fetchall()


def rules() -> list[Rule]:
    return both(
        "/crm/v3/objects",
        "/crm/objects/2026-09",
        [("POST", "/{object}/search", search, READ)],
    )
