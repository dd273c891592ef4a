"""A statement made ready to run: SQL for which rows, SQL for their values, and their JSON shape."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import ChildLink, SObject
from sandbox.salesforce.soql.scope import Context, Scope, source_object
from sandbox.salesforce.soql.tokens import located, malformed
from sandbox.salesforce.soql.tree import Aggregate, FieldsOf, Ordering, Path, Query
from sandbox.salesforce.soql.where import Where
from sandbox.salesforce.values import SqlValue

MAX_FIELDS_LIMIT = 200
_NO_LIMIT = -1


@dataclass
class Shape:
    """How one record of the answer is put together from the columns of a SQL row."""

    type_name: str
    id_at: int
    fields: list[tuple[str, int]] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    parents: dict[str, "Shape"] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    sql: str
    params: tuple[SqlValue, ...]


@dataclass(frozen=True)
class Child:
    """A child subquery: rows of `sql` start with the parent's id; `{}` takes the parents' ids."""

    relationship: str
    statement: Statement
    shape: Shape
    limit: int | None


@dataclass(frozen=True)
class Compiled:
    """`rows` lists row numbers in order; `values` reads the rows given as a JSON array."""

    sobject: SObject
    rows: Statement
    values: str
    shape: Shape
    children: tuple[Child, ...]
    long_texts: int


@dataclass(frozen=True)
class Grouped:
    """An aggregate query: its rows are the answer."""

    statement: Statement
    names: tuple[str, ...]


class _Columns:
    """The SELECT list under construction, with the shape it fills."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.sql: list[str] = [f'{scope.root}."Id"']
        self.shape = Shape(scope.sobject.name, 0)
        self.long_texts = 0

    def add(self, path: Path) -> None:
        column = self.scope.column(path)
        parts = self.scope.relative(path)
        shape = self._shape_of(parts[:-1], path.at)
        name = column.field.name
        if any(known == name for known, _ in shape.fields):
            raise ApiError(
                "INVALID_FIELD",
                located(self.scope.statement, path.at, f"duplicate field selected: {path.text}"),
            )
        shape.fields.append((name, len(self.sql)))
        if column.field.type == "boolean":
            shape.flags.append(name)
        self.long_texts += column.field.long_text and column.field.custom
        self.sql.append(column.sql)

    def _shape_of(self, relationships: tuple[str, ...], at: int) -> Shape:
        shape, sobject = self.shape, self.scope.sobject
        for depth, relationship in enumerate(relationships):
            lookup = sobject.parent_field(relationship)
            name = (lookup.relationship if lookup else None) or relationship
            table, sobject = self.scope.join(relationships[: depth + 1], at)
            if name not in shape.parents:
                shape.parents[name] = Shape(sobject.name, len(self.sql))
                self.sql.append(f'{table}."Id"')
            shape = shape.parents[name]
        return shape


def compile_rows(context: Context, query: Query) -> Compiled:
    """For everything but COUNT() and aggregates."""
    sobject = source_object(context, query)
    rows = _row_numbers(context, sobject, query)
    scope = Scope(context, sobject, query.statement, query.alias)
    columns = _columns(scope, query)
    values = (
        f"SELECT {scope.root}._row, {', '.join(columns.sql)} FROM {scope.source} "
        f"WHERE {scope.root}._row IN (SELECT value FROM json_each(?))"
    )
    children = tuple(_child(context, sobject, child) for child in query.children)
    return Compiled(sobject, rows, values, columns.shape, children, columns.long_texts)


def _columns(scope: Scope, query: Query) -> _Columns:
    columns = _Columns(scope)
    for item in query.select:
        if isinstance(item, Path):
            columns.add(item)
        elif isinstance(item, FieldsOf):
            for path in expanded(item, scope.sobject, query):
                columns.add(path)
    return columns


def expanded(item: FieldsOf, sobject: SObject, query: Query) -> list[Path]:
    limited = query.limit is not None and query.limit <= MAX_FIELDS_LIMIT
    if item.which != "STANDARD" and not limited:
        raise malformed(
            query.statement, item.at,
            "The SOQL FIELDS function must have a LIMIT of at most 200",
        )  # fmt: skip
    wanted = {"ALL": (False, True), "STANDARD": (False,), "CUSTOM": (True,)}[item.which]
    return [Path((f.name,), item.at) for f in sobject.readable if f.custom in wanted]


def filtered(scope: Scope, query: Query) -> tuple[str, list[SqlValue]]:
    where = Where(scope)
    conditions = [scope.visible()]
    if query.where is not None:
        conditions.append(where.sql(query.where))
    return " AND ".join(conditions), where.params


