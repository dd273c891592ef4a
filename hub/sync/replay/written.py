"""Remembering again what a run had written into the systems."""

from itertools import groupby

from sqlalchemy import Engine, select

from hub.config import Settings
from hub.connectors.contract import Outcome
from hub.models.database import reading, writing
from hub.models.operations import ops_change
from hub.models.runs import Run
from hub.sync.remembering import forget_copies, remember, survivors_of


def write_again(source: Engine, into: Engine, settings: Settings, run: Run) -> int:
    """Let the records say what the run wrote into them; nothing is sent. Returns how many changes
    it had written."""
    c = ops_change.c
    written = select(ops_change).where(c.run == run.number, c.outcome == "applied")
    with reading(source) as conn:
        rows = conn.execute(written.order_by(c.plan, c.system, c.object, c.seq)).all()
    for (system, obj), group in groupby(rows, key=lambda row: (row.system, row.object)):
        changes = {row.id: row for row in group}
        mapping = settings.mappings[system][obj]
        outcomes = [Outcome(row.id, "applied", row.record_id) for row in changes.values()]
        with writing(into) as conn:
            survivors = survivors_of(conn, system, obj, mapping, list(changes.values()))
            remember(conn, system, obj, mapping, changes, outcomes, survivors)
            forget_copies(conn, system, obj, run, changes, outcomes)
    return len(rows)
