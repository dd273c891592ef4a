"""What other people do to records just before a request, as kinds of fault.

Who they do it to is named, or chosen by the rule's own chance. What the account itself forbids them
does not happen.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import msgspec

from sandbox.faults import Hit, Kind, Parameters
from sandbox.hubspot.adminrules import Manner
from sandbox.hubspot.errors import ApiError
from sandbox.hubspot.http import Box
from sandbox.hubspot.merge import merge_records
from sandbox.hubspot.privacy import erase
from sandbox.hubspot.records import table
from sandbox.hubspot.schema import CONTACTS, ObjectName, ObjectType
from sandbox.hubspot.store import known_type
from sandbox.hubspot.writes import archive_record, update_record

Number = Annotated[int, msgspec.Meta(ge=1)]


class RecordsDeleted(Parameters, frozen=True):
    """Records are archived, or with `purge` (contacts only) erased for privacy: the named `ids`,
    else `rows` of any."""

    object: ObjectName
    ids: tuple[int, ...] = ()
    rows: Number = 1
    purge: bool = False


class RecordsMerged(Parameters, frozen=True):
    """Two records become one: the first of `ids` is the primary; without them, any two merge."""

    object: ObjectName
    ids: tuple[int, ...] = ()


class RecordsChanged(Parameters, frozen=True):
    """Many records take the same `values` at one moment, so that all bear one stamp; without values
    only the stamp moves."""

    object: ObjectName
    ids: tuple[int, ...] = ()
    rows: Number = 1_000
    values: dict[str, str] = msgspec.field(default_factory=dict)


def kinds(box: Box) -> Mapping[str, Kind[Any]]:
    """Kinds by name, for the fault engine."""

    def deleted(given: RecordsDeleted, hit: Hit) -> None:
        kind = known_type(given.object)
        for record in _chosen(box, kind, given.ids, given.rows, hit):
            if given.purge and kind is CONTACTS:
                erase(box, record)
            else:
                archive_record(box, kind, record)

    def merged(given: RecordsMerged, hit: Hit) -> None:
        kind = known_type(given.object)
        pair = _chosen(box, kind, given.ids[:2], 2, hit)
        if kind.mergeable and len(pair) == 2:
            merge_records(box, kind, pair[0], pair[1])

    def changed(given: RecordsChanged, hit: Hit) -> None:
        kind = known_type(given.object)
        for record in _chosen(box, kind, given.ids, given.rows, hit):
            update_record(box, kind, record, given.values, Manner())

    return {
        "records_deleted": Kind(RecordsDeleted, _done(box, deleted)),
        "records_merged": Kind(RecordsMerged, _done(box, merged)),
        "records_changed": Kind(RecordsChanged, _done(box, changed)),
    }


def _done(box: Box, act: Callable[[Any, Hit], None]) -> Callable[[Any, Hit], None]:
    def handle(given: Any, hit: Hit) -> None:
        with suppress(ApiError), box.store.db.transaction():
            act(given, hit)

    return handle


def _chosen(box: Box, kind: ObjectType, ids: Sequence[int], rows: int, hit: Hit) -> Sequence[int]:
    """The living ones of those named, else so many that stand side by side, from anywhere."""
    if ids:
        return [record for record in ids if box.store.records.alive(kind, record)]
    living = f"FROM {table(kind)} WHERE archived_at IS NULL"
    count = box.store.db.execute(f"SELECT count(*) {living}").fetchone()[0]
    start = hit.chance.randrange(max(1, count - rows + 1))
    found = box.store.db.execute(f"SELECT id {living} ORDER BY id LIMIT ? OFFSET ?", (rows, start))
    return [record for (record,) in found]
