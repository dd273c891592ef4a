"""Golden rows keep what they said before: periods without overlap or gap, ended by removal."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from databases import empty_all, rows_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moments import MORNING
from sqlalchemy import Engine

from hub.golden.write import remove, write
from hub.models import metadata
from hub.models.database import writing
from hub.models.frames import frame_schema
from hub.models.golden import HISTORIES, company, pos_line
from hub.models.runs import Run

HISTORY = HISTORIES["company"]


def _run(number: int) -> Run:
    return Run(number, MORNING + timedelta(hours=number))


def _at(number: int) -> datetime:
    return MORNING + timedelta(hours=number)


def _frame(rows: dict[str, str]) -> pl.DataFrame:
    told = [{"id": key, "name": name, "source_rows": 1} for key, name in rows.items()]
    return pl.DataFrame(
        told, schema=frame_schema(company, ("id", "name", "source_rows")), orient="row"
    )


def _write(engine: Engine, number: int, **rows: str) -> int:
    with writing(engine) as conn:
        return write(conn, company, _frame(rows), _run(number))


def _remove(engine: Engine, number: int, *ids: str) -> int:
    with writing(engine) as conn:
        gone = pl.DataFrame({"id": list(ids)}, schema={"id": pl.String})
        return remove(conn, company, gone, _run(number))


def _periods(engine: Engine, key: str) -> list[tuple[Any, ...]]:
    return [
        (row["name"], row["valid_from"], row["valid_to"])
        for row in rows_of(engine, HISTORY)
        if row["id"] == key
    ]


def test_a_change_ends_one_period_and_begins_the_next_at_the_same_moment(engine: Engine) -> None:
    assert _write(engine, 1, a="Adler", b="Berger") == 2
    assert _write(engine, 2, a="Adler AG", b="Berger") == 1
    assert _periods(engine, "a") == [("Adler", _at(1), _at(2)), ("Adler AG", _at(2), None)]
    assert _periods(engine, "b") == [("Berger", _at(1), None)]
    assert [(r["id"], r["name"], r["run"]) for r in rows_of(engine, company)] == [
        ("a", "Adler AG", 2),
        ("b", "Berger", 1),
    ]


def test_writing_the_same_again_leaves_no_trace(engine: Engine) -> None:
    _write(engine, 1, a="Adler")
    before = rows_of(engine, company), rows_of(engine, HISTORY)
    assert _write(engine, 2, a="Adler") == 0
    assert (rows_of(engine, company), rows_of(engine, HISTORY)) == before


def test_a_removed_row_has_an_ended_history_and_may_come_back(engine: Engine) -> None:
    _write(engine, 1, a="Adler", b="Berger")
    assert _remove(engine, 2, "a", "unknown") == 1
    assert [row["id"] for row in rows_of(engine, company)] == ["b"]
    assert _periods(engine, "a") == [("Adler", _at(1), _at(2))]
    assert _periods(engine, "b") == [("Berger", _at(1), None)]
    _write(engine, 4, a="Adler")
    assert _periods(engine, "a") == [("Adler", _at(1), _at(2)), ("Adler", _at(4), None)]


def test_what_held_only_within_one_run_is_no_history(engine: Engine) -> None:
    _write(engine, 1, a="Adler")
    _write(engine, 2, a="Adler A")
    _write(engine, 2, a="Adler B")
    assert _periods(engine, "a") == [("Adler", _at(1), _at(2)), ("Adler B", _at(2), None)]
    _remove(engine, 2, "a")
    assert _periods(engine, "a") == [("Adler", _at(1), _at(2))]


def test_a_table_without_history_is_written_and_removed_all_the_same(engine: Engine) -> None:
    columns = {"id": "ps_1", "distributor": "northwind", "sku": "FW", "currency": "EUR"}
    columns |= {"invoice_no": "1", "invoice_line": "1", "period": "2026-03"}
    row = pl.DataFrame([columns]).with_columns(
        quantity=pl.lit(1),
        report_date=pl.lit(MORNING.date()),
        invoice_date=pl.lit(MORNING.date()),
        unit_price=pl.lit(1).cast(pl.Decimal(15, 4)),
        amount=pl.lit(1).cast(pl.Decimal(15, 2)),
    )
    with writing(engine) as conn:
        assert write(conn, pos_line, row, _run(1)) == 1
        assert write(conn, pos_line, row, _run(2)) == 0
        assert remove(conn, pos_line, row, _run(3)) == 1


_NAMES = st.sampled_from(["Adler", "Berger", None])
_states = st.lists(
    st.fixed_dictionaries({"a": _NAMES, "b": _NAMES, "c": _NAMES}), min_size=1, max_size=6
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_states)
def test_the_history_tells_what_was_so_at_every_moment(
    engine: Engine, states: list[dict[str, str | None]]
) -> None:
    empty_all(engine)
    for number, state in enumerate(states, 1):
        _write(engine, number, **{key: name for key, name in state.items() if name is not None})
        _remove(engine, number, *(key for key, name in state.items() if name is None))
    for key in ("a", "b", "c"):
        periods = _periods(engine, key)
        for (_, start, end), (_, next_start, _) in pairwise(periods):
            assert start < end <= next_start
        for number, state in enumerate(states, 1):
            moment = _at(number) + timedelta(minutes=1)
            held = [n for n, start, end in periods if start <= moment and (not end or moment < end)]
            assert held == [name for name in [state[key]] if name is not None]


@pytest.mark.parametrize("table", sorted(HISTORIES))
def test_a_history_has_all_columns_of_its_table(table: str) -> None:
    told = {c.name for c in HISTORIES[table].columns}
    assert told == {c.name for c in metadata.tables[table].columns} | {"valid_from", "valid_to"}
