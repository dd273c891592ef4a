"""The recycle bin: deleting, restoring, and emptying it."""

from sandbox.salesforce.changefeed import emit
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.finding import living
from sandbox.salesforce.locks import locked_by
from sandbox.salesforce.org import Org
from sandbox.salesforce.partners import PARTNER, gather_partner
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.store import Row, quoted
from sandbox.salesforce.writes import Writer


def delete(writer: Writer, sobject: SObject, record: str) -> None:
    """Move a record to the recycle bin, with what hangs on it."""
    org = writer.org
    if not sobject.deletable:
        raise ApiError(
            "INVALID_TYPE_FOR_OPERATION", f"entity type cannot be deleted: {sobject.name}"
        )
    row = living(org, sobject, record)
    org.locks.check(locked_by(sobject, row, record))
    with org.store.transaction():
        if sobject.any_field("IsDeleted") is None:
            org.store.db.execute(f'DELETE FROM {quoted(sobject.name)} WHERE "Id" = ?', (record,))
            return
        to_recycle_bin(writer, sobject, record)
        if sobject.name == PARTNER:
            gather_partner(org, row)


def to_recycle_bin(
    writer: Writer, sobject: SObject, record: str, master: str | None = None
) -> None:
    """Mark deleted; a merge passes the record that lives on as `master` and keeps the children."""
    store, now = writer.org.store, writer.org.stamp()
    gone: Row = {
        "IsDeleted": 1, "_DeletedAt": now, "LastModifiedDate": now,
        "LastModifiedById": writer.user_id, "SystemModstamp": now,
    }  # fmt: skip
    emit(writer.org, sobject, "DELETE", record, {}, writer.user_id)
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


def undelete(org: Org, sobject: SObject, record: str) -> None:
    """Take a record out of the bin again; what was deleted along with it stays there."""
    row = org.store.fetch(sobject, record)
    if row is None or not row.get("IsDeleted"):
        raise ApiError("UNDELETE_FAILED", "Entity is not in the recycle bin")
    now = org.stamp()
    restored: Row = {
        "IsDeleted": 0, "_DeletedAt": None, "LastModifiedDate": now, "SystemModstamp": now,
    }  # fmt: skip
    if sobject.any_field("MasterRecordId") is not None:
        restored["MasterRecordId"] = None
    org.store.update(sobject, record, restored)
    emit(org, sobject, "UNDELETE", record, {**row, **restored}, str(row["LastModifiedById"]))


def purge(org: Org, sobject: SObject, record: str) -> None:
    """Remove a deleted record for good, as a hard delete does."""
    org.store.db.execute(
        f'DELETE FROM {quoted(sobject.name)} WHERE "Id" = ? AND "IsDeleted" = 1', (record,)
    )


def empty_recycle_bin(org: Org) -> int:
    """Remove deleted records for good, and with them every trace of a merge."""
    removed = 0
    with org.store.transaction():
        for sobject in org.store.schema:
            if sobject.any_field("IsDeleted") is not None:
                removed += org.store.db.execute(
                    f'DELETE FROM {quoted(sobject.name)} WHERE "IsDeleted" = 1'
                ).rowcount
    return removed
