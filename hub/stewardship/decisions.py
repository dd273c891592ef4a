"""A steward's word: entered with who and why, refused where it contradicts what stands, withdrawn.

A judgement binds records, never hub ids, so that it outlives re-runs, re-imports and the records
themselves: when one that was deleted comes back, the word about it holds again.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from hub.errors import HubError
from hub.identity.ids import Row
from hub.identity.mentions import ROW
from hub.identity.model import Scored
from hub.models.identity import identity_decision
from hub.stewardship.names import written

Judgement = Literal["same", "different"]
JUDGEMENTS: tuple[Judgement, ...] = ("same", "different")
Pair = tuple[Row, Row]
_SIDES = ("left", "right")


@dataclass(frozen=True)
class Decision:
    """A judgement on records; the first of `pairs` are those it is told by, the others follow from
    whole companies or persons having been named. `number` is None while it is not stored."""

    entity: Scored
    judgement: Judgement
    pairs: tuple[Pair, ...]
    by: str
    why: str | None
    at: datetime
    number: int | None = None


@dataclass(frozen=True)
class Edge:
    """What a decision says of one pair."""

    decision: Decision
    pair: Pair

    @property
    def told(self) -> str:
        """In words, for people."""
        one, (left, right) = self.decision, self.pair
        how = "the same as" if one.judgement == "same" else "different from"
        number = "this one" if one.number is None else f"decision {one.number}"
        because = f": “{one.why}”" if one.why else ""
        return (
            f"{written(left)} is {how} {written(right)} "
            f"({number} by {one.by}, {one.at.date().isoformat()}{because})"
        )

    def other(self, row: Row) -> Row:
        left, right = self.pair
        return right if left == row else left


class Contradiction(HubError):
    """A judgement says the opposite of what standing ones add up to; `chain` are these."""

    def __init__(self, wanted: Edge, chain: Sequence[Edge]) -> None:
        left, right = map(written, wanted.pair)
        shown = "; ".join(edge.told for edge in chain)
        super().__init__(
            f"{left} and {right} cannot be judged {wanted.decision.judgement}: {shown}.",
            remedy="withdraw one of these (`hub review withdraw ID`), or judge otherwise",
        )
        self.chain = tuple(chain)


class Standing:
    """The judgements of an entity that stand, as a graph; new ones are checked against it."""

    def __init__(self, decisions: Iterable[Decision]) -> None:
        self._edges: dict[Judgement, dict[Row, list[Edge]]] = {"same": {}, "different": {}}
        for decision in decisions:
            for pair in decision.pairs:
                self._add(Edge(decision, pair))

    def missing(self, decision: Decision) -> tuple[Pair, ...]:
        """The pairs of which nobody has said this already."""
        edges = self._edges[decision.judgement]
        return tuple(
            pair
            for pair in decision.pairs
            if all(edge.other(pair[0]) != pair[1] for edge in edges.get(pair[0], ()))
        )

    def saying(self, decision: Decision) -> int | None:
        """The number of a decision that says the same of its first pair."""
        left, right = decision.pairs[0]
        edges = self._edges[decision.judgement].get(left, ())
        return next((e.decision.number for e in edges if e.other(left) == right), None)

    def take(self, decision: Decision) -> None:
        """Let a decision stand, too. Raises Contradiction, and then is as before."""
        taken = []
        try:
            for pair in decision.pairs:
                edge = Edge(decision, pair)
                self._check(edge)
                self._add(edge)
                taken.append(edge)
        except Contradiction:
            for edge in taken:
                self._drop(edge)
            raise

    def same_as(self, row: Row) -> list[Edge]:
        """What says outright of a record that it is the same as another one."""
        return list(self._edges["same"].get(row, ()))

    def between(self, rows: Iterable[Row], others: Iterable[Row]) -> list[Edge]:
        """What has been decided of two of these records, one of either side."""
        left, right = set(rows), set(others)
        return [
            edge
            for edges in self._edges.values()
            for row in sorted(left)
            for edge in edges.get(row, ())
            if edge.other(row) in right
        ]

    def _add(self, edge: Edge) -> None:
        for row in edge.pair:
            self._edges[edge.decision.judgement].setdefault(row, []).append(edge)

    def _drop(self, edge: Edge) -> None:
        for row in edge.pair:
            self._edges[edge.decision.judgement][row].remove(edge)

    def _check(self, edge: Edge) -> None:
        left, right = edge.pair
        from_left = self._reached(left)
        if edge.decision.judgement == "different":
            if right in from_left:
                raise Contradiction(edge, from_left[right])
            return
        from_right = self._reached(right)
        for row, way in from_left.items():
            for foe in self._edges["different"].get(row, ()):
                if foe.other(row) in from_right:
                    back = from_right[foe.other(row)]
                    raise Contradiction(edge, [*way, foe, *reversed(back)])

    def _reached(self, start: Row) -> dict[Row, list[Edge]]:
        """Record that judgements make the same as `start` → the shortest chain of them."""
        ways: dict[Row, list[Edge]] = {start: []}
        todo = deque([start])
        while todo:
            row = todo.popleft()
            for edge in self._edges["same"].get(row, ()):
                if edge.other(row) not in ways:
                    ways[edge.other(row)] = [*ways[row], edge]
                    todo.append(edge.other(row))
        return ways


def read_standing(conn: Connection, entity: Scored) -> Standing:
    d = identity_decision.c
    query = select(identity_decision).where(d.entity == entity, d.withdrawn_at.is_(None))
    return Standing(decision for decision, _ in _decisions(conn, query))


def enter(conn: Connection, standing: Standing, decision: Decision) -> tuple[int, bool]:
    """Store a judgement, as far as it is not said already; returns its number, and whether it is
    new.

    Raises Contradiction. To be called in a transaction that locks `identity_decision`.
    """
    repeated = standing.saying(decision)
    missing = standing.missing(decision)
    if repeated is not None and not missing:
        return repeated, False
    fresh = replace(decision, pairs=missing)
    standing.take(fresh)
    first, *others = (_stored(fresh, pair) for pair in missing)
    number = conn.scalar(
        identity_decision.insert().values(**first).returning(identity_decision.c.id)
    )
    if others:
        conn.execute(identity_decision.insert(), [{**one, "part_of": number} for one in others])
    return int(number or 0), True


def withdraw(conn: Connection, number: int, by: str, why: str | None, at: datetime) -> None:
    """Take a judgement back; what was decided stays on record. Raises HubError if none stands."""
    d = identity_decision.c
    row = conn.execute(select(identity_decision).where(_number() == number)).first()
    if row is None:
        raise HubError(f"There is no decision {number}.", remedy="see `hub review decisions`")
    if row.withdrawn_at is not None:
        raise HubError(
            f"Decision {number} was withdrawn already, by {row.withdrawn_by or 'somebody'} "
            f"on {row.withdrawn_at.date().isoformat()}.",
            remedy="see `hub review decisions --all`",
        )
    taken = {d.withdrawn_at: at, d.withdrawn_by: by, d.withdrawn_reason: why}
    conn.execute(update(identity_decision).where(_number() == number).values(taken))


def listing(conn: Connection, *, everything: bool) -> list[dict[str, Any]]:
    """The judgements that stand, or all there ever were, newest first."""
    query = select(identity_decision)
    if not everything:
        query = query.where(identity_decision.c.withdrawn_at.is_(None))
    found = [
        {
            "id": made.number,
            "entity": made.entity,
            "judgement": made.judgement,
            "left": written(made.pairs[0][0]),
            "right": written(made.pairs[0][1]),
            "pairs": len(made.pairs),
            "by": made.by,
            "why": made.why,
            "at": made.at.isoformat(),
            "applied_run": row.applied_run,
            "withdrawn": _withdrawal(row),
        }
        for made, row in _decisions(conn, query)
    ]
    return found[::-1]


def _withdrawal(row: Any) -> dict[str, Any] | None:
    if row.withdrawn_at is None:
        return None
    at = row.withdrawn_at.isoformat()
    return {"by": row.withdrawn_by, "why": row.withdrawn_reason, "at": at}


def _number() -> ColumnElement[int]:
    """The number of the decision that a stored pair belongs to."""
    return func.coalesce(identity_decision.c.part_of, identity_decision.c.id)


def _decisions(conn: Connection, query: Select[Any]) -> Iterator[tuple[Decision, Any]]:
    """Decisions, older first, each with the row of its first pair."""
    d = identity_decision.c
    rows = conn.execute(query.order_by(d.decided_at, _number(), d.id)).all()
    for number, group in groupby(rows, key=lambda row: row.part_of or row.id):
        stored = list(group)
        first = stored[0]
        yield (
            Decision(
                *(first.entity, first.judgement, tuple(_pair(row) for row in stored)),
                *(first.decided_by, first.reason, first.decided_at, number),
            ),
            first,
        )


def _pair(row: Any) -> Pair:
    return (
        (row.left_system, row.left_object, row.left_record_id),
        (row.right_system, row.right_object, row.right_record_id),
    )


def _stored(decision: Decision, pair: Pair) -> dict[str, Any]:
    return {
        "entity": decision.entity,
        "judgement": decision.judgement,
        "decided_by": decision.by,
        "reason": decision.why,
        "decided_at": decision.at,
        **{
            f"{side}_{name}": part
            for side, row in zip(_SIDES, pair, strict=True)
            for name, part in zip(ROW, row, strict=True)
        },
    }
