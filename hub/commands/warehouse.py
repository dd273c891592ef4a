"""Opening what a command works on: the settings and a warehouse that is ready."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from hub.config import Settings, load_config
from hub.models.database import check_reachable, open_engine
from hub.models.schema import ready
from hub.sync.mapped import load_settings


@dataclass(frozen=True)
class Workplace:
    """Typed settings and an engine on a warehouse of the right schema."""

    settings: Settings
    engine: Engine


def open_workplace(config: Path, *, sound: bool = True) -> Workplace:
    """Raises ConfigError or WarehouseError with a remedy; sets up an empty warehouse.

    `sound`: the mappings must be. Otherwise they are taken as they are, to be looked at.
    """
    settings = load_settings(config) if sound else load_config(config)
    engine = open_engine(settings.warehouse_url)
    check_reachable(engine)
    ready(engine)
    return Workplace(settings, engine)