def _row_numbers(context: Context, sobject: SObject, query: Query) -> Statement:
    scope = Scope(context, sobject, query.statement, query.alias)
    condition, params = filtered(scope, query)
    order = ordered(scope, query.order_by)
    if not settles_ties(scope, query.order_by):
        # Nobody promises an order here, so none is kept: clients that rely on one must notice.
        order.append(shuffled(scope))
    limit = query.limit if query.limit is not None else _NO_LIMIT
    return Statement(
        f"SELECT {scope.root}._row FROM {scope.source} WHERE {condition} "
        f"ORDER BY {', '.join(order)} LIMIT {limit} OFFSET {query.offset}",
        tuple(params),
    )


def ordered(scope: Scope, orderings: Sequence[Ordering]) -> list[str]:
    order = []
    for ordering in orderings:
        column = scope.column(ordering.path)
        if column.field.long_text or column.field.type == "multipicklist":
            what = f"field '{column.field.name}' can not be sorted in a query call"
            raise ApiError("INVALID_FIELD", located(scope.statement, ordering.path.at, what))
        direction = "DESC" if ordering.descending else "ASC"
        sql = f"{column.sql} {direction}"
        if column.field.nillable or len(ordering.path.parts) > 1:
            sql += " NULLS LAST" if ordering.nulls_last else " NULLS FIRST"
        order.append(sql)
    return order


def shuffled(scope: Scope) -> str:
    """An order of rows that another call does not repeat."""
    return f"(({scope.root}._row * 2654435761 + {scope.context.shuffle}) % 4294967291)"


def settles_ties(scope: Scope, orderings: Sequence[Ordering]) -> bool:
    return any(scope.column(o.path).sql == f'{scope.root}."Id"' for o in orderings)


def _child(context: Context, parent: SObject, query: Query) -> Child:
    link = context.schema.child_link(parent.name, query.source)
    if link is None or query.children:
        what = (
            f"Didn't understand relationship '{query.source}' in FROM part of query call. If you "
            "are attempting to use a custom relationship, be sure to append the '__r' after the "
            "custom relationship name. Please reference your WSDL or the describe call for the "
            "appropriate names."
        )
        raise ApiError("INVALID_TYPE", located(query.statement, query.source_at, what))
    return _linked_child(context, link, query)


def _linked_child(context: Context, link: ChildLink, query: Query) -> Child:
    scope = Scope(context, link.child, query.statement, query.alias)
    columns = _columns(scope, query)
    condition, params = filtered(scope, query)
    order = [*ordered(scope, query.order_by), f"{scope.root}._row"]
    parent = f'{scope.root}."{link.field.name}"'
    sql = (
        f"SELECT {parent}, {', '.join(columns.sql)} FROM {scope.source} "
        f"WHERE {parent} IN (SELECT value FROM json_each(?)) AND {condition} "
        f"ORDER BY {', '.join(order)}"
    )
    relationship = link.field.children or query.source
    return Child(relationship, Statement(sql, tuple(params)), columns.shape, query.limit)


def compile_count(context: Context, query: Query) -> Statement:
    """`SELECT COUNT() FROM …`."""
    scope = Scope(context, source_object(context, query), query.statement, query.alias)
    condition, params = filtered(scope, query)
    limit = query.limit if query.limit is not None else _NO_LIMIT
    return Statement(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM {scope.source} WHERE {condition} LIMIT {limit})",
        tuple(params),
    )


def is_grouped(query: Query) -> bool:
    return bool(query.group_by) or any(isinstance(item, Aggregate) for item in query.select)


def compile_grouped(context: Context, query: Query) -> Grouped:
    """Aggregates, with or without GROUP BY."""
    scope = Scope(context, source_object(context, query), query.statement, query.alias)
    grouped = [scope.column(path).sql for path in query.group_by]
    sql: list[str] = []
    names: list[str] = []
    for item in query.select:
        if isinstance(item, Aggregate):
            names.append(item.alias or f"expr{sum(n.startswith('expr') for n in names)}")
            sql.append(_figure(scope, item))
        elif isinstance(item, Path) and scope.column(item).sql in grouped:
            names.append(scope.column(item).field.name)
            sql.append(scope.column(item).sql)
        else:
            at = item.at if isinstance(item, Path) else 0
            text = item.text if isinstance(item, Path) else "FIELDS"
            raise malformed(query.statement, at, f"Field must be grouped or aggregated: {text}")
    condition, params = filtered(scope, query)
    order = ordered(scope, query.order_by)
    limit = query.limit if query.limit is not None else _NO_LIMIT
    statement = f"SELECT {', '.join(sql)} FROM {scope.source} WHERE {condition}"
    if grouped:
        statement += f" GROUP BY {', '.join(grouped)}"
    if order:
        statement += f" ORDER BY {', '.join(order)}"
    return Grouped(Statement(f"{statement} LIMIT {limit}", tuple(params)), tuple(names))


def _figure(scope: Scope, item: Aggregate) -> str:
    column = scope.column(item.path)
    if item.function == "COUNT_DISTINCT":
        return f"COUNT(DISTINCT {column.sql})"
    return f"{item.function}({column.sql})"
