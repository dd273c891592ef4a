"""Change Data Capture: an event for each change of a record, kept for three days.

The real bus speaks gRPC; here its log is read through a control route. Gaps are part of the truth:
a gap names records without telling their data, an overflow does not even name them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.values import SqlValue

RETENTION = timedelta(hours=72)
MAX_EVENTS = 100
NO_RECORD = "000000000000000AAA"
ALL_CHANGES = "/data/ChangeEvents"

Change = Literal["CREATE", "UPDATE", "DELETE", "UNDELETE"]
_UNTOLD = ("Id", "SystemModstamp", "IsDeleted")


class Wanted(msgspec.Struct):
    """A subscription: what to hear of, and from where in the log."""

    channel: str = ALL_CHANGES
    preset: Literal["LATEST", "EARLIEST", "CUSTOM"] = "EARLIEST"
    replay_id: int = 0
    limit: int = MAX_EVENTS


def emit(
    org: Org, sobject: SObject, change: Change, record: str, values: Mapping[str, SqlValue],
    user_id: str,
) -> None:  # fmt: skip
    """Note a change, where the org captures changes of this object. It is part of the transaction
    that makes it; past the limit for one transaction a single overflow stands for the rest."""
    if sobject.name not in org.switches.captured_objects:
        return
    place = org.changes_in(sobject.name)
    most = org.switches.capture_overflow_after
    if place > most:
        if place == most + 1:
            append_gap(org, sobject.name, "OVERFLOW", [NO_RECORD])
        return
    told: dict[str, object] = {}
    for field in sobject.stored:
        if field.name in values and field.name not in _UNTOLD and field.readable:
            value = values[field.name]
            told[field.name] = value == 1 if field.type == "boolean" else value
    changed = [] if change == "CREATE" else list(told)
    body = {} if change == "DELETE" else told
    header = {"changedFields": changed, "commitUser": user_id, "sequenceNumber": place}
    _append(org, sobject.name, change, [record], header, body)


def append_gap(org: Org, entity: str, kind: str, records: Sequence[str]) -> int:
    """An event that says no more than which records it is about; returns its place in the log."""
    return _append(org, entity, f"GAP_{kind}", records, {}, {})


def _append(
    org: Org, entity: str, change: str, records: Sequence[str],
    header: Mapping[str, object], body: Mapping[str, object],
) -> int:  # fmt: skip
    now = org.now()
    event = {
        "ChangeEventHeader": {
            "entityName": entity,
            "recordIds": list(records),
            "changeType": change,
            "changeOrigin": "com/salesforce/api/rest/67.0",
            "transactionKey": f"{org.locks.attempt:08x}",
            "commitTimestamp": int(now.timestamp() * 1000),
            **header,
        },
        **body,
    }
    cursor = org.store.db.execute(
        "INSERT INTO _event(at, entity, body) VALUES (?,?,?)",
        (now.isoformat(), entity, msgspec.json.encode(event)),
    )
    return int(cursor.lastrowid or 0)


def events(org: Org, wanted: Wanted) -> list[dict[str, object]]:
    """Up to 100 events after a place in the log. A place that is no longer kept, or never was,
    is refused: the client has lost events and must read everything again."""
    after = _start(org, wanted)
    oldest = (org.now() - RETENTION).isoformat()
    entity = None
    if wanted.channel != ALL_CHANGES:
        entity = wanted.channel.rpartition("/")[2].removesuffix("ChangeEvent")
    rows = org.store.db.execute(
        "SELECT replay, body FROM _event WHERE replay > ? AND at >= ? "
        "AND (? IS NULL OR entity = ?) ORDER BY replay LIMIT ?",
        (after, oldest, entity, entity, min(wanted.limit, MAX_EVENTS)),
    )
    return [{"replayId": replay, "event": msgspec.json.decode(body)} for replay, body in rows]


def _start(org: Org, wanted: Wanted) -> int:
    if wanted.preset == "EARLIEST":
        return 0
    if wanted.preset == "LATEST":
        return int(org.store.db.execute("SELECT IFNULL(MAX(replay), 0) FROM _event").fetchone()[0])
    row = org.store.db.execute(
        "SELECT at FROM _event WHERE replay = ?", (wanted.replay_id,)
    ).fetchone()
    if row is None or datetime.fromisoformat(row[0]) < org.now() - RETENTION:
        raise ApiError(
            "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted",
            f"The Replay ID validation failed. Ensure that the Replay ID is valid: "
            f"{wanted.replay_id}",
        )
    return wanted.replay_id
