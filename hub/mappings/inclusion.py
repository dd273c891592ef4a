"""Which rows may be read from a system, or go to it: conditions on columns, written as data.

Here is how a condition looks; what it means for a row is `hub.sync.inclusion`'s.
"""

from datetime import date, datetime
from typing import Self

from pydantic import Field, model_validator

from hub.strict import Strict

Literal = bool | int | float | datetime | date | str
"""What a condition compares with, as YAML reads it."""

_TESTS = ("among", "not_among", "empty", "at_least", "at_most")
_FORMS = "`column` with `in`, `not_in`, `empty`, `at_least` or `at_most`; or `all`, `any` or `not`"


class Condition(Strict):
    """One test of one column, or conditions put together.

    An empty value is in no list: `in`, `at_least` and `at_most` do not hold for it, `not_in` does.
    """

    column: str | None = None
    among: tuple[Literal, ...] | None = Field(default=None, alias="in", min_length=1)
    not_among: tuple[Literal, ...] | None = Field(default=None, alias="not_in", min_length=1)
    empty: bool | None = None
    at_least: Literal | None = None
    at_most: Literal | None = None
    every: "tuple[Condition, ...] | None" = Field(default=None, alias="all", min_length=1)
    some: "tuple[Condition, ...] | None" = Field(default=None, alias="any", min_length=1)
    none: "Condition | None" = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        tests = [name for name in _TESTS if getattr(self, name) is not None]
        joined = [part for part in (self.every, self.some, self.none) if part is not None]
        if len(joined) + (self.column is not None) != 1 or bool(tests) != (self.column is not None):
            raise ValueError(f"a condition is {_FORMS}")
        if len(tests) > 1 and set(tests) != {"at_least", "at_most"}:
            raise ValueError("a condition tests one thing; put several together with `all`")
        return self

    @property
    def parts(self) -> "tuple[Condition, ...]":
        """The conditions it is put together from; none for a test of a column."""
        return (
            *(self.every or ()),
            *(self.some or ()),
            *((self.none,) if self.none is not None else ()),
        )


class Inclusion(Strict):
    """The rows of an object that are read, by columns of its source table; and the rows of the
    pushed entity that may go there, by columns of its desired state. Without a condition: all."""

    pull: Condition | None = None
    push: Condition | None = None
