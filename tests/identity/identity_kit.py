"""Source rows written out by hand, put into a warehouse, resolved, and who ended up with whom."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Engine, select

from hub.identity import ResolveReport, resolve
from hub.models.database import reading, writing
from hub.models.identity import crosswalk, identity_decision, identity_event
from hub.models.runs import Run
from hub.models.sources import KEY, SOURCES

Key = tuple[str, str, str]
Row = dict[str, Any]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

SF, HS, POS = "sf", "hs", "pos"
_TABLE = {
    "Account": "company",
    "companies": "company",
    "reseller": "company",
    "end_customer": "company",
    "Contact": "contact",
    "contacts": "contact",
    "Lead": "lead",
}


def row(system: str, kind: str, record_id: str, **columns: Any) -> Row:
    """One source row; `kind` is the system's own name of the object."""
    return {"system": system, "object": kind, "record_id": record_id, **columns}


def account(record_id: str, name: str, **columns: Any) -> Row:
    return row(SF, "Account", record_id, name=name, **columns)


def company(record_id: str, name: str, **columns: Any) -> Row:
    return row(HS, "companies", record_id, name=name, **columns)


def person(record_id: str, first: str | None, last: str | None, **columns: Any) -> Row:
    return row(SF, "Contact", record_id, first_name=first, last_name=last, **columns)


def key(one: Row) -> Key:
    return one["system"], one["object"], one["record_id"]


def land(engine: Engine, run: int, rows: Iterable[Row]) -> None:
    """Put rows in as landed by `run`, whole: what a row does not name is null."""
    with writing(engine) as conn:
        for one in rows:
            table = SOURCES[_TABLE[one["object"]]]
            conn.execute(table.delete().where(*(table.c[n] == one[n] for n in KEY)))
            told = {"is_deleted": False, "content_hash": _digest(one), "batch_id": 1, "run": run}
            conn.execute(table.insert().values({**told, **one}))


def _digest(one: Row) -> str:
    return blake2b(repr(sorted(one.items())).encode(), digest_size=8).hexdigest()


def go(
    engine: Engine, run: int, rows: Iterable[Row] = (), *, full: bool = False
) -> dict[str, ResolveReport]:
    """Land rows and resolve companies, then contacts."""
    land(engine, run, rows)
    moment = Run(run, NOON)
    return {
        "company": resolve(engine, moment, "company", full=full),
        "contact": resolve(engine, moment, "contact", full=full),
    }


def ids(engine: Engine, entity: str = "company") -> dict[Key, str]:
    x = crosswalk.c
    query = select(x.system, x.object, x.record_id, x.hub_id).where(x.entity == entity)
    with reading(engine) as conn:
        return {(s, o, r): hub_id for s, o, r, hub_id in conn.execute(query)}


def groups(engine: Engine, entity: str = "company") -> set[frozenset[Key]]:
    """Who is together, whatever the ids are."""
    found = defaultdict(set)
    for one, hub_id in ids(engine, entity).items():
        found[hub_id].add(one)
    return {frozenset(members) for members in found.values()}


def together(engine: Engine, *rows: Row, entity: str = "company") -> bool:
    found = ids(engine, entity)
    return len({found[key(one)] for one in rows}) == 1


def events(engine: Engine, run: int, entity: str = "company") -> list[tuple[str, str, str | None]]:
    e = identity_event.c
    query = select(e.kind, e.hub_id, e.other_id).where(e.run == run, e.entity == entity)
    with reading(engine) as conn:
        return [(kind, hub_id, other) for kind, hub_id, other in conn.execute(query.order_by(e.id))]


def decide(engine: Engine, left: Row, right: Row, judgement: str, entity: str = "company") -> None:
    """A steward's word."""
    sides = {
        f"{side}_{name}": one[name]
        for side, one in (("left", left), ("right", right))
        for name in KEY
    }
    with writing(engine) as conn:
        conn.execute(
            identity_decision.insert().values(
                entity=entity, judgement=judgement, decided_by="a steward", decided_at=NOON, **sides
            )
        )


def withdraw_all(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(identity_decision.update().values(withdrawn_at=NOON))
