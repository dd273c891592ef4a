"""What is wanted and not to be asked for again: it was refused, it was made, or it cannot be made.

Otherwise every sync would spend calls on it, and no second sync would be still.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Connection, Exists, exists, func, select

from hub.models import bulk
from hub.models.operations import ops_change
from hub.sync.acceptance import CHANGED_THERE, NOT_ACCEPTED
from hub.sync.changes import REFERENCE, PlannedChange

ASK_AGAIN = timedelta(hours=24)
"""What a CRM has refused is asked again after this time: its admin may have seen to it."""

REJECTED, SKIPPED = "rejected", "skipped"

_Answered = Mapping[str, tuple[str, str | None, datetime]]


def unsettled(
    conn: Connection, changes: Iterable[PlannedChange], now: datetime | None = None
) -> list[PlannedChange]:
    """`changes` without those not to ask for again: what a CRM refused when last asked, what it
    would still refuse, what was made, and what would hang on a record that is not going to be.

    A record that was made and is not seen is held back in quarantine, or somebody deleted it: the
    hub does not make it a second time by itself, not even if it were to say something else now.
    What was skipped, because there is such a record, rests like what was refused, but not when
    something else hangs on it. Without `now` what was refused counts as refused, however long ago
    that was.
    """
    wanted = list(changes)
    if not wanted:
        return []
    answered, made = _answered(conn, wanted), _made(conn, wanted)
    since = None if now is None else now - ASK_AGAIN
    kept = _with_what_they_hang_on(
        [
            change
            for change in wanted
            if not _still_refused(change, answered, since)
            and (change.op != "create" or (change.system, change.object, change.hub_id) not in made)
        ]
    )
    awaited = {(change.system, hub_id) for change in kept for hub_id in _references(change)}
    return [
        change
        for change in kept
        if (change.system, change.hub_id) in awaited or not _rests(change, answered, since)
    ]


def refused(conn: Connection, changes: Iterable[PlannedChange]) -> list[PlannedChange]:
    """Those of `changes` that a CRM rejected when last asked: still wanted, and outstanding."""
    wanted = list(changes)
    answered = _answered(conn, wanted) if wanted else {}
    return [change for change in wanted if _still_refused(change, answered, None)]


def _still_refused(change: PlannedChange, answered: _Answered, since: datetime | None) -> bool:
    """Whether there is no use in asking again. What was never sent may be by now acceptable."""
    answer = answered.get(change.digest)
    if answer is None or answer[0] != REJECTED:
        return False
    if change.refusal is not None:
        return change.refusal.outcome == REJECTED
    _, code, at = answer
    return code != NOT_ACCEPTED and (since is None or at > since)


def _rests(change: PlannedChange, answered: _Answered, since: datetime | None) -> bool:
    """What is left as somebody made it rests for as long as it is left."""
    answer = answered.get(change.digest)
    if answer is None or answer[0] != SKIPPED:
        return False
    _, code, at = answer
    is_left = change.refusal is not None and change.refusal.code == CHANGED_THERE
    if is_left or code == CHANGED_THERE:
        return is_left and code == CHANGED_THERE
    return since is None or at > since


def _answered(conn: Connection, wanted: Sequence[PlannedChange]) -> _Answered:
    """Digest → outcome, code and time of the changes that were rejected or skipped when last
    asked."""
    digests = pl.DataFrame({"digest": [change.digest for change in wanted]}).unique()
    with bulk.staged(conn, digests, ops_change) as asked:
        last_asked = (
            select(func.max(ops_change.c.id).label("id"))
            .where(
                ops_change.c.digest.in_(select(asked.c.digest)),
                ops_change.c.outcome.in_(("applied", REJECTED, SKIPPED)),
            )
            .group_by(ops_change.c.digest)
            .subquery()
        )
        c = ops_change.c
        query = select(c.digest, c.outcome, c.code, c.at).where(
            c.id == last_asked.c.id, c.outcome != "applied"
        )
        return {row.digest: (row.outcome, row.code, row.at) for row in conn.execute(query)}


def _made(conn: Connection, wanted: Sequence[PlannedChange]) -> frozenset[tuple[str, str, str]]:
    """(system, object, hub id) of the records that were made, whatever they were to say then."""
    ids = [change.hub_id for change in wanted if change.op == "create"]
    if not ids:
        return frozenset()
    with bulk.staged(conn, pl.DataFrame({"hub_id": ids}).unique(), ops_change) as asked:
        query = select(ops_change.c.system, ops_change.c.object, ops_change.c.hub_id).where(
            ops_change.c.op == "create",
            ops_change.c.outcome == "applied",
            ~_taken_back(),
            ops_change.c.hub_id.in_(select(asked.c.hub_id)),
        )
        return frozenset((row.system, row.object, row.hub_id) for row in conn.execute(query))


def _taken_back() -> Exists:
    """Whether an undo has deleted the record that a create made."""
    later = ops_change.alias()
    return exists().where(
        later.c.system == ops_change.c.system,
        later.c.object == ops_change.c.object,
        later.c.record_id == ops_change.c.record_id,
        later.c.op == "delete",
        later.c.outcome == "applied",
    )


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
