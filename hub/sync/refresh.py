"""Reading again the records whose volatile fields are no longer what they were when landed."""

import json

import polars as pl
from sqlalchemy import Connection, select

from hub.connectors.contract import RECORD_ID
from hub.models import bulk
from hub.models.database import reading, writing
from hub.models.operations import ops_quarantine
from hub.sync import rechecks
from hub.sync.fingerprint import told_text
from hub.sync.landing import Landing
from hub.sync.quarantine import WAITING
from hub.sync.targets import Target
from hub.sync.volatile import volatile_hashes


def refresh(landing: Landing) -> None:
    """Compare the volatile fields of all records in effect; fetch and land those that differ."""
    target = landing.target
    with reading(landing.engine) as conn:
        said = _said(conn, target)
    if said.height:
        with landing.step("refresh"):
            differing = _differing(landing, said)
            if differing:
                landing.take(landing.connector.fetch(target.spec, differing))
    with writing(landing.engine) as conn:
        rechecks.note(conn, target, rechecks.VOLATILE, landing.run)


def _differing(landing: Landing, said: pl.DataFrame) -> list[str]:
    """Ids of the records in `said` that say something else now, or are not there any more."""
    ids = said[RECORD_ID].to_list()
    with landing.watch.lap("pull"):
        parts = list(landing.connector.volatile(landing.target.spec, ids))
    if not parts:
        return []
    now = _digested(pl.concat(parts), landing.target).join(said, on=RECORD_ID, how="semi")
    return (
        now.join(said, on=now.columns, how="anti", nulls_equal=True)[RECORD_ID].unique().to_list()
    )


def _digested(rows: pl.DataFrame, target: Target) -> pl.DataFrame:
    """record_id, volatile_hash, and `told`: text of the volatile fields that the hub writes."""
    written = _written(target)
    told = [
        told_text(dict(zip(written, values, strict=True)))
        for values in rows.select(written).iter_rows()
    ]
    return rows.select(
        RECORD_ID,
        volatile_hashes(rows, target.volatile_pulled),
        pl.Series("told", told or [None] * rows.height, dtype=pl.String),
    )


def _said(conn: Connection, target: Target) -> pl.DataFrame:
    """The same of what was last told of each record in effect; a version in quarantine is later
    than the landed one."""
    table, q = target.table, ops_quarantine.c
    landed = bulk.read(
        conn,
        select(table.c.record_id, table.c.volatile_hash, table.c.told).where(
            table.c.system == target.system,
            table.c.object == target.object,
            table.c.is_deleted.is_(False),
            table.c.gone.is_(None),
        ),
    )
    waiting = bulk.read(
        conn,
        select(q.record_id, q.raw).where(
            q.system == target.system, q.object == target.object, q.status == WAITING
        ),
    )
    written = _written(target)
    told = [_part(text, written) for text in landed["told"]]
    landed = landed.with_columns(pl.Series("told", told, dtype=pl.String))
    raw = [json.loads(text) for text in waiting["raw"]]
    columns = (RECORD_ID, *target.volatile)
    later = _digested(
        pl.DataFrame(
            {name: [row.get(name) for row in raw] for name in columns},
            schema=dict.fromkeys(columns, pl.String),
        ),
        target,
    )
    return pl.concat([landed.join(later, on=RECORD_ID, how="anti"), later])


def _written(target: Target) -> list[str]:
    return sorted(set(target.volatile) & set(target.mapping.told_fields))


def _part(told: str | None, fields: list[str]) -> str | None:
    if told is None or not fields:
        return None
    values = json.loads(told)
    return told_text({name: values.get(name) for name in fields})
