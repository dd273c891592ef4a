"""Connectors: the only code that opens a connection to an outside system.

A connector is found by the `kind` of a system in `hub.yaml`, through the entry point group
`partner_hub.connectors`.
"""

from importlib.metadata import entry_points

from hub.config import Settings
from hub.connectors.contract import Connector
from hub.errors import ConfigError

GROUP = "partner_hub.connectors"


def connect(settings: Settings, system: str) -> Connector:
    """The connector of one configured system; opens nothing until first used."""
    config = settings.systems[system]
    found = {point.name: point for point in entry_points(group=GROUP)}
    if config.kind not in found:
        raise ConfigError(
            settings.file,
            f"systems.{system}.kind",
            f"no connector for '{config.kind}' is installed.",
            remedy=f"use one of: {', '.join(sorted(found))}",
        )
    connector: Connector = found[config.kind].load()(system, config, settings)
    return connector
