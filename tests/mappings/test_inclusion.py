"""Which rows a condition lets through, told by hand for each row; what no condition can mean."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.mappings.inclusion import Condition
from hub.models.frames import frame_schema
from hub.models.sources import SOURCES, content
from hub.sync.inclusion import included, unfit

COMPANY = content(SOURCES["company"])
OPPORTUNITY = content(SOURCES["opportunity"])

_countries = st.sampled_from([None, "DE", "AT", "US"])
_sizes = st.none() | st.integers(0, 5)


def _tests() -> st.SearchStrategy[dict[str, Any]]:
    listed = st.lists(st.sampled_from(["DE", "AT", "US"]), min_size=1, max_size=2)
    return st.one_of(
        st.builds(lambda v: {"column": "country", "in": v}, listed),
        st.builds(lambda v: {"column": "country", "not_in": v}, listed),
        st.builds(lambda v: {"column": "country", "empty": v}, st.booleans()),
        st.builds(lambda v: {"column": "employees", "at_least": v}, st.integers(0, 5)),
        st.builds(
            lambda low, high: {"column": "employees", "at_least": low, "at_most": high},
            *(st.integers(0, 5), st.integers(0, 5)),
        ),
    )


_conditions = st.recursive(
    _tests(),
    lambda parts: st.one_of(
        st.builds(lambda p: {"all": p}, st.lists(parts, min_size=1, max_size=3)),
        st.builds(lambda p: {"any": p}, st.lists(parts, min_size=1, max_size=3)),
        st.builds(lambda p: {"not": p}, parts),
    ),
    max_leaves=6,
)


def _holds(condition: dict[str, Any], row: dict[str, Any]) -> bool:
    """What the keys say, row by row in plain Python."""
    if "all" in condition:
        return all(_holds(part, row) for part in condition["all"])
    if "any" in condition:
        return any(_holds(part, row) for part in condition["any"])
    if "not" in condition:
        return not _holds(condition["not"], row)
    value = row[condition["column"]]
    if "empty" in condition:
        return (value is None) == condition["empty"]
    if "in" in condition:
        return value in condition["in"]
    if "not_in" in condition:
        return value not in condition["not_in"]
    if value is None:
        return False
    return condition["at_least"] <= value <= condition.get("at_most", value)


@given(_conditions, st.lists(st.tuples(_countries, _sizes), max_size=6))
def test_a_condition_lets_through_the_rows_it_holds_for(
    raw: dict[str, Any], rows: list[tuple[str | None, int | None]]
) -> None:
    frame = pl.DataFrame(rows, schema={"country": pl.String, "employees": pl.Int64}, orient="row")
    condition = Condition.model_validate(raw)
    assert list(unfit(condition, COMPANY)) == []
    expected = [row for row in frame.iter_rows(named=True) if _holds(raw, row)]
    assert included(frame, condition, COMPANY).to_dicts() == expected


def test_without_a_condition_all_rows_go() -> None:
    frame = pl.DataFrame({"country": ["DE", None]})
    assert included(frame, None, COMPANY).equals(frame)


@pytest.mark.parametrize(
    ("raw", "through"),
    [
        ({"column": "amount", "at_least": 100.1}, [False, True, False]),
        ({"column": "close_date", "at_most": date(2026, 5, 1)}, [True, False, False]),
        ({"column": "created_at", "at_least": date(2026, 5, 1)}, [False, True, False]),
        (
            {"column": "created_at", "at_most": datetime(2026, 5, 1, tzinfo=UTC)},
            [True, True, False],
        ),
        ({"column": "is_won", "in": [True]}, [True, False, False]),
    ],
)
def test_a_condition_compares_in_the_type_of_its_column(
    raw: dict[str, Any], through: list[bool]
) -> None:
    moments = [datetime(2026, 4, 30, 23, 59, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC), None]
    frame = pl.DataFrame(
        {
            "amount": [Decimal("100.09"), Decimal("100.10"), None],
            "close_date": [date(2026, 5, 1), date(2026, 5, 2), None],
            "created_at": moments,
            "is_won": [True, False, None],
        },
        schema=frame_schema(
            SOURCES["opportunity"], ("amount", "close_date", "created_at", "is_won")
        ),
    ).with_row_index("n")
    found = included(frame, Condition.model_validate(raw), OPPORTUNITY)["n"].to_list()
    assert found == [n for n, goes in enumerate(through) if goes]


@pytest.mark.parametrize(
    ("raw", "columns", "said"),
    [
        ({"column": "land", "in": ["DE"]}, COMPANY, "there is no column 'land'"),
        ({"column": "country", "in": ["Germany"]}, COMPANY, "ISO 3166-1"),
        ({"column": "country", "in": [False]}, COMPANY, '"NO"'),
        ({"column": "company_type", "in": ["reseler"]}, COMPANY, "use one of: customer"),
        ({"column": "employees", "at_least": "5"}, COMPANY, "without quotes"),
        ({"column": "employees", "at_least": 5.5}, COMPANY, "a whole number"),
        ({"column": "close_date", "at_least": "2026-01-01"}, OPPORTUNITY, "without quotes"),
        ({"column": "created_at", "at_least": 5}, OPPORTUNITY, "without quotes"),
        ({"column": "is_won", "in": ["yes"]}, OPPORTUNITY, "true or false"),
        ({"column": "is_won", "at_least": True}, OPPORTUNITY, "has no order"),
        ({"any": [{"column": "land", "empty": True}]}, COMPANY, "there is no column 'land'"),
    ],
)
def test_what_cannot_be_compared_is_named_with_a_remedy(
    raw: dict[str, Any], columns: Any, said: str
) -> None:
    ((message, remedy),) = unfit(Condition.model_validate(raw), columns)
    assert remedy
    assert said in f"{message} {remedy}"


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"column": "country"},
        {"in": ["DE"]},
        {"column": "country", "in": []},
        {"column": "country", "in": ["DE"], "empty": True},
        {"column": "country", "empty": True, "all": [{"column": "country", "empty": True}]},
        {"all": []},
    ],
)
def test_a_condition_has_one_form(raw: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Condition.model_validate(raw)
