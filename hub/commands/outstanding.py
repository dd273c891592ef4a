"""`hub outstanding list|dismiss`: what was refused or cannot be sent, until somebody sees to it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from hub.commands.warehouse import Workplace
from hub.errors import ConfigError
from hub.models.database import exclusive, reading, writing
from hub.models.operations import ops_change
from hub.sync.settled import DISMISSED, next_attempt, outstanding


def listing(place: Workplace) -> dict[str, Any]:
    """All of it, the oldest first, with age, attempts and the system's own words."""
    with reading(place.engine) as conn:
        return {"outstanding": rows(conn)}


def rows(conn: Connection) -> list[dict[str, Any]]:
    """`since` is when the very same was first refused, `next` when it is asked again by itself."""
    first = ops_change.alias("first")
    since = (
        select(func.min(first.c.at))
        .where(first.c.digest == ops_change.c.digest, first.c.outcome == ops_change.c.outcome)
        .scalar_subquery()
    )
    query = select(ops_change, since.label("since")).where(outstanding())
    found = [
        {
            "id": row.id,
            "system": row.system,
            "object": row.object,
            "op": row.op,
            "record_id": row.record_id,
            "hub_id": row.hub_id,
            "since": row.since,
            "attempts": row.attempts,
            "next": next_attempt(row.code, row.at, row.attempts),
            "code": row.code,
            "message": row.message,
            "remedy": row.remedy,
        }
        for row in conn.execute(query)
    ]
    return sorted(found, key=lambda row: (str(row["since"]), str(row["id"])))


def summary(conn: Connection) -> dict[str, Any]:
    """How many, and since when the oldest."""
    number, oldest = conn.execute(
        select(func.count(), func.min(ops_change.c.at)).where(outstanding())
    ).one()
    return {"changes": number, "oldest": oldest.isoformat() if oldest is not None else None}


def dismiss(place: Workplace, change: str, who: str, why: str) -> None:
    """Somebody says that a change need not be written: it is not planned again until something
    about it differs. Raises ConfigError when it is not outstanding."""
    with exclusive(place.engine), writing(place.engine) as conn:
        done = conn.execute(
            update(ops_change)
            .where(ops_change.c.id == change, outstanding())
            .values(
                outcome="skipped",
                code=DISMISSED,
                message=f"{who}: {why}",
                remedy=None,
                at=datetime.now(UTC),
            )
        )
        if done.rowcount == 0:
            raise ConfigError(
                change,
                "change",
                "no such change is outstanding.",
                remedy="take its id from `hub outstanding list`",
            )
