"""Names in a statement: which column a field path means, and the joins it takes to get there."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import Field, Schema, SObject
from sandbox.salesforce.soql.tokens import located
from sandbox.salesforce.soql.tree import Path, Query

_CUSTOM_HINT = (
    "Please reference your WSDL or the describe call for the appropriate names."  # the real tail
)


@dataclass(frozen=True)
class Context:
    """What a statement is read against: the schema, the moment, the caller's zone, the mode."""

    schema: Schema
    now: datetime
    zone: ZoneInfo
    include_deleted: bool = False
    shuffle: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A field with the SQL that reads it."""

    sql: str
    field: Field


@dataclass
class Scope:
    """One FROM clause growing its LEFT JOINs as paths are looked up."""

    context: Context
    sobject: SObject
    statement: str
    alias: str | None = None
    root: str = "t"
    _joins: dict[tuple[str, ...], tuple[str, SObject]] = field(default_factory=dict)
    _clauses: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return " ".join([f'"{self.sobject.name}" AS {self.root}', *self._clauses])

    def column(self, path: Path) -> Column:
        """The column of a path, or INVALID_FIELD pointing at it."""
        parts = self.relative(path)
        table, sobject = self.join(parts[:-1], path.at)
        found = sobject.field(parts[-1])
        if found is None:
            raise self.no_such_column(parts[-1], sobject, path.at)
        if found.formula is None:
            return Column(f'{table}."{found.name}"', found)
        shown = self.column(Path((*parts[:-1], *found.formula.split(".")), path.at))
        return Column(shown.sql, found)

    def relative(self, path: Path) -> tuple[str, ...]:
        """The path without the statement's own alias or object name in front."""
        if len(path.parts) > 1:
            first = path.parts[0].lower()
            own_name = first == self.sobject.name.lower()
            if (self.alias is not None and first == self.alias.lower()) or (
                own_name and self.sobject.parent_field(path.parts[0]) is None
            ):
                return path.parts[1:]
        return path.parts

    def join(self, relationships: tuple[str, ...], at: int) -> tuple[str, SObject]:
        """The table alias and object at the end of a chain of parent relationships."""
        table, sobject = self.root, self.sobject
        key: tuple[str, ...] = ()
        for relationship in relationships:
            lookup = sobject.parent_field(relationship)
            if lookup is None:
                raise self._no_such_relationship(relationship, at)
            key = (*key, relationship.lower())
            if key not in self._joins:
                self._joins[key] = self._add_join(table, lookup, at)
            table, sobject = self._joins[key]
        return table, sobject

    def _add_join(self, table: str, lookup: Field, at: int) -> tuple[str, SObject]:
        parent = self.context.schema.get(lookup.reference_to[0])
        if parent is None:
            raise self._no_such_relationship(lookup.relationship or lookup.name, at)
        alias = f"{self.root}{len(self._joins) + 1}"
        self._clauses.append(
            f'LEFT JOIN "{parent.name}" AS {alias} ON {alias}."Id" = {table}."{lookup.name}"'
        )
        return alias, parent

    def no_such_column(self, name: str, sobject: SObject, at: int) -> ApiError:
        what = (
            f"No such column '{name}' on entity '{sobject.name}'. If you are attempting to use a "
            f"custom field, be sure to append the '__c' after the custom field name. {_CUSTOM_HINT}"
        )
        return ApiError("INVALID_FIELD", located(self.statement, at, what))

    def _no_such_relationship(self, name: str, at: int) -> ApiError:
        what = (
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use "
            "a custom relationship, be sure to append the '__r' after the custom relationship "
            f"name. {_CUSTOM_HINT}"
        )
        return ApiError("INVALID_FIELD", located(self.statement, at, what))

    def visible(self) -> str:
        """Committed rows, without the recycle bin unless the call asked for it."""
        stamp = f"{self.context.now:%Y-%m-%dT%H:%M:%S}.000+0000"
        committed = f"({self.root}._VisibleFrom IS NULL OR {self.root}._VisibleFrom <= '{stamp}')"
        if self.context.include_deleted or self.sobject.field("IsDeleted") is None:
            return committed
        return f'{self.root}."IsDeleted" = 0 AND {committed}'


def source_object(context: Context, query: Query) -> SObject:
    """The object after FROM, or INVALID_TYPE."""
    sobject = context.schema.get(query.source)
    if sobject is None:
        what = (
            f"sObject type '{query.source}' is not supported. If you are attempting to use a "
            f"custom object, be sure to append the '__c' after the entity name. {_CUSTOM_HINT}"
        )
        raise ApiError("INVALID_TYPE", located(query.statement, query.source_at, what))
    return sobject
