"""New weights from the records and the decisions of a warehouse, and what they would change.

Training changes nothing but the list of versions: weights are in use once somebody has approved
them. What they would change is found out by resolving with them in a rehearsal.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
import yaml
from sqlalchemy import Connection, Engine, func, select

from hub.identity import resolve
from hub.identity.among import given_ids
from hub.identity.mentions import ROW, Entity
from hub.identity.model import Model, load_model
from hub.identity.standalone.estimate import estimate
from hub.identity.standalone.models import document
from hub.identity.standalone.patterns import ENDS, Sample
from hub.identity.store import Store
from hub.identity.versions import approve, model_in_use
from hub.models.database import reading, rehearsing, writing
from hub.models.golden import company, contact
from hub.models.identity import crosswalk, identity_decision, identity_event, identity_version
from hub.stewardship.pairs import profiles_of
from hub.stewardship.refit import refitted
from hub.stewardship.stakes import added, at_stake, weighed
from hub.sync.ledger import begin_run

LEAST_DECISIONS = 100
"""Fewer decisions than this hurt more than they help; they are obeyed, but not learned from."""
_EXAMPLES = 20
_CALLED = {"company": company.c.name, "contact": contact.c.last_name}


@dataclass(frozen=True)
class Trained:
    """A new version beside the one in use. `model` is None where nothing new came of it.

    `pairs` are the candidate pairs it was estimated from, `decisions` those that stewards have made
    on two different contents, `learned` whether these were enough to be learned from.
    """

    entity: Entity
    model: Model | None
    base: str
    pairs: int
    decisions: int
    learned: bool
    effect: dict[str, Any]


def train(
    engine: Engine, config_hash: str, entity: Entity, at: datetime, say: Callable[[str], None]
) -> Trained:
    """Fit weights and store them as a version. To be called under the one-writer lock."""
    say(f"reading what is matched of {entity}")
    with reading(engine) as conn:
        base, sample = model_in_use(conn, entity), _sample(conn, entity)
        pairs, same = _decided(conn, entity)
        entities = _entities(conn, entity)
    shipped = load_model(entity)
    say(f"estimating from {sample.pairs.height:,} pairs and {len(same):,} decisions")
    model = estimate(sample.patterns(shipped), lambda: sample.background(shipped), shipped, entity)
    learned = len(same) >= LEAST_DECISIONS
    if learned:
        model = refitted(model, shipped, sample.levels(pairs, shipped), same)
    counted = (sample.pairs.height, len(same), learned)
    if model.version == base.version:
        return Trained(entity, None, base.version, *counted, _told(entities, entities))
    say("matching with the new weights, to see what they change")
    effect = _effect(engine, config_hash, model, entity, at)
    with writing(engine) as conn:
        _store(conn, model, entity, base.version, counted, effect, at)
    return Trained(entity, model, base.version, *counted, effect)


def _sample(conn: Connection, entity: Entity) -> Sample:
    """All records as they are matched now."""
    store = Store(conn, entity, 0)
    rows = store.mentions().drop_nulls("profile").select(*ROW, "profile")
    return Sample(rows.join(store.load_profiles(rows["profile"]), on="profile"), entity)


def _decided(conn: Connection, entity: Entity) -> tuple[pl.DataFrame, list[bool]]:
    """(left, right) contents of each standing decision's own two records, and what was decided.

    Decisions on a record that is gone, or on two that say the same, teach nothing.
    """
    d = identity_decision.c
    left, right = ([d[f"{side}_{name}"] for name in ROW] for side in ENDS)
    stands = (d.entity == entity, d.withdrawn_at.is_(None), d.part_of.is_(None))
    rows = conn.execute(select(*left, *right, d.judgement).where(*stands).order_by(d.id)).all()
    ends = [((r[0], r[1], r[2]), (r[3], r[4], r[5])) for r in rows]
    profiles = profiles_of(Store(conn, entity, 0), [row for pair in ends for row in pair])
    found = []
    for (a, b), row in zip(ends, rows, strict=True):
        p, q = profiles.get(a), profiles.get(b)
        if p is not None and q is not None and p != q:
            found.append((min(p, q), max(p, q), row.judgement == "same"))
    frame = pl.DataFrame(
        found, schema={"left": pl.Int64, "right": pl.Int64, "same": pl.Boolean}, orient="row"
    ).unique(["left", "right"], keep="last", maintain_order=True)
    return frame.select(ENDS), frame["same"].to_list()


# -- what would change -------------------------------------------------------------------------


def _effect(
    engine: Engine, config_hash: str, model: Model, entity: Entity, at: datetime
) -> dict[str, Any]:
    """Entities merged and split by the model, compared with the one in use."""
    with rehearsing(engine) as stage:
        resolve(stage, begin_run(stage, "train", config_hash, at), entity)
        with reading(stage) as conn:
            before = _entities(conn, entity)
        with rehearsing(stage):
            with writing(stage) as conn:
                _store(conn, model, entity, "", (0, 0, False), {}, at)
                approve(conn, entity, model.version, "rehearsal", None, at)
            run = begin_run(stage, "train", config_hash, at)
            report = resolve(stage, run, entity)
            with reading(stage) as conn:
                after, events = _entities(conn, entity), _events(conn, entity, run.number)
        kinds = Counter(kind for kind, *_ in events)
        with reading(stage) as conn:
            largest = _dearest(conn, entity, events)
    return _told(before, after, kinds["merge"], kinds["split"], report.rows_moved, largest)


def _told(
    before: int,
    after: int,
    merged: int = 0,
    split: int = 0,
    moved: int = 0,
    largest: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    return {
        "entities": {"before": before, "after": after},
        "merged": merged,
        "split": split,
        "records_moved": moved,
        "largest": list(largest),
    }


def _entities(conn: Connection, entity: Entity) -> int:
    x = crosswalk.c
    counted = select(func.count(func.distinct(x.hub_id))).where(x.entity == entity)
    return int(conn.scalar(counted) or 0)


def _events(conn: Connection, entity: Entity, run: int) -> list[tuple[str, str, str]]:
    e = identity_event.c
    query = select(e.kind, e.hub_id, e.other_id).where(
        e.entity == entity, e.run == run, e.kind.in_(("merge", "split"))
    )
    return [(kind, hub_id, other) for kind, hub_id, other in conn.execute(query.order_by(e.id))]


def _dearest(
    conn: Connection, entity: Entity, events: list[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    """The merges and splits on which most money hangs, as things stand before them."""
    ids = {hub_id for _, *both in events for hub_id in both}
    money = at_stake(conn, ids)
    with given_ids(conn, ids) as given:
        table = company if entity == "company" else contact
        names = dict(
            conn.execute(select(table.c.id, _CALLED[entity]).where(table.c.id.in_(given))).all()
        )
    hangs = [added(money[hub_id], money[other]) for _, hub_id, other in events]
    dearest = sorted(range(len(events)), key=lambda place: -weighed(hangs[place], {}))
    return [
        {
            "kind": events[place][0],
            "hub_id": events[place][1],
            "other_id": events[place][2],
            "name": names.get(events[place][1]),
            "other_name": names.get(events[place][2]),
            "money": {code: str(amount) for code, amount in hangs[place].items()},
        }
        for place in dearest[:_EXAMPLES]
    ]


def _store(
    conn: Connection,
    model: Model,
    entity: Entity,
    base: str,
    counted: tuple[int, int, bool],
    effect: dict[str, Any],
    at: datetime,
) -> None:
    """Keep a version; one that is known is told anew, its effect may be another by now."""
    pairs, decisions, learned = counted
    v = identity_version.c
    conn.execute(identity_version.delete().where(v.entity == entity, v.version == model.version))
    conn.execute(
        identity_version.insert().values(
            entity=entity,
            version=model.version,
            document=yaml.safe_dump(document(model, entity), sort_keys=False),
            base=base,
            pairs=pairs,
            decisions=decisions if learned else 0,
            effect=json.dumps(effect, ensure_ascii=False),
            made_at=at,
        )
    )
