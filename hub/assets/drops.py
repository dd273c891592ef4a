"""Which files of a distributor wait to be taken, told by the hub's own account of those it took."""

from sqlalchemy import select

from hub.config import Settings
from hub.connectors.contract import CallMeter
from hub.connectors.feed.canonical import objects_of
from hub.connectors.feed.config import FeedSystem
from hub.connectors.feed.drops import drop_of
from hub.connectors.feed.files import DroppedFile, Ledger
from hub.connectors.feed.profile import load_profile
from hub.models.database import open_engine, reading
from hub.models.operations import ops_cursor
from hub.models.schema import current


def waiting_files(settings: Settings, system: str, config: FeedSystem) -> list[DroppedFile]:
    """Files that were dropped, or changed, since each object of the feed was landed last. Reports
    that have to be asked for are none: each question is a call, and the schedule asks.

    Raises SystemUnreachable when the drop cannot be listed, ConfigError for a wrong profile.
    """
    taken = {obj: Ledger.read(text, system) for obj, text in _cursors(settings, system).items()}
    waiting = []
    for name, report in config.reports.items():
        if report.rest is not None:
            continue
        objects = objects_of(load_profile(report.profile, settings).kind)
        ledgers = [ledger for obj, ledger in taken.items() if obj in objects]
        waiting += [
            file
            for file in drop_of(system, name, report, settings, CallMeter()).files()
            if not all(ledger.knows(file) for ledger in ledgers)
        ]
    return waiting


def _cursors(settings: Settings, system: str) -> dict[str, str | None]:
    """The landed cursor of each object of the feed; None for one that was never landed."""
    objects = settings.mappings[system]
    engine = open_engine(settings.warehouse_url)
    try:
        if current(engine) is None:
            return dict.fromkeys(objects)
        with reading(engine) as conn:
            rows = conn.execute(
                select(ops_cursor.c.object, ops_cursor.c.cursor).where(
                    ops_cursor.c.system == system
                )
            )
            landed = {row.object: row.cursor for row in rows}
    finally:
        engine.dispose()
    return {obj: landed.get(obj) for obj in objects}
