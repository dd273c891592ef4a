"""`hub outstanding list|dismiss`: what was refused or cannot be sent, until somebody sees to it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Label, func, select, update

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
    query = select(ops_change, _since()).where(outstanding())
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
    """How many, since when the oldest, and the same for each reason, the oldest first, with one of
    the messages as `example`."""
    c = ops_change.c
    each = select(c.system, c.object, c.code, c.message, _since()).where(outstanding()).subquery()
    alike = (each.c.system, each.c.object, each.c.code)
    oldest = func.min(each.c.since)
    query = select(*alike, func.count().label("changes"), oldest.label("oldest"))
    query = query.add_columns(func.min(each.c.message).label("example")).group_by(*alike)
    reasons = [
        {**row, "oldest": row["oldest"].isoformat() if row["oldest"] is not None else None}
        for row in conn.execute(query.order_by(oldest, *alike)).mappings()
    ]
    return {
        "changes": sum(one["changes"] for one in reasons),
        "oldest": min((one["oldest"] for one in reasons if one["oldest"]), default=None),
        "reasons": reasons,
    }


def summarized(place: Workplace) -> dict[str, Any]:
    with reading(place.engine) as conn:
        return summary(conn)


def _since() -> Label[datetime | None]:
    """When the very same change was first refused or held back for this reason."""
    first = ops_change.alias("first")
    same = (first.c.digest == ops_change.c.digest, first.c.outcome == ops_change.c.outcome)
    return select(func.min(first.c.at)).where(*same).scalar_subquery().label("since")


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
