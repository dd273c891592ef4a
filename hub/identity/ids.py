"""Hub ids that stay: which group keeps which id, and what that means for the ids of before.

Ids are opaque and minted from a counter. A group keeps the id most of its rows had; an id that no
group keeps answers through an alias; an id whose rows are all gone is retired and may come back.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

Row = tuple[str, str, str]
"""(system, object, record_id) of a source row."""


@dataclass(frozen=True)
class Event:
    """Something that happened to ids; `rows` are the source rows it happened to.

    mint, revive: `hub_id` lives (again). merge: `hub_id` took over `other_id`. split: `hub_id` lost
    rows to `other_id`. shrink: `hub_id` lost rows that are gone. retire: all its rows are gone.
    conflict: a word that rows of both are the same was not followed, another forbids it.
    """

    kind: str
    hub_id: str
    other_id: str | None = None
    rows: tuple[Row, ...] = ()


@dataclass
class Assignment:
    """The outcome: the id of every row, aliases to add, and events in a fixed order."""

    ids: dict[Row, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def age(hub_id: str) -> tuple[int, str]:
    """Sorts older ids first, however many digits the counter has reached."""
    return len(hub_id), hub_id


def keep_ids(
    parts: Sequence[Sequence[Row]],
    before: Mapping[Row, str],
    merged: Mapping[Row, Row] = MappingProxyType({}),
) -> list[str | None]:
    """The old id each part keeps: largest overlap first, then Jaccard, then the older id.

    `merged` are rows that their system merged into others: the id of such a row gives way to that
    of its survivor.
    """
    sizes = Counter(before.values())
    claims = []
    for place, part in enumerate(parts):
        yielding = {
            before[row]
            for row in part
            if row in before and row in merged and merged[row] in part
            if before.get(merged[row], before[row]) != before[row]
        }
        for hub_id, shared in Counter(before[r] for r in part if r in before).items():
            jaccard = shared / (sizes[hub_id] + len(part) - shared)
            claims.append((hub_id in yielding, -shared, -jaccard, age(hub_id), place, hub_id))
    kept: list[str | None] = [None] * len(parts)
    given: set[str] = set()
    for *_, place, hub_id in sorted(claims):
        if kept[place] is None and hub_id not in given:
            kept[place] = hub_id
            given.add(hub_id)
    return kept


def assign(
    parts: Sequence[Sequence[Row]],
    before: Mapping[Row, str],
    revivable: Mapping[Row, str],
    mint: Callable[[int], Sequence[str]],
    merged: Mapping[Row, Row] = MappingProxyType({}),
) -> Assignment:
    """Ids for `parts`, which hold every living row that any id in `before` had, and new ones.

    `before` also names rows that are gone. `revivable` names retired ids that rows lay claim to;
    `mint` gives that many new ids; `merged` leads from a row to the one that its
    system merged it into.
    """
    kept = keep_ids(parts, before, merged)
    outcome = Assignment()
    _revive(parts, kept, revivable, outcome)
    fresh = [place for place, hub_id in enumerate(kept) if hub_id is None]
    for place, hub_id in zip(fresh, mint(len(fresh)), strict=True):
        kept[place] = hub_id
        outcome.events.append(Event("mint", hub_id, rows=tuple(parts[place])))
    for part, final in zip(parts, kept, strict=True):
        outcome.ids.update((row, final) for row in part if final is not None)
    _tell_losses(before, outcome)
    return outcome


def _revive(
    parts: Sequence[Sequence[Row]],
    kept: list[str | None],
    revivable: Mapping[Row, str],
    outcome: Assignment,
) -> None:
    taken: set[str] = set()
    for place, part in enumerate(parts):
        votes = Counter(revivable[row] for row in part if row in revivable)
        ranked = sorted(votes, key=lambda hub_id: (-votes[hub_id], age(hub_id)))
        free = [hub_id for hub_id in ranked if hub_id not in taken]
        if kept[place] is None and free:
            kept[place] = free[0]
            taken.add(free[0])
            outcome.events.append(Event("revive", free[0], rows=tuple(part)))


def _tell_losses(before: Mapping[Row, str], outcome: Assignment) -> None:
    """Events and aliases for ids that lost rows, compared with `before`."""
    living = set(outcome.ids.values())
    moved: dict[str, dict[str | None, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row, was in before.items():
        now = outcome.ids.get(row)
        if now != was:
            moved[was][now].append(row)
    for was in sorted(moved, key=age):
        losses = {to: tuple(sorted(rows)) for to, rows in moved[was].items()}
        gone = losses.pop(None, ())
        heir = None
        if was not in living:
            heir = _largest(losses)
            if heir is None:
                outcome.events.append(Event("retire", was, rows=gone))
                continue
            outcome.aliases[was] = heir
        if gone:
            outcome.events.append(Event("shrink", was, rows=gone))
        for to in sorted((to for to in losses if to is not None), key=age):
            if to == heir:
                outcome.events.append(Event("merge", to, was, losses[to]))
            else:
                outcome.events.append(Event("split", was, to, losses[to]))


def _largest(losses: Mapping[str | None, Sequence[Row]]) -> str | None:
    """The id that most rows went to; of two the older."""
    heirs: Iterable[str] = (to for to in losses if to is not None)
    return min(heirs, key=lambda to: (-len(losses[to]), age(to)), default=None)
