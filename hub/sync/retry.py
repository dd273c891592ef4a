"""Retry: put quarantined rows through landing again, under today's mapping and rules."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Engine

from hub.config import Settings
from hub.connectors.contract import Batch
from hub.models.database import exclusive, reading
from hub.sync.archive import archive_path
from hub.sync.batch import LandReport, land_batch, prepared
from hub.sync.drift import as_known
from hub.sync.ledger import Stopwatch, begin_run, end_run
from hub.sync.quarantine import as_told, waiting_rows
from hub.sync.targets import target_in


def retry(engine: Engine, settings: Settings, ids: Sequence[int] | None = None) -> list[LandReport]:
    """Land waiting rows (`ids`: only those) again; what is still wrong goes on waiting.

    A record that has been told anew since is superseded by what it says now.
    """
    with exclusive(engine):
        run = begin_run(engine, "retry", settings.config_hash)
        watch = Stopwatch()
        with reading(engine) as conn:
            rows = waiting_rows(conn, ids)
        rows.sort(key=lambda row: (row.system, row.object, row.id))
        reports = []
        grouped = groupby(rows, key=lambda row: (row.system, row.object))
        for sequence, ((system, obj), group) in enumerate(grouped, 1):
            target = target_in(settings, system, obj)
            with reading(engine) as conn:
                target = as_known(conn, target)
            report = LandReport(system, obj)
            batch = Batch(as_told(list(group), target.mapping.all_fields), None, "quarantine")
            path = archive_path(
                settings.resolve(settings.archive), system, obj, run.number, sequence
            )
            land_batch(engine, target, run, prepared(batch, target), path, report, watch)
            reports.append(report)
        end_run(engine, run, "done", seconds=watch.seconds)
    return reports
