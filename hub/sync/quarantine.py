"""Quarantine: bad rows wait, as told, with all their reasons, until fixed or retried."""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Protocol

import polars as pl
from sqlalchemy import Connection, Row, select, update

from hub.checks.schemas import FAULT_SCHEMA, ROW, judges
from hub.connectors.contract import RECORD_ID, RESERVED
from hub.models import bulk
from hub.models.database import take_numbers
from hub.models.operations import ops_quarantine
from hub.models.runs import Run

WAITING, REPLACED = "waiting", "replaced"
WHOLE_LINE = "line"
"""The column of faults that are of a line of a file, not of one of its values."""
DRIFT = "schema_drift"
"""The rule of rows that use a field that changed; judged anew with each landing."""
# What landing adds to a row beside what was told.
_ADDED = ("position", "disposition", "content_hash", "told", "volatile_hash", "faults")


class Landing(Protocol):
    """Where rows of one object land."""

    @property
    def system(self) -> str: ...
    @property
    def object(self) -> str: ...


def held_back(fresh: pl.DataFrame, faults: pl.DataFrame) -> pl.DataFrame:
    """The rows of `fresh` that have faults, each with a `faults` column (JSON, in column order)."""
    rows = sorted(faults[ROW].unique().to_list())
    by_row: dict[int, list[dict[str, str | None]]] = {row: [] for row in rows}
    for fault in faults.iter_rows(named=True):
        by_row[fault[ROW]].append({k: v for k, v in fault.items() if k != ROW})
    texts = [json.dumps(by_row[row], ensure_ascii=False) for row in rows]
    return fresh[rows].with_columns(pl.Series("faults", texts, dtype=pl.String))


def hold(conn: Connection, landing: Landing, run: Run, batch_id: int, bad: pl.DataFrame) -> None:
    """Put bad rows into quarantine. A row told again just as it waits already is not put twice;
    a row told differently takes the place of its earlier version."""
    if not bad.height:
        return
    waiting = _waiting(conn, landing, bad[RECORD_ID].to_list())
    told = [c for c in bad.columns if c not in _ADDED]
    added: list[dict[str, Any]] = []
    for row in bad.iter_rows(named=True):
        raw = json.dumps({c: row[c] for c in told}, ensure_ascii=False, sort_keys=True)
        digest = blake2b(f"{raw}|{row['faults']}".encode(), digest_size=16).hexdigest()
        earlier = waiting.get(row[RECORD_ID])
        if earlier is not None and earlier[1] == digest:
            continue
        if earlier is not None:
            set_replaced(conn, [earlier[0]], run)
        added.append(
            {
                "system": landing.system,
                "object": landing.object,
                "record_id": row[RECORD_ID],
                "status": WAITING,
                "raw": raw,
                "raw_hash": digest,
                "faults": row["faults"],
                "batch_id": batch_id,
                "first_run": run.number,
                "run": run.number,
            }
        )
    if added:
        ids = take_numbers(conn, "quarantine", len(added))
        conn.execute(
            ops_quarantine.insert(),
            [{"id": i, **row} for i, row in zip(ids, added, strict=True)],
        )


def replace(conn: Connection, landing: Landing, run: Run, record_ids: pl.Series) -> None:
    """Rows that are good, or gone, now: what waits under the same record id is replaced by them."""
    if not record_ids.len():
        return
    q = ops_quarantine.c
    here = (q.system == landing.system, q.object == landing.object, q.status == WAITING)
    waiting = bulk.read(conn, select(q.id, q.record_id).where(*here))
    settled = waiting.filter(pl.col(RECORD_ID).is_in(record_ids.implode()))
    if not settled.height:
        return
    with bulk.staged(conn, settled.select("id"), ops_quarantine) as stage:
        conn.execute(
            update(ops_quarantine)
            .where(q.id.in_(select(stage.c.id)))
            .values(status=REPLACED, run=run.number)
        )


def waiting_rows(conn: Connection, ids: Sequence[int] | None = None) -> list[Row[Any]]:
    """What waits, oldest first; `ids` keeps the named ones."""
    query = select(ops_quarantine).where(ops_quarantine.c.status == WAITING)
    if ids is not None:
        query = query.where(ops_quarantine.c.id.in_(ids))
    return list(conn.execute(query.order_by(ops_quarantine.c.id)).all())


def as_told(rows: Sequence[Row[Any]], fields: Sequence[str]) -> pl.DataFrame:
    """Waiting rows of one object as the connector told them; fields mapped since are empty."""
    told = [json.loads(row.raw) for row in rows]
    return pl.DataFrame(
        {name: [t.get(name) for t in told] for name in (*RESERVED, *fields)},
        schema=dict.fromkeys((*RESERVED, *fields), pl.String),
    )


def found_by_reading(rows: Sequence[Row[Any]], source: str) -> pl.DataFrame:
    """The faults of waiting rows that checking them again would not find, by their positions."""
    told = [
        {ROW: at, **fault}
        for at, row in enumerate(rows)
        for fault in json.loads(row.faults)
        if not judges(source, fault["column"], fault["rule"]) and fault["rule"] != DRIFT
    ]
    return pl.DataFrame(told, schema=FAULT_SCHEMA)


def _waiting(
    conn: Connection, landing: Landing, record_ids: Sequence[str]
) -> dict[str, tuple[int, str]]:
    keys = pl.DataFrame({RECORD_ID: record_ids}, schema={RECORD_ID: pl.String}).unique()
    with bulk.staged(conn, keys, ops_quarantine) as wanted:
        rows = conn.execute(
            select(
                ops_quarantine.c.record_id, ops_quarantine.c.id, ops_quarantine.c.raw_hash
            ).where(
                ops_quarantine.c.system == landing.system,
                ops_quarantine.c.object == landing.object,
                ops_quarantine.c.status == WAITING,
                ops_quarantine.c.record_id == wanted.c.record_id,
            )
        ).all()
    return {row.record_id: (row.id, row.raw_hash) for row in rows}


def set_replaced(conn: Connection, ids: Sequence[int], run: Run) -> None:
    """Rows that no longer wait, because something else is known of them now."""
    conn.execute(
        update(ops_quarantine)
        .where(ops_quarantine.c.id.in_(ids))
        .values(status=REPLACED, run=run.number)
    )
