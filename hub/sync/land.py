"""Land: pull from a connector, batch by batch, and hold the system to what it said before.

A process killed at any moment leaves whole batches behind, and a cursor that stands after the last.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, func, select

from hub.config import Settings
from hub.connectors.contract import Connector
from hub.errors import PermissionLost, StopSync
from hub.models.database import reading, writing
from hub.models.operations import ops_batch
from hub.models.runs import Run
from hub.sync import dispositions
from hub.sync.archive import archive_path
from hub.sync.batch import LandReport, land_batch
from hub.sync.ledger import Stopwatch, record_calls
from hub.sync.targets import Target, forget_cursor, stored_cursor


def land(
    engine: Engine,
    settings: Settings,
    run: Run,
    connector: Connector,
    obj: str,
    *,
    full: bool = False,
) -> LandReport:
    """Pull one object from where the last landed batch left off (`full`: from the beginning).

    Raises what the connector raises; batches landed before that stay landed.
    """
    target = Target(connector.system, obj, settings.mappings[connector.system][obj])
    watch = Stopwatch()
    report = LandReport(connector.system, obj, seconds=watch.seconds)
    archive = settings.resolve(settings.archive)
    with writing(engine) as conn:
        dispositions.count_read(conn, run, target.system, obj, 0, completed=False)
    cursor = None if full else stored_cursor(engine, target)
    try:
        batches = connector.pull(target.spec, cursor)
        while True:
            with watch.lap("pull"):
                batch = next(batches, None)
            if batch is None:
                break
            with reading(engine) as conn:
                sequence = next_sequence(conn, run, target)
            path = archive_path(archive, target.system, obj, run.number, sequence)
            land_batch(engine, target, run, batch, path, report, watch)
        if cursor is None and settings.systems[target.system].silence_is_a_loss:
            _refuse_silence(engine, target, report.read)
        with writing(engine) as conn:
            dispositions.count_read(conn, run, target.system, obj, 0, completed=True)
        _expect_rows(engine, settings, target)
    finally:
        with writing(engine) as conn:
            record_calls(conn, run, target.system, f"land/{obj}", connector.calls)
        connector.calls.restart()
    return report


def land_named(
    engine: Engine,
    settings: Settings,
    run: Run,
    connector: Connector,
    obj: str,
    record_ids: Sequence[str],
) -> LandReport:
    """Read the named records back and land them; the cursor stays where it is."""
    target = Target(connector.system, obj, settings.mappings[connector.system][obj])
    watch = Stopwatch()
    report = LandReport(connector.system, obj, seconds=watch.seconds)
    archive = settings.resolve(settings.archive)
    try:
        for batch in connector.fetch(target.spec, record_ids):
            with reading(engine) as conn:
                sequence = next_sequence(conn, run, target)
            path = archive_path(archive, target.system, obj, run.number, sequence)
            land_batch(engine, target, run, batch, path, report, watch)
        with writing(engine) as conn:
            dispositions.count_read(conn, run, target.system, obj, 0, completed=True)
    finally:
        with writing(engine) as conn:
            record_calls(conn, run, target.system, f"fetch/{obj}", connector.calls)
        connector.calls.restart()
    return report


def next_sequence(conn: Connection, run: Run, target: Target) -> int:
    """The number of the next archived batch of an object within a run."""
    listed = select(func.count()).where(
        ops_batch.c.run == run.number,
        ops_batch.c.system == target.system,
        ops_batch.c.object == target.object,
    )
    return int(conn.scalar(listed) or 0) + 1


def _refuse_silence(engine: Engine, target: Target, read: int) -> None:
    """Law 7: a system that held rows and now answers none has most likely lost us a permission.

    The cursor is forgotten, so that the next pull asks for everything again.
    """
    with writing(engine) as conn:
        known = _living(conn, target)
        if read or not known:
            return
        forget_cursor(conn, target)
    raise PermissionLost(
        f"{target.system}/{target.object}: a full pull brought no row, {known} were known.",
        remedy="check the integration user's object permissions and sharing; nothing was deleted",
    )


def _expect_rows(engine: Engine, settings: Settings, target: Target) -> None:
    """Law 7: fewer living rows than `minimum_rows` says is a failure with a name."""
    least = settings.systems[target.system].minimum_rows.get(target.object, 0)
    with reading(engine) as conn:
        known = _living(conn, target) if least else 0
    if known < least:
        raise StopSync(
            f"{target.system}/{target.object}: {known} rows, at least {least} are expected.",
            remedy="look whether the source is complete, or lower `minimum_rows` in hub.yaml",
        )


def _living(conn: Connection, target: Target) -> int:
    table = target.table
    counted = select(func.count()).where(
        table.c.system == target.system,
        table.c.object == target.object,
        table.c.is_deleted.is_(False),
    )
    return int(conn.scalar(counted) or 0)
