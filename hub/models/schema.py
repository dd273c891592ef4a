"""The warehouse's schema version: set up when empty, upgraded on demand, else refused."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from hub import marts
from hub.errors import WarehouseError
from hub.models.database import reading


def upgrade(engine: Engine) -> str:
    """Bring the schema to the newest revision, and the views with it; returns it."""
    config = _config()
    with engine.begin() as conn:
        config.attributes["connection"] = conn
        marts.take_away(conn)
        command.upgrade(config, "head")
        marts.make(conn)
    return newest()


def current(engine: Engine) -> str | None:
    """The revision the warehouse is at; None for a database without one."""
    with reading(engine) as conn:
        return MigrationContext.configure(conn).get_current_revision()


def newest() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise WarehouseError("This installation has no migrations.", remedy="reinstall it")
    return head


def ready(engine: Engine) -> None:
    """An empty database is set up; one at another revision is refused with the remedy."""
    at = current(engine)
    if at == newest():
        return
    if at is None and not inspect(engine).get_table_names():
        upgrade(engine)
        return
    raise WarehouseError(
        f"The warehouse is at revision {at}, this program needs {newest()}.",
        remedy="run `hub db upgrade`",
    )


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "hub.models:migrations")
    return config
