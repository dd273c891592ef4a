"""Looking up the few rows that are asked for, by an index, in tables of any size.

Membership, not a join: whichever table a planner without statistics takes for the smaller one, a
list of values leads through the index of the large one. PostgreSQL takes a list of any length as
arrays; of SQLite's a short one travels with the statement and a long one is staged.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    FromClause,
    Select,
    String,
    Table,
    and_,
    delete,
    func,
    literal,
    select,
    tuple_,
)

from hub.identity.mentions import Entity
from hub.models import bulk
from hub.models.frames import polars_type
from hub.models.identity import crosswalk, identity_key

_FEW = 200


@contextmanager
def given_numbers(conn: Connection, numbers: pl.Series) -> Iterator[Any]:
    """Profiles or keys as what `among` takes."""
    with _given(conn, pl.DataFrame({"key": numbers.unique()}), identity_key) as given:
        yield given


@contextmanager
def given_ids(conn: Connection, hub_ids: Iterable[str]) -> Iterator[Any]:
    """Hub ids as what `among` takes."""
    wanted = pl.DataFrame({"hub_id": sorted(set(hub_ids))}, schema={"hub_id": pl.String})
    with _given(conn, wanted, crosswalk) as given:
        yield given


@contextmanager
def given_rows(conn: Connection, entity: Entity, rows: pl.DataFrame) -> Iterator[Any]:
    """The keys of `rows` as what `among` takes."""
    keys = rows.select("record_id", "system", "object", entity=pl.lit(entity)).unique()
    with _given(conn, keys, crosswalk) as given:
        yield given


@contextmanager
def _given(conn: Connection, wanted: pl.DataFrame, like: Table) -> Iterator[Any]:
    """Distinct values, or rows, of columns of `like`: a list, or a query for them."""
    few = 0 if conn.dialect.name == "postgresql" else _FEW
    if wanted.height <= few:
        yield wanted.rows() if wanted.width > 1 else wanted.to_series().to_list()
    elif conn.dialect.name == "postgresql":
        # Texts of any length: told the column's, PostgreSQL cuts a longer one off and finds that.
        kinds = (String() if kind == pl.String else BigInteger() for kind in wanted.dtypes)
        lists = (literal(one.to_list(), ARRAY(k)) for one, k in zip(wanted, kinds, strict=True))
        yield select(*func.unnest(*lists).table_valued(*wanted.columns).render_derived().c)
    else:
        with bulk.staged(conn, wanted, like) as stage:
            yield select(*(stage.c[name] for name in wanted.columns))


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
        kinds = {str(c.key): polars_type(c.type) for c in query.selected_columns}
        return pl.DataFrame(schema=kinds)
    return bulk.read(conn, query.where(among(what, given)))


def delete_among(conn: Connection, table: Table, what: Any, given: Any) -> None:
    if given != []:
        conn.execute(delete(table).where(among(what, given)))
