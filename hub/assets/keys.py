"""The keys of assets: which asset stands for which step, and how systems and objects name them."""

import re

import dagster as dg

from hub.config import Settings

PLAN = dg.AssetKey(["plan", "changes"])
SETTLE = dg.AssetKey(["run", "settle"])
VERDICT = dg.AssetKey(["run", "verdict"])


def land_key(system: str, obj: str) -> dg.AssetKey:
    return dg.AssetKey(["land", f"{_plain(system)}_{_plain(obj)}"])


def files_key(system: str) -> dg.AssetKey:
    return dg.AssetKey(["files", _plain(system)])


def apply_key(system: str) -> dg.AssetKey:
    return dg.AssetKey(["apply", _plain(system)])


def identity_key(entity: str) -> dg.AssetKey:
    return dg.AssetKey(["identity", entity])


def golden_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["golden", table])


def policy_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(["policy", table])


def pool(system: str) -> str:
    """The Dagster pool of a system: how many steps may talk to it at once, over all runs."""
    return f"{_plain(system)}_api"


def land_keys(settings: Settings) -> list[dg.AssetKey]:
    return [
        land_key(system, obj) for system, objects in settings.mappings.items() for obj in objects
    ]


def pushed_systems(settings: Settings) -> list[str]:
    return [
        system
        for system, objects in settings.mappings.items()
        if any(mapping.push is not None for mapping in objects.values())
    ]


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name, flags=re.ASCII)
