"""Retry: put quarantined rows through landing again, under today's mapping and rules.

Rows may be mended on the way: values replaced by what somebody found to be right. What reading a
file found wrong with a row is not found again by checking it; it stays until the row is mended.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import polars as pl
from sqlalchemy import Engine, Row

from hub.checks.convert import convert
from hub.checks.schemas import FAULT_SCHEMA, ROW, Split, validate
from hub.config import Settings
from hub.connectors.contract import RECORD_ID, Batch
from hub.models.database import exclusive, reading, writing
from hub.models.runs import Run
from hub.sync import judging
from hub.sync.archive import archive_path
from hub.sync.batch import LandReport, land_batch
from hub.sync.drift import as_known
from hub.sync.ledger import Stopwatch, begin_run, end_run
from hub.sync.quarantine import WHOLE_LINE, as_told, found_by_reading, set_replaced, waiting_rows
from hub.sync.targets import Target, target_in

Mended = Mapping[int, Mapping[str, str | None]]
"""Number of a waiting row → outside field (or `record_id`) → the value that is right."""


def retry(
    engine: Engine,
    settings: Settings,
    ids: Sequence[int] | None = None,
    mended: Mended | None = None,
) -> list[LandReport]:
    """Land waiting rows (`ids`: only those) again; what is still wrong goes on waiting.

    A record that has been told anew since is superseded by what it says now.
    """
    mended = mended or {}
    with exclusive(engine):
        run = begin_run(engine, "retry", settings.config_hash)
        watch = Stopwatch()
        reports = []
        for sequence, (target, rows) in enumerate(_by_target(engine, settings, ids), 1):
            report = LandReport(target.system, target.object)
            path = archive_path(
                settings.resolve(settings.archive),
                *(target.system, target.object, run.number, sequence),
            )
            batch = _batch(target, rows, mended)
            found = judging.judged(engine, target, judging.prepared(batch, target))
            land_batch(engine, target, run, found, path, report, watch)
            _let_go_of_renamed(engine, run, rows, mended)
            reports.append(report)
        end_run(engine, run, "done", seconds=watch.seconds)
    return reports


def judged(engine: Engine, settings: Settings, mended: Mended) -> dict[int, list[dict[str, Any]]]:
    """What would still be wrong with each mended row; nothing is landed."""
    left: dict[int, list[dict[str, Any]]] = {}
    for target, rows in _by_target(engine, settings, list(mended)):
        batch = _batch(target, rows, mended)
        typed = convert(batch.rows, target.mapping.pull, target.mapping.values, target.table)
        split: Split = validate(target.mapping.source, typed)
        if batch.faults is not None:
            split = split.with_more(batch.faults)
        left |= {row.id: [] for row in rows}
        for fault in split.faults.iter_rows(named=True):
            left[rows[fault[ROW]].id].append({k: v for k, v in fault.items() if k != ROW})
    return left


def _by_target(
    engine: Engine, settings: Settings, ids: Sequence[int] | None
) -> list[tuple[Target, list[Row[Any]]]]:
    with reading(engine) as conn:
        rows = waiting_rows(conn, ids)
        rows.sort(key=lambda row: (row.system, row.object, row.id))
        return [
            (as_known(conn, target_in(settings, system, obj)), list(group))
            for (system, obj), group in groupby(rows, key=lambda row: (row.system, row.object))
        ]


def _batch(target: Target, rows: list[Row[Any]], mended: Mended) -> Batch:
    told = as_told(rows, target.mapping.all_fields)
    columns = {name: told[name].to_list() for name in told.columns}
    for at, row in enumerate(rows):
        for field, value in mended.get(row.id, {}).items():
            columns[field][at] = value
    faults = found_by_reading(rows, target.mapping.source)
    field_of = {column: field for field, column in target.mapping.pull.items()}
    rest = [
        fault
        for fault in faults.iter_rows(named=True)
        if not _settles(mended.get(rows[fault[ROW]].id), fault["column"], field_of)
    ]
    frame = pl.DataFrame(columns, schema=dict.fromkeys(told.columns, pl.String))
    return Batch(frame, None, "quarantine", pl.DataFrame(rest, schema=FAULT_SCHEMA))


def _settles(
    values: Mapping[str, str | None] | None, column: str, field_of: Mapping[str, str]
) -> bool:
    """Whether mending a row settles what reading found: its column, or the line as a whole."""
    return values is not None and (column == WHOLE_LINE or field_of.get(column) in values)


def _let_go_of_renamed(engine: Engine, run: Run, rows: Sequence[Row[Any]], mended: Mended) -> None:
    """A row that got another id by being mended no longer waits under its first one."""
    renamed = [
        row.id
        for row in rows
        if mended.get(row.id, {}).get(RECORD_ID, row.record_id) != row.record_id
    ]
    if renamed:
        with writing(engine) as conn:
            set_replaced(conn, renamed, run)
