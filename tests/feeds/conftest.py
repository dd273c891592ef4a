"""A trade that is synced on both kinds of database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from trade import Trade


@pytest.fixture
def trade(engine: Engine, warehouse_url: str, tmp_path: Path) -> Callable[..., Trade]:
    """Makes the trade, with what is special about its profile, reports or policy."""
    return lambda **special: Trade(tmp_path, engine, warehouse_url, **special)
