"""Partitions by period: on PostgreSQL each period of a large table has a table of its own.

A partition is made when the first row of its period comes. SQLite has none; there the column is
part of the key.
"""

import re

from sqlalchemy import Connection, Table

PERIOD = re.compile(r"\d{4}-\d\d\Z")


def key_of(table: Table) -> str | None:
    """The column a table is partitioned by, if it is."""
    told = table.dialect_options["postgresql"]["partition_by"]
    return str(told).removeprefix("LIST (").removesuffix(")") if told else None


def name_of(table: Table, period: str) -> str:
    """`pos_line_2026_03`. Raises ValueError for what is no period: it becomes part of a name."""
    if not PERIOD.match(period):
        raise ValueError(f"'{period}' is no period YYYY-MM")
    return f"{table.name}_{period.replace('-', '_')}"


def make_room(conn: Connection, table: Table, periods: list[str]) -> None:
    """Make the partitions of `periods` that are missing."""
    if conn.dialect.name != "postgresql" or key_of(table) is None:
        return
    for period in sorted(set(periods)):
        conn.exec_driver_sql(
            f'CREATE TABLE IF NOT EXISTS "{name_of(table, period)}" PARTITION OF "{table.name}" '
            f"FOR VALUES IN ('{period}')"
        )
