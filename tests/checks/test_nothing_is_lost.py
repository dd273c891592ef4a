"""Whatever a system tells: each row is either good or has faults, and good rows can be stored."""

from typing import Any

import polars as pl
import pytest
from databases import empty_all
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import GOOD, checked, columns
from sqlalchemy import Engine, select
from strange import told_values

from hub.models import bulk
from hub.models.database import writing
from hub.models.sources import SOURCES

# As Unicode has it; Python's own `strip` takes some separators of data for white space, too.
_WHITE_SPACE = "".join(
    char for char in map(chr, range(0x3001)) if char.isspace() and not "\x1c" <= char <= "\x1f"
)


@st.composite
def _rows(draw: st.DrawFn) -> tuple[str, list[dict[str, str | None]]]:
    source = draw(st.sampled_from(sorted(GOOD)))
    changes = st.dictionaries(st.sampled_from(columns(source)), told_values, max_size=5)
    return source, draw(st.lists(changes, max_size=5))


@settings(max_examples=150)
@given(_rows())
def test_every_row_is_good_or_has_faults_and_none_is_both(
    told: tuple[str, list[dict[str, str | None]]],
) -> None:
    source, rows = told
    split = checked(source, *rows)
    bad = set(split.faults["row"])
    assert sorted([*split.good_rows, *bad]) == list(range(len(rows)))
    assert split.good.height == len(split.good_rows)
    for number, column, value in split.faults.select("row", "column", "value").iter_rows():
        as_told = {**GOOD[source], **rows[number]}.get(column)
        assert value == ((as_told or "").strip(_WHITE_SPACE) or None)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_rows())
def test_what_the_checks_let_pass_is_stored_without_loss(
    engine: Engine, told: tuple[str, list[dict[str, str | None]]]
) -> None:
    empty_all(engine)
    source, rows = told
    good = checked(source, *rows).good
    table = SOURCES[source]
    landed = good.with_columns(
        pl.lit("crm").alias("system"),
        pl.lit("Thing").alias("object"),
        pl.int_range(pl.len()).cast(pl.String).alias("record_id"),
        content_hash=pl.lit("h"),
        is_deleted=pl.lit(value=False),
        batch_id=pl.lit(1),
        run=pl.lit(1),
    )
    with writing(engine) as conn:
        with bulk.staged(conn, landed, table) as stage:
            assert bulk.merge(conn, table, stage) == good.height
        stored = bulk.read(conn, select(*(table.c[n] for n in good.columns)))
    assert _in_order(stored) == _in_order(good)


def _in_order(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(frame.rows(), key=repr)


@pytest.mark.parametrize("source", sorted(GOOD))
def test_a_mapping_that_leaves_a_required_column_out_is_a_fault_of_every_row(source: str) -> None:
    required = [c.name for c in SOURCES[source].columns if c.name in GOOD[source]]
    split = checked(source, dict.fromkeys(required), dict.fromkeys(required))
    assert (split.good.height, sorted(set(split.faults["row"]))) == (0, [0, 1])
    assert set(split.faults["rule"]) == {"required"}
