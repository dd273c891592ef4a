"""What tells whether a record that the hub made has become somebody's own."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import Connection, select

from hub.config import ObjectMapping
from hub.connectors.contract import RECORD_ID, RESERVED
from hub.models import bulk
from hub.models.operations import ops_batch
from hub.models.sources import SOURCES
from hub.sync.archive import read_archive
from hub.sync.undo.now import Said
from hub.sync.undo.written import Written

_NAMES = {
    "company_record_id": "company",
    "partner_record_id": "company",
    "parent_record_id": "company",
    "contact_record_id": "contact",
    "converted_company_record_id": "company",
    "converted_contact_record_id": "contact",
    "converted_opportunity_record_id": "opportunity",
}
"""Columns by which a source row names another one → the source of that."""


def first_told(conn: Connection, system: str, obj: str, made: Sequence[Written]) -> dict[str, Said]:
    """Record id → what it said when it was first read after the hub had made it, from the archive;
    a record that was not read yet is left out."""
    wanted = {one.record_id for one in made}
    batches = conn.scalars(
        select(ops_batch.c.archive_path)
        .where(
            ops_batch.c.system == system,
            ops_batch.c.object == obj,
            ops_batch.c.run >= min(one.run for one in made),
        )
        .order_by(ops_batch.c.id)
    )
    found: dict[str, Said] = {}
    for path in batches:
        rows = read_archive(path).filter(pl.col(RECORD_ID).is_in(wanted - found.keys()))
        for row in rows.iter_rows(named=True):
            said = {name: value for name, value in row.items() if name not in RESERVED}
            found.setdefault(row[RECORD_ID], said)
        if len(found) == len(wanted):
            break
    return found


def children_of(
    conn: Connection,
    system: str,
    mapping: ObjectMapping,
    made: Sequence[Written],
) -> dict[str, list[tuple[str, str]]]:
    """Record id → (object, id) of the records in effect that name it, as last read."""
    found: dict[str, list[tuple[str, str]]] = {}
    ids = pl.DataFrame({RECORD_ID: [one.record_id for one in made]}).unique()
    for table in SOURCES.values():
        names = [c for c in table.columns if _NAMES.get(c.name) == mapping.source]
        for column in names:
            with bulk.staged(conn, ids, table) as stage:
                rows = conn.execute(
                    select(column.label("parent"), table.c.object, table.c.record_id).where(
                        table.c.system == system,
                        column == stage.c.record_id,
                        table.c.is_deleted.is_(False),
                    )
                ).all()
            for row in rows:
                found.setdefault(row.parent, []).append((row.object, row.record_id))
    return found
