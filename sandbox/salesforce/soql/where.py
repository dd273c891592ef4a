"""Conditions as SQL. SOQL's logic has two values, SQLite's three: nulls are settled here."""

from datetime import UTC, date, datetime, time

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.ids import to_long
from sandbox.salesforce.schema import NUMBER_TYPES, Field
from sandbox.salesforce.soql.calendar import span
from sandbox.salesforce.soql.scope import Column, Context, Scope, source_object
from sandbox.salesforce.soql.tokens import located
from sandbox.salesforce.soql.tree import (
    Comparison,
    Condition,
    DateRange,
    Junction,
    Literal,
    Negation,
    Path,
    Query,
)
from sandbox.salesforce.values import SqlValue

_TYPE_NAMES = {"datetime": "dateTime", "boolean": "boolean", "date": "date", "int": "int"}
_ORDERED = ("<", "<=", ">", ">=")


class Where:
    """Turns conditions over one scope into SQL text and collects its parameters in order."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.params: list[SqlValue] = []

    def sql(self, condition: Condition) -> str:
        if isinstance(condition, Negation):
            return f"NOT IFNULL(({self.sql(condition.term)}), 0)"
        if isinstance(condition, Junction):
            return "(" + f" {condition.word} ".join(self.sql(t) for t in condition.terms) + ")"
        return self._comparison(condition)

    def _comparison(self, comparison: Comparison) -> str:
        column = self.scope.column(comparison.path)
        field = column.field
        if field.long_text:
            raise self._refused(
                comparison.path, f"field '{field.name}' can not be filtered in a query call"
            )
        if comparison.subquery is not None:
            return self._semi_join(column, comparison, comparison.subquery)
        operator = comparison.op
        if operator in ("INCLUDES", "EXCLUDES"):
            return self._includes(column, comparison)
        if operator == "LIKE":
            return self._like(column, comparison)
        if operator in ("IN", "NOT IN"):
            return self._listed(column, comparison)
        literal = comparison.values[0]
        if isinstance(literal.value, DateRange):
            return self._ranged(column, operator, literal.value, literal)
        value = self._value(field, literal)
        if operator in _ORDERED:
            return self._ordered(column, operator, value, comparison.path)
        equal = self._equal(column, value)
        return equal if operator == "=" else f"NOT IFNULL(({equal}), 0)"

    def _ordered(self, column: Column, operator: str, value: SqlValue, path: Path) -> str:
        if value is None or column.field.type in ("boolean", "multipicklist"):
            raise ApiError(
                "INVALID_QUERY_FILTER_OPERATOR",
                located(self.scope.statement, path.at, f"invalid operator on {column.field.type} "
                        "field"),
            )  # fmt: skip
        self.params.append(value)
        return f"{column.sql} {operator} ?"

    def _equal(self, column: Column, value: SqlValue) -> str:
        if value is None:
            return f"{column.sql} IS NULL"
        if _needs_folding(column.field, value):
            self.params.append(str(value).casefold())
            return f"sf_fold({column.sql}) = ?"
        self.params.append(value)
        return f"{column.sql} = ?"

    def _listed(self, column: Column, comparison: Comparison) -> str:
        if any(isinstance(literal.value, DateRange) for literal in comparison.values):
            parts = [
                self._comparison(Comparison(comparison.path, "=", (literal,)))
                for literal in comparison.values
            ]
        else:
            parts = self._membership(column, [self._value(column.field, v)
                                              for v in comparison.values])  # fmt: skip
        inside = "(" + " OR ".join(parts) + ")"
        return inside if comparison.op == "IN" else f"NOT IFNULL({inside}, 0)"

    def _membership(self, column: Column, values: list[SqlValue]) -> list[str]:
        plain = [v for v in values if v is not None and not _needs_folding(column.field, v)]
        odd = [v for v in values if v is None or _needs_folding(column.field, v)]
        parts = []
        if plain:
            parts.append(f"{column.sql} IN ({','.join('?' * len(plain))})")
            self.params.extend(plain)
        parts.extend(self._equal(column, value) for value in odd)
        return parts

    def _semi_join(self, column: Column, comparison: Comparison, query: Query) -> str:
        context = self.scope.context
        inner = Scope(
            context, source_object(context, query), query.statement, query.alias,
            root=f"s{len(self.params)}_",
        )  # fmt: skip
        if len(query.select) != 1 or not isinstance(query.select[0], Path):
            raise self._refused(comparison.path, "Semi join sub-selects select exactly one field")
        selected = inner.column(query.select[0])
        where = Where(inner)
        conditions = [inner.visible(), f"{selected.sql} IS NOT NULL"]
        if query.where is not None:
            conditions.append(where.sql(query.where))
        self.params.extend(where.params)
        inside = (
            f"{column.sql} IN (SELECT {selected.sql} FROM {inner.source} "
            f"WHERE {' AND '.join(conditions)})"
        )
        return inside if comparison.op == "IN" else f"NOT IFNULL({inside}, 0)"

    def _like(self, column: Column, comparison: Comparison) -> str:
        field = column.field
        textual = field.type not in ("id", "reference", "boolean", "date", "datetime")
        if not textual or field.type in NUMBER_TYPES or field.type == "multipicklist":
            raise self._bad_operator(field, comparison.path)
        pattern = str(comparison.values[0].value)
        if pattern.isascii():
            self.params.append(pattern)
            return f"{column.sql} LIKE ? ESCAPE '\\'"
        self.params.append(pattern.casefold())
        return f"sf_fold({column.sql}) LIKE ? ESCAPE '\\'"

    def _includes(self, column: Column, comparison: Comparison) -> str:
        if column.field.type != "multipicklist":
            raise self._bad_operator(column.field, comparison.path)
        choices = []
        for literal in comparison.values:
            if not isinstance(literal.value, str):
                raise self._wrong_type(column.field, literal)
            together = []
            for part in literal.value.split(";"):
                self.params.append(f";{part.lower()};")
                together.append(f"instr(';' || lower({column.sql}) || ';', ?) > 0")
            choices.append("(" + " AND ".join(together) + ")")
        inside = "(" + " OR ".join(choices) + ")"
        return inside if comparison.op == "INCLUDES" else f"NOT IFNULL({inside}, 0)"

    def _ranged(self, column: Column, operator: str, literal: DateRange, at: Literal) -> str:
        if column.field.type not in ("date", "datetime"):
            raise self._wrong_type(column.field, at)
        first, last = _bounds(literal, column.field, self.scope.context)
        if operator in ("=", "!="):
            self.params += [first, last]
            inside = f"({column.sql} >= ? AND {column.sql} < ?)"
            return inside if operator == "=" else f"NOT IFNULL({inside}, 0)"
        edge, sql_operator = {
            "<": (first, "<"), "<=": (last, "<"), ">": (last, ">="), ">=": (first, ">="),
        }[operator]  # fmt: skip
        self.params.append(edge)
        return f"{column.sql} {sql_operator} ?"

    # --- literals ---------------------------------------------------------------------------

    def _value(self, field: Field, literal: Literal) -> SqlValue:
        value = literal.value
        if value is None or (value == "" and literal.token.kind == "string"):
            return None
        if field.type in ("id", "reference"):
            return self._id(field, literal)
        fits = {
            "boolean": isinstance(value, bool),
            "date": isinstance(value, date) and not isinstance(value, datetime),
            "datetime": isinstance(value, datetime),
        }.get(field.type)
        if fits is None:
            wanted = (int, float) if field.type in NUMBER_TYPES else (str,)
            fits = isinstance(value, wanted) and not isinstance(value, bool)
        if not fits:
            raise self._wrong_type(field, literal)
        if isinstance(value, datetime):
            return precise(value)
        if isinstance(value, date):
            return value.isoformat()
        return int(value) if isinstance(value, bool) else value  # type: ignore[return-value]

    def _id(self, field: Field, literal: Literal) -> str:
        if not isinstance(literal.value, str):
            raise self._wrong_type(field, literal)
        long_id = to_long(literal.value)
        if long_id is None:
            raise ApiError(
                "INVALID_QUERY_FILTER_OPERATOR",
                located(
                    self.scope.statement, literal.token.at, f"invalid ID field: {literal.value}"
                ),
            )
        return long_id

    # --- refusals ---------------------------------------------------------------------------

    def _wrong_type(self, field: Field, literal: Literal) -> ApiError:
        quoted = field.type not in NUMBER_TYPES and field.type not in _TYPE_NAMES
        kind = "string" if quoted else _TYPE_NAMES.get(field.type, "double")
        enclosed = "should be" if quoted else "should not be"
        what = (
            f"value of filter criterion for field '{field.name}' must be of type {kind} "
            f"and {enclosed} enclosed in quotes"
        )
        return ApiError("INVALID_FIELD", located(self.scope.statement, literal.token.at, what))

    def _refused(self, path: Path, what: str) -> ApiError:
        return ApiError("INVALID_FIELD", located(self.scope.statement, path.at, what))

    def _bad_operator(self, field: Field, path: Path) -> ApiError:
        kind = "id" if field.type == "reference" else field.type
        return ApiError(
            "INVALID_QUERY_FILTER_OPERATOR",
            located(self.scope.statement, path.at, f"invalid operator on {kind} field"),
        )


def precise(moment: datetime) -> str:
    """An instant in the columns' form, with its milliseconds: `>= …00.500Z` excludes `…00`."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


def _needs_folding(field: Field, value: SqlValue) -> bool:
    """The columns' collation ignores case in ASCII only."""
    return isinstance(value, str) and not value.isascii() and not field.case_sensitive


def _bounds(literal: DateRange, field: Field, context: Context) -> tuple[str, str]:
    first, last = span(literal, context.now.astimezone(context.zone).date())
    if field.type == "date":
        return first.isoformat(), last.isoformat()
    start = datetime.combine(first, time(), context.zone)
    end = datetime.combine(last, time(), context.zone)
    if literal.name == "LAST_N_DAYS":
        end = min(end, context.now)
    return precise(start), precise(end)
