"""getUpdated and getDeleted: which records changed or went away in a span of time."""

from datetime import datetime, timedelta

from sandbox.salesforce.calls import Call, Reply, Route
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.values import parse_instant, stamp

UPDATED_DAYS, DELETED_DAYS = 30, 15
MAX_IDS = 600_000


def updated(org: Org, call: Call) -> Reply:
    sobject = _replicated(org, call)
    start, end = _window(org, call, UPDATED_DAYS)
    alive = ' AND "IsDeleted" = 0' if sobject.any_field("IsDeleted") else ""
    rows = org.store.db.execute(
        f'SELECT "Id" FROM "{sobject.name}" '
        'WHERE "SystemModstamp" >= ? AND "SystemModstamp" < ? '
        f"AND (_VisibleFrom IS NULL OR _VisibleFrom <= ?){alive} "
        'ORDER BY "SystemModstamp", "Id"',
        (stamp(start), stamp(end), org.stamp()),
    ).fetchall()
    if len(rows) > MAX_IDS:
        raise ApiError("EXCEEDED_ID_LIMIT", f"more than {MAX_IDS} ids in the given span")
    covered = _covered(org, sobject, start, end)
    return Reply(
        body={"ids": [row[0] for row in rows], "latestDateCovered": covered}, rows=len(rows)
    )


def deleted(org: Org, call: Call) -> Reply:
    sobject = _replicated(org, call)
    start, end = _window(org, call, DELETED_DAYS)
    if org.switches.deleted_log_purged:
        raise ApiError("INVALID_REPLICATION_DATE", "startDate before org replication enabled date")
    rows = org.store.db.execute(
        f'SELECT "Id", _DeletedAt FROM "{sobject.name}" '
        "WHERE _DeletedAt >= ? AND _DeletedAt < ? ORDER BY _DeletedAt, _row",
        (stamp(start), stamp(end)),
    ).fetchall()
    body = {
        "deletedRecords": [{"id": record, "deletedDate": at} for record, at in rows],
        "earliestDateAvailable": stamp(_minute(org.now() - timedelta(days=DELETED_DAYS))),
        "latestDateCovered": _covered(org, sobject, start, end),
    }
    return Reply(body=body, rows=len(rows))


def _replicated(org: Org, call: Call) -> SObject:
    sobject = org.sobject(call.params["object"])
    if not sobject.replicateable:
        raise ApiError("INVALID_TYPE_FOR_OPERATION", f"{sobject.name} is not replicable")
    return sobject


def _window(org: Org, call: Call, days: int) -> tuple[datetime, datetime]:
    """Both ends cut to the minute, as the platform does."""
    start, end = _moment(call, "start"), _moment(call, "end")
    if start >= end:
        raise ApiError(
            "INVALID_REPLICATION_DATE", "startDate has to be before endDate by at least a minute"
        )
    if start < org.now() - timedelta(days=days):
        raise ApiError("INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
    return start, end


def _moment(call: Call, name: str) -> datetime:
    # A "+" that was not percent-encoded arrives as a space; the platform forgives that here.
    given = call.query.get(name, "").replace(" ", "+")
    moment = parse_instant(given)
    if moment is None:
        raise ApiError("INVALID_REPLICATION_DATE", f"{name} is not a valid date: {given}")
    return _minute(moment)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _covered(org: Org, sobject: SObject, start: datetime, end: datetime) -> str:
    """Everything up to here is told; a transaction still open holds it back to its start."""
    covered = min(end, _minute(org.now()))
    first_open = org.store.db.execute(
        f'SELECT MIN("SystemModstamp") FROM "{sobject.name}" WHERE _VisibleFrom > ?',
        (org.stamp(),),
    ).fetchone()[0]
    opened = parse_instant(first_open) if first_open is not None else None
    if opened is not None and opened < covered:
        covered = max(start, _minute(opened))
    return stamp(covered)


ROUTES = (
    Route("GET", "sobjects/{object}/updated", updated),
    Route("GET", "sobjects/{object}/deleted", deleted),
)
