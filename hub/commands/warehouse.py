"""Opening what a command works on: the settings and a warehouse that is ready."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from hub.config import Settings
from hub.models.database import check_reachable, open_engine
from hub.models.schema import ready
from hub.sync.mapped import load_settings


@dataclass(frozen=True)
class Workplace:
    """Typed settings and an engine on a warehouse of the right schema."""

    settings: Settings
    engine: Engine


def open_workplace(config: Path) -> Workplace:
    """Raises ConfigError or WarehouseError with a remedy; sets up an empty warehouse."""
    settings = load_settings(config)
    engine = open_engine(settings.warehouse_url)
    check_reachable(engine)
    ready(engine)
    return Workplace(settings, engine)
