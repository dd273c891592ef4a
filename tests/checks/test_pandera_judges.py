"""The quick look for rows at fault finds what pandera finds when it looks at all of them."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors
from rows import GOOD, columns
from strange import told_values

from hub.checks.convert import convert
from hub.checks.schemas import schema_of, validate
from hub.models.sources import SOURCES


@st.composite
def _converted(draw: st.DrawFn) -> tuple[str, pl.DataFrame]:
    """A source table's name and converted rows, some at fault."""
    source = draw(st.sampled_from(sorted(GOOD)))
    names = columns(source)
    changes = st.dictionaries(st.sampled_from(names), told_values, max_size=4)
    rows = draw(st.lists(changes, min_size=1, max_size=6))
    full = [{**dict.fromkeys(names), **GOOD[source], **row} for row in rows]
    raw = pl.DataFrame(full, schema=dict.fromkeys(names, pl.String), orient="row")
    return source, convert(raw, {name: name for name in names}, {}, SOURCES[source])


@settings(max_examples=100)
@given(_converted())
def test_only_suspects_are_shown_to_pandera_and_no_fault_is_missed(
    told: tuple[str, pl.DataFrame],
) -> None:
    source, frame = told
    found = set(validate(source, frame).faults.select("row", "column", "rule").iter_rows())
    assert found == _by_pandera_alone(source, frame)


def _by_pandera_alone(source: str, frame: pl.DataFrame) -> set[tuple[int, str, str]]:
    try:
        schema_of(source).validate(frame, lazy=True)
    except SchemaErrors as err:
        return set(err.failure_cases.select("index", "column", "check").iter_rows())
    return set()
