"""Composite's relatives: batch (independent calls), tree (records with their children), graph
(several composites, each whole or not at all)."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

from sandbox.salesforce.calls import Call, Reply, Route, check_version
from sandbox.salesforce.composite import Composite
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.router import Router
from sandbox.salesforce.rows import writer_of
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.subrequests import subrequests_of
from sandbox.salesforce.writes import Writer, create

MAX_BATCH, MAX_TREE, MAX_TREE_DEPTH = 25, 200, 5
MAX_GRAPHS, MAX_NODES = 75, 500
_BATCH_URL = re.compile(r"/?(?:services/data/)?v(\d+)\.0/(.*)", re.IGNORECASE)
_ROW_URL = re.compile(r"/services/data/v\d+\.0/sobjects/\w+(?:/[^?]*)?", re.IGNORECASE)

Entry = dict[str, object]


class Batch:
    """Up to 25 calls that know nothing of each other."""

    def __init__(self, routes: list[Route]) -> None:
        self.router = Router(routes)

    def run(self, org: Org, call: Call) -> Reply:
        body = call.json_object()
        requests = _entries(body.get("batchRequests"), "batchRequests")
        if len(requests) > MAX_BATCH:
            raise ApiError("LIMIT_EXCEEDED", f"a batch has at most {MAX_BATCH} requests")
        results: list[Entry] = []
        failed = False
        for request in requests:
            if failed and body.get("haltOnError") is True:
                error = ApiError("BATCH_PROCESSING_HALTED", "Batch processing halted")
                reply = Reply(status=412, body=error.body())
            else:
                reply = self._one(org, call, request)
            failed = failed or reply.status >= 400
            results.append({"statusCode": reply.status, "result": reply.body})
        return Reply(body={"hasErrors": failed, "results": results}, rows=len(results))

    def _one(self, org: Org, call: Call, request: Entry) -> Reply:
        url, _, query = str(request.get("url", "")).partition("?")
        match = _BATCH_URL.fullmatch(url)
        given = request.get("richInput")
        try:
            if match is None:
                raise ApiError("NOT_FOUND", "The requested resource does not exist")
            check_version(int(match[1]))
            inner = Call(
                str(request.get("method", "GET")).upper(), int(match[1]), call.user_id,
                query=dict(parse_qsl(query, keep_blank_values=True)),
                headers={"content-type": "application/json"},
                body=msgspec.json.encode(given) if given is not None else b"",
            )  # fmt: skip
            return self.router.dispatch(org, inner, match[2])
        except ApiError as error:
            return Reply(status=error.status, body=error.body())


class Graphs:
    """Several composites in one call, each a transaction of its own."""

    def __init__(self, composite: Composite) -> None:
        self.composite = composite

    def run(self, org: Org, call: Call) -> Reply:
        graphs = _entries(call.json_object().get("graphs"), "graphs")
        plans = [subrequests_of(graph, most=MAX_NODES) for graph in graphs]
        if len(graphs) > MAX_GRAPHS or sum(map(len, plans)) > MAX_NODES:
            raise ApiError(
                "LIMIT_EXCEEDED", f"at most {MAX_GRAPHS} graphs with {MAX_NODES} nodes together"
            )
        for request in (request for plan in plans for request in plan):
            if _ROW_URL.fullmatch(request.url.partition("?")[0]) is None:
                raise ApiError("INVALID_REQUEST", f"not a record's URL: {request.url}")
        answers: list[Entry] = []
        rows = 0
        for graph, plan in zip(graphs, plans, strict=True):
            done = self.composite.execute(org, call, plan, collate=False, all_or_none=True)
            rows += done.rows
            answers.append(
                {
                    "graphId": graph.get("graphId"),
                    "graphResponse": {"compositeResponse": done.responses},
                    "isSuccessful": done.successful,
                }
            )
        return Reply(body={"graphs": answers}, rows=rows)


def plant_tree(org: Org, call: Call) -> Reply:
    """Records with children nested in them, created together or not at all."""
    sobject = org.sobject(call.params["object"])
    records = _entries(call.json_object().get("records"), "records")
    results: list[Entry] = []
    try:
        with org.store.transaction():
            for record in records:
                _plant(writer_of(org, call), sobject, record, {}, results, 1)
    except _TreeError as failure:
        errors = failure.error.row_errors()
        body = {
            "hasErrors": True,
            "results": [{"referenceId": failure.reference, "errors": errors}],
        }
        return Reply(status=failure.error.status, body=body)
    return Reply(status=201, body={"hasErrors": False, "results": results}, rows=len(results))


class _TreeError(Exception):
    def __init__(self, reference: object, error: ApiError) -> None:
        super().__init__(str(error))
        self.reference, self.error = reference, error


def _plant(
    writer: Writer, sobject: SObject, record: Entry, given: Mapping[str, object],
    results: list[Entry], depth: int,
) -> None:  # fmt: skip
    attributes = record.get("attributes")
    reference = attributes.get("referenceId") if isinstance(attributes, dict) else None
    children = {
        name: value for name, value in record.items()
        if name != "attributes" and isinstance(value, dict) and "records" in value
    }  # fmt: skip
    values = {name: value for name, value in record.items() if name not in children}
    try:
        if reference is None:
            raise ApiError("MISSING_ARGUMENT", "attributes.referenceId has to be specified")
        if len(results) >= MAX_TREE or depth > MAX_TREE_DEPTH:
            raise ApiError("LIMIT_EXCEEDED", "a tree has at most 200 records in 5 levels")
        made = create(writer, sobject, {**values, **given})
        results.append({"referenceId": reference, "id": made})
        for name, value in children.items():
            link = writer.org.schema.child_link(sobject.name, name)
            if link is None:
                raise ApiError("INVALID_FIELD", f"No such relationship '{name}'")
            for child in _entries(value["records"], name):
                _plant(writer, link.child, child, {link.field.name: made}, results, depth + 1)
    except ApiError as error:
        raise _TreeError(reference, error) from None


def _entries(value: object, name: str) -> list[Entry]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise ApiError("JSON_PARSER_ERROR", f"{name} has to be an array of objects")
    return value


def routes(composite: Composite, plain: list[Route]) -> list[Route]:
    """What reaches the other resources through `plain`, their routes."""
    return [
        Route("POST", "composite/batch", Batch(plain).run),
        Route("POST", "composite/graph", Graphs(composite).run),
        Route("POST", "composite/tree/{object}", plant_tree),
    ]
