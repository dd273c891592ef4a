"""Any condition means the same to the sandbox as to a plain reading of it, row by row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from salesforce_org import OrgUnderTest

Row = dict[str, Any]
NAMES = ("Acme", "acme gmbh", "Über", "50% off", "x_y", "O'Brien")
FAXES = (None, "1", "2", "10")
HEADS = (None, 0, 5, 12)
ROWS: list[Row] = [
    {"Name": name, "Fax": fax, "NumberOfEmployees": heads}
    for name in NAMES for fax in FAXES for heads in HEADS
]  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """A condition as SOQL and as what it says of one row."""

    soql: str
    holds: Callable[[Row], bool]


def quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def same(left: str | None, right: str) -> bool:
    return left is not None and left.casefold() == right.casefold()


def equals(field: str, value: str, *, negated: bool) -> Condition:
    return Condition(
        f"{field} {'!=' if negated else '='} {quoted(value)}",
        lambda row: same(row[field], value) != negated,
    )


def listed(field: str, values: list[str], *, negated: bool) -> Condition:
    return Condition(
        f"{field} {'NOT IN' if negated else 'IN'} ({','.join(map(quoted, values))})",
        lambda row: any(same(row[field], value) for value in values) != negated,
    )


def starts(value: str) -> Condition:
    escaped = quoted(value)[1:-1].replace("%", "\\%").replace("_", "\\_")
    return Condition(
        f"Name LIKE '{escaped}%'",
        lambda row: row["Name"].casefold().startswith(value.casefold()),
    )


def compares(operator: str, bound: int) -> Condition:
    meaning: dict[str, Callable[[int], bool]] = {
        "<": lambda heads: heads < bound,
        "<=": lambda heads: heads <= bound,
        ">": lambda heads: heads > bound,
        ">=": lambda heads: heads >= bound,
    }
    return Condition(
        f"NumberOfEmployees {operator} {bound}",
        lambda row: (
            row["NumberOfEmployees"] is not None and meaning[operator](row["NumberOfEmployees"])
        ),
    )


def is_null(field: str, *, negated: bool) -> Condition:
    return Condition(
        f"{field} {'!=' if negated else '='} null",
        lambda row: (row[field] is None) != negated,
    )


def joined(word: str, terms: list[Condition]) -> Condition:
    together = all if word == "AND" else any
    return Condition(
        "(" + f" {word} ".join(term.soql for term in terms) + ")",
        lambda row: together(term.holds(row) for term in terms),
    )


def inverted(term: Condition) -> Condition:
    return Condition(f"(NOT {term.soql})", lambda row: not term.holds(row))


TEXTS = st.sampled_from([*NAMES, "ACME", "über", "5", "x"])
SIMPLE = st.one_of(
    st.builds(equals, st.just("Name"), TEXTS, negated=st.booleans()),
    st.builds(equals, st.just("Fax"), st.sampled_from(["1", "10"]), negated=st.booleans()),
    st.builds(
        listed, st.just("Name"), st.lists(TEXTS, min_size=1, max_size=3), negated=st.booleans()
    ),
    st.builds(listed, st.just("Fax"), st.just(["1", "2"]), negated=st.booleans()),
    st.builds(starts, TEXTS),
    st.builds(compares, st.sampled_from(["<", "<=", ">", ">="]), st.integers(-1, 13)),
    st.builds(is_null, st.sampled_from(["Fax", "NumberOfEmployees"]), negated=st.booleans()),
)
CONDITIONS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(joined, st.sampled_from(["AND", "OR"]), st.lists(inner, min_size=2, max_size=3)),
        st.builds(inverted, inner),
    ),
    max_leaves=6,
)

_ORGS: list[OrgUnderTest] = []


def loaded_org() -> OrgUnderTest:
    """One org for all examples: they only read."""
    if not _ORGS:
        org = OrgUnderTest()
        org.store.load({"Account": [{**row, "AccountNumber": n} for n, row in enumerate(ROWS)]})
        _ORGS.append(org)
    return _ORGS[0]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(condition=CONDITIONS)
def test_conditions_select_the_rows_they_describe(condition: Condition) -> None:
    found = loaded_org().records(f"SELECT AccountNumber FROM Account WHERE {condition.soql}")
    expected = [n for n, row in enumerate(ROWS) if condition.holds(row)]
    assert sorted(int(row["AccountNumber"]) for row in found) == expected
