"""Each file of a distributor as a partition of its own: when it came, and what became of it.

Nobody runs these partitions. The landing of `report` tells of each file that it looked at, so that
the asset's page shows the files of a sender side by side, and which of them could not be taken.
"""

from collections.abc import Sequence

import dagster as dg
from sqlalchemy import select

from hub.assets.figures import Metadata
from hub.assets.keys import files_key
from hub.config import Settings
from hub.connectors.feed.canonical import REPORT
from hub.connectors.feed.config import FeedSystem
from hub.models.database import reading
from hub.models.sources import src_report
from hub.sync.flow import Flow

_TOLD = ("status", "reason", "report_kind", "format", "profile", "period_start", "period_end",
         "received_at", "lines_read", "lines_ignored", "digest")  # fmt: skip


def file_assets(settings: Settings) -> list[dg.AssetSpec]:
    """One asset per distributor, partitioned by file."""
    return [
        dg.AssetSpec(
            files_key(system),
            group_name="files",
            kinds={"feed", "file"},
            tags={"hub/system": system},
            partitions_def=dg.DynamicPartitionsDefinition(name=_partitions(system)),
            description=f"The files that `{system}` sent: one partition each, with what was read "
            "of it, or why it was not taken.",
        )
        for system, config in settings.systems.items()
        if isinstance(config, FeedSystem)
    ]


def tell_of_files(context: dg.AssetExecutionContext, flow: Flow, system: str, obj: str) -> None:
    """Note each file that this run looked at; nothing when `obj` is not a feed's report."""
    if obj != REPORT or not isinstance(flow.settings.systems[system], FeedSystem):
        return
    table = src_report.c
    seen = select(table.file, *(table[name] for name in _TOLD)).where(
        table.system == system, table.run == flow.run.number, table.is_deleted.is_(False)
    )
    with reading(flow.engine) as conn:
        files = conn.execute(seen.order_by(table.file)).mappings().all()
    names: Sequence[str] = [str(file["file"]) for file in files]
    if names:
        context.instance.add_dynamic_partitions(_partitions(system), list(dict.fromkeys(names)))
    for name, file in zip(names, files, strict=True):
        told: Metadata = {"hub_run": flow.run.number} | {
            column: value if isinstance(value, int) else str(value)
            for column in _TOLD
            if (value := file[column]) is not None
        }
        # As an event of its own: those of a step are lost when one of its files fails it.
        context.instance.report_runless_asset_event(
            dg.AssetMaterialization(asset_key=files_key(system), partition=name, metadata=told)
        )


def _partitions(system: str) -> str:
    return f"{files_key(system).path[-1]}_files"
