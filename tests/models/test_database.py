"""Transactions, the one-writer lock, counters and watermarks."""

import multiprocessing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from hub.errors import RunInProgress, WarehouseError
from hub.models.database import (
    check_reachable,
    exclusive,
    open_engine,
    reading,
    take_numbers,
    writing,
)
from hub.models.operations import ops_sequence, ops_watermark
from hub.models.runs import Run
from hub.models.watermarks import move_watermark, versioned, watermark

RUN = Run(7, datetime(2026, 3, 2, tzinfo=UTC))


class Failed(Exception):
    pass


def _take(engine: Engine, name: str, count: int, *, fail: bool = False) -> list[int]:
    with writing(engine) as conn:
        numbers = list(take_numbers(conn, name, count))
        if fail:
            raise Failed
    return numbers


def test_numbers_begin_at_one_and_are_never_given_twice(engine: Engine) -> None:
    assert _take(engine, "lead", 3) == [1, 2, 3]
    assert _take(engine, "lead", 2) == [4, 5]
    assert _take(engine, "deal", 1) == [1]
    assert _take(engine, "lead", 1) == [6]


def test_numbers_of_a_failed_transaction_are_given_again(engine: Engine) -> None:
    assert _take(engine, "lead", 2) == [1, 2]
    with pytest.raises(Failed):
        _take(engine, "lead", 5, fail=True)
    assert _take(engine, "lead", 1) == [3]


def test_a_reader_sees_nothing_of_an_unfinished_transaction(engine: Engine) -> None:
    with writing(engine) as conn:
        take_numbers(conn, "lead", 1)
        with reading(engine) as other:
            assert other.scalar(select(func.count()).select_from(ops_sequence)) == 0


def test_a_watermark_begins_at_zero_and_moves_with_the_rows_it_stands_for(engine: Engine) -> None:
    with reading(engine) as conn:
        assert watermark(conn, "unify/company") == 0
    with writing(engine) as conn:
        move_watermark(conn, "unify/company", RUN, whole=True)
        move_watermark(conn, "unify/lead", Run(6, RUN.started_at), whole=True)
        move_watermark(conn, "unify/company", Run(8, RUN.started_at), whole=True)
    with reading(engine) as conn:
        assert watermark(conn, "unify/company") == 8
        assert watermark(conn, "unify/lead") == 6
        assert conn.scalar(select(func.count()).select_from(ops_watermark)) == 2


def test_another_configuration_starts_from_the_beginning_and_so_does_going_back(
    engine: Engine,
) -> None:
    before, after = versioned("unify/lead", "trust a"), versioned("unify/lead", "trust b")
    neighbour = versioned("unify/leaders", "trust a")
    with writing(engine) as conn:
        move_watermark(conn, before, Run(3, RUN.started_at), whole=True)
        move_watermark(conn, neighbour, Run(4, RUN.started_at), whole=True)
        assert (watermark(conn, before), watermark(conn, after)) == (3, 0)
        move_watermark(conn, after, Run(5, RUN.started_at), whole=True)
        assert (watermark(conn, before), watermark(conn, after)) == (0, 5)
        assert watermark(conn, neighbour) == 4


# -- the one-writer lock -----------------------------------------------------------------------


def _hold(url: str, told: Any) -> None:
    """Take the lock, say so, and wait to be killed."""
    with exclusive(open_engine(url)):
        told.send("held")
        told.recv()


def _url(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_a_second_writer_is_refused_while_the_first_one_works(engine: Engine) -> None:
    other = open_engine(_url(engine))
    with (
        exclusive(engine),
        pytest.raises(RunInProgress, match="Another hub process"),
        exclusive(other, wait_seconds=0),
    ):
        pass
    with exclusive(other, wait_seconds=0):
        pass
    other.dispose()


def test_the_lock_is_let_go_when_the_work_fails(engine: Engine) -> None:
    with pytest.raises(Failed), exclusive(engine):
        raise Failed
    with exclusive(engine, wait_seconds=0):
        pass


def test_the_lock_of_a_killed_process_is_let_go(engine: Engine) -> None:
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    holder = context.Process(target=_hold, args=(_url(engine), theirs))
    holder.start()
    try:
        assert ours.recv() == "held"
        with pytest.raises(RunInProgress), exclusive(engine, wait_seconds=0):
            pass
    finally:
        holder.kill()
        holder.join()
    # PostgreSQL notices the broken connection a moment after the process is gone.
    with exclusive(engine, wait_seconds=20):
        pass


# -- reaching it -------------------------------------------------------------------------------


def test_a_warehouse_that_answers_is_reachable(engine: Engine) -> None:
    check_reachable(engine)


def test_an_unreachable_warehouse_is_named_without_its_password() -> None:
    engine = open_engine("postgresql://hub:s3cret@127.0.0.1:1/warehouse")
    with pytest.raises(WarehouseError) as caught:
        check_reachable(engine)
    assert "127.0.0.1:1/warehouse" in str(caught.value)
    assert "start the database" in caught.value.remedy
    assert "s3cret" not in str(caught.value)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/nowhere/hub.db")
    with pytest.raises(WarehouseError, match="nowhere"):
        check_reachable(engine)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/hub"])
def test_databases_that_cannot_hold_a_warehouse_are_refused_with_a_remedy(url: str) -> None:
    with pytest.raises(WarehouseError) as caught:
        open_engine(url)
    assert caught.value.remedy.startswith("use sqlite:///")
