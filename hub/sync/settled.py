"""What is wanted and not to be asked for again: it was refused, it was made, it cannot be made, or
somebody has said that it need not be.

Otherwise every sync would spend calls on it, and no second sync would be still.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, Exists, and_, case, exists, func, or_, select
from sqlalchemy.sql import ColumnElement

from hub.models import bulk
from hub.models.operations import ops_change, ops_plan
from hub.sync.acceptance import CHANGED_THERE, NOT_ACCEPTED, NOT_YET
from hub.sync.changes import PlannedChange
from hub.sync.storing import BRAKED, WAITING

ASK_AGAIN = (
    *(timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4)),
    timedelta(days=1),
)
"""How long what a CRM has refused rests after the first, second … refusal: its admin may have seen
to it in the meantime. The last pause is that of all further refusals."""
DISMISSED = "dismissed"
"""The code of a change that somebody has said need not be written."""
PORTION = 5_000
"""Changes looked at, and kept in memory, at once."""

_UNSENT = frozenset({NOT_ACCEPTED, CHANGED_THERE, *NOT_YET})
_HELD = frozenset({DISMISSED, CHANGED_THERE, *NOT_YET})


class _Last(NamedTuple):
    """What became of a change when it was last asked for, and how often it was refused so far."""

    id: str
    outcome: str
    code: str | None
    at: datetime | None
    refusals: int


def portions(changes: Iterable[PlannedChange]) -> Iterator[list[PlannedChange]]:
    """The changes in their order, as many at a time as may be kept in memory, and never those of
    two objects together."""
    portion: list[PlannedChange] = []
    for change in changes:
        if portion and (
            len(portion) == PORTION
            or (portion[0].system, portion[0].object) != (change.system, change.object)
        ):
            yield portion
            portion = []
        portion.append(change)
    if portion:
        yield portion


@dataclass
class Sieve:
    """Lets pass, portion by portion, what is to be asked for.

    Held back is what a CRM refused when last asked and has rested too short since, what it would
    still refuse, what was made, what would hang on a record that is not going to be, and what
    somebody has dismissed. With `full` only the last. Without `now` what was refused counts as
    refused, however long ago that was.

    A record that was made and is not seen is held back in quarantine, or somebody deleted it: the
    hub does not make it a second time by itself, not even if it were to say something else now.
    What was skipped, because there is such a record, rests like what was refused, but not when
    something else hangs on it.

    `standing` are the ids of stored changes for whose sake something was held back; `refused`
    counts those among them that a CRM has rejected.
    """

    conn: Connection
    now: datetime | None = None
    full: bool = False
    standing: list[str] = field(default_factory=list)
    refused: int = 0
    _making: set[tuple[str, str]] = field(default_factory=set)
    _there: dict[tuple[str, str], PlannedChange] = field(default_factory=dict)

    def passed(self, portion: Sequence[PlannedChange]) -> list[PlannedChange]:
        """Those of a portion to ask for, each with the number of the attempt."""
        if not portion:
            return []
        last = _last(self.conn, portion)
        made = frozenset[tuple[str, str, str]]() if self.full else _made(self.conn, portion)
        asked = [
            replace(c, attempts=1 + last[c.digest].refusals) if c.digest in last else c
            for c in portion
            if not self._rests(c, last.get(c.digest)) and not _is(c, made)
        ]
        self._making.update(
            (c.system, c.hub_id) for c in asked if c.op == "create" and c.refusal is None
        )
        if self.full:
            return asked
        hanging = [c for c in asked if self._hangs(c)]
        return [*self._awaited(hanging), *hanging]

    def _rests(self, change: PlannedChange, last: _Last | None) -> bool:
        if last is None or not self._stands(change, last):
            return False
        if last.code not in _HELD and last.outcome == "skipped":
            self._there[change.system, change.hub_id] = change
        else:
            self.standing.append(last.id)
            self.refused += last.outcome == "rejected"
        return True

    def _stands(self, change: PlannedChange, last: _Last) -> bool:
        """Whether there is no use in asking again. What was never sent may be acceptable by now."""
        if last.code == DISMISSED:
            return True
        if self.full:
            return False
        if change.refusal is not None:
            both_refused = last.outcome == change.refusal.outcome == "rejected"
            return both_refused or last.code == change.refusal.code
        if last.code in _UNSENT:
            return False
        if last.outcome == "skipped":
            return self.now is None or last.at is None or last.at + ASK_AGAIN[-1] > self.now
        again = next_attempt(last.code, last.at, last.refusals)
        return self.now is None or again is None or again > self.now

    def _hangs(self, change: PlannedChange) -> bool:
        """Whether all that the change hangs on is made, or is there."""
        wanted = [(change.system, hub_id) for hub_id in change.references]
        return all(one in self._making or one in self._there for one in wanted)

    def _awaited(self, changes: Sequence[PlannedChange]) -> list[PlannedChange]:
        """Creates that rested so far and that these changes hang on."""
        wanted = dict.fromkeys((c.system, hub_id) for c in changes for hub_id in c.references)
        found = [self._there.pop(one) for one in wanted if one in self._there]
        self._making.update((c.system, c.hub_id) for c in found)
        return found


def standing(conn: Connection, changes: Iterable[PlannedChange]) -> tuple[int, int]:
    """How many of the changes are still to be asked for, and how many a CRM has refused: those are
    still wanted, and outstanding."""
    sieve = Sieve(conn)
    left = sum(_undecided(conn, sieve.passed(portion)) for portion in portions(changes))
    return left, sieve.refused


def _undecided(conn: Connection, wanted: Sequence[PlannedChange]) -> int:
    """How many of the changes do not stand in a plan that waits for somebody's decision."""
    if not wanted:
        return 0
    digests = pl.DataFrame({"digest": [change.digest for change in wanted]}).unique()
    c = ops_change.c
    with bulk.staged(conn, digests, ops_change) as asked:
        waiting = (
            select(c.digest)
            .join(ops_plan, ops_plan.c.plan == c.plan)
            .where(
                c.digest.in_(select(asked.c.digest)),
                c.outcome == "pending",
                ops_plan.c.status.in_((WAITING, BRAKED)),
            )
        )
        held = set(conn.scalars(waiting))
    return sum(change.digest not in held for change in wanted)


