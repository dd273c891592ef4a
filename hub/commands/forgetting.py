"""`hub forget`: erase a person here, and keep the person out."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, select, update

from hub.commands.planning import failing_by_name
from hub.commands.warehouse import Workplace
from hub.erasure.archive import clean_archive
from hub.erasure.known import Known, mail_key
from hub.erasure.person import Person, Record, person_of
from hub.erasure.tables import purge
from hub.errors import ConfigError, HubError
from hub.models.database import compact, exclusive, reading, writing
from hub.models.erasure import erased, erasure, erasure_key
from hub.models.identity import identity_event
from hub.models.runs import Run
from hub.models.sources import DELETED, SOURCES
from hub.sync.derivation import derive
from hub.sync.erasing import store_erasure
from hub.sync.flow import connected
from hub.sync.ledger import DONE, Stopwatch, begin_run, end_run

_FILES = frozenset({"feed", "files"})


@dataclass
class Forgotten:
    """What is erased: table → rows, archive file → rows. Of the person's records (system, object,
    record id) those `to_erase` in their systems, by the `plan` and at its cost in `calls`; and
    those `remaining` there."""

    tables: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    remaining: list[Record] = field(default_factory=list)
    to_erase: list[Record] = field(default_factory=list)
    plan: str | None = None
    calls: int = 0
    carried_out: bool = False


def forget(place: Workplace, email: str, *, plan: bool, systems: Collection[str] = ()) -> Forgotten:
    """Erase the person with this address; with `plan` only say what that takes. Of the records in
    `systems` a plan is stored that erases them there; it waits for approval.

    May be repeated: what a killed process left undone is done. Raises HubError for a text that is
    no address, and ConfigError for a system in which the hub cannot erase.
    """
    for system in systems:
        _can_erase_in(place, system)
    if mail_key(email) is None:
        raise HubError("That is not an e-mail address.", remedy="name one: somebody@example.com")
    with exclusive(place.engine):
        with reading(place.engine) as conn:
            person = person_of(conn, place.settings, email)
        if plan:
            return _previewed(place, person, systems)
        return _carried_out(place, person, systems)


def _can_erase_in(place: Workplace, system: str) -> None:
    config = place.settings.systems.get(system)
    if config is None:
        known = ", ".join(place.settings.systems)
        raise ConfigError("--in", system, "no such system.", remedy=f"name one of: {known}")
    if config.role != "vendor" or config.kind in _FILES:
        raise ConfigError(
            *("--in", system, f"the hub cannot erase in a {config.role}'s {config.kind} system."),
            remedy="ask its owner to erase the person there; `hub forget` lists the records",
        )


def _previewed(place: Workplace, person: Person, systems: Collection[str]) -> Forgotten:
    known = _known(None, place, person)
    with place.engine.connect() as conn:
        tables = purge(conn, known, person)
        conn.rollback()
    files = clean_archive(place.settings, known, dry=True)
    to_erase, remaining = _parted(person, systems)
    return Forgotten(tables, files, remaining, to_erase)


def _carried_out(place: Workplace, person: Person, systems: Collection[str]) -> Forgotten:
    """Kept out first, so that nothing comes in again meanwhile; then the archive, which may still
    tell who is meant; the warehouse last."""
    engine, settings = place.engine, place.settings
    to_erase, remaining = _parted(person, systems)
    run = begin_run(engine, "forget", settings.config_hash)
    watch = Stopwatch()
    with failing_by_name(place, run, watch):
        with writing(engine) as conn:
            known = _known(conn, place, person)
            _keep_out(conn, run, known, person, place)
        files = clean_archive(settings, known)
        with writing(engine) as conn:
            _take_out_of_effect(conn, run, person, place)
        derive(engine, settings, run, watch, full=False)
        with connected(settings, list(systems)) as connectors, writing(engine) as conn:
            _never_again(conn, run, known)
            tables = purge(conn, known, person)
            made = store_erasure(conn, settings, run, to_erase, connectors)
            conn.execute(
                erasure.insert().values(
                    run=run.number,
                    at=run.started_at,
                    rows=sum(tables.values()),
                    files=len(files),
                )
            )
        compact(engine)
    end_run(engine, run, DONE, seconds=watch.seconds)
    return Forgotten(tables, files, remaining, to_erase, made.plan, made.calls, carried_out=True)


def _known(conn: Connection | None, place: Workplace, person: Person) -> Known:
    """The hashes of this person, under the warehouse's key; without `conn` under a passing one."""
    key = secrets.token_hex(32)
    if conn is not None:
        stored = conn.scalar(select(erasure_key.c.key))
        key = stored or key
    one = Known(bytes.fromhex(key), frozenset())
    found = person.identities(place.settings)
    return Known(one.key, frozenset(one.digest(kind, value) for kind, value in found))


def _keep_out(conn: Connection, run: Run, known: Known, person: Person, place: Workplace) -> None:
    if conn.scalar(select(erasure_key.c.key)) is None:
        conn.execute(erasure_key.insert().values(key=known.key.hex(), at=run.started_at))
    there = set(conn.scalars(select(erased.c.digest)))
    rows = {known.digest(kind, value): kind for kind, value in person.identities(place.settings)}
    new = [
        {"digest": digest, "kind": kind, "run": run.number}
        for digest, kind in rows.items()
        if digest not in there
    ]
    if new:
        conn.execute(erased.insert(), new)


def _never_again(conn: Connection, run: Run, known: Known) -> None:
    """The ids that end with the person are not issued again, to nobody and nothing."""
    e = identity_event.c
    ended = conn.scalars(select(e.hub_id).where(e.run == run.number, e.kind == "retire"))
    digests = {known.digest("hub_id", hub_id) for hub_id in ended}
    new = sorted(digests - set(conn.scalars(select(erased.c.digest))))
    if new:
        rows = [{"digest": digest, "kind": "hub_id", "run": run.number} for digest in new]
        conn.execute(erased.insert(), rows)


def _take_out_of_effect(conn: Connection, run: Run, person: Person, place: Workplace) -> None:
    """The person's rows count as deleted, so that the model is worked out without them."""
    for system, obj, record_id in sorted(person.records):
        mapping = place.settings.mappings.get(system, {}).get(obj)
        if mapping is None:
            continue
        c = SOURCES[mapping.source].c
        this = and_(c.system == system, c.object == obj)
        conn.execute(
            update(SOURCES[mapping.source])
            .where(this, c.record_id == record_id)
            .values(is_deleted=True, gone=DELETED, run=run.number)
        )


def _parted(person: Person, systems: Collection[str]) -> tuple[list[Record], list[Record]]:
    """The person's records to be erased in their systems, and those that are left there."""
    records = sorted(record for record in person.records if record[0])
    named = [record for record in records if record[0] in systems]
    return named, [record for record in records if record[0] not in systems]
