"""At the landing: rows of erased people go no further, and their addresses go out of other rows."""

import polars as pl
from sqlalchemy import Engine

from hub.connectors.contract import RECORD_ID, RESERVED
from hub.erasure.known import Known, known_people
from hub.mappings.schema import ObjectMapping
from hub.models.database import reading

PEOPLE = ("contact", "lead", "assigned_lead")
"""Sources whose rows speak of one person each."""


def without_erased(
    engine: Engine, system: str, mapping: ObjectMapping, rows: pl.DataFrame
) -> pl.DataFrame:
    """`rows` as read, without those of erased people. Nobody is told apart while nobody was
    erased: it then costs one look at a table without rows."""
    with reading(engine) as conn:
        known = known_people(conn)
    if known is None or rows.is_empty():
        return rows
    return cleaned(known, system, mapping, rows)


def cleaned(known: Known, system: str, mapping: ObjectMapping, rows: pl.DataFrame) -> pl.DataFrame:
    if mapping.source in PEOPLE:
        fields = {field: column for field, column in mapping.pull.items() if field in rows.columns}
        stay = [
            not known.is_erased(system, mapping.source, row[RECORD_ID], _said(row, fields))
            for row in rows.iter_rows(named=True)
        ]
        rows = rows.filter(pl.Series(stay, dtype=pl.Boolean))
    return scrubbed(known, rows)


def scrubbed(known: Known, rows: pl.DataFrame) -> pl.DataFrame:
    """Without the addresses of erased people in whatever the rows say."""
    for name in rows.columns:
        if name in RESERVED or rows.schema[name] != pl.String:
            continue
        if not rows[name].str.contains("@", literal=True).any():
            continue
        told = [text if text is None else known.scrubbed(text) for text in rows[name]]
        rows = rows.with_columns(pl.Series(name, told, dtype=pl.String))
    return rows


def _said(row: dict[str, str | None], fields: dict[str, str]) -> dict[str, str | None]:
    return {column: row[field] for field, column in fields.items()}
