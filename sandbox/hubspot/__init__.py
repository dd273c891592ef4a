"""A HubSpot account on loopback: state in SQLite, the public API over real HTTP."""

from sandbox.hubspot.app import create_app
from sandbox.hubspot.store import HubSpotStore
from sandbox.hubspot.switches import Switches

__all__ = ["HubSpotStore", "Switches", "create_app"]
