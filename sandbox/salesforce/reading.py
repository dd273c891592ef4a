"""Records as JSON: from SQL rows to the nested objects the API shows."""

from collections.abc import Iterable, Sequence

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
    if shape.parents:
        return [_nested(shape, row, base) or {} for row in rows]
    name = shape.type_name
    prefix = f"{base}/sobjects/{name}/"
    names = [field for field, _ in shape.fields]
    flags = shape.flags
    records: list[Record] = []
    for row in rows:
        record: Record = {"attributes": {"type": name, "url": f"{prefix}{row[1]}"}}
        record.update(zip(names, row[2:], strict=True))
        for flag in flags:
            record[flag] = record[flag] == 1
        records.append(record)
    return records


def _nested(shape: Shape, row: SqlRow, base: str) -> Record | None:
    """None where a lookup is empty."""
    record_id = row[shape.id_at + 1]
    if record_id is None:
        return None
    url = f"{base}/sobjects/{shape.type_name}/{record_id}"
    record: Record = {"attributes": {"type": shape.type_name, "url": url}}
    for name, at in shape.fields:
        record[name] = row[at + 1]
    for flag in shape.flags:
        record[flag] = record[flag] == 1
    for name, parent in shape.parents.items():
        record[name] = _nested(parent, row, base)
    return record


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
