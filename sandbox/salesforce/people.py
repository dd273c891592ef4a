"""What other people do to records just before a request, as kinds of fault.

Who they do it to is named, or chosen by the rule's own chance. What the org itself forbids them
does not happen.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec

from sandbox.faults import Hit, Kind, Parameters
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.finding import owned_id
from sandbox.salesforce.lifecycle import MAX_MERGED, convert_lead, merge
from sandbox.salesforce.org import Org
from sandbox.salesforce.recycle import delete, purge
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import INTEGRATION_USER_ID, quoted
from sandbox.salesforce.writes import Writer, update

Number = Annotated[int, msgspec.Meta(ge=1)]


class RecordsDeleted(Parameters, frozen=True):
    """Records go to the recycle bin, or with `purge` past it: the named `ids`, else `rows` of
    any."""

    object: str
    ids: tuple[str, ...] = ()
    rows: Number = 1
    purge: bool = False


class RecordsMerged(Parameters, frozen=True):
    """Two or three records become one: the first of `ids` survives; without them, any two merge."""

    object: str
    ids: tuple[str, ...] = ()


class LeadsConverted(Parameters, frozen=True):
    """Leads become account, contact and opportunity: the named `ids`, else `rows` of any."""

    ids: tuple[str, ...] = ()
    rows: Number = 1


class RecordsChanged(Parameters, frozen=True):
    """Many records take the same `values` in one transaction, so that all bear one stamp; without
    values only the stamp moves."""

    object: str
    ids: tuple[str, ...] = ()
    rows: Number = 1_000
    values: dict[str, Any] = msgspec.field(default_factory=dict)


def kinds(org: Org) -> Mapping[str, Kind[Any]]:
    """Kinds by name, for the fault engine."""

    def deleted(given: RecordsDeleted, hit: Hit) -> None:
        sobject = org.sobject(given.object)
        for record in _chosen(org, sobject, given.ids, given.rows, hit):
            delete(_writer(org), sobject, record)
            if given.purge:
                purge(org, sobject, record)

    def merged(given: RecordsMerged, hit: Hit) -> None:
        sobject = org.sobject(given.object)
        master, *losers = _chosen(org, sobject, given.ids[:MAX_MERGED], 2, hit)
        merge(org, sobject, master, losers)

    def converted(given: LeadsConverted, hit: Hit) -> None:
        for lead in _chosen(org, org.sobject("Lead"), given.ids, given.rows, hit):
            convert_lead(org, lead)

    def changed(given: RecordsChanged, hit: Hit) -> None:
        sobject = org.sobject(given.object)
        records = _chosen(org, sobject, given.ids, given.rows, hit)
        if not given.values:
            org.store.touch(sobject, records, org.now())
        for record in records if given.values else ():
            update(_writer(org), sobject, record, dict(given.values))

    return {
        "records_deleted": Kind(RecordsDeleted, _done(org, deleted)),
        "records_merged": Kind(RecordsMerged, _done(org, merged)),
        "leads_converted": Kind(LeadsConverted, _done(org, converted)),
        "records_changed": Kind(RecordsChanged, _done(org, changed)),
    }


def _done(org: Org, act: Callable[[Any, Hit], None]) -> Callable[[Any, Hit], None]:
    def handle(given: Any, hit: Hit) -> None:
        org.locks.next_call()  # People meet none of the locks meant for the last request.
        with suppress(ApiError), org.store.transaction():
            act(given, hit)

    return handle


def _writer(org: Org) -> Writer:
    return Writer(org, INTEGRATION_USER_ID, assign=False)


def _chosen(org: Org, sobject: SObject, ids: Sequence[str], rows: int, hit: Hit) -> Sequence[str]:
    """The named records, else so many living ones that stand side by side, from anywhere.

    Raises ApiError when there are none.
    """
    if ids:
        return [owned_id(sobject, record) for record in ids]
    alive = ' AND "IsDeleted" = 0' if sobject.any_field("IsDeleted") is not None else ""
    kept = ' AND "IsConverted" = 0' if sobject.any_field("IsConverted") is not None else ""
    where = f"FROM {quoted(sobject.name)} WHERE TRUE{alive}{kept}"
    count = org.store.db.execute(f"SELECT count(*) {where}").fetchone()[0]
    if not count:
        raise ApiError("NOT_FOUND", f"no {sobject.name} to do this to")
    start = hit.chance.randrange(max(1, count - rows + 1))
    found = org.store.db.execute(
        f'SELECT "Id" {where} ORDER BY _row LIMIT ? OFFSET ?', (rows, start)
    )
    return [record for (record,) in found]
