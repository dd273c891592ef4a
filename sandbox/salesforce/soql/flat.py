"""A statement as a table: one column per selected path, as bulk results are written."""

from dataclasses import dataclass

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import Field
from sandbox.salesforce.soql.compiled import (
    Statement,
    expanded,
    filtered,
    is_grouped,
    ordered,
    settles_ties,
    shuffled,
)
from sandbox.salesforce.soql.scope import Context, Scope, source_object
from sandbox.salesforce.soql.tree import FieldsOf, Path, Query

COMPOUND = ("Address", "BillingAddress", "ShippingAddress", "MailingAddress", "OtherAddress")


@dataclass(frozen=True)
class Flat:
    """`names` are the headings, spelled as the schema spells them."""

    source: str
    statement: Statement
    names: tuple[str, ...]
    fields: tuple[Field, ...]


def check_flat(query: Query) -> None:
    """Refuse what has no table form: aggregates, OFFSET, subqueries, compound fields."""
    what = None
    if is_grouped(query) or query.count_only:
        what = "Aggregate Relationships not supported in Bulk Query"
    elif query.offset:
        what = "OFFSET not supported in Bulk Query"
    elif query.children:
        what = "Nested Relationship Query not supported in Bulk Query"
    elif any(isinstance(i, Path) and i.parts[-1] in COMPOUND for i in query.select):
        what = "Selecting compound data not supported in Bulk Query"
    elif any(isinstance(i, FieldsOf) and i.which != "STANDARD" for i in query.select):
        what = "FIELDS(ALL) and FIELDS(CUSTOM) not supported in Bulk Query"
    if what is not None:
        raise ApiError("FUNCTIONALITY_NOT_ENABLED", what)


def compile_flat(context: Context, query: Query) -> Flat:
    """For statements that `check_flat` lets pass."""
    sobject = source_object(context, query)
    scope = Scope(context, sobject, query.statement, query.alias)
    paths: list[Path] = []
    for item in query.select:
        if isinstance(item, Path):
            paths.append(item)
        elif isinstance(item, FieldsOf):
            paths += expanded(item, sobject, query)
    columns = [scope.column(path) for path in paths]
    condition, params = filtered(scope, query)
    order = ordered(scope, query.order_by)
    if not settles_ties(scope, query.order_by):
        order.append(shuffled(scope))
    selected = ", ".join(f"{column.sql} AS c{place}" for place, column in enumerate(columns))
    limit = f" LIMIT {query.limit}" if query.limit is not None else ""
    # Their numbers alone are sorted much faster than whole rows.
    sql = (
        f"WITH found AS MATERIALIZED (SELECT {scope.root}._row AS number FROM {scope.source} "
        f"WHERE {condition} ORDER BY {', '.join(order)}{limit}) "
        f"SELECT {selected} FROM found CROSS JOIN {scope.source} WHERE {scope.root}._row = number"
    )
    return Flat(
        sobject.name,
        Statement(sql, tuple(params)),
        tuple(_heading(scope, path) for path in paths),
        tuple(column.field for column in columns),
    )


def _heading(scope: Scope, path: Path) -> str:
    sobject, names = scope.sobject, []
    parts = scope.relative(path)
    for depth, part in enumerate(parts[:-1]):
        lookup = sobject.parent_field(part)
        names.append((lookup.relationship if lookup is not None else None) or part)
        _, sobject = scope.join(parts[: depth + 1], path.at)
    field = sobject.field(parts[-1])
    return ".".join([*names, field.name if field is not None else parts[-1]])
