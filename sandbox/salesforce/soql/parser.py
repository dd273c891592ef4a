"""From tokens to the tree, refusing what the platform refuses."""

from datetime import date, datetime

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql.tokens import (
    Token,
    located,
    malformed,
    pattern_of,
    text_of,
    tokenize,
)
from sandbox.salesforce.soql.tree import (
    Aggregate,
    Comparison,
    Condition,
    DateRange,
    FieldsOf,
    Junction,
    Literal,
    Negation,
    Ordering,
    Path,
    Query,
)

MAX_STATEMENT = 100_000
MAX_OFFSET = 2_000

_AGGREGATES = ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX")
_CLAUSES = ("WHERE", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "WITH", "HAVING", "USING")
_RANGES = frozenset(
    {
        "YESTERDAY", "TODAY", "TOMORROW", "LAST_90_DAYS", "NEXT_90_DAYS",
        *(f"{which}_{unit}" for which in ("LAST", "THIS", "NEXT")
          for unit in ("WEEK", "MONTH", "QUARTER", "YEAR")),
    }
)  # fmt: skip
_COUNTED_RANGES = frozenset(
    {
        *(f"{which}_N_{unit}" for which in ("LAST", "NEXT")
          for unit in ("DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS")),
        *(f"N_{unit}_AGO" for unit in ("DAYS", "WEEKS", "MONTHS", "QUARTERS", "YEARS")),
    }
)  # fmt: skip


def parse(statement: str) -> Query:
    """The tree of one statement, or MALFORMED_QUERY."""
    if len(statement) > MAX_STATEMENT:
        raise ApiError(
            "MALFORMED_QUERY", f"SOQL statements cannot be longer than {MAX_STATEMENT} characters."
        )
    parser = _Parser(statement)
    query = parser.query(nested=False)
    parser.expect_end()
    return query


def parse_condition(text: str) -> Condition:
    """A bare WHERE condition, as validation rules are written in."""
    parser = _Parser(text)
    condition = parser.condition()
    parser.expect_end()
    return condition


