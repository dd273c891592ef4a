"""Which source rows speak of a company or a person, with the columns that matching may look at.

A lead row speaks of two: the person and the employer. Nothing is judged or normalised here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import polars as pl
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
)

from hub.models import bulk
from hub.models.identity import crosswalk, identity_mention
from hub.models.sources import src_company, src_contact, src_lead

Entity = Literal["company", "contact"]

ROW = ("system", "object", "record_id")
LINKS = ("hub_key", "refers_to", "same_as", "merged_into")
STATE = (*LINKS, "content_hash", "company_id")
"""What is remembered of a row, beside its profile."""

COMPANY = (
    "name", "website", "email", "phone", "street", "city", "postal_code", "country", "tax_id",
    "duns", "account_no", "lead_phone",
)  # fmt: skip
CONTACT = (
    "first_name", "last_name", "email", "phone", "mobile", "company_name", "street", "city",
    "postal_code", "country", "birth_date", "national_id",
)  # fmt: skip
_IN_FILES_ONLY = ("birth_date", "national_id")
"""What no CRM is asked for."""
_TOLD_OF_PEOPLE = tuple(name for name in CONTACT if name not in _IN_FILES_ONLY)


_SINCE = bindparam("since", type_=Integer)


def changed_mentions(conn: Connection, entity: Entity, since: int) -> pl.DataFrame:
    """Rows that changed in run `since` or later and are not matched as they stand yet.

    ROW + STATE + the entity's columns + `live`, which is false for rows that are deleted or speak
    of nobody (any more). A row that was merged lives on beside its survivor, so that whoever refers
    to it finds the one that took over. A contact has changed too when its company got another hub
    id.
    """
    sources = _SOURCES[entity]
    told = _read(conn, (source.changed.params(since=since) for source in sources))
    if entity == "company":
        return told
    moved = pl.concat([bulk.read(conn, query.params(since=since)) for query in _MOVED]).unique()
    if moved.is_empty():
        return told
    with bulk.staged(conn, moved, crosswalk) as stage:
        rows = select(*(stage.c[n] for n in ROW))
        near = (
            source.unmatched.where(tuple_(*(source.table.c[n] for n in ROW)).in_(rows))
            for source in sources
        )
        return _distinct(pl.concat([told, _read(conn, near)]))


def all_mentions(conn: Connection, entity: Entity) -> pl.DataFrame:
    """The same of all rows there are, matched or not."""
    return _read(conn, (source.all for source in _SOURCES[entity]))


def _read(conn: Connection, queries: Iterable[Select[Any]]) -> pl.DataFrame:
    return _distinct(pl.concat([bulk.read(conn, query) for query in queries]))


def _distinct(mentions: pl.DataFrame) -> pl.DataFrame:
    return mentions.unique(subset=ROW, keep="any").sort(ROW)


@dataclass(frozen=True, eq=False)
class _Source:
    """A source table and what its rows say of one entity; what `columns` lacks is null."""

    entity: Entity
    table: Table
    columns: dict[str, Any]
    speaks: Any

    @cached_property
    def all(self) -> Select[Any]:
        names = (*STATE, *(COMPANY if self.entity == "company" else CONTACT))
        live = and_(or_(self.table.c.is_deleted.is_(False), _has_survivor(self.table)), self.speaks)
        return select(
            *(self.table.c[n] for n in ROW),
            *(self._value(n).label(n) for n in names),
            live.label("live"),
        )

    @cached_property
    def unmatched(self) -> Select[Any]:
        """All but the living rows that matching has seen as they are now.

        The run of the last call is looked at again, because more may have been landed in it since.
        """
        m = identity_mention.c
        seen = exists().where(
            m.entity == self.entity,
            *(m[n] == self.table.c[n] for n in ROW),
            m.profile.is_not(None),
            m.content_hash == self.table.c.content_hash,
            *(
                m[n].is_not_distinct_from(self._value(n))
                for n in ("hub_key", "company_id", "merged_into")
            ),
        )
        return self.all.where(or_(self.table.c.is_deleted, not_(seen)))

    @cached_property
    def changed(self) -> Select[Any]:
        return self.unmatched.where(self.table.c.run >= _SINCE)

    def _value(self, name: str) -> Any:
        if name == "merged_into":
            return self.table.c.merged_into
        value = type_coerce(self.columns.get(name, null()), String)
        # What a merged record said of itself is its survivor's to say.
        own = name in ("hub_key", "refers_to", "same_as")
        return case((self.table.c.merged_into.is_(None), value)) if own else value


def _has_survivor(table: Table) -> Any:
    """Whether a row was merged into one that is in effect."""
    survivor = table.alias()
    return exists().where(
        survivor.c.system == table.c.system,
        survivor.c.object == table.c.object,
        survivor.c.record_id == table.c.merged_into,
        survivor.c.is_deleted.is_(False),
    )


def _company_of(table: Table, record_id: Column[Any]) -> Any:
    """The hub id of the company a contact belongs to; a record id is unique in its system."""
    x = crosswalk.c
    return (
        select(func.min(x.hub_id))
        .where(x.entity == "company", x.system == table.c.system, x.record_id == record_id)
        .correlate(table)
        .scalar_subquery()
    )


def _named(table: Table, *names: str) -> dict[str, Any]:
    return {name: table.c[name] for name in names}


_account, _person, _lead = src_company.c, src_contact.c, src_lead.c

_SOURCES: dict[Entity, tuple[_Source, ...]] = {
    "company": (
        _Source(
            "company",
            src_company,
            _named(
                src_company,
                *("hub_key", "content_hash", "name", "website", "phone", "street", "city"),
                *("postal_code", "country", "tax_id", "duns", "account_no"),
            )
            | {"refers_to": _account.parent_record_id},
            speaks=_account.name.is_not(None),
        ),
        # A lead's hub key names the lead, not the employer.
        _Source(
            "company",
            src_lead,
            _named(
                src_lead,
                *("content_hash", "website", "email", "street", "city", "postal_code", "country"),
            )
            | {
                "name": _lead.company_name,
                "lead_phone": _lead.phone,
                "same_as": _lead.converted_company_record_id,
            },
            speaks=_lead.company_name.is_not(None),
        ),
    ),
    "contact": (
        _Source(
            "contact",
            src_contact,
            _named(src_contact, "hub_key", "content_hash", *_TOLD_OF_PEOPLE)
            | {
                "refers_to": _person.company_record_id,
                "company_id": _company_of(src_contact, _person.company_record_id),
            },
            speaks=func.coalesce(
                *(_person[n] for n in ("first_name", "last_name", "email", "phone", "mobile"))
            ).is_not(None),
        ),
        # A HubSpot lead has no person of its own: it points to a contact, which speaks for itself.
        _Source(
            "contact",
            src_lead,
            _named(src_lead, "content_hash", *_TOLD_OF_PEOPLE)
            | {
                "refers_to": _lead.record_id,
                "same_as": _lead.converted_contact_record_id,
                "company_id": _company_of(src_lead, _lead.record_id),
            },
            speaks=and_(
                _lead.contact_record_id.is_(None),
                func.coalesce(_lead.first_name, _lead.last_name, _lead.email).is_not(None),
            ),
        ),
    ),
}


def _moved_companies() -> tuple[Select[Any], ...]:
    """Keys of the contact mentions whose company's row changed hands or left."""
    m, x, gone = identity_mention.alias().c, crosswalk.c, identity_mention.alias().c
    keys = [m[n] for n in ROW]
    changed = select(*keys).where(
        x.entity == "company", x.run >= _SINCE, *_refers(m, x.system, x.record_id)
    )
    left = select(*keys).where(
        gone.entity == "company",
        gone.run >= _SINCE,
        gone.profile.is_(None),
        *_refers(m, gone.system, gone.record_id),
    )
    return changed, left


def _refers(mention: Any, system: Any, record_id: Any) -> tuple[Any, ...]:
    return mention.entity == "contact", mention.system == system, mention.refers_to == record_id


_MOVED = _moved_companies()
