"""The warehouse without an erased person."""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import (
    Connection,
    String,
    Table,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql import ColumnElement

from hub.checks.laws import ERASED
from hub.erasure.known import Known
from hub.erasure.person import Person
from hub.models import bulk, metadata
from hub.models.golden import HISTORIES, contact, decision, lead, lead_assignment, lineage
from hub.models.identity import (
    crosswalk,
    identity_block,
    identity_decision,
    identity_event,
    identity_key,
    identity_mention,
    identity_pair,
    identity_profile,
)
from hub.models.operations import ops_change, ops_undone
from hub.models.partners import lead_share

_BY_ID = (contact, lead, lead_assignment, lineage)
_RECORD = ("system", "object", "record_id")
_KEPT = frozenset({"erased", "erasure", "erasure_key"})


def purge(conn: Connection, known: Known, person: Person) -> dict[str, int]:
    """Table → rows erased or changed. Call when the model no longer needs the person's rows."""
    counts: dict[str, int] = {}
    records = pl.DataFrame(
        sorted(person.records), schema=dict.fromkeys(_RECORD, pl.String), orient="row"
    )
    ids = pl.DataFrame({"hub_id": sorted(person.hub_ids)}, schema={"hub_id": pl.String})
    with (
        bulk.staged(conn, records, crosswalk, index=["record_id"]) as theirs,
        bulk.staged(conn, ids, lead_share, index=["hub_id"]) as hubs,
    ):
        is_id = select(hubs.c.hub_id)
        profiles = list(conn.scalars(_profiles(theirs)))
        for table in metadata.sorted_tables:
            if table is not ops_change and set(_RECORD) <= set(table.c.keys()):
                _count(
                    counts, table, conn.execute(delete(table).where(_is(table, theirs))).rowcount
                )
        for table in (*_BY_ID, *(HISTORIES[t.name] for t in _BY_ID if t.name in HISTORIES)):
            _count(counts, table, conn.execute(delete(table).where(table.c.id.in_(is_id))).rowcount)
        for column in (decision.c.entity_id, ops_undone.c.hub_id):
            gone = delete(column.table).where(column.in_(is_id))
            _count(counts, column.table, conn.execute(gone).rowcount)
        judged = or_(*(_is(identity_decision, theirs, side) for side in ("left_", "right_")))
        _count(
            counts,
            identity_decision,
            conn.execute(delete(identity_decision).where(judged)).rowcount,
        )
        told = or_(identity_event.c.hub_id.in_(is_id), identity_event.c.other_id.in_(is_id))
        silenced = update(identity_event).where(told).values(evidence="{}")
        _count(counts, identity_event, conn.execute(silenced).rowcount)
        _count(counts, ops_change, conn.execute(_blanked(theirs, is_id)).rowcount)
    _forget_profiles(conn, counts, profiles)
    for table in metadata.sorted_tables:
        if table.name not in _KEPT:
            _count(counts, table, _scrub(conn, known, table))
    return counts


def _count(counts: dict[str, int], table: Any, rows: int) -> None:
    if rows > 0:
        counts[table.name] = counts.get(table.name, 0) + rows


def _is(table: Table, theirs: Table, side: str = "") -> ColumnElement[bool]:
    same = (theirs.c[name] == table.c[f"{side}{name}"] for name in _RECORD)
    return exists(select(literal(1)).select_from(theirs).where(*same))


def _blanked(theirs: Table, is_id: Any) -> Any:
    """What was, or was to be, written about the person says nothing any more, and is not sent."""
    c = ops_change.c
    unsent = c.outcome.in_(("pending", "stale"))
    return (
        update(ops_change)
        .where(or_(c.hub_id.in_(is_id), _is(ops_change, theirs)))
        .values(
            fields="{}",
            notes=None,
            digest=ERASED,
            code=ERASED,
            message=None,
            remedy=None,
            outcome=case((unsent, "skipped"), else_=c.outcome),
        )
    )


# -- identity ------------------------------------------------------------------------------------


def _profiles(theirs: Table) -> Any:
    c = identity_mention.c
    return select(c.profile).where(_is(identity_mention, theirs), c.profile.is_not(None)).distinct()


def _forget_profiles(conn: Connection, counts: dict[str, int], profiles: Sequence[int]) -> None:
    """Profiles that no row has, with their blocking keys and pairs; blocks are counted anew."""
    used = select(identity_mention.c.profile).where(
        identity_mention.c.profile == identity_profile.c.profile
    )
    orphans = select(identity_profile.c.profile).where(~used.exists())
    gone = set(profiles) | set(conn.scalars(orphans))
    alone = gone - set(
        conn.scalars(select(identity_mention.c.profile).where(identity_mention.c.profile.in_(gone)))
    )
    if not alone:
        return
    keys = set(conn.scalars(select(identity_key.c.key).where(identity_key.c.profile.in_(alone))))
    for column in (
        *(identity_profile.c.profile, identity_key.c.profile),
        *(identity_pair.c.left_profile, identity_pair.c.right_profile),
    ):
        found = conn.execute(delete(column.table).where(column.in_(alone))).rowcount
        _count(counts, column.table, found)
    of_key = identity_key.c.key == identity_block.c.key
    left = select(func.count()).select_from(identity_key).where(of_key).scalar_subquery()
    conn.execute(update(identity_block).where(identity_block.c.key.in_(keys)).values(members=left))
    empty = and_(identity_block.c.key.in_(keys), identity_block.c.members == 0)
    _count(counts, identity_block, conn.execute(delete(identity_block).where(empty)).rowcount)


# -- mentions in other rows ----------------------------------------------------------------------


def _scrub(conn: Connection, known: Known, table: Table) -> int:
    """Take the person's addresses out of whatever other rows say."""
    key = list(table.primary_key.columns)
    names = [c.name for c in table.columns if isinstance(c.type, String) and not c.primary_key]
    if not names or not key:
        return 0
    with_address = or_(*(table.c[name].like("%@%") for name in names))
    changed = []
    for row in conn.execute(
        select(*key, *(table.c[n] for n in names)).where(with_address)
    ).mappings():
        clean = {n: known.scrubbed(row[n]) for n in names if row[n]}
        if any(clean[n] != row[n] for n in clean):
            changed.append(
                {f"key_{c.name}": row[c.name] for c in key}
                | {f"new_{n}": clean.get(n, row[n]) for n in names}
            )
    if changed:
        conn.execute(
            update(table)
            .where(*(c == bindparam(f"key_{c.name}") for c in key))
            .values({n: bindparam(f"new_{n}") for n in names}),
            changed,
        )
    return len(changed)
