"""Looking up the few rows that are asked for, by an index, in tables of any size.

Membership, not a join: whichever table a planner without statistics takes for the smaller one, a
list of values leads through the index of the large one. A short list travels with the statement, a
long one is staged.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
from sqlalchemy import Connection, FromClause, Select, Table, and_, delete, select, tuple_

from hub.identity.mentions import Entity
from hub.models import bulk
from hub.models.identity import crosswalk, identity_key

_FEW = 200


@contextmanager
def given_numbers(conn: Connection, numbers: pl.Series) -> Iterator[Any]:
    """Profiles or keys as what `among` takes."""
    distinct = numbers.unique()
    if distinct.len() <= _FEW:
        yield distinct.to_list()
        return
    with bulk.staged(conn, pl.DataFrame({"key": distinct}), identity_key) as stage:
        yield select(stage.c.key)


@contextmanager
def given_rows(conn: Connection, entity: Entity, rows: pl.DataFrame) -> Iterator[Any]:
    """The keys of `rows` as what `among` takes."""
    keys = rows.select("record_id", "system", "object", entity=pl.lit(entity)).unique()
    if keys.height <= _FEW:
        yield keys.rows()
        return
    with bulk.staged(conn, keys, crosswalk) as stage:
        yield select(*(stage.c[name] for name in keys.columns))


@contextmanager
def given_ids(conn: Connection, hub_ids: Iterable[str]) -> Iterator[Any]:
    """Hub ids as what `among` takes."""
    wanted = sorted(set(hub_ids))
    if len(wanted) <= _FEW:
        yield wanted
        return
    with bulk.staged(conn, pl.DataFrame({"hub_id": wanted}), crosswalk) as stage:
        yield select(stage.c.hub_id)


def among(what: Any, given: Any) -> Any:
    """The condition that a column, or the row of a table with the four key columns, is given."""
    if not isinstance(what, FromClause):
        return what.in_(given)
    row = tuple_(what.c.record_id, what.c.system, what.c.object, what.c.entity)
    if not isinstance(given, list):
        return row.in_(given)
    # SQLite walks the whole table for a list of rows, but not for a list of values.
    return and_(what.c.record_id.in_(sorted({key[0] for key in given})), row.in_(given))


def read_among(conn: Connection, query: Select[Any], what: Any, given: Any) -> pl.DataFrame:
    """The rows of `query` where `what` is among `given`; nothing asked for costs no statement."""
    if given == []:
        kinds = {str(c.key): bulk.polars_type(c.type) for c in query.selected_columns}
        return pl.DataFrame(schema=kinds)
    return bulk.read(conn, query.where(among(what, given)))


def delete_among(conn: Connection, table: Table, what: Any, given: Any) -> None:
    if given != []:
        conn.execute(delete(table).where(among(what, given)))
