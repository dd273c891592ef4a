"""The unify step: every golden table, each with its own watermark, each in one transaction."""

from collections.abc import Callable

from sqlalchemy import Connection, Engine

from hub.config import Settings
from hub.golden.companies import unify_companies
from hub.golden.contacts import unify_contacts
from hub.golden.context import Context
from hub.golden.inventory_lines import unify_inventory_lines
from hub.golden.leads import unify_leads
from hub.golden.opportunities import unify_opportunities
from hub.golden.pos_lines import unify_pos_lines
from hub.golden.reports import unify_reports
from hub.golden.shipments import unify_shipments
from hub.models.database import writing
from hub.models.runs import Run
from hub.models.watermarks import move_watermark, versioned, watermark

_Unify = Callable[[Connection, Context, Run, int], int]

# In order of reference: a person points to a company, a lead to both, a line to its report.
ENTITIES: dict[str, _Unify] = {
    "company": unify_companies,
    "contact": unify_contacts,
    "lead": unify_leads,
    "opportunity": unify_opportunities,
    "report": lambda conn, _context, run, since: unify_reports(conn, run, since),
    "pos_line": unify_pos_lines,
    "inventory_line": unify_inventory_lines,
    "shipment": lambda conn, _context, run, since: unify_shipments(conn, run, since),
}

SURVIVING = frozenset(("company", "contact", "lead"))
"""Entities whose values are chosen among several source rows; the others have one each."""


_MATCHED = frozenset(("pos_line", "inventory_line"))
"""Entities whose rows are matched with the vendor's own lists."""


def unify(engine: Engine, settings: Settings, run: Run, entity: str, *, full: bool = False) -> int:
    """Bring one golden table up to date with its sources; returns the rows written.

    `full` rebuilds every row; rows that come out the same are not written.
    """
    context = Context.of(settings)
    lists = (context.catalogue.digest,) if entity in _MATCHED else ()
    step = versioned(f"unify/{entity}", context.text, *lists)
    with writing(engine) as conn:
        since = 0 if full else watermark(conn, step)
        written = ENTITIES[entity](conn, context, run, since)
        move_watermark(conn, step, run, whole=since == 0)
    return written
