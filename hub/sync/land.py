"""Land: pull from a connector, batch by batch, and hold the system to what it said before.

A process killed at any moment leaves whole batches behind, and a cursor that stands after the last.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl
from sqlalchemy import Connection, Engine, func, select

from hub.config import Settings
from hub.connectors.contract import IS_DELETED, RECORD_ID, Connector
from hub.errors import PermissionLost, StopSync
from hub.models.database import reading, writing
from hub.models.runs import Run
from hub.sync import dispositions, rechecks, unanswered
from hub.sync.batch import LandReport
from hub.sync.dangling import read_dangling
from hub.sync.landing import Landing
from hub.sync.reconcile import reconcile, reconcile_with_present
from hub.sync.refresh import refresh
from hub.sync.targets import Target, forget_cursor, is_remapped, stored_cursor


def land(
    engine: Engine,
    settings: Settings,
    run: Run,
    connector: Connector,
    obj: str,
    *,
    full: bool = False,
    compare: bool = False,
) -> LandReport:
    """Pull one object from where the last landed batch left off (`full`: from the beginning).

    Then compare what is known with what is there, when that is due or `compare` asks for it: ids,
    and fields that change without a trace. Raises what the connector raises, and PermissionLost
    when too many records are out of sight; batches landed before that stay landed.
    """
    landing = Landing.of(engine, settings, run, connector, obj)
    with writing(engine) as conn:
        dispositions.count_read(conn, run, landing.target.system, obj, 0, completed=False)
    cursor = None if full else stored_cursor(engine, landing.target)
    landing.target = replace(landing.target, remapped=is_remapped(engine, landing.target))
    landing.report.whole = cursor is None
    first = cursor is None and landing.knows_nothing()
    with landing.step("land"):
        landing.learn_shape()
        landing.learn_volatile_fields()
        if cursor is None:
            _begin_anew(landing)
        told = landing.take(connector.pull(landing.target.spec, cursor), first=first)
    if landing.config.silence_is_a_loss and not first:
        _look_again(landing, told if cursor is None else None, compare=compare)
        read_dangling(landing)
    with writing(engine) as conn:
        unanswered.settle(conn, landing.target, run)
        dispositions.count_read(conn, run, landing.target.system, obj, 0, completed=True)
    _expect_rows(engine, settings, landing.target)
    return landing.report


def land_named(
    engine: Engine,
    settings: Settings,
    run: Run,
    connector: Connector,
    obj: str,
    record_ids: Sequence[str],
) -> LandReport:
    """Read the named records back and land them; the cursor stays where it is."""
    landing = Landing.of(engine, settings, run, connector, obj)
    with landing.step("fetch"):
        landing.learn_volatile_fields()
        landing.take(connector.fetch(landing.target.spec, record_ids))
    with writing(engine) as conn:
        unanswered.settle(conn, landing.target, run)
        dispositions.count_read(conn, run, landing.target.system, obj, 0, completed=True)
    return landing.report


def _begin_anew(landing: Landing) -> None:
    """A full pull that is broken off goes on as an increment, which sees a part of the ids only:
    then they are all due to be compared, unless there is nothing that could be missing."""
    with writing(landing.engine) as conn:
        if _living(conn, landing.target):
            rechecks.forget(conn, landing.target)
        else:
            rechecks.note(conn, landing.target, rechecks.IDS, landing.run)
            rechecks.note(conn, landing.target, rechecks.VOLATILE, landing.run)


def _look_again(landing: Landing, pulled: pl.DataFrame | None, *, compare: bool) -> None:
    """What increments do not tell. `pulled` are the rows of a full pull, if there was one."""
    target, config, run = landing.target, landing.config, landing.run
    if pulled is not None:
        _refuse_silence(landing.engine, target, pulled.height)
        reconcile(landing, pulled.filter(pl.col(IS_DELETED) != "true")[RECORD_ID])
        with writing(landing.engine) as conn:
            rechecks.note(conn, target, rechecks.VOLATILE, run)
        return
    hours, minutes = config.reconcile_hours, config.volatile_minutes
    if compare or rechecks.is_due(landing.engine, target, rechecks.IDS, run, hours * 60):
        reconcile_with_present(landing)
    if target.volatile and (
        compare or rechecks.is_due(landing.engine, target, rechecks.VOLATILE, run, minutes)
    ):
        refresh(landing)


def _refuse_silence(engine: Engine, target: Target, read: int) -> None:
    """Law 7: a system that held rows and now answers none has most likely lost us a permission.

    The cursor is forgotten, so that the next pull asks for everything again.
    """
    if read:
        return
    with writing(engine) as conn:
        known = _living(conn, target)
        if not known:
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
