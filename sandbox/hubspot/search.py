"""`POST .../search`: filter groups, one sort, offset paging, the caps, and a total."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from sandbox.hubspot.errors import validation
from sandbox.hubspot.filters import Condition, Filter, condition
from sandbox.hubspot.http import Call, Reply, Rule, both
from sandbox.hubspot.objects import READ
from sandbox.hubspot.records import column, table
from sandbox.hubspot.schema import ObjectType
from sandbox.hubspot.unindexed import search_source

MAX_LIMIT = 200
MAX_RESULTS = 10_000
MAX_BODY = 3_000
_MAX_GROUP = 6
_FEW = 2_000


class Group(msgspec.Struct):
    filters: list[Filter] = []


class Sort(msgspec.Struct, rename="camel"):
    property_name: str
    direction: Literal["ASCENDING", "DESCENDING"] = "ASCENDING"


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
    limit, after = _paging(body)
    limit = min(limit, call.switches.max_page or limit)
    where = _where(call, kind, body)
    source = search_source(call.box, kind)
    order = _order(call, kind, body.sorts or [])
    total = int(
        call.store.db.execute(
            f"SELECT count(*) FROM {source} WHERE {where.sql}", where.parameters
        ).fetchone()[0]
    )
    shape = call.store.records.shape(kind, body.properties or kind.defaults)
    sql = f"SELECT {shape.select} FROM {_hinted(kind, source, where, total)} WHERE {where.sql}"
    rows = call.store.db.execute(
        f"{sql} ORDER BY {order} LIMIT ? OFFSET ?", (*where.parameters, limit, after)
    )
    results = [call.store.records.render(kind, shape, row) for row in rows]
    call.rows = len(results)
    reply: dict[str, object] = {"total": total, "results": results}
    if after + len(results) < total and results:
        following = str(after + len(results))
        link = f"https://api.hubapi.com{call.path}?after={following}"
        reply["paging"] = {"next": {"after": following, "link": link}}
    return Reply(200, reply)


def _paging(body: SearchBody) -> tuple[int, int]:
    limit = _whole("limit", body.limit, 10)
    after = _whole("after", body.after, 0)
    if not 1 <= limit <= MAX_LIMIT:
        raise validation(f"limit must be between 1 and {MAX_LIMIT}, it was {limit}")
    if after + limit > MAX_RESULTS:
        raise validation(
            f"after plus limit is past the {MAX_RESULTS} results that one query can return"
        )
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
    if len(alternatives) == 1:
        parts.append(alternatives[0])
    elif alternatives:
        parts.append("(" + " OR ".join(f"({text})" for text in alternatives) + ")")
    for word in (body.query or "").split():
        columns = [f"coalesce(fold({column(kind, name)}), '')" for name in kind.searchable]
        parts.append("instr(" + " || ' ' || ".join(columns) + ", ?) > 0")
        parameters.append(word.casefold())
    return Condition(" AND ".join(parts), tuple(parameters))


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


def _hinted(kind: ObjectType, source: str, where: Condition, total: int) -> str:
    """Few rows of a time window are found by the index on it, many by walking the ids."""
    if source != table(kind) or "updated >" not in where.sql or " OR " in where.sql:
        return source
    return f"{source} INDEXED BY {source}_modified" if total <= _FEW else f"{source} NOT INDEXED"


def rules() -> list[Rule]:
    return both(
        "/crm/v3/objects",
        "/crm/objects/2026-09",
        [("POST", "/{object}/search", search, READ)],
    )
