"""Erasing a person's records in their systems: a plan of its own, which somebody must approve.

It names records, as nothing else could find them once the person is erased here; when it is
applied, it forgets them.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, exists, select, update

from hub.checks.laws import ERASED
from hub.config import Settings
from hub.models.database import writing
from hub.models.operations import ERASURE, ops_change, ops_plan
from hub.models.runs import Run
from hub.policy.settings import load_policy
from hub.sync.changes import PlannedChange
from hub.sync.costs import Costs
from hub.sync.holding import APPROVAL
from hub.sync.plan import basis
from hub.sync.settled import portions
from hub.sync.storing import Draft, Part, Plan, store

Record = tuple[str, str, str]
"""System, object, record id."""
_REASON = "erases a person's records, which cannot be undone"


def store_erasure(
    conn: Connection, settings: Settings, run: Run, records: Sequence[Record], costs: Costs
) -> Plan:
    """Store the plan that erases these records; it waits for approval. Those of other people that
    wait stay as they are. Returns a plan without a name when there are no records."""
    changes = [PlannedChange(*record[:2], "erase", record[2], ERASED, {}) for record in records]
    step = basis(settings, load_policy(settings))
    return store(conn, Draft(run, settings, step, costs, False, ERASURE), portions(changes), _held)


def _held(_conn: Connection, _plan: str, parts: Sequence[Part]) -> None:
    for part in parts:
        part.hold, part.reason = APPROVAL, _REASON


def forget_records(engine: Engine, plan: str) -> None:
    """Of an erasure that has been carried out only that it was stays. While something of it is
    still to be done, it stays as it was approved. Does nothing for other plans."""
    c = ops_change.c
    is_erasure = exists().where(ops_plan.c.plan == plan, ops_plan.c.kind == ERASURE)
    with writing(engine) as conn:
        left = select(exists().where(c.plan == plan, c.outcome == "pending"))
        if conn.scalar(left) or not conn.scalar(select(is_erasure)):
            return
        conn.execute(
            update(ops_change)
            .where(c.plan == plan, c.outcome == "applied")
            .values(record_id=None, digest=ERASED, code=ERASED, message=None, remedy=None)
        )
