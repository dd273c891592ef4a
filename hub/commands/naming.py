"""What hub ids stand for, in the words of people."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from hub.identity.among import given_ids
from hub.models.golden import company, contact, lead, opportunity, partner, registration

_PERSON = func.coalesce(
    contact.c.first_name + " " + contact.c.last_name,
    *(contact.c.last_name, contact.c.first_name, contact.c.email),
)
_CALLED = {
    company: company.c.name,
    contact: _PERSON,
    partner: partner.c.name,
    lead: func.coalesce(lead.c.name, lead.c.company_name),
    opportunity: opportunity.c.name,
    registration: registration.c.name,
}


def names_of(conn: Connection, hub_ids: Iterable[str]) -> dict[str, str]:
    """Hub id → what the golden row of that id is called; without those that have no row or name."""
    wanted = set(hub_ids)
    with given_ids(conn, wanted) as given:
        queries = [
            select(table.c.id, name).where(table.c.id.in_(given)) for table, name in _CALLED.items()
        ]
        found = [row for query in queries for row in conn.execute(query)]
    return {hub_id: name for hub_id, name in found if name}