class _Parser:
    def __init__(self, statement: str) -> None:
        self.statement = statement
        self.tokens = tokenize(statement)
        self.place = 0

    # --- reading tokens ---------------------------------------------------------------------

    @property
    def token(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.token
        if token.kind != "end":
            self.place += 1
        return token

    def unexpected(self, token: Token | None = None) -> ApiError:
        token = token or self.token
        return malformed(self.statement, token.at, f"unexpected token: '{token.text}'")

    def word(self, *words: str) -> bool:
        """Take the next token if it is one of these keywords."""
        if self.token.is_word(*words):
            self.place += 1
            return True
        return False

    def mark(self, text: str) -> bool:
        if self.token.kind == "mark" and self.token.text == text:
            self.place += 1
            return True
        return False

    def need_word(self, word: str) -> None:
        if not self.word(word):
            raise self.unexpected()

    def need_mark(self, text: str) -> None:
        if not self.mark(text):
            raise self.unexpected()

    def need_name(self) -> Token:
        if self.token.kind != "name":
            raise self.unexpected()
        return self.take()

    def expect_end(self) -> None:
        if self.token.kind != "end":
            raise self.unexpected()

    # --- clauses ----------------------------------------------------------------------------

    def query(self, *, nested: bool) -> Query:
        self.need_word("SELECT")
        select, count_only = self._select_list()
        self.need_word("FROM")
        source = self.need_name()
        alias = self._alias()
        where = self.condition() if self.word("WHERE") else None
        group_by = self._group_by()
        order_by = self._order_by()
        limit = self._whole_number() if self.word("LIMIT") else None
        offset = self._offset(nested=nested) if self.word("OFFSET") else 0
        return Query(
            statement=self.statement,
            select=tuple(select),
            count_only=count_only,
            source=source.text,
            source_at=source.at,
            alias=alias,
            where=where,
            group_by=group_by,
            order_by=order_by,
            limit=limit,
            offset=offset,
            children=tuple(item for item in select if isinstance(item, Query)),
        )

    def _alias(self) -> str | None:
        self.word("AS")
        if self.token.kind == "name" and not self.token.is_word(*_CLAUSES):
            return self.take().text
        return None

    def _select_list(self) -> tuple[list[Path | Aggregate | FieldsOf | Query], bool]:
        if self.token.is_word("COUNT") and self._is_empty_call():
            self.place += 3
            return [], True
        items = [self._select_item()]
        while self.mark(","):
            items.append(self._select_item())
        return items, False

    def _is_empty_call(self) -> bool:
        following = self.tokens[self.place + 1 : self.place + 3]
        return [token.text for token in following] == ["(", ")"]

    def _select_item(self) -> Path | Aggregate | FieldsOf | Query:
        if self.mark("("):
            query = self.query(nested=True)
            self.need_mark(")")
            return query
        name = self.need_name()
        if name.is_word("FROM"):
            raise self.unexpected(name)
        if not self.mark("("):
            return Path(tuple(name.text.split(".")), name.at)
        argument = self.need_name()
        self.need_mark(")")
        if name.is_word("FIELDS"):
            if not argument.is_word("ALL", "STANDARD", "CUSTOM"):
                raise self.unexpected(argument)
            return FieldsOf(argument.text.upper(), name.at)
        if not name.is_word(*_AGGREGATES):
            raise self.unexpected(name)
        alias = None
        if self.token.kind == "name" and not self.token.is_word("FROM"):
            alias = self.take().text
        path = Path(tuple(argument.text.split(".")), argument.at)
        return Aggregate(name.text.upper(), path, alias)

    def _group_by(self) -> tuple[Path, ...]:
        if not self.word("GROUP"):
            return ()
        self.need_word("BY")
        paths = [self._path()]
        while self.mark(","):
            paths.append(self._path())
        return tuple(paths)

    def _order_by(self) -> tuple[Ordering, ...]:
        if not self.word("ORDER"):
            return ()
        self.need_word("BY")
        orderings = [self._ordering()]
        while self.mark(","):
            orderings.append(self._ordering())
        return tuple(orderings)

    def _ordering(self) -> Ordering:
        path = self._path()
        descending = self.word("DESC")
        if not descending:
            self.word("ASC")
        nulls_last = False
        if self.word("NULLS"):
            nulls_last = self.word("LAST")
            if not nulls_last:
                self.need_word("FIRST")
        return Ordering(path, descending, nulls_last)

    def _path(self) -> Path:
        name = self.need_name()
        return Path(tuple(name.text.split(".")), name.at)

    def _whole_number(self) -> int:
        token = self.take()
        if token.kind != "number" or not token.text.isdigit():
            raise self.unexpected(token)
        return int(token.text)

    def _offset(self, *, nested: bool) -> int:
        token = self.token
        offset = self._whole_number()
        if offset > MAX_OFFSET and not nested:
            raise ApiError(
                "NUMBER_OUTSIDE_VALID_RANGE",
                located(self.statement, token.at, "Maximum SOQL offset allowed is 2000"),
            )
        return offset

    # --- conditions -------------------------------------------------------------------------

    def condition(self) -> Condition:
        """Terms joined by one word; the other word needs parentheses."""
        terms = [self._term()]
        joining: str | None = None
        while self.token.is_word("AND", "OR"):
            word = self.token.text.upper()
            if joining is not None and word != joining:
                raise self.unexpected()
            joining = word
            self.place += 1
            terms.append(self._term())
        return terms[0] if joining is None else Junction(joining, tuple(terms))

    def _term(self) -> Condition:
        if self.word("NOT"):
            return Negation(self._term())
        if self.mark("("):
            condition = self.condition()
            self.need_mark(")")
            return condition
        return self._comparison()

    def _comparison(self) -> Comparison:
        path = self._path()
        if self.token.kind == "op":
            operator = self.take().text
            return Comparison(path, "!=" if operator == "<>" else operator, (self._literal(),))
        if self.word("LIKE"):
            token = self.take()
            if token.kind != "string":
                raise self.unexpected(token)
            return Comparison(path, "LIKE", (Literal(pattern_of(self.statement, token), token),))
        if self.word("INCLUDES"):
            return self._listed(path, "INCLUDES")
        if self.word("EXCLUDES"):
            return self._listed(path, "EXCLUDES")
        operator = "NOT IN" if self.word("NOT") else "IN"
        self.need_word("IN")
        return self._listed(path, operator)

    def _listed(self, path: Path, operator: str) -> Comparison:
        self.need_mark("(")
        if operator in ("IN", "NOT IN") and self.token.is_word("SELECT"):
            subquery = self.query(nested=True)
            self.need_mark(")")
            return Comparison(path, operator, (), subquery)
        values = [self._literal()]
        while self.mark(","):
            values.append(self._literal())
        self.need_mark(")")
        return Comparison(path, operator, tuple(values))

    def _literal(self) -> Literal:
        token = self.take()
        if token.kind == "string":
            return Literal(text_of(self.statement, token), token)
        if token.kind == "number":
            return Literal(_number(token.text), token)
        if token.kind == "date":
            return Literal(self._day(token), token)
        if token.kind == "datetime":
            return Literal(self._moment(token), token)
        if token.kind == "range":
            name, _, count = token.text.upper().partition(":")
            if name in _COUNTED_RANGES:
                return Literal(DateRange(name, int(count)), token)
        if token.is_word("TRUE", "FALSE"):
            return Literal(token.text.upper() == "TRUE", token)
        if token.is_word("NULL"):
            return Literal(None, token)
        if token.is_word(*_RANGES):
            return Literal(DateRange(token.text.upper(), 1), token)
        raise self.unexpected(token)

    def _day(self, token: Token) -> date:
        try:
            return date.fromisoformat(token.text)
        except ValueError:
            raise malformed(self.statement, token.at, f"Invalid date: {token.text}") from None

    def _moment(self, token: Token) -> datetime:
        try:
            return datetime.fromisoformat(token.text.upper())
        except ValueError:
            raise malformed(self.statement, token.at, f"Invalid datetime: {token.text}") from None


def _number(text: str) -> int | float:
    """Whole numbers beyond what a column can hold compare as floats."""
    whole = text.lstrip("+-").isdigit() and len(text) < 19
    return int(text) if whole else float(text)
