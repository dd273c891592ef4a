"""`hub quarantine`: what is held back and why, and checking it again."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from hub.commands.warehouse import Workplace
from hub.errors import HubError
from hub.models.database import reading
from hub.models.operations import ops_batch, ops_quarantine
from hub.sync.batch import LandReport
from hub.sync.quarantine import waiting_rows
from hub.sync.retry import retry


def listing(place: Workplace) -> dict[str, Any]:
    """Counts per system, object, column and rule, and every waiting row with its faults."""
    with reading(place.engine) as conn:
        rows = waiting_rows(conn)
    counted: Counter[tuple[str, str, str, str]] = Counter()
    entries = []
    for row in rows:
        faults = json.loads(row.faults)
        counted.update((row.system, row.object, f["column"], f["rule"]) for f in faults)
        entries.append(
            {
                "id": row.id,
                "system": row.system,
                "object": row.object,
                "record_id": row.record_id,
                "faults": faults,
            }
        )
    rules = [
        dict(zip(("system", "object", "column", "rule"), key, strict=True), faults=number)
        for key, number in sorted(counted.items())
    ]
    return {"waiting": len(entries), "rules": rules, "rows": entries}


def one(place: Workplace, number: int) -> dict[str, Any]:
    """A quarantined row as told, with faults and where it came from. Raises HubError if unknown."""
    query = (
        select(ops_quarantine, ops_batch.c.origin, ops_batch.c.archive_path)
        .outerjoin(ops_batch, ops_batch.c.id == ops_quarantine.c.batch_id)
        .where(ops_quarantine.c.id == number)
    )
    with reading(place.engine) as conn:
        row = conn.execute(query).first()
    if row is None:
        raise HubError(f"No row {number} in quarantine.", remedy="see `hub quarantine list`")
    return {
        "id": row.id,
        "status": row.status,
        "system": row.system,
        "object": row.object,
        "record_id": row.record_id,
        "origin": row.origin,
        "archive": row.archive_path,
        "faults": json.loads(row.faults),
        "told": json.loads(row.raw),
    }


def again(place: Workplace, numbers: Sequence[int]) -> list[LandReport]:
    """Check the named rows again, or all when none is named. Raises HubError for an unknown one."""
    with reading(place.engine) as conn:
        waiting = {row.id for row in waiting_rows(conn, numbers)} if numbers else set()
    for number in numbers:
        if number not in waiting:
            raise HubError(
                f"No row {number} waits in quarantine.", remedy="see `hub quarantine list`"
            )
    return retry(place.engine, place.settings, list(numbers) or None)
