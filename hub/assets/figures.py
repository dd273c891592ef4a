"""Figures of a step as Dagster metadata: counts, calls, seconds, previews without personal data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg
from sqlalchemy import Connection, Table, func, select
from sqlalchemy.sql import ColumnElement

from hub.models.operations import ops_call, ops_schema_event

Metadata = dict[str, Any]

PREVIEW_ROWS = 10
# Columns that tell one row from another and hold no personal data beyond names.
_SHOWN = (
    *("record_id", "id", "name", "first_name", "last_name", "company_name", "country"),
    *("company_type", "tier", "status", "stage", "product", "sku", "product_name", "quantity"),
    *("report_date", "close_date", "protected_until", "partner_id", "reason", "source_rows"),
    *("kind", "hub_id", "other_id"),
    *("distributor", "report", "period", "period_end", "state", "days_late", "gap"),
)


def column_schema(table: Table) -> dg.TableSchema:
    """The columns as the warehouse defines them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                type=str(column.type).lower(),
                description=column.comment,
                constraints=dg.TableColumnConstraints(nullable=bool(column.nullable)),
            )
            for column in table.columns
        ]
    )


def table_of(rows: Iterable[Mapping[str, object]], columns: Sequence[str]) -> dg.TableMetadataValue:
    """Rows as a table of texts and whole numbers."""
    return dg.MetadataValue.table(
        records=[dg.TableRecord({c: _cell(row[c]) for c in columns}) for row in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn(c, type="string") for c in columns]),
    )


def _cell(value: object) -> str | int:
    if value is None:
        return ""
    return value if isinstance(value, int) else str(value)


def counts(what: str, numbers: Mapping[str, int]) -> dg.TableMetadataValue:
    rows = [{what: name, "rows": number} for name, number in numbers.items()]
    return table_of(rows, (what, "rows"))


def preview(
    conn: Connection, table: Table, changed_in: Sequence[int], *where: ColumnElement[bool]
) -> Metadata:
    """The first rows that these runs changed; nothing when they changed none."""
    shown = [name for name in _SHOWN if name in table.c]
    query = (
        select(*(table.c[name] for name in shown))
        .where(table.c.run.in_(changed_in), *where)
        .order_by(*(table.c[name] for name in shown[:1]))
        .limit(PREVIEW_ROWS)
    )
    rows = [row._asdict() for row in conn.execute(query)]
    return {"changed_rows_preview": table_of(rows, shown)} if rows else {}


def field_events(conn: Connection, runs: Sequence[int], system: str, obj: str) -> Metadata:
    """What changed about the fields of an object; nothing when nothing did."""
    columns = ("field", "event", "before", "after", "mapped")
    query = (
        select(*(ops_schema_event.c[name] for name in columns))
        .where(
            ops_schema_event.c.run.in_(runs),
            ops_schema_event.c.system == system,
            ops_schema_event.c.object == obj,
        )
        .order_by(ops_schema_event.c.id)
    )
    rows = [{**row._asdict(), "mapped": str(row.mapped)} for row in conn.execute(query)]
    return {"fields_changed": table_of(rows, columns)} if rows else {}


def row_count(conn: Connection, table: Table, *where: ColumnElement[bool]) -> Metadata:
    return {"dagster/row_count": conn.scalar(select(func.count()).select_from(table).where(*where))}


def calls(conn: Connection, runs: Sequence[int], system: str, steps: str) -> Metadata:
    """API calls of the ledger steps that are like `steps`, and the computed minimum."""
    used, minimum = conn.execute(
        select(
            func.coalesce(func.sum(ops_call.c.used), 0),
            func.coalesce(func.sum(ops_call.c.minimum), 0),
        ).where(ops_call.c.run.in_(runs), ops_call.c.system == system, ops_call.c.step.like(steps))
    ).one()
    return {"calls_used": int(used), "calls_minimum": int(minimum)}
