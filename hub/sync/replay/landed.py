"""Landing again what a run had landed, from the archive."""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Engine, Row, or_, select, update

from hub.checks.schemas import FAULT_SCHEMA, ROW, judges
from hub.config import Settings
from hub.connectors.contract import RECORD_ID, Batch
from hub.errors import ConfigError
from hub.models.database import reading, writing
from hub.models.operations import ops_batch, ops_hidden, ops_quarantine, ops_sequence
from hub.models.runs import Run
from hub.models.sources import HIDDEN, SOURCES
from hub.sync.archive import read_archive
from hub.sync.batch import LandReport, land_batch
from hub.sync.judging import judged, prepared
from hub.sync.ledger import Stopwatch
from hub.sync.quarantine import WAITING
from hub.sync.targets import Target, target_in


@dataclass(frozen=True)
class Landed:
    batches: int
    rows: int


def land_again(source: Engine, into: Engine, settings: Settings, run: Run) -> Landed:
    """Land the batches of the run in their order, then what it found hidden."""
    with reading(source) as conn:
        listed = select(ops_batch).where(ops_batch.c.run == run.number).order_by(ops_batch.c.id)
        batches = conn.execute(listed).all()
        out_of_sight = select(ops_hidden).where(ops_hidden.c.run == run.number)
        hidden = conn.execute(out_of_sight).all()
    rows = sum(_land(source, into, settings, run, batch) for batch in batches)
    with writing(into) as conn:
        for one in hidden:
            table = _target(settings, one.system, one.object).table
            conn.execute(
                update(table)
                .where(
                    *(table.c.system == one.system, table.c.object == one.object),
                    *(table.c.record_id == one.record_id, table.c.gone.is_(None)),
                )
                .values(gone=HIDDEN, run=run.number)
            )
    return Landed(len(batches), rows)


def _land(source: Engine, into: Engine, settings: Settings, run: Run, batch: Row[Any]) -> int:
    target = _target(settings, batch.system, batch.object)
    rows = read_archive(batch.archive_path)
    told = [name for name in target.spec.fields if name not in rows.columns]
    rows = rows.with_columns(pl.lit(None, pl.String).alias(name) for name in told)
    again = Batch(rows, None, batch.origin, _found_by_reading(source, target, batch, rows))
    _number(into, batch.id)
    land_batch(
        *(into, target, run, judged(into, target, prepared(again, target)), batch.archive_path),
        *(LandReport(target.system, target.object), Stopwatch()),
        archived=True,
    )
    return rows.height


def _found_by_reading(
    source: Engine, target: Target, batch: Row[Any], rows: pl.DataFrame
) -> pl.DataFrame:
    """The faults that checking the rows again would not find: of a version of a record that went
    into quarantine with this batch, or was told again while it waited there."""
    q = ops_quarantine.c
    waited = (q.batch_id < batch.id) & or_(q.status == WAITING, q.run > batch.run)
    held = select(q.record_id, q.raw, q.faults).where(
        *(q.system == target.system, q.object == target.object),
        or_(q.batch_id == batch.id, waited),
    )
    with reading(source) as conn:
        known = {(row.record_id, row.raw): row.faults for row in conn.execute(held)}
    found: list[dict[str, Any]] = []
    if known:
        for at, row in enumerate(rows.iter_rows(named=True)):
            raw = json.dumps(row, ensure_ascii=False, sort_keys=True)
            found += [
                {ROW: at, **fault}
                for fault in json.loads(known.get((row[RECORD_ID], raw), "[]"))
                if not judges(target.mapping.source, fault["column"], fault["rule"])
            ]
    return pl.DataFrame(found, schema=FAULT_SCHEMA)


def _number(into: Engine, number: int) -> None:
    """The next batch has this number, whatever of those before was erased."""
    same = ops_sequence.c.name == "batch"
    with writing(into) as conn:
        moved = conn.execute(update(ops_sequence).where(same).values(next=number))
        if not moved.rowcount:
            conn.execute(ops_sequence.insert().values(name="batch", next=number))


def _target(settings: Settings, system: str, obj: str) -> Target:
    """Raises ConfigError when the object is not mapped, or lands nowhere."""
    mapping = settings.mappings.get(system, {}).get(obj)
    if mapping is None or mapping.source not in SOURCES:
        raise ConfigError(
            "hub.yaml",
            f"mappings.{system}.{obj}",
            f"rows of {system}/{obj} were landed then, and it is not mapped now.",
            remedy="replay with the configuration of that time (`--config`)",
        )
    return target_in(settings, system, obj)
