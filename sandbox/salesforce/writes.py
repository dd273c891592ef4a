"""Creating and changing one record.

Every way of writing (rows, collections, composite, the hooks) comes through here, so a rule holds
everywhere or nowhere.
"""

from dataclasses import dataclass
from datetime import timedelta

from sandbox.salesforce.access import check_permission
from sandbox.salesforce.changefeed import emit
from sandbox.salesforce.conditions import Conditions, check_write
from sandbox.salesforce.derive import derived_values
from sandbox.salesforce.duplicates import check_duplicates
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.finding import living
from sandbox.salesforce.loading import stock_defaults
from sandbox.salesforce.locks import locked_by
from sandbox.salesforce.org import Org
from sandbox.salesforce.partners import PARTNER, check_partner, spread_partner
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.setup_objects import FIELD_PERMISSIONS
from sandbox.salesforce.store import Row
from sandbox.salesforce.validation import (
    Body,
    changes_of,
    check_required,
    check_rules,
    check_unique,
)
from sandbox.salesforce.values import stamp


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, whether their headers let assignment rules run, and insist on duplicates."""

    org: Org
    user_id: str
    assign: bool = True
    allow_save: bool = False


def create(writer: Writer, sobject: SObject, body: Body) -> str:
    """Insert one record and return its id; nothing is left behind by a refusal."""
    org = writer.org
    if not sobject.createable:
        raise ApiError("INVALID_TYPE_FOR_OPERATION", f"entity type not createable: {sobject.name}")
    with org.store.transaction():
        changes = changes_of(org, sobject, body, creating=True)
        row: Row = {**stock_defaults(sobject), **changes}
        check_required(sobject, row)
        _check_setup(org, sobject, row, "")
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
        org.locks.check(locked_by(sobject, row))
        check_unique(org, sobject, record, changes)
        check_duplicates(org, sobject, row, changes, None, allow_save=writer.allow_save)
        org.store.insert(sobject, row)
        if sobject.name == PARTNER:
            spread_partner(org, row)
        check_rules(org, sobject, record)
        told = {name: value for name, value in row.items() if value is not None}
        emit(org, sobject, "CREATE", record, told, writer.user_id)
    return record


def update(
    writer: Writer,
    sobject: SObject,
    record: str,
    body: Body,
    asked: Conditions | None = None,
) -> None:
    """Change one record. An update without any change still moves its stamps."""
    org = writer.org
    if not sobject.updateable:
        raise ApiError("INVALID_TYPE_FOR_OPERATION", f"entity type not updateable: {sobject.name}")
    with org.store.transaction():
        current = living(org, sobject, record)
        if asked is not None:
            check_write(asked, sobject, current)
        if current.get("IsConverted"):
            raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
        changes = changes_of(org, sobject, body, creating=False)
        row: Row = {**current, **changes}
        check_required(sobject, row, only=changes)
        _check_setup(org, sobject, row, record)
        _assign_owner(writer, sobject, row, creating=False)
        _complete(org, sobject, row, frozenset(changes))
        org.locks.check(locked_by(sobject, row, record))
        check_unique(org, sobject, record, changes)
        check_duplicates(org, sobject, row, changes, record, allow_save=writer.allow_save)
        now = org.stamp()
        row.update(LastModifiedDate=now, LastModifiedById=writer.user_id, SystemModstamp=now)
        written = {name: value for name, value in row.items() if value != current[name]}
        if written:
            org.store.update(sobject, record, written)
        check_rules(org, sobject, record)
        emit(org, sobject, "UPDATE", record, written, writer.user_id)


def _check_setup(org: Org, sobject: SObject, row: Row, record: str) -> None:
    if sobject.name == PARTNER:
        check_partner(row)
    elif sobject.name == FIELD_PERMISSIONS:
        check_permission(org.store, row, record)
        org.store.touch_schema(str(row["SobjectType"]), org.now())


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
