"""One batch is read while the one before is landed, and nothing else is different."""

from collections.abc import Iterator
from threading import Event, current_thread, main_thread

import polars as pl
import pytest

from hub.connectors.ahead import read_ahead
from hub.connectors.contract import Batch
from hub.errors import SystemUnreachable


def _batch(number: int) -> Batch:
    return Batch(pl.DataFrame({"record_id": [str(number)]}), str(number))


def _cursors(batches: Iterator[Batch]) -> list[str | None]:
    with read_ahead(batches) as ahead:
        return [batch.cursor for batch in ahead]


@pytest.mark.parametrize("batches", [0, 1, 2, 5])
def test_all_batches_come_in_their_order(batches: int) -> None:
    assert _cursors(map(_batch, range(batches))) == [str(n) for n in range(batches)]


def test_the_next_batch_is_read_while_one_is_being_landed_but_none_after_it() -> None:
    asked = [Event(), Event(), Event()]

    def pull() -> Iterator[Batch]:
        for number, event in enumerate(asked):
            event.set()
            assert current_thread() is not main_thread()
            yield _batch(number)

    with read_ahead(pull()) as ahead:
        next(ahead)
        assert asked[1].wait(timeout=10)
        assert not asked[2].is_set()


def test_an_error_comes_after_the_batches_that_were_read_before_it() -> None:
    def pull() -> Iterator[Batch]:
        yield _batch(0)
        raise SystemUnreachable("acme: no answer.", remedy="wait")

    landed = []

    def land() -> None:
        with read_ahead(pull()) as ahead:
            for batch in ahead:
                landed.append(batch.cursor)

    with pytest.raises(SystemUnreachable, match="no answer"):
        land()
    assert landed == ["0"]


def test_when_landing_fails_the_connector_is_left_alone_before_the_error_goes_on() -> None:
    under_way, finished = Event(), Event()

    def pull() -> Iterator[Batch]:
        yield _batch(0)
        under_way.set()
        yield _batch(1)
        finished.set()
        yield _batch(2)

    def land() -> None:
        with read_ahead(pull()) as ahead:
            next(ahead)
            assert under_way.wait(timeout=10)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        land()
    assert not finished.is_set()