def _is(change: PlannedChange, made: frozenset[tuple[str, str, str]]) -> bool:
    return change.op == "create" and (change.system, change.object, change.hub_id) in made


def _last(conn: Connection, wanted: Sequence[PlannedChange]) -> Mapping[str, _Last]:
    """By digest, of the changes that were refused, held back or dismissed when last asked for."""
    digests = pl.DataFrame({"digest": [change.digest for change in wanted]}).unique()
    c = ops_change.c
    with bulk.staged(conn, digests, ops_change) as asked:
        answered = (
            select(
                func.max(c.id).label("id"),
                func.sum(case((c.outcome == "rejected", 1), else_=0)).label("refusals"),
            )
            .where(
                c.digest.in_(select(asked.c.digest)),
                c.outcome.in_(("applied", "rejected", "skipped")),
            )
            .group_by(c.digest)
            .subquery()
        )
        query = select(c.digest, c.id, c.outcome, c.code, c.at, answered.c.refusals).where(
            c.id == answered.c.id, c.outcome != "applied"
        )
        return {
            row.digest: _Last(row.id, row.outcome, row.code, row.at, int(row.refusals))
            for row in conn.execute(query)
        }


def next_attempt(code: str | None, at: datetime | None, refusals: int) -> datetime | None:
    """When a change that was refused so often, last `at`, is asked for again by itself; None: as
    soon as something about it differs, and not before."""
    if at is None or code in _UNSENT or code == DISMISSED:
        return None
    return at + ASK_AGAIN[min(max(refusals, 1), len(ASK_AGAIN)) - 1]


def outstanding() -> ColumnElement[bool]:
    """Stored changes that were refused or could not be sent, and are still wanted."""
    c = ops_change.c
    held = and_(c.outcome == "skipped", c.code.in_(sorted(NOT_YET)))
    return and_(c.resolved.is_(None), or_(c.outcome == "rejected", held))


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
