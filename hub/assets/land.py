"""Land assets: one per system and object, each pulls, checks and lands what is new."""

import dagster as dg
from sqlalchemy.sql import ColumnElement

from hub.assets import figures
from hub.assets.failures import named_failures
from hub.assets.keys import land_key, pool
from hub.assets.reports import tell_of_files
from hub.assets.resource import HubResource
from hub.config import Settings
from hub.models.database import reading
from hub.models.sources import SOURCES
from hub.sync.batch import LandReport
from hub.sync.flow import Flow


def land_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    return [
        _land_asset(settings, system, obj)
        for system, objects in settings.mappings.items()
        for obj in objects
    ]


def _land_asset(settings: Settings, system: str, obj: str) -> dg.AssetsDefinition:
    table = SOURCES[settings.mappings[system][obj].source]

    @dg.asset(
        key=land_key(system, obj),
        group_name="land",
        kinds={settings.systems[system].kind, "polars"},
        tags={"hub/system": system},
        pool=pool(system),
        description=f"What `{system}` says of its `{obj}`: pulled, checked, landed in "
        f"`{table.name}`. Wrong rows wait in quarantine with their reasons.",
        metadata={"dagster/column_schema": figures.column_schema(table)},
    )
    def _land(context: dg.AssetExecutionContext, hub: HubResource) -> dg.MaterializeResult[None]:
        with named_failures(context):
            flow = hub.flow(context)
            try:
                landed = flow.land(system, obj)
            finally:
                tell_of_files(context, flow, system, obj)
            return dg.MaterializeResult(metadata=_figures(flow, landed))

    return _land


def _figures(flow: Flow, landed: LandReport) -> figures.Metadata:
    system, obj, runs = landed.system, landed.object, [flow.run.number]
    table = SOURCES[flow.settings.mappings[system][obj].source]
    mine: list[ColumnElement[bool]] = [table.c.system == system, table.c.object == obj]
    with reading(flow.engine) as conn:
        return {
            **figures.row_count(conn, table, *mine, table.c.is_deleted.is_(False)),
            "range": "all" if landed.whole else "changes",
            "rows_read": landed.read,
            "rows_quarantined": landed.dispositions["quarantined"],
            "dispositions": figures.counts("disposition", landed.dispositions),
            "faults": figures.counts("rule", dict(sorted(landed.faults.items()))),
            **figures.calls(conn, runs, system, f"%/{obj}"),
            "seconds": round(sum(landed.seconds.values()), 3),
            **figures.field_events(conn, runs, system, obj),
            **figures.preview(conn, table, runs, *mine),
        }
