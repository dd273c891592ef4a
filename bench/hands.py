"""Other hands than those that are measured: edits made straight in a CRM, through its API."""

from collections.abc import Mapping

from bench.scene import Scene
from hub.connectors.contract import Change
from hub.sync.flow import connected


def edit(scene: Scene, system: str, obj: str, field: str, said: Mapping[str, str]) -> None:
    """Give records (id → value) another value of a field. Raises where one does not take it."""
    changes = [
        Change(str(number), obj, "update", {field: value}, record_id)
        for number, (record_id, value) in enumerate(said.items(), 1)
    ]
    with connected(scene.settings, [system]) as connectors:
        outcomes = {outcome.status for outcome in connectors[system].apply(changes)}
    if outcomes != {"applied"}:
        raise AssertionError(f"{system}: {outcomes}")
