"""Connectors: the only code that opens a connection to an outside system.

A connector is found by the `kind` of a system in `hub.yaml`, through the entry point group
`partner_hub.connectors`.
"""

from hub.config import Settings, connector_kinds
from hub.connectors.contract import Connector


def connect(settings: Settings, system: str) -> Connector:
    """The connector of one configured system; opens nothing until first used."""
    config = settings.systems[system]
    made: Connector = connector_kinds()[config.kind].load()(system, config, settings)
    return made
