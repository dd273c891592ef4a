"""Looking before writing: which records no longer say what they said when the change was made."""

from collections.abc import Mapping, Sequence

from hub.connectors.contract import RECORD_ID, Change, ObjectSpec, Outcome
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.faults import CONVERTED
from hub.connectors.salesforce.records import Row
from hub.connectors.salesforce.rows import Rows
from hub.connectors.salesforce.schema import Schemas
from hub.connectors.salesforce.tracing import named

_CONVERSION = ("IsConverted", "ConvertedContactId", "ConvertedOpportunityId")


def moved_on(org: Org, schemas: Schemas, rows: Sequence[Row]) -> dict[str, Outcome]:
    """Stale outcomes by change id, for the records that somebody else has changed, converted or
    deleted since.

    The fields about to be written are compared with `before`; one that says already what is to be
    written is as good as unchanged.
    """
    if not rows:
        return {}
    obj = rows[0].change.object
    shape = schemas.of(obj)
    fields = dict.fromkeys(name for row in rows for name in row.texts)
    converted = [name for name in _CONVERSION if "IsConverted" in shape.fields]
    spec = ObjectSpec(obj, tuple(dict.fromkeys([*fields, *converted])))
    ids = list(dict.fromkeys(str(row.change.record_id) for row in rows))
    current: dict[str, Mapping[str, str | None]] = {}
    for batch in named(org, Rows(spec, schemas, gone=False), ids):
        for record in batch.rows.iter_rows(named=True):
            current[record[RECORD_ID][:15]] = record
    judged = [_judged(row, current.get(row.identity)) for row in rows]
    return {found.change_id: found for found in judged if found is not None}


def _judged(row: Row, now: Mapping[str, str | None] | None) -> Outcome | None:
    change = row.change
    if now is None:
        message = "the record is not there any more."
        return _stale(change, "gone", message, "the next sync reads what became of it")
    if now.get("IsConverted") == "true":
        became = now["ConvertedOpportunityId"] or now["ConvertedContactId"]
        message = f"the lead was converted into {became}."
        return _stale(change, CONVERTED, message, "the next sync follows it to what it became")
    for name, after in row.texts.items():
        said, expected = now[name] or None, change.before.get(name) or None
        if said not in {expected, after or None}:
            message = f"{name} says '{said or ''}' now, not '{expected or ''}' as when planned."
            return _stale(change, "changed_there", message, "the next sync plans anew")
    return None


def _stale(change: Change, code: str, message: str, remedy: str) -> Outcome:
    return Outcome(change.id, "stale", change.record_id, code, message, remedy)
