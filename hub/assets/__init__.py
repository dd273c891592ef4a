"""Dagster assets: one thin asset per step and object, built from `hub.yaml`.

An asset calls the same functions as `hub sync` and says in its metadata what they did. What does
not belong here: any work on rows.
"""

from collections.abc import Sequence

import dagster as dg

from hub.assets.land import land_assets
from hub.assets.model import model_assets
from hub.assets.reports import file_assets
from hub.assets.resource import HubResource
from hub.assets.write_back import write_back_assets
from hub.config import Settings

__all__ = ["HubResource", "build_assets", "file_assets"]


def build_assets(settings: Settings) -> Sequence[dg.AssetsDefinition]:
    """Every step of the flow for every configured object, in the order of the flow."""
    return [*land_assets(settings), *model_assets(settings), *write_back_assets(settings)]
