"""What records say just before a write, and after one that nobody answered."""

from collections.abc import Mapping, Sequence

from hub.connectors.comparing import changed_there, compared_fields, says
from hub.connectors.contract import RECORD_ID, Change, ObjectSpec, Outcome
from hub.connectors.outcomes import already
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.faults import CONVERTED
from hub.connectors.salesforce.records import Row
from hub.connectors.salesforce.rows import Rows
from hub.connectors.salesforce.schema import Schemas
from hub.connectors.salesforce.tracing import keyed, named

_Record = Mapping[str, str | None]
_CONVERSION = ("IsConverted", "ConvertedContactId", "ConvertedOpportunityId")


def moved_on(org: Org, schemas: Schemas, rows: Sequence[Row]) -> dict[str, Outcome]:
    """Outcomes by change id of the updates or deletes that are not to be sent: stale, for the
    records that somebody else has changed or converted since, and of updates for those that are
    gone; applied, for those that say already all that is to be written. The delete of what is gone
    goes on: it does no harm.
    """
    if not rows:
        return {}
    shape = schemas.of(rows[0].change.object)
    converted = [name for name in _CONVERSION if "IsConverted" in shape.fields]
    current = _by_id(org, schemas, rows, converted)
    judged = [_judged(row, current.get(row.identity)) for row in rows]
    return {found.change_id: found for found in judged if found is not None}


def written_already(org: Org, schemas: Schemas, rows: Sequence[Row]) -> dict[str, str]:
    """Change id → id of its record, for the rows whose records say all that is to be written."""
    key = rows[0].change.key
    now = _by_id(org, schemas, rows) if key is None else _by_key(org, schemas, rows, key[0])
    return {
        row.change.id: str(now[row.identity][RECORD_ID])
        for row in rows
        if row.identity in now and says(now[row.identity], row.texts)
    }


def _by_id(
    org: Org, schemas: Schemas, rows: Sequence[Row], more: Sequence[str] = ()
) -> dict[str, _Record]:
    """The records that the rows go to, by `Row.identity`."""
    ids = list(dict.fromkeys(str(row.change.record_id) for row in rows))
    found = named(org, _selected(schemas, rows, more), ids)
    return {
        record[RECORD_ID][:15]: record
        for batch in found
        for record in batch.rows.iter_rows(named=True)
    }


def _by_key(org: Org, schemas: Schemas, rows: Sequence[Row], key: str) -> dict[str, _Record]:
    values = list(dict.fromkeys(str(row.texts[key]) for row in rows))
    found = keyed(org, _selected(schemas, rows, ()), key, values)
    return {record[key].casefold(): record for record in found.iter_rows(named=True)}


def _selected(schemas: Schemas, rows: Sequence[Row], more: Sequence[str]) -> Rows:
    shown = schemas.of(rows[0].change.object).fields
    fields = dict.fromkeys(
        name for row in rows for name in (*row.texts, *compared_fields(row.change)) if name in shown
    )
    spec = ObjectSpec(rows[0].change.object, tuple(dict.fromkeys([*fields, *more])))
    return Rows(spec, schemas, gone=False)


def _judged(row: Row, now: Mapping[str, str | None] | None) -> Outcome | None:
    change = row.change
    if now is None:
        if change.op == "delete":
            return None
        message = "the record is not there any more."
        return _stale(change, "gone", message, "the next sync reads what became of it")
    if now.get("IsConverted") == "true":
        became = now["ConvertedOpportunityId"] or now["ConvertedContactId"]
        message = f"the lead was converted into {became}."
        return _stale(change, CONVERTED, message, "the next sync follows it to what it became")
    moved = changed_there(change, now)
    if moved is None and change.op == "update" and says(now, row.texts):
        return already(change)
    return moved


def _stale(change: Change, code: str, message: str, remedy: str) -> Outcome:
    return Outcome(change.id, "stale", change.record_id, code, message, remedy)
