"""What one written record goes through: fields, types, lookups, uniqueness, rules, stamps.

Every way of writing (rows, collections, composite, the hooks) comes through here, so a rule holds
everywhere or nowhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.salesforce.derive import derived_values
from sandbox.salesforce.errors import ApiError, deleted, no_such_column
from sandbox.salesforce.ids import to_long
from sandbox.salesforce.loading import stock_defaults
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql.parser import parse_condition
from sandbox.salesforce.soql.scope import Scope
from sandbox.salesforce.soql.where import Where
from sandbox.salesforce.store import Row, quoted
from sandbox.salesforce.values import column_value, parse_instant, stamp, wrong_id

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, and whether their headers let assignment rules run."""

    org: Org
    user_id: str
    assign: bool = True


def create(writer: Writer, sobject: SObject, body: Body) -> str:
    """Insert one record and return its id; nothing is left behind by a refusal."""
    org = writer.org
    if not sobject.createable:
        raise ApiError("INVALID_TYPE_FOR_OPERATION", f"entity type not createable: {sobject.name}")
    with org.store.transaction():
        changes = _changes(org, sobject, body, creating=True)
        row: Row = {**stock_defaults(sobject), **changes}
        _require(sobject, row)
        _assign_owner(writer, sobject, row, creating=True)
        record = org.store.next_id(sobject.key_prefix)
        _complete(org, sobject, row, frozenset(changes))
        now = org.stamp()
        row.update(
            Id=record, CreatedDate=now, CreatedById=writer.user_id,
            LastModifiedDate=now, LastModifiedById=writer.user_id, SystemModstamp=now,
        )  # fmt: skip
        lag = org.switches.commit_lag_seconds
        if lag:
            row["_VisibleFrom"] = stamp(org.now() + timedelta(seconds=lag))
        _check_unique(org, sobject, record, changes)
        org.store.insert(sobject, row)
        _check_rules(org, sobject, record)
    return record


def update(
    writer: Writer,
    sobject: SObject,
    record: str,
    body: Body,
    unmodified_since: datetime | None = None,
) -> None:
    """Change one record. An update without any change still moves its stamps."""
    org = writer.org
    with org.store.transaction():
        current = living(org, sobject, record)
        if unmodified_since is not None:
            _check_unmodified(current, unmodified_since)
        if current.get("IsConverted"):
            raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
        changes = _changes(org, sobject, body, creating=False)
        row: Row = {**current, **changes}
        _require(sobject, row, only=changes)
        _assign_owner(writer, sobject, row, creating=False)
        _complete(org, sobject, row, frozenset(changes))
        _check_unique(org, sobject, record, changes)
        now = org.stamp()
        row.update(LastModifiedDate=now, LastModifiedById=writer.user_id, SystemModstamp=now)
        written = {name: value for name, value in row.items() if value != current[name]}
        if written:
            org.store.update(sobject, record, written)
        _check_rules(org, sobject, record)


def delete(writer: Writer, sobject: SObject, record: str) -> None:
    """Move a record to the recycle bin, with what hangs on it."""
    org = writer.org
    if not sobject.deletable:
        raise ApiError(
            "INVALID_TYPE_FOR_OPERATION", f"entity type cannot be deleted: {sobject.name}"
        )
    living(org, sobject, record)
    with org.store.transaction():
        to_recycle_bin(writer, sobject, record)


def to_recycle_bin(
    writer: Writer, sobject: SObject, record: str, master: str | None = None
) -> None:
    """Mark deleted; a merge passes the record that lives on as `master` and keeps the children."""
    store, now = writer.org.store, writer.org.stamp()
    gone: Row = {
        "IsDeleted": 1, "_DeletedAt": now, "LastModifiedDate": now,
        "LastModifiedById": writer.user_id, "SystemModstamp": now,
    }  # fmt: skip
    if master is not None:
        store.update(sobject, record, {**gone, "MasterRecordId": master})
        return
    store.update(sobject, record, gone)
    for link in store.schema.children_of(sobject.name):
        column = quoted(link.field.name)
        if link.field.on_delete == "clear":
            store.db.execute(
                f"UPDATE {quoted(link.child.name)} SET {column} = NULL WHERE {column} = ?",
                (record,),
            )
        elif link.field.on_delete == "cascade":
            children = store.db.execute(
                f'SELECT "Id" FROM {quoted(link.child.name)} '
                f'WHERE {column} = ? AND "IsDeleted" = 0',
                (record,),
            ).fetchall()
            for (child,) in children:
                to_recycle_bin(writer, link.child, child)


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


def _changes(org: Org, sobject: SObject, body: Body, *, creating: bool) -> Row:
    """The columns a request body sets."""
    changes: Row = {}
    refused: list[str] = []
    for name, value in body.items():
        if name.lower() == "attributes":
            continue
        field = sobject.field(name)
        if field is None:
            changes.update(_parent_by_key(org, sobject, name, value))
            continue
        if field.type == "id":
            raise ApiError(
                "INVALID_FIELD", "The Id field should not be specified in the sobject data."
            )
        allowed = field.createable if creating else field.updateable
        if not allowed or not field.writable or field.formula is not None:
            refused.append(field.name)
            continue
        changes[field.name] = column_value(field, value, trim=org.switches.trim_text)
        _check_lookup(org, field, changes[field.name])
    if refused:
        raise ApiError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(refused)}. Please check the security "
            "settings of this field and verify that it is read/write for your profile or "
            "permission set.",
            refused,
        )
    return changes


