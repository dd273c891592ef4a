"""Rows travel in bulk without losing anything, the same on SQLite and PostgreSQL."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from databases import empty_all
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    select,
)

from hub.models import bulk
from hub.models.base import Money, UtcTime
from hub.models.database import reading, writing
from hub.models.frames import frame_schema
from hub.models.operations import ops_cursor, ops_disposition
from hub.models.sources import src_company

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

every_type = Table(
    "every_type",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("text", Text),
    Column("short", String(40)),
    Column("amount", Money),
    Column("price", Money(4)),
    Column("at", UtcTime),
    Column("day", Date),
    Column("flag", Boolean),
    Column("number", Integer),
    Column("hash", BigInteger),
    Column("score", Float),
)
_VALUES = {
    "text": "Ünïcode 漢字 🙂",
    "short": "plain",
    "amount": Decimal("1234567890123.45"),
    "price": Decimal("0.0001"),
    "at": datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC),
    "day": date(2026, 2, 28),
    "flag": True,
    "number": 2**31 - 1,
    "hash": -(2**63),
    "score": 0.1,
}


@pytest.fixture
def table(engine: Engine) -> Table:
    every_type.create(engine)
    return every_type


def _frame(*rows: dict[str, Any], like: Table) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=frame_schema(like, rows[0].keys()), orient="row")


def _put(engine: Engine, table: Table, *rows: dict[str, Any]) -> int:
    with writing(engine) as conn, bulk.staged(conn, _frame(*rows, like=table), table) as stage:
        return bulk.merge(conn, table, stage)


def _all(engine: Engine, table: Table) -> list[dict[str, Any]]:
    query = select(table).order_by(*table.primary_key.columns)
    with reading(engine) as conn:
        return bulk.read(conn, query).rows(named=True)


def test_a_value_of_every_type_comes_back_as_it_went_in(engine: Engine, table: Table) -> None:
    _put(engine, table, {"id": 1, **_VALUES})
    assert _all(engine, table) == [{"id": 1, **_VALUES}]


def test_a_missing_value_of_every_type_comes_back_missing(engine: Engine, table: Table) -> None:
    missing = dict.fromkeys(_VALUES)
    _put(engine, table, {"id": 1, **missing})
    assert _all(engine, table) == [{"id": 1, **missing}]


_TRICKY = ["", " ", "\t", '"', '""', "'", ",", ";", "\\", "\\.", "\\N", "a\\nb", "null", "NULL"]
_TRICKY += [
    "a\nb",
    "a\r\nb",
    "a\n\\.\nb",
    "\n\\.\n",
    "\x01\x1f\x7f",
    "\u2028",
    "\ufeff",
    "e\u0301",
    "🙂",
]


@pytest.mark.parametrize("text", _TRICKY, ids=ascii)
def test_text_is_not_touched_on_its_way(engine: Engine, table: Table, text: str) -> None:
    _put(engine, table, {"id": 1, "text": text}, {"id": 2, "text": "next"})
    assert [row["text"] for row in _all(engine, table)] == [text, "next"]


def test_an_empty_text_is_not_a_missing_one(engine: Engine, table: Table) -> None:
    _put(engine, table, {"id": 1, "text": ""}, {"id": 2, "text": None})
    assert [row["text"] for row in _all(engine, table)] == ["", None]


def test_money_is_never_a_float(engine: Engine, table: Table) -> None:
    amounts = ["0.10", "0.30", "9999999999999.99", "-9999999999999.99", "0.00", "2.675"]
    exact = [Decimal(text).quantize(Decimal("0.01")) for text in amounts]
    _put(engine, table, *({"id": n, "amount": amount} for n, amount in enumerate(exact)))
    told = [row["amount"] for row in _all(engine, table)]
    assert [str(amount) for amount in told] == [
        *("0.10", "0.30", "9999999999999.99", "-9999999999999.99", "0.00", "2.68")
    ]


def test_a_moment_comes_back_in_utc_whatever_zone_it_was_told_in(
    engine: Engine, table: Table
) -> None:
    told = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=2)))
    with writing(engine) as conn:
        conn.execute(table.insert().values(id=1, at=told))
        assert conn.scalar(select(table.c.at)) == datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
    assert _all(engine, table)[0]["at"] == datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused(engine: Engine, table: Table) -> None:
    naive = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001
    with pytest.raises(Exception, match="naive datetime"), writing(engine) as conn:
        conn.execute(table.insert().values(id=1, at=naive))


def test_moments_and_money_sort_as_what_they_are(engine: Engine, table: Table) -> None:
    _put(
        engine,
        table,
        {"id": 1, "amount": Decimal("10.00"), "at": NOON},
        {"id": 2, "amount": Decimal("9.00"), "at": NOON - timedelta(microseconds=1)},
        {"id": 3, "amount": Decimal("-1.00"), "at": NOON + timedelta(days=4000)},
    )
    with reading(engine) as conn:
        by_amount = conn.scalars(select(table.c.id).order_by(table.c.amount)).all()
        by_time = conn.scalars(select(table.c.id).order_by(table.c.at)).all()
        below = conn.scalars(select(table.c.id).where(table.c.amount < Decimal("9.5"))).all()
    assert (by_amount, by_time, sorted(below)) == ([3, 2, 1], [2, 1, 3], [2, 3])


_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
_MONEY = {
    scale: st.decimals(
        -(10 ** (15 - scale)) + 1, 10 ** (15 - scale) - 1, places=scale, allow_nan=False
    )
    for scale in (2, 4)
}
_row = st.fixed_dictionaries(
    {
        "text": st.none() | _TEXT,
        "short": st.none() | _TEXT,
        "amount": st.none() | _MONEY[2],
        "price": st.none() | _MONEY[4],
        "at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "day": st.none() | st.dates(),
        "flag": st.none() | st.booleans(),
        "number": st.none() | st.integers(-(2**31), 2**31 - 1),
        "hash": st.none() | st.integers(-(2**63), 2**63 - 1),
        "score": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_row, min_size=1, max_size=6))
def test_whatever_goes_in_comes_out(
    engine: Engine, table: Table, rows: list[dict[str, Any]]
) -> None:
    with writing(engine) as conn:
        conn.execute(table.delete())
    numbered = [{"id": n, **row} for n, row in enumerate(rows)]
    _put(engine, table, *numbered)
    assert _all(engine, table) == numbered


@pytest.mark.parametrize("rows", [999, 1000, 1013])
def test_what_all_of_many_rows_share_is_stored_in_each(
    engine: Engine, table: Table, rows: int
) -> None:
    shared = {**_VALUES, "text": "it's 100 % :x ?", "amount": None, "number": -7, "short": ""}
    told = [{"id": n, **shared} for n in range(rows)]
    told[rows // 2] |= {"day": None, "hash": 1}
    with writing(engine) as conn:
        assert bulk.insert(conn, table, _frame(*told, like=table)) == rows
    assert _all(engine, table) == told


# -- merging -----------------------------------------------------------------------------------


def _company(record_id: str, **values: Any) -> dict[str, Any]:
    row = {
        "system": "crm",
        "object": "Account",
        "record_id": record_id,
        "content_hash": "h",
        "is_deleted": False,
        "batch_id": 1,
        "run": 1,
        "name": record_id.title(),
        "city": None,
    }
    return row | values


def test_merging_counts_what_is_new_or_differs_and_nothing_else(engine: Engine) -> None:
    assert _put(engine, src_company, _company("a"), _company("b"), _company("c")) == 3
    assert _put(engine, src_company, _company("a"), _company("b"), _company("c")) == 0
    changed = _company("b", city="Graz")
    assert _put(engine, src_company, _company("a"), changed, _company("d")) == 2
    told = {row["record_id"]: row["city"] for row in _all(engine, src_company)}
    assert told == {"a": None, "b": "Graz", "c": None, "d": None}


def test_a_row_that_differs_only_in_its_run_stays_as_it_is(engine: Engine) -> None:
    _put(engine, src_company, _company("a"))
    assert _put(engine, src_company, _company("a", run=2)) == 0
    assert _all(engine, src_company)[0]["run"] == 1
    assert _put(engine, src_company, _company("a", run=3, city="Graz")) == 1
    assert _all(engine, src_company)[0]["run"] == 3


def test_a_value_can_be_cleared_and_a_null_is_no_difference_to_a_null(engine: Engine) -> None:
    _put(engine, src_company, _company("a", city="Graz"))
    assert _put(engine, src_company, _company("a")) == 1
    assert _put(engine, src_company, _company("a")) == 0
    assert _all(engine, src_company)[0]["city"] is None


def test_columns_that_are_not_staged_keep_their_values(engine: Engine) -> None:
    _put(engine, src_company, _company("a", phone="123"))
    without = {k: v for k, v in _company("a", city="Graz").items() if k != "phone"}
    assert _put(engine, src_company, without) == 1
    row = _all(engine, src_company)[0]
    assert (row["phone"], row["city"]) == ("123", "Graz")


def test_a_table_of_keys_alone_merges_without_touching_what_is_there(engine: Engine) -> None:
    keys = Table("keys_alone", MetaData(), Column("key", String(8), primary_key=True))
    keys.create(engine)
    assert _put(engine, keys, {"key": "a"}, {"key": "b"}) == 2
    assert _put(engine, keys, {"key": "b"}, {"key": "c"}) == 1


def test_appending_what_is_there_already_is_an_error(engine: Engine) -> None:
    row = {"run": 1, "system": "crm", "object": "o", "disposition": "new", "rows": 1}
    _put(engine, ops_disposition, row)
    frame = _frame(row, like=ops_disposition)
    with (
        pytest.raises(Exception, match=r"(?i)unique"),
        writing(engine) as conn,
        bulk.staged(conn, frame, ops_disposition) as stage,
    ):
        bulk.append(conn, ops_disposition, stage)
    assert len(_all(engine, ops_disposition)) == 1


def test_removing_takes_the_staged_keys_and_counts_them(engine: Engine) -> None:
    _put(engine, src_company, _company("a"), _company("b"), _company("c"))
    gone = pl.DataFrame({"record_id": ["a", "c", "unknown"]})
    with writing(engine) as conn, bulk.staged(conn, gone, src_company) as stage:
        assert bulk.remove(conn, src_company, stage, ("record_id",)) == 2
    assert [row["record_id"] for row in _all(engine, src_company)] == ["b"]


def test_an_empty_frame_changes_nothing(engine: Engine) -> None:
    empty = pl.DataFrame(schema=frame_schema(src_company))
    with writing(engine) as conn, bulk.staged(conn, empty, src_company) as stage:
        assert bulk.merge(conn, src_company, stage) == 0
        assert bulk.read(conn, select(src_company)).height == 0


def test_nothing_is_left_of_a_stage(engine: Engine) -> None:
    with writing(engine) as conn:
        with bulk.staged(conn, pl.DataFrame({"record_id": ["a"]}), src_company) as stage:
            assert conn.execute(select(stage)).all() == [("a",)]
        with pytest.raises(Exception, match=r"no such table|does not exist"):
            conn.execute(select(stage))


def test_what_is_merged_is_gone_when_the_transaction_fails(engine: Engine) -> None:
    class Failed(Exception):
        pass

    def fail() -> None:
        frame = _frame(_company("a"), like=src_company)
        with writing(engine) as conn, bulk.staged(conn, frame, src_company) as stage:
            bulk.merge(conn, src_company, stage)
            raise Failed

    with pytest.raises(Failed):
        fail()
    assert _all(engine, src_company) == []


def test_all_rows_can_be_forgotten(engine: Engine) -> None:
    """A promise of these tests' own tools."""
    _put(engine, src_company, _company("a"))
    with writing(engine) as conn:
        conn.execute(
            ops_cursor.insert().values(
                system="s", object="o", cursor="", fields_hash="", run=1, at=NOON
            )
        )
    empty_all(engine)
    assert _all(engine, src_company) == _all(engine, ops_cursor) == []
