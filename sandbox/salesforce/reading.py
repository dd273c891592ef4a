"""Records as JSON: from SQL rows to the nested objects the API shows."""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter

import msgspec

from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql.compiled import Child, Compiled, Shape, compile_rows
from sandbox.salesforce.soql.tree import Path, Query
from sandbox.salesforce.values import SqlValue

Record = dict[str, object]
SqlRow = Sequence[SqlValue]


def records_of(org: Org, compiled: Compiled, rows: Sequence[int], base: str) -> list[Record]:
    """The records behind row numbers, in their order; rows gone since then are left out."""
    found = org.store.db.execute(compiled.values, (msgspec.json.encode(rows).decode(),)).fetchall()
    by_row = {row[0]: row for row in found}
    present = [by_row[row] for row in rows if row in by_row]
    records = built(compiled.shape, present, base)
    ids = [str(row[1]) for row in present]
    for child in compiled.children:
        _attach(org, child, records, ids, base)
    return records


def built(shape: Shape, rows: Iterable[SqlRow], base: str) -> list[Record]:
    """One record per SQL row; a row starts with one column of its own before the shape's."""
    build = _builder(shape, base)
    return [record for record in map(build, rows) if record is not None]


def _builder(shape: Shape, base: str) -> Callable[[SqlRow], Record | None]:
    """Made once per page: thousands of rows go through what it returns, which is None where a
    lookup is empty."""
    type_name = shape.type_name
    prefix = f"{base}/sobjects/{type_name}/"
    names = [name for name, _ in shape.fields]
    # The id comes twice so that there are always several values, hence always a tuple.
    id_at = shape.id_at + 1
    values_of = itemgetter(id_at, id_at, *(at + 1 for _, at in shape.fields))
    flags = shape.flags
    parents = [(name, _builder(parent, base)) for name, parent in shape.parents.items()]

    def build(row: SqlRow) -> Record | None:
        values = values_of(row)
        if values[0] is None:
            return None
        record: Record = {"attributes": {"type": type_name, "url": f"{prefix}{values[0]}"}}
        record.update(zip(names, values[2:], strict=True))
        for flag in flags:
            record[flag] = record[flag] == 1
        for name, parent in parents:
            record[name] = parent(row)
        return record

    return build


def _attach(org: Org, child: Child, records: list[Record], ids: list[str], base: str) -> None:
    parameters = (msgspec.json.encode(ids).decode(), *child.statement.params)
    rows = org.store.db.execute(child.statement.sql, parameters).fetchall()
    by_parent: dict[str, list[Record]] = {}
    for row, record in zip(rows, built(child.shape, rows, base), strict=True):
        by_parent.setdefault(row[0], []).append(record)
    for parent, record in zip(ids, records, strict=True):
        children = by_parent.get(parent, [])[: child.limit]
        record[child.relationship] = (
            {"totalSize": len(children), "done": True, "records": children} if children else None
        )


def read_by_id(
    org: Org, sobject: SObject, ids: Sequence[str], fields: Sequence[str], base: str
) -> dict[str, Record]:
    """The records with these ids that are not deleted, with the fields asked for."""
    paths = tuple(Path(tuple(name.split(".")), 0) for name in fields)
    query = Query("", paths, count_only=False, source=sobject.name, source_at=0)
    compiled = compile_rows(org.context(include_deleted=False), query)
    alive = 'AND "IsDeleted" = 0' if sobject.any_field("IsDeleted") else ""
    numbers = org.store.db.execute(
        f'SELECT _row, "Id" FROM "{sobject.name}" '
        f'WHERE "Id" IN (SELECT value FROM json_each(?)) {alive}',
        (msgspec.json.encode(list(ids)).decode(),),
    ).fetchall()
    records = records_of(org, compiled, [row for row, _ in numbers], base)
    return {found: record for (_, found), record in zip(numbers, records, strict=True)}