def _parent_by_key(org: Org, sobject: SObject, name: str, value: object) -> Row:
    """`{"Account": {"Hub_Company_Key__c": "x"}}` sets the lookup by the parent's external id."""
    lookup = sobject.parent_field(name)
    if lookup is None or not isinstance(value, Mapping):
        raise no_such_column(sobject.name, name)
    parent = org.sobject(lookup.reference_to[0])
    keys = {k: v for k, v in value.items() if k.lower() not in ("attributes", "type")}
    key_name, key = next(iter(keys.items()), ("", None))
    key_field = parent.field(key_name)
    if len(keys) != 1 or key_field is None or not (key_field.external_id or key_field.id_lookup):
        raise ApiError("INVALID_FIELD", f"No external ID given for relationship {name}")
    found = matching(org, parent, key_field, str(key))
    if len(found) != 1:
        raise ApiError(
            "INVALID_FIELD",
            f"Foreign key external ID: {key} not found for field {key_field.name} "
            f"in entity {parent.name}",
            [],
        )
    return {lookup.name: found[0]}


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


def _require(sobject: SObject, row: Row, only: Row | None = None) -> None:
    """Required fields must hold something; an update is asked about the fields it touches."""
    missing = [
        field.name
        for field in sobject.stored
        if not field.nillable
        and field.createable
        and row.get(field.name) is None
        and (field.name in only if only is not None else not _filled_later(field))
    ]
    if missing:
        raise ApiError(
            "REQUIRED_FIELD_MISSING",
            f"Required fields are missing: [{', '.join(missing)}]",
            missing,
        )


def _filled_later(field: Field) -> bool:
    return field.name == "OwnerId"


def _check_lookup(org: Org, field: Field, value: object) -> None:
    if field.type != "reference" or not isinstance(value, str):
        return
    targets = [org.store.schema.get(name) for name in field.reference_to]
    target = next((t for t in targets if t is not None and value[:3] == t.key_prefix), None)
    if target is None:
        raise wrong_id(field, value)
    row = org.store.fetch(target, value)
    if row is None:
        raise ApiError(
            "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [],
            org.switches.invalid_cross_reference_status,
        )  # fmt: skip
    if row.get("IsDeleted"):
        raise deleted()


def _check_unique(org: Org, sobject: SObject, record: str, changes: Row) -> None:
    for name, value in changes.items():
        field = sobject.any_field(name)
        if field is None or not field.unique or value is None:
            continue
        others = [other for other in matching(org, sobject, field, str(value)) if other != record]
        if others:
            shown = others[0][:15] if org.switches.short_id_in_duplicate_message else others[0]
            raise ApiError(
                "DUPLICATE_VALUE",
                f"duplicate value found: {name} duplicates value on record with id: {shown}",
                [],
            )


def _check_rules(org: Org, sobject: SObject, record: str) -> None:
    for rule in org.switches.validation_rules:
        if rule.object.lower() != sobject.name.lower():
            continue
        scope = Scope(org.context(include_deleted=True), sobject, rule.condition)
        where = Where(scope)
        condition = where.sql(parse_condition(rule.condition))
        broken = org.store.db.execute(
            f'SELECT 1 FROM {scope.source} WHERE {scope.root}."Id" = ? AND {condition}',
            (record, *where.params),
        ).fetchone()
        if broken is not None:
            fields = [rule.field] if rule.field is not None else []
            raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)


def _check_unmodified(current: Row, since: datetime) -> None:
    modified = parse_instant(str(current["LastModifiedDate"]))
    if modified is not None and modified > since:
        raise ApiError(
            "PRECONDITION_FAILED",
            "Failed precondition: the resource was modified after the If-Unmodified-Since time",
            status=412,
        )


def _assign_owner(writer: Writer, sobject: SObject, row: Row, *, creating: bool) -> None:
    """The active assignment rule takes over new leads, and changed ones where the org says so."""
    if creating and row.get("OwnerId") is None and sobject.any_field("OwnerId") is not None:
        row["OwnerId"] = writer.user_id
    owner = writer.org.switches.lead_assignment_owner
    applies = writer.assign and (creating or writer.org.switches.auto_assign_on_update)
    if sobject.name == "Lead" and owner is not None and applies:
        row["OwnerId"] = owner


def _complete(org: Org, sobject: SObject, row: Row, given: frozenset[str]) -> None:
    """Fields that follow from others, here and in the owner's or contact's record."""
    row.update(derived_values(sobject.name, row, given))
    if sobject.any_field("PartnerAccountId") is not None:
        owner = org.store.fetch(org.sobject("User"), str(row["OwnerId"]))
        partner = owner is not None and owner["UserType"] == "PowerPartner"
        row["PartnerAccountId"] = owner["AccountId"] if owner is not None and partner else None
    if sobject.name == "User" and "ContactId" in given:
        contact = org.store.fetch(org.sobject("Contact"), str(row["ContactId"]))
        row["AccountId"] = contact["AccountId"] if contact is not None else None
