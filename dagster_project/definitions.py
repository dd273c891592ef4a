"""Definitions built from the `hub.yaml` that HUB_CONFIG names (default: the current folder's)."""

import os
from pathlib import Path

import dagster as dg

from dagster_project.jobs import every_15_minutes, sync_job
from dagster_project.sensors import feed_sensors
from hub.assets import HubResource, build_assets, file_assets
from hub.assets.keys import SETTLE, land_key
from hub.checks.asset_checks import read_checks, run_checks, schema_checks
from hub.sync.mapped import load_settings


def build_defs(config: Path) -> dg.Definitions:
    """Everything Dagster shows of the hub that `config` describes. Raises ConfigError."""
    settings = load_settings(config)
    landed = {
        land_key(system, obj): (system, obj)
        for system, objects in settings.mappings.items()
        for obj in objects
    }
    return dg.Definitions(
        assets=[*build_assets(settings), *file_assets(settings)],
        asset_checks=[read_checks(landed), schema_checks(landed), run_checks(SETTLE)],
        resources={"hub": HubResource(config=str(config.absolute()))},
        jobs=[sync_job],
        schedules=[every_15_minutes],
        sensors=feed_sensors(settings),
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs(Path(os.environ.get("HUB_CONFIG", "hub.yaml")))
