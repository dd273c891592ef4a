"""Alembic's entry: runs migrations on the connection the caller gives."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from hub.models import metadata
from hub.models.base import Money, UtcTime


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types into a new revision by their short names."""
    if kind != "type" or not isinstance(item, (Money, UtcTime)):
        return False
    autogen.imports.add("from hub.models.base import Money, UtcTime")
    return f"Money({item.scale})" if isinstance(item, Money) else "UtcTime()"


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    render_item=render_item,
    include_name=lambda name, kind, _: kind != "table" or not str(name).startswith("stage_"),
)
with context.begin_transaction():
    context.run_migrations()
