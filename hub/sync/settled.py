"""What is wanted and not to be asked for again: it was refused, it was made, or it cannot be made.

Otherwise every sync would spend calls on it, and no second sync would be still.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, func, select

from hub.models import bulk
from hub.models.operations import ops_change
from hub.sync.acceptance import NOT_ACCEPTED
from hub.sync.changes import REFERENCE, PlannedChange

ASK_AGAIN = timedelta(hours=24)
"""What a CRM has refused is asked again after this time: its admin may have seen to it."""

_Rejected = Mapping[str, tuple[str | None, datetime]]


def unsettled(
    conn: Connection, changes: Iterable[PlannedChange], now: datetime | None = None
) -> list[PlannedChange]:
    """`changes` without those not to ask for again: what a CRM refused when last asked, what it
    would still refuse, what was made, and what would hang on a record that is not going to be.

    A record that was made and is not seen is held back in quarantine, or somebody deleted it: the
    hub does not make it a second time by itself, not even if it were to say something else now.
    Without `now` what was refused counts as refused, however long ago that was.
    """
    wanted = list(changes)
    if not wanted:
        return []
    rejected, made = _rejected(conn, wanted), _made(conn, wanted)
    since = None if now is None else now - ASK_AGAIN
    return _with_what_they_hang_on(
        [
            change
            for change in wanted
            if not _still_refused(change, rejected, since)
            and (change.op != "create" or (change.system, change.object, change.hub_id) not in made)
        ]
    )


def refused(conn: Connection, changes: Iterable[PlannedChange]) -> list[PlannedChange]:
    """Those of `changes` that a CRM rejected when last asked: still wanted, and outstanding."""
    wanted = list(changes)
    rejected = _rejected(conn, wanted) if wanted else {}
    return [change for change in wanted if _still_refused(change, rejected, None)]


def _still_refused(change: PlannedChange, rejected: _Rejected, since: datetime | None) -> bool:
    """Whether there is no use in asking again. What was never sent may be by now acceptable."""
    if change.digest not in rejected:
        return False
    if change.refusal is not None:
        return True
    code, at = rejected[change.digest]
    return code != NOT_ACCEPTED and (since is None or at > since)


def _rejected(conn: Connection, wanted: Sequence[PlannedChange]) -> _Rejected:
    """Digest → code and time of the changes that were rejected when last asked."""
    digests = pl.DataFrame({"digest": [change.digest for change in wanted]}).unique()
    with bulk.staged(conn, digests, ops_change) as asked:
        last_asked = (
            select(func.max(ops_change.c.id).label("id"))
            .where(
                ops_change.c.digest.in_(select(asked.c.digest)),
                ops_change.c.outcome.in_(("applied", "rejected")),
            )
            .group_by(ops_change.c.digest)
            .subquery()
        )
        query = select(ops_change.c.digest, ops_change.c.code, ops_change.c.at).where(
            ops_change.c.id == last_asked.c.id, ops_change.c.outcome == "rejected"
        )
        return {row.digest: (row.code, row.at) for row in conn.execute(query)}


def _made(conn: Connection, wanted: Sequence[PlannedChange]) -> frozenset[tuple[str, str, str]]:
    """(system, object, hub id) of the records that were made, whatever they were to say then."""
    ids = [change.hub_id for change in wanted if change.op == "create"]
    if not ids:
        return frozenset()
    with bulk.staged(conn, pl.DataFrame({"hub_id": ids}).unique(), ops_change) as asked:
        query = select(ops_change.c.system, ops_change.c.object, ops_change.c.hub_id).where(
            ops_change.c.op == "create",
            ops_change.c.outcome == "applied",
            ops_change.c.hub_id.in_(select(asked.c.hub_id)),
        )
        return frozenset((row.system, row.object, row.hub_id) for row in conn.execute(query))


def _with_what_they_hang_on(changes: Sequence[PlannedChange]) -> list[PlannedChange]:
    """Without the changes that refer to a record which none of the others makes."""
    making = {(change.system, change.hub_id) for change in changes if change.op == "create"}
    return [
        change
        for change in changes
        if all((change.system, hub_id) in making for hub_id in _references(change))
    ]


def _references(change: PlannedChange) -> list[str]:
    """Hub ids of records that must be made before this one."""
    values = [cell["after"] or "" for cell in change.fields.values()]
    return [v.removeprefix(REFERENCE) for v in values if v.startswith(REFERENCE)]
