"""Finding stored records: by id as a write target, by external id, by an id of the right object."""

from sandbox.salesforce.errors import ApiError, deleted
from sandbox.salesforce.ids import to_long
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.store import Row, quoted
from sandbox.salesforce.values import wrong_id


def living(org: Org, sobject: SObject, record: str) -> Row:
    """The stored row of a record that may be written to."""
    row = org.store.fetch(sobject, record)
    if row is None:
        raise ApiError("NOT_FOUND", "The requested resource does not exist")
    if row.get("IsDeleted"):
        raise deleted()
    return row


def owned_id(sobject: SObject, value: str) -> str:
    """The long form of an id that must belong to this object, or MALFORMED_ID."""
    long_id = to_long(value)
    if long_id is None:
        raise ApiError("MALFORMED_ID", f"malformed id {value}", ["Id"])
    if long_id[:3] != sobject.key_prefix:
        raise wrong_id(sobject.fields[0], value)
    return long_id


def matching(org: Org, sobject: SObject, field: Field, value: str) -> list[str]:
    """Ids of living records whose field has this value, compared as the field compares."""
    if field.type == "id":
        condition, wanted = '"Id" = ?', to_long(value) or ""
    elif value.isascii() or field.case_sensitive:
        condition, wanted = f"{quoted(field.name)} = ?", value
    else:
        condition, wanted = f"sf_fold({quoted(field.name)}) = ?", value.casefold()
    alive = ' AND "IsDeleted" = 0' if sobject.any_field("IsDeleted") else ""
    rows = org.store.db.execute(
        f'SELECT "Id" FROM {quoted(sobject.name)} WHERE {condition}{alive} ORDER BY _row', (wanted,)
    )
    return [record for (record,) in rows]
