"""The syntax tree of a SOQL statement."""

from dataclasses import dataclass, field
from datetime import date, datetime

from sandbox.salesforce.soql.tokens import Token


@dataclass(frozen=True, slots=True)
class Path:
    """A field, perhaps through relationships: `Account.Owner.Name`."""

    parts: tuple[str, ...]
    at: int

    @property
    def text(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`COUNT(Id)`, `MAX(SystemModstamp) newest`: a figure over a group."""

    function: str
    path: Path
    alias: str | None


@dataclass(frozen=True, slots=True)
class FieldsOf:
    """`FIELDS(STANDARD)` and its kin."""

    which: str
    at: int


@dataclass(frozen=True, slots=True)
class DateRange:
    """A date literal such as TODAY or LAST_N_DAYS:30, resolved against the clock at run time."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of a condition with the token it came from."""

    value: str | int | float | bool | date | datetime | DateRange | None
    token: Token


@dataclass(frozen=True, slots=True)
class Comparison:
    path: Path
    op: str
    values: tuple[Literal, ...]
    subquery: "Query | None" = None


@dataclass(frozen=True, slots=True)
class Junction:
    """Terms joined by AND or by OR, never by both."""

    word: str
    terms: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    term: "Condition"


Condition = Comparison | Junction | Negation


@dataclass(frozen=True, slots=True)
class Ordering:
    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One SELECT. `statement` is the whole text it is part of, for error carets."""

    statement: str
    select: tuple["Path | Aggregate | FieldsOf | Query", ...]
    count_only: bool
    source: str
    source_at: int
    alias: str | None = None
    where: Condition | None = None
    group_by: tuple[Path, ...] = ()
    order_by: tuple[Ordering, ...] = ()
    limit: int | None = None
    offset: int = 0
    children: tuple["Query", ...] = field(default=())
