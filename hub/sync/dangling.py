"""Records that name another one which has gone: their system may have cleared the reference, and
that moves no time stamp of theirs."""

import polars as pl
from sqlalchemy import Connection, Table, or_, select

from hub.connectors.contract import RECORD_ID
from hub.models import bulk
from hub.models.database import reading, writing
from hub.models.sources import SOURCES
from hub.sync import rechecks
from hub.sync.landing import Landing
from hub.sync.targets import Target

_REFERENCE = "_record_id"


def read_dangling(landing: Landing) -> None:
    """Read again the records in effect that refer to one whose deletion landed since this was last
    done. Fields that are known to change without a trace are looked after by themselves."""
    target = landing.target
    columns = [
        column
        for field, column in target.mapping.pull.items()
        if column.endswith(_REFERENCE) and field not in target.volatile
    ]
    if not columns:
        return
    with reading(landing.engine) as conn:
        gone = _gone(conn, landing, rechecks.last_run(conn, target, rechecks.REFERENCES))
        ids = _naming(conn, target, columns, gone) if gone.height else []
    if ids:
        with landing.step("dangling"):
            landing.take(landing.connector.fetch(target.spec, ids))
    with writing(landing.engine) as conn:
        rechecks.note(conn, target, rechecks.REFERENCES, landing.run)


def _gone(conn: Connection, landing: Landing, since: int) -> pl.DataFrame:
    """Ids of records of the same system that were deleted in run `since`, when some may have landed
    after the comparison, or later."""
    system = landing.target.system
    tables: dict[str, Table] = {
        mapping.source: SOURCES[mapping.source]
        for mapping in landing.settings.mappings[system].values()
    }
    found = [
        bulk.read(
            conn,
            select(table.c.record_id).where(
                table.c.system == system, table.c.is_deleted, table.c.run >= since
            ),
        )
        for table in tables.values()
    ]
    return pl.concat(found).unique()


def _naming(conn: Connection, target: Target, columns: list[str], gone: pl.DataFrame) -> list[str]:
    table = target.table
    with bulk.staged(conn, gone, table) as stage:
        named = select(stage.c.record_id)
        query = select(table.c.record_id).where(
            table.c.system == target.system,
            table.c.object == target.object,
            table.c.gone.is_(None),
            or_(*(table.c[column].in_(named) for column in columns)),
        )
        return bulk.read(conn, query)[RECORD_ID].to_list()
