"""The whole flow in one go, as `hub sync` runs it; Dagster takes the same `Flow` step by step."""

from sqlalchemy import Engine

from hub.config import Settings
from hub.errors import HubError
from hub.sync.derivation import Progress, in_silence
from hub.sync.flow import Clock, opened, wall_clock
from hub.sync.ledger import SYNC
from hub.sync.report import SyncReport


def sync(
    engine: Engine,
    settings: Settings,
    *,
    only: str | None = None,
    full: bool = False,
    reconcile: bool = False,
    apply: bool = True,
    progress: Progress = in_silence,
    clock: Clock = wall_clock,
) -> SyncReport:
    """Run the flow once. `only`: `SYSTEM` or `SYSTEM/OBJECT`. Raises only if it cannot start.

    `full` reads everything again; `reconcile` compares ids and fields that change without a trace
    even where that is not due. A system that fails is named in `troubles` and the report is
    `failed`, while the others go on; one whose allowance of calls is used up is named in `pauses`.
    Nothing is written to a system whose own state could not be read.
    """
    scope = pull_scope(settings, only)
    with opened(engine, settings, SYNC, progress, clock) as flow:
        flow.one_pass(scope, full=full, reconcile=reconcile, apply=apply)
        flow.settle()
        flow.conclude(applied=apply)
    return flow.report


def pull_scope(settings: Settings, only: str | None) -> dict[str, list[str]]:
    """System → objects to pull. Raises HubError when `only` names nothing."""
    everything = {s: list(objects) for s, objects in settings.mappings.items()}
    if only is None:
        return everything
    system, _, obj = only.partition("/")
    if system not in everything or (obj and obj not in everything[system]):
        known = list(everything) + [f"{s}/{o}" for s in everything for o in everything[s]]
        raise HubError(f"Nothing is named '{only}'.", remedy=f"use one of: {', '.join(known)}")
    return {system: [obj] if obj else everything[system]}
