"""Old views of records: what readers still see of them for a while after a write.

Two delays make them. The search index lags behind (`index_lag_seconds`), which GET and list never
notice. A late commit, which only a fault brings, is noticed by nobody until it is there.
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
    """Call before a write: what is seen of the record until the write has come through."""
    index_lag = max(box.switches.index_lag_seconds, box.effects.index_lag_seconds)
    if box.effects.commit_lag_seconds > 0:
        box.store.late_commits.add(kind.name)
        _keep(box, kind, record_id, box.effects.commit_lag_seconds, new=new, everywhere=True)
    if index_lag > 0:
        _keep(box, kind, record_id, index_lag, new=new, everywhere=False)


def _keep(
    box: Box, kind: ObjectType, record_id: int, lag: float, *, new: bool, everywhere: bool
) -> None:
    visible_at = box.now() + int(lag * 1000)
    if new:
        box.store.db.execute(
            f"INSERT INTO {lag_table(kind)} (visible_at, everywhere, absent, id) "
            "VALUES (?, ?, 1, ?)",
            (visible_at, everywhere, record_id),
        )
        return
    columns = _columns(box, kind)
    box.store.db.execute(
        f"INSERT INTO {lag_table(kind)} (visible_at, everywhere, absent, {columns}) "
        f"SELECT ?, ?, 0, {columns} FROM {table(kind)} WHERE id = ?",
        (visible_at, everywhere, record_id),
    )


def search_source(box: Box, kind: ObjectType) -> str:
    """The SQL that a search reads from: the table itself, or the table as the index has it."""
    lagging = lag_table(kind)
    box.store.db.execute(f"DELETE FROM {lagging} WHERE visible_at <= ?", (box.now(),))
    if box.store.db.execute(f"SELECT 1 FROM {lagging} LIMIT 1").fetchone() is None:
        return _seen(box, kind, table(kind))
    columns = _columns(box, kind)
    return _seen(
        box,
        kind,
        f"(SELECT {columns} FROM {table(kind)} "
        f"WHERE archived_at IS NULL AND id NOT IN (SELECT id FROM {lagging}) "
        f"UNION ALL SELECT {columns} FROM {lagging} WHERE absent = 0 "
        f"AND seq IN (SELECT min(seq) FROM {lagging} GROUP BY id) "
        f"AND id IN (SELECT id FROM {table(kind)} WHERE archived_at IS NULL))",
    )


def read_source(box: Box, kind: ObjectType) -> str:
    """The SQL that GET and list read from: the table itself, but for late commits."""
    if kind.name not in box.store.late_commits:
        return _seen(box, kind, table(kind))
    lagging = lag_table(kind)
    box.store.db.execute(f"DELETE FROM {lagging} WHERE visible_at <= ?", (box.now(),))
    if box.store.db.execute(f"SELECT 1 FROM {lagging} WHERE everywhere LIMIT 1").fetchone() is None:
        box.store.late_commits.discard(kind.name)
        return _seen(box, kind, table(kind))
    columns, late = _columns(box, kind), f"FROM {lagging} WHERE everywhere"
    return _seen(
        box,
        kind,
        f"(SELECT {columns} FROM {table(kind)} "
        f"WHERE archived_at IS NOT NULL OR id NOT IN (SELECT id {late}) "
        f"UNION ALL SELECT {columns} {late} AND absent = 0 "
        f"AND seq IN (SELECT min(seq) {late} GROUP BY id) "
        f"AND id IN (SELECT id FROM {table(kind)} WHERE archived_at IS NULL))",
    )


def _seen(box: Box, kind: ObjectType, source: str) -> str:
    """The source without the records that the caller may not see."""
    unseen = box.effects.unseen.get(kind.name)
    if not unseen:
        return source
    return f"(SELECT * FROM {source} WHERE id NOT IN ({', '.join(map(str, sorted(unseen)))}))"
