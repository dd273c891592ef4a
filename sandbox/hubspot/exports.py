"""Exports: asked for in one call, finished some time later, downloaded from a short-lived URL.

What is exported are the records as they were when the export was asked for.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.filters import Filter
from sandbox.hubspot.http import Call, Reply, Rule, both, known_kind
from sandbox.hubspot.schema import ObjectType, Property
from sandbox.hubspot.search import Group, SearchBody, Sort, all_rows
from sandbox.hubspot.signedurls import denied, signed_url
from sandbox.hubspot.times import iso

SCOPES = ("crm.export",)
URL_SECONDS = 300
_FILES = "/export-files"
_MOST_LINKED = 1_000


class ViewSearch(msgspec.Struct, rename="camel"):
    """Which records: one group of filters, as a view in the browser has them."""

    filters: list[Filter] = []
    sorts: list[Sort | str] = []
    query: str | None = None


class ExportBody(msgspec.Struct, rename="camel"):
    export_type: Literal["VIEW", "LIST"]
    format: Literal["XLS", "XLSX", "CSV"]
    export_name: str
    object_type: str
    object_properties: list[str]
    language: str = "EN"
    associated_object_type: str | list[str] | None = None
    export_internal_values_options: list[Literal["NAMES", "VALUES"]] = []
    public_crm_search_request: ViewSearch | None = None
    list_id: str | None = None


class Task(msgspec.Struct):
    requested_at: int
    rows: int


def start(call: Call) -> Reply:
    body = call.decode(ExportBody)
    kind = known_kind(body.object_type, call.switches)
    if body.format != "CSV":
        raise validation(f"This account exports CSV only, not {body.format}")
    if body.export_type == "LIST":
        raise ApiError(404, f"List {body.list_id} does not exist", "OBJECT_NOT_FOUND")
    columns = [_column(call, kind, name) for name in body.object_properties]
    with call.store.db.transaction():
        number = call.store.db.next_value("export", 30_000_001)
        rows = _rows(call, kind, body, columns)
        _keep(call, f"{number}", Task(call.box.now(), len(rows) - 1), _csv(rows))
    call.rows = len(rows) - 1
    status = f"{call.origin}{call.path}/tasks/{number}/status"
    return Reply(202, {"id": str(number), "links": {"status": status}})


def _column(call: Call, kind: ObjectType, name: str) -> Property:
    definition = call.store.catalog.property(kind, name)
    if definition is None:
        raise validation(f"Property '{name}' does not exist and cannot be exported")
    return definition


def _rows(
    call: Call, kind: ObjectType, body: ExportBody, columns: Sequence[Property]
) -> list[list[str]]:
    """The head and one row a record. Labels in place of internal names, unless asked otherwise."""
    options = body.export_internal_values_options
    wanted = body.public_crm_search_request or ViewSearch()
    search = SearchBody(
        filter_groups=[Group(wanted.filters)], sorts=wanted.sorts, query=wanted.query
    )
    others = _others(call, body)
    head = ["Record ID"]
    head += [one.name if "NAMES" in options else one.label for one in columns]
    head += [f"Associated {other.singular.capitalize()} IDs" for other in others]
    made = [head]
    for record in all_rows(call, kind, search, [one.name for one in columns]):
        values: dict[str, str | None] = record["properties"]  # type: ignore[assignment]
        row = [str(record["id"])]
        row += [_shown(one, values[one.name], internal="VALUES" in options) for one in columns]
        row += [_linked(call, kind, int(row[0]), other) for other in others]
        made.append(row)
    return made


def _others(call: Call, body: ExportBody) -> list[ObjectType]:
    named = body.associated_object_type or []
    names = [named] if isinstance(named, str) else named
    return [known_kind(name, call.switches) for name in names]


def _shown(definition: Property, value: str | None, *, internal: bool) -> str:
    if not value or internal or definition.external_options:
        return value or ""
    labels = {option.value: option.label for option in definition.options}
    members = value.split(";") if definition.checkbox else [value]
    return ";".join(labels.get(member, member) for member in members)


def _linked(call: Call, kind: ObjectType, record_id: int, other: ObjectType) -> str:
    found, _ = call.store.links.page(kind, record_id, other, 0, _MOST_LINKED)
    return ";".join(str(to_id) for to_id, _ in found)


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _keep(call: Call, name: str, task: Task, content: bytes) -> None:
    rows = [("export", name, msgspec.json.encode(task)), ("export_file", name, content)]
    call.store.db.executemany("INSERT INTO document VALUES (?, '', ?, ?)", rows)


def _kept(call: Call, kind: str) -> bytes:
    found = call.store.db.execute(
        "SELECT body FROM document WHERE kind = ? AND scope = '' AND name = ?",
        (kind, call.params["task"]),
    ).fetchone()
    if found is None:
        raise ApiError(404, f"Export {call.params['task']} does not exist", "OBJECT_NOT_FOUND")
    return bytes(found[0])


def status(call: Call) -> Reply:
    """How far it is. Each answer about a finished export has a download address of its own.

    The client insists on a time of completion, so an unfinished one names the present.
    """
    task = msgspec.json.decode(_kept(call, "export"), type=Task)
    duration = int(call.switches.export_seconds * 1000)
    started, finished = task.requested_at + duration // 2, task.requested_at + duration
    now = call.box.now()
    body: dict[str, object] = {
        "status": ("PENDING", "PROCESSING", "COMPLETE")[(now >= started) + (now >= finished)],
        "requestedAt": iso(task.requested_at),
        "startedAt": iso(min(started, now)),
        "completedAt": iso(min(finished, now)),
        "links": {},
    }
    if now >= finished:
        path = f"{_FILES}/{call.params['task']}.csv"
        body["result"], _ = signed_url(call, path, URL_SECONDS)
    return Reply(200, body)


def download(call: Call) -> Reply:
    refused = denied(call)
    if refused is not None:
        return refused
    return Reply(200, _kept(call, "export_file"), {"content-type": "text/csv;charset=utf-8"})


def rules() -> list[Rule]:
    return [
        *both(
            "/crm/v3/exports/export/async",
            "/crm/exports/2026-09/export/async",
            [("POST", "", start, SCOPES), ("GET", "/tasks/{task}/status", status, SCOPES)],
        ),
        Rule("GET", _FILES + "/{task}.csv", download, None),
    ]
