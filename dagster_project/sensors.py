"""Sensors that ask for a sync when a distributor has dropped a file.

The hub's own account of taken files says what is new. The cursor only remembers which files were
asked for last, so that one that cannot be read does not ask for a run at every tick.
"""

from collections.abc import Sequence
from hashlib import blake2b

import dagster as dg

from dagster_project.jobs import sync_job
from hub.assets.drops import waiting_files
from hub.config import Settings
from hub.connectors.feed.config import FeedSystem
from hub.connectors.feed.files import DroppedFile

_INTERVAL_SECONDS = 30
_NAMED = 3


def feed_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """One sensor per distributor."""
    return [
        _feed_sensor(settings, system, config)
        for system, config in settings.systems.items()
        if isinstance(config, FeedSystem)
    ]


def _feed_sensor(settings: Settings, system: str, config: FeedSystem) -> dg.SensorDefinition:
    @dg.sensor(
        name=f"{system}_files",
        job=sync_job,
        minimum_interval_seconds=_INTERVAL_SECONDS,
        description=f"Syncs as soon as `{system}` has dropped a file that was not taken yet.",
    )
    def _files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        waiting = waiting_files(settings, system, config)
        if not waiting:
            return dg.SkipReason(f"Every file of {system} was taken.")
        asked = _fingerprint(waiting)
        if asked == context.cursor:
            return dg.SkipReason(f"A sync was asked for already: {_named(waiting)}.")
        request = dg.RunRequest(run_key=f"{system}:{asked}", tags={"hub/files": _named(waiting)})
        return dg.SensorResult(run_requests=[request], cursor=asked)

    return _files


def _fingerprint(files: Sequence[DroppedFile]) -> str:
    text = "\n".join(f"{file.name}\t{file.stamp}" for file in files)
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _named(files: Sequence[DroppedFile]) -> str:
    names = ", ".join(file.name for file in files[:_NAMED])
    return names if len(files) <= _NAMED else f"{names} and {len(files) - _NAMED} more"
