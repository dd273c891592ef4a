"""Records that are not deleted after all, for what hangs on them has stayed.

Deleting a company or contact takes with it what hangs on it, or leaves that hanging: where the
delete of a child was not carried out, its parent stays, too.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from hub.connectors.contract import Outcome
from hub.models.operations import ops_change
from hub.sync.changes import REFERENCE
from hub.sync.undone import CHILDREN


def held_by_children(
    conn: Connection, plan: str, system: str, rows: Sequence[Row[Any]]
) -> frozenset[str]:
    """Ids of the deletes among the rows whose records are named by one that this plan was to
    delete, and has not: by their record id, or as planned before there was one."""
    if not any(row.op == "delete" for row in rows):
        return frozenset()
    c = ops_change.c
    stayed = or_(
        c.outcome.in_(("stale", "rejected")), and_(c.outcome == "pending", c.code.is_not(None))
    )
    children = conn.scalars(
        select(c.fields).where(c.plan == plan, c.system == system, c.op == "delete", stayed)
    )
    named = {cell["before"] for fields in children for cell in json.loads(fields).values()}
    return frozenset(
        row.id
        for row in rows
        if row.op == "delete" and not named.isdisjoint({row.record_id, f"{REFERENCE}{row.hub_id}"})
    )


def held(row: Row[Any]) -> Outcome:
    """The outcome of such a delete."""
    return Outcome(
        *(row.id, "stale", row.record_id, CHILDREN),
        "a record that names it was to be deleted with it, and has stayed.",
        "undo again when that one may go, too",
    )
