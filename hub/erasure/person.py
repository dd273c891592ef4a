"""Who is meant by an address: all records that speak of the same person, wherever they are kept."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from hub.config import Settings
from hub.connectors.contract import RECORD_ID
from hub.erasure.known import Said, mail_key, person_keys, record_key
from hub.erasure.suppression import PEOPLE
from hub.models.golden import HISTORIES
from hub.models.identity import crosswalk, identity_mention
from hub.models.operations import ops_batch, ops_quarantine
from hub.models.sources import SOURCES
from hub.sync.archive import read_archive

Record = tuple[str, str, str]
"""System, object, record id."""
_ENTITIES = ("contact", "lead", "assigned_lead")


@dataclass
class Person:
    """Records, hub ids, addresses (as `mail_key`) and names with phones of one person."""

    mails: set[str]
    records: set[Record] = field(default_factory=set)
    hub_ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def identities(self, settings: Settings) -> set[tuple[str, str]]:
        """All the person is known by: kind → value, as `Known.digest` takes them."""
        records = {
            record_key(system, settings.mappings[system][obj].source, record_id)
            for system, obj, record_id in self.records
            if obj in settings.mappings.get(system, {})
        }
        return {
            *(("mail", mail) for mail in self.mails),
            *(("person", name) for name in self.names),
            *(("record", record) for record in records),
            *(("hub_id", hub_id) for hub_id in self.hub_ids),
        }


def person_of(conn: Connection, settings: Settings, email: str) -> Person:
    """Everybody's rows are looked through: source rows, quarantine, history, the whole archive.

    The address given stands for the person, whoever else has it. Another address of the same
    records does too, unless somebody else is known by it, as by a shared mailbox.
    """
    given = mail_key(email)
    person = Person({given} if given is not None else set())
    rows = list(_rows(conn, settings))
    links = _links(conn)
    ids: dict[str, set[Record]] = {}
    for record, hub_ids in links.items():
        for hub_id in hub_ids:
            ids.setdefault(hub_id, set()).add(record)
    while True:
        person.records |= {
            record for record, said in rows if mail_key(said.get("email")) in person.mails
        }
        person.hub_ids |= {i for record in person.records for i in links.get(record, ())}
        person.records |= {record for i in person.hub_ids for record in ids.get(i, ())}
        own = {mail_key(said.get("email")) for record, said in rows if record in person.records}
        others = {
            mail_key(said.get("email"))
            for record, said in rows
            if record not in person.records and links.get(record, set()) - person.hub_ids
        }
        more = {mail for mail in own - others if mail is not None} - person.mails
        if not more:
            break
        person.mails |= more
    person.names = {
        key for record, said in rows if record in person.records for key in person_keys(said)
    }
    return person


def _rows(conn: Connection, settings: Settings) -> Iterator[tuple[Record, Said]]:
    """Record → what it says or once said, in the hub's columns."""
    columns = ("email", "first_name", "last_name", "phone", "mobile")
    for source in ("contact", "lead"):
        c = SOURCES[source].c
        for row in conn.execute(select(c.system, c.object, c.record_id, *(c[n] for n in columns))):
            yield (row[0], row[1], row[2]), dict(zip(columns, row[3:], strict=True))
    q = ops_quarantine.c
    for row in conn.execute(select(q.system, q.object, q.record_id, q.raw)):
        yield from _told(settings, row.system, row.object, [json.loads(row.raw)])
    history = HISTORIES["contact"].c
    for row in conn.execute(select(history.id, *(history[n] for n in columns))):
        yield ("", "hub", row.id), dict(zip(columns, row[1:], strict=True))
    b = ops_batch.c
    for row in conn.execute(select(b.system, b.object, b.archive_path)):
        if _is_person(settings, row.system, row.object):
            told = read_archive(row.archive_path).iter_rows(named=True)
            yield from _told(settings, row.system, row.object, told)


def _told(settings: Settings, system: str, obj: str, told: object) -> Iterator[tuple[Record, Said]]:
    if not _is_person(settings, system, obj):
        return
    pull = settings.mappings[system][obj].pull
    for row in told:  # type: ignore[attr-defined]
        said = {column: row.get(name) for name, column in pull.items()}
        yield (system, obj, str(row[RECORD_ID])), said


def _is_person(settings: Settings, system: str, obj: str) -> bool:
    mapping = settings.mappings.get(system, {}).get(obj)
    return mapping is not None and mapping.source in PEOPLE


def _links(conn: Connection) -> dict[Record, set[str]]:
    """Record → the hub ids of persons and leads that it stands or stood for."""
    links: dict[Record, set[str]] = {}
    for table, hub_id in (
        (crosswalk, crosswalk.c.hub_id),
        (identity_mention, identity_mention.c.last_id),
    ):
        c = table.c
        query = select(c.system, c.object, c.record_id, hub_id).where(
            c.entity.in_(_ENTITIES), hub_id.is_not(None)
        )
        for row in conn.execute(query):
            links.setdefault((row[0], row[1], row[2]), set()).add(row[3])
    for row in conn.execute(select(HISTORIES["contact"].c.id).distinct()):
        links.setdefault(("", "hub", row.id), set()).add(row.id)
    return links
