"""Judgements as they are wished for: one from the command line, or a file of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from sqlalchemy import Connection

from hub.errors import HubError
from hub.identity.model import Scored
from hub.identity.store import Store
from hub.identity.versions import model_in_use
from hub.stewardship.deals import is_deal, only_one, two_deals
from hub.stewardship.decisions import (
    JUDGEMENTS,
    Decision,
    Judgement,
    Pair,
    enter,
    read_standing,
)
from hub.stewardship.names import JUDGED, Directory, Side
from hub.stewardship.pairs import most_alike

_LONGEST_NAME = 120
_MOST_PAIRS = 2_000


@dataclass(frozen=True)
class Wish:
    """Two things and what they are to be taken for; `entity` where the names leave it open."""

    judgement: Judgement
    a: str
    b: str
    by: str
    why: str
    entity: Scored | None = None


@dataclass(frozen=True)
class Judged:
    """What was stored under `number`; `new` is false when just that stood already."""

    number: int
    new: bool
    decision: Decision
    a: Side
    b: Side


def judge(conn: Connection, wishes: Sequence[Wish], at: datetime) -> list[Judged | HubError]:
    """Store the judgements, or say per wish why not; later ones are checked against earlier ones.

    To be called in a transaction that locks `identity_decision`.
    """
    directory = Directory(conn, {name for wish in wishes for name in (wish.a, wish.b)})
    outcome: dict[int, Judged | HubError] = {}
    found: dict[Scored, list[tuple[int, Side, Side]]] = {entity: [] for entity in JUDGED}
    for place, wish in enumerate(wishes):
        try:
            _check(wish)
            entity, a, b = _meant(conn, directory, wish)
        except HubError as err:
            outcome[place] = err
        else:
            found[entity].append((place, a, b))
    for entity, sides in found.items():
        outcome.update(_enter(conn, entity, wishes, sides, at))
    return [outcome[place] for place in range(len(wishes))]


def _enter(
    conn: Connection,
    entity: Scored,
    wishes: Sequence[Wish],
    sides: Sequence[tuple[int, Side, Side]],
    at: datetime,
) -> dict[int, Judged | HubError]:
    if not sides:
        return {}
    nearest = _nearest(conn, entity, [(a, b) for _, a, b in sides])
    standing = read_standing(conn, entity)
    outcome: dict[int, Judged | HubError] = {}
    for (place, a, b), first in zip(sides, nearest, strict=True):
        wish = wishes[place]
        try:
            pairs = bound(wish.judgement, a, b, first)
            decision = Decision(entity, wish.judgement, pairs, wish.by, wish.why, at)
            if entity == "deal":
                only_one(standing, decision)
            number, new = enter(conn, standing, decision)
        except HubError as err:
            outcome[place] = err
        else:
            outcome[place] = Judged(number, new, decision, a, b)
    return outcome


def _meant(conn: Connection, directory: Directory, wish: Wish) -> tuple[Scored, Side, Side]:
    """Both sides of a judgement, and what they are. Raises HubError."""
    if wish.entity == "deal" or is_deal(wish.a) or is_deal(wish.b):
        claim, deal = two_deals(conn, wish.a, wish.b)
        return "deal", claim.side, deal.side
    return directory.pair(wish.a, wish.b, wish.entity)


def _nearest(conn: Connection, entity: Scored, sides: Sequence[tuple[Side, Side]]) -> list[Pair]:
    """The records that each judgement is told by: the two most alike; a deal is one record."""
    if entity == "deal":
        return [(a.rows[0], b.rows[0]) for a, b in sides]
    return most_alike(Store(conn, entity, 0), model_in_use(conn, entity), sides)


def bound(judgement: Judgement, a: Side, b: Side, first: Pair) -> tuple[Pair, ...]:
    """The pairs that a judgement is bound to, `first` first.

    Where a record is named it is that one. A hub id stands for all its records: the same as another
    one, all of both are tied to one of them; different, each of one is kept from each of the other.
    """
    if judgement == "same":
        centre = first[0]
        others = sorted({*a.rows, *b.rows} - set(first))
        return first, *((centre, row) for row in others)
    if len(a.rows) * len(b.rows) > _MOST_PAIRS:
        raise HubError(
            f"'{a.asked}' and '{b.asked}' have {len(a.rows):,} and {len(b.rows):,} records: too "
            "many to keep each from each.",
            remedy="name the records that are to part: SYSTEM/OBJECT/RECORD",
        )
    crossed = {pair for pair in product(a.rows, b.rows) if pair[0] != pair[1]}
    return first, *sorted(crossed - {first, first[::-1]})


def judge_one(conn: Connection, wish: Wish, at: datetime) -> Judged:
    """The same for one. Raises HubError."""
    [outcome] = judge(conn, [wish], at)
    if isinstance(outcome, HubError):
        raise outcome
    return outcome


def _check(wish: Wish) -> None:
    if wish.judgement not in JUDGEMENTS:
        raise HubError(
            f"judgement: '{wish.judgement}' is none.", remedy="write `same` or `different`"
        )
    if wish.entity is not None and wish.entity not in JUDGED:
        known = ", ".join(f"`{one}`" for one in JUDGED)
        raise HubError(f"entity: '{wish.entity}' is not matched.", remedy=f"write one of {known}")
    named(wish.by)
    if not wish.why.strip():
        raise HubError("why: is empty.", remedy="say why: the next steward will ask")


def named(by: str) -> None:
    """Raises HubError unless somebody is named who fits into the column."""
    if not by.strip() or len(by) > _LONGEST_NAME:
        raise HubError(
            f"by: '{by[:40]}' is no name.",
            remedy=f"name who decides, in at most {_LONGEST_NAME} characters",
        )
