"""Looking up the few rows that are asked for, by an index, in tables of any size.

Membership, not a join: whichever table a planner without statistics takes for the smaller one, a
list of values leads through the index of the large one. A short list travels with the statement, a
long one is staged.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, Table, delete, select, tuple_

from hub.identity.mentions import Entity
from hub.models import bulk
from hub.models.identity import crosswalk, identity_key

_FEW = 200


@contextmanager
def given_numbers(conn: Connection, numbers: pl.Series) -> Iterator[Any]:
    """Profiles or keys as what `in_` takes."""
    distinct = numbers.unique()
    if distinct.len() <= _FEW:
        yield distinct.to_list()
        return
    with bulk.staged(conn, pl.DataFrame({"key": distinct}), identity_key) as stage:
        yield select(stage.c.key)


@contextmanager
def given_rows(conn: Connection, entity: Entity, rows: pl.DataFrame) -> Iterator[Any]:
    """The keys of `rows` as what `in_` of `row_of` takes."""
    keys = rows.select("record_id", "system", "object", entity=pl.lit(entity)).unique()
    if keys.height <= _FEW:
        yield keys.rows()
        return
    with bulk.staged(conn, keys, crosswalk) as stage:
        yield select(*(stage.c[name] for name in keys.columns))


@contextmanager
def given_ids(conn: Connection, hub_ids: Iterable[str]) -> Iterator[Any]:
    """Hub ids as what `in_` takes."""
    wanted = sorted(set(hub_ids))
    if len(wanted) <= _FEW:
        yield wanted
        return
    with bulk.staged(conn, pl.DataFrame({"hub_id": wanted}), crosswalk) as stage:
        yield select(stage.c.hub_id)


def row_of(table: Any) -> Any:
    """A table's key columns in the order of `given_rows`."""
    return tuple_(table.c.record_id, table.c.system, table.c.object, table.c.entity)


def read_among(conn: Connection, query: Select[Any], column: Any, given: Any) -> pl.DataFrame:
    """The rows of `query` whose `column` is among `given`; nothing asked for costs no statement."""
    if given == []:
        kinds = {str(c.key): bulk.polars_type(c.type) for c in query.selected_columns}
        return pl.DataFrame(schema=kinds)
    return bulk.read(conn, query.where(column.in_(given)))


def delete_among(conn: Connection, table: Table, column: Any, given: Any) -> None:
    if given != []:
        conn.execute(delete(table).where(column.in_(given)))
