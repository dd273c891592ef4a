"""The delay of the search index: old views of records that searches still see for a while.

Empty unless the `index_lag_seconds` switch is on. GET and list never look here.
"""

from sandbox.hubspot.http import Box
from sandbox.hubspot.records import column, lag_table, table
from sandbox.hubspot.schema import ObjectType


def _columns(box: Box, kind: ObjectType) -> str:
    names = [
        f'"p_{p.name}"' for p in box.store.catalog.all_properties(kind) if _stored(kind, p.name)
    ]
    return ", ".join(["id", "created", "updated", "archived_at", *names])


def _stored(kind: ObjectType, name: str) -> bool:
    return column(kind, name).startswith('"p_')


def keep_old_view(box: Box, kind: ObjectType, record_id: int, *, new: bool = False) -> None:
    """Call before a write: what searches see of the record until the index has caught up."""
    lag = box.switches.index_lag_seconds
    if lag <= 0:
        return
    visible_at = box.now() + int(lag * 1000)
    if new:
        box.store.db.execute(
            f"INSERT INTO {lag_table(kind)} (visible_at, absent, id) VALUES (?, 1, ?)",
            (visible_at, record_id),
        )
        return
    columns = _columns(box, kind)
    box.store.db.execute(
        f"INSERT INTO {lag_table(kind)} (visible_at, absent, {columns}) "
        f"SELECT ?, 0, {columns} FROM {table(kind)} WHERE id = ?",
        (visible_at, record_id),
    )


def search_source(box: Box, kind: ObjectType) -> str:
    """The SQL that a search reads from: the table itself, or the table as the index has it."""
    lagging = lag_table(kind)
    box.store.db.execute(f"DELETE FROM {lagging} WHERE visible_at <= ?", (box.now(),))
    if box.store.db.execute(f"SELECT 1 FROM {lagging} LIMIT 1").fetchone() is None:
        return table(kind)
    columns = _columns(box, kind)
    return (
        f"(SELECT {columns} FROM {table(kind)} "
        f"WHERE archived_at IS NULL AND id NOT IN (SELECT id FROM {lagging}) "
        f"UNION ALL SELECT {columns} FROM {lagging} WHERE absent = 0 "
        f"AND seq IN (SELECT min(seq) FROM {lagging} GROUP BY id) "
        f"AND id IN (SELECT id FROM {table(kind)} WHERE archived_at IS NULL))"
    )
