"""Writing down who is who: crosswalk, aliases, and every event with its evidence."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, bindparam, select, update

from hub.identity.ids import Assignment, Event, Row
from hub.identity.mentions import ROW
from hub.identity.store import Store
from hub.models import bulk
from hub.models.identity import identity_alias, identity_event

_NAMED_ROWS = 20
_COMPARED = 8

Best = Callable[[pl.DataFrame], dict[tuple[int, int], tuple[int, str | None, str]]]
"""(left, right) profiles → their score in hundredths, veto and evidence."""


@dataclass(frozen=True)
class Background:
    """What events are explained with."""

    before: Mapping[Row, str]
    profile_of: Mapping[Row, int]
    told: Mapping[frozenset[Row], str]
    explain: Best


def write_outcome(store: Store, outcome: Assignment, background: Background, at: datetime) -> int:
    """Store ids, aliases and events; returns how many rows changed their id."""
    _write_ids(store, outcome.ids, background.before)
    _write_aliases(store.conn, outcome.aliases, store.run)
    events = _explained(outcome, background)
    frame = pl.DataFrame(
        [(e.kind, e.hub_id, e.other_id, text) for e, text in events],
        schema=dict.fromkeys(("kind", "hub_id", "other_id", "evidence"), pl.String),
        orient="row",
    )
    _write_events(store, frame, at)
    return sum(background.before.get(row) != hub_id for row, hub_id in outcome.ids.items())


def write_newcomers(store: Store, rows: pl.DataFrame, at: datetime) -> None:
    """Store new ids of rows that had none: ROW + hub_id, the rows of an id together."""
    store.add_ids(rows)
    named = pl.struct(row=pl.concat_list(ROW)).struct.json_encode()
    said = rows.select("hub_id", row=named.str.strip_prefix('{"row":').str.head(-1))
    events = said.group_by("hub_id", maintain_order=True).agg(
        rows=pl.col("row").head(_NAMED_ROWS).str.join(","),
        more=pl.len().cast(pl.Int64) - _NAMED_ROWS,
    )
    more = pl.when(pl.col("more") > 0).then(pl.concat_str(pl.lit(',"more_rows":'), "more"))
    told = pl.concat_str(pl.lit('{"rows":['), "rows", pl.lit("]"), more.fill_null(""), pl.lit("}"))
    nobody = pl.lit(None, pl.String)
    minted = events.select("hub_id", kind=pl.lit("mint"), other_id=nobody, evidence=told)
    _write_events(store, minted, at)


def _write_events(store: Store, events: pl.DataFrame, at: datetime) -> None:
    """kind, hub_id, other_id, evidence"""
    stamped = events.with_columns(entity=pl.lit(store.entity), run=pl.lit(store.run), at=pl.lit(at))
    bulk.insert(store.conn, identity_event, stamped)


def _write_ids(store: Store, ids: Mapping[Row, str], before: Mapping[Row, str]) -> None:
    shape = dict.fromkeys((*ROW, "hub_id"), pl.String)
    moved = [(*row, hub_id) for row, hub_id in sorted(ids.items()) if before.get(row) != hub_id]
    store.save_ids(pl.DataFrame(moved, schema=shape, orient="row"))
    gone = [(*row, "") for row in sorted(before) if row not in ids]
    store.drop_ids(pl.DataFrame(gone, schema=shape, orient="row"))


def _write_aliases(conn: Connection, aliases: Mapping[str, str], run: int) -> None:
    """Add aliases and point those of before past ids that no longer live: chains stay flat."""
    if not aliases:
        return
    moved = [{"was": old, "now": now} for old, now in aliases.items()]
    follow = update(identity_alias).where(identity_alias.c.hub_id == bindparam("was"))
    conn.execute(follow.values(hub_id=bindparam("now"), run=run), moved)
    conn.execute(
        identity_alias.insert(),
        [{"old_id": old, "hub_id": now, "run": run} for old, now in sorted(aliases.items())],
    )


def resolve_id(conn: Connection, hub_id: str) -> str:
    """The id that answers for `hub_id` now: itself while it lives, or was retired with no heir."""
    a = identity_alias.c
    heir = conn.scalar(select(a.hub_id).where(a.old_id == hub_id))
    return hub_id if heir is None else heir


def _explained(outcome: Assignment, background: Background) -> list[tuple[Event, str]]:
    """Each event with JSON of its rows and of what speaks for or against the two sides."""
    members: dict[str, list[Row]] = defaultdict(list)
    for row, was in background.before.items():
        members[was].append(row)
    sides = [_sides(event, members[event.hub_id], outcome, background) for event in outcome.events]
    asked = {pair for two in sides for pair in _crossed(*two, background.profile_of)}
    frame = pl.DataFrame(sorted(asked), schema={"left": pl.Int64, "right": pl.Int64}, orient="row")
    known = background.explain(frame)
    return [
        (event, _evidence(event, two, background, known))
        for event, two in zip(outcome.events, sides, strict=True)
    ]


def _sides(
    event: Event, members: Sequence[Row], outcome: Assignment, background: Background
) -> tuple[Sequence[Row], Sequence[Row]]:
    """The rows that moved and the rows they joined (merge) or left (split), of those that had the
    event's id before."""
    if event.kind == "merge":
        rest = list(members)
    elif event.kind == "split":
        rest = [r for r in members if outcome.ids.get(r) == event.hub_id]
    else:
        return (), ()
    return event.rows[:_COMPARED], sorted(r for r in rest if r in background.profile_of)[:_COMPARED]


def _crossed(
    moved: Sequence[Row], rest: Sequence[Row], profile_of: Mapping[Row, int]
) -> set[tuple[int, int]]:
    ends = ((profile_of[a], profile_of[b]) for a in moved for b in rest)
    return {(min(p, q), max(p, q)) for p, q in ends}


def _evidence(
    event: Event,
    sides: tuple[Sequence[Row], Sequence[Row]],
    background: Background,
    known: Mapping[tuple[int, int], tuple[int, str | None, str]],
) -> str:
    told: dict[str, object] = {"rows": [list(row) for row in event.rows[:_NAMED_ROWS]]}
    if len(event.rows) > _NAMED_ROWS:
        told["more_rows"] = len(event.rows) - _NAMED_ROWS
    said = {background.told.get(frozenset((a, b))) for a in sides[0] for b in sides[1]} - {None}
    if said:
        told["told"] = sorted(str(one) for one in said)
    found = [known[pair] for pair in sorted(_crossed(*sides, background.profile_of))]
    if found:
        pick = max if event.kind == "merge" else min
        score, veto, levels = pick(found, key=lambda one: (one[1] is None, one[0]))
        told["pair"] = {"score": score / 100, "veto": veto, "levels": json.loads(levels)}
    return json.dumps(told, ensure_ascii=False)
