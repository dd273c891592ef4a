"""What was written is remembered as said: the next pull then finds nothing new in our own write."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from hub.config import ObjectMapping
from hub.connectors.contract import REMOVALS, Outcome
from hub.models.runs import Run
from hub.models.sources import DELETED, SOURCES, src_assigned_lead
from hub.sync.agreed import MEANT, agreed_text, agreed_values, meant, told_values
from hub.sync.fingerprint import told_text


def survivors_of(
    conn: Connection, system: str, obj: str, mapping: ObjectMapping, rows: Sequence[Row[Any]]
) -> dict[str, str]:
    """Record that a change is for → the one it was merged into since the plan was made."""
    table = SOURCES[mapping.source]
    query = select(table.c.record_id, table.c.merged_into).where(
        table.c.system == system,
        table.c.object == obj,
        table.c.record_id.in_([row.record_id for row in rows if row.record_id]),
        table.c.merged_into.is_not(None),
    )
    return {row.record_id: row.merged_into for row in conn.execute(query)}


def remember(
    conn: Connection,
    system: str,
    obj: str,
    mapping: ObjectMapping,
    rows: Mapping[str, Row[Any]],
    outcomes: Sequence[Outcome],
    survivors: Mapping[str, str],
) -> None:
    """Update what a record was last seen to say by what was just written into it.

    The next pull then finds nothing new in our own write. A record that was made is not known here:
    only its system can tell all it says.
    """
    table = SOURCES[mapping.source]
    applied = (rows[o.change_id] for o in outcomes if o.status == "applied")
    written = {
        survivors.get(row.record_id, row.record_id): row for row in applied if row.op == "update"
    }
    if not written:
        return
    here = (table.c.system == system, table.c.object == obj)
    known = {
        row.record_id: row
        for row in conn.execute(
            select(table.c.record_id, table.c.told, table.c.agreed).where(
                *here, table.c.record_id.in_(list(written))
            )
        )
    }
    keyed = next((f for f, column in mapping.pull.items() if column == "hub_key"), None)
    updates = []
    for record_id, row in written.items():
        after = {name: cell["after"] for name, cell in json.loads(row.fields).items()}
        before = known.get(record_id)
        said = {**told_values(before and before.told), **after}
        agreed = agreed_values(before and before.told, before and before.agreed)
        updates.append(
            {
                "record": record_id,
                "new_told": told_text(said),
                "new_agreed": agreed_text(said, {**agreed, **after}),
                "new_key": said.get(keyed) if keyed else None,
                **meant(mapping, table, said),
            }
        )
    values: dict[str, Any] = {"told": bindparam("new_told"), "agreed": bindparam("new_agreed")}
    values |= {column: bindparam(MEANT + column) for column in mapping.shared.values()}
    if keyed in mapping.told_fields:
        values["hub_key"] = bindparam("new_key")
    conn.execute(
        update(table).where(*here, table.c.record_id == bindparam("record")).values(**values),
        updates,
    )


def forget_copies(
    conn: Connection,
    system: str,
    obj: str,
    run: Run,
    rows: Mapping[str, Row[Any]],
    outcomes: Sequence[Outcome],
) -> None:
    """Partners' copies that were deleted just now are gone: this very sync need not ask for it
    again. Of all other records their system tells."""
    c = src_assigned_lead.c
    applied = (rows[o.change_id] for o in outcomes if o.status == "applied")
    gone = [row.record_id for row in applied if row.op in REMOVALS]
    if gone:
        conn.execute(
            update(src_assigned_lead)
            .where(c.system == system, c.object == obj, c.record_id.in_(gone))
            .values(is_deleted=True, gone=DELETED, run=run.number)
        )
