"""What records say just before or after a write: before, to leave alone what somebody changed since
the plan was made; after, where the answer to a write leaves open what became of a row."""

from collections.abc import Iterator, Mapping, Sequence

from hub.connectors.comparing import changed_there, compared_fields, says
from hub.connectors.contract import (
    IS_DELETED,
    MERGED_INTO,
    RECORD_ID,
    Change,
    ObjectSpec,
    Outcome,
)
from hub.connectors.hubspot.client import Portal
from hub.connectors.hubspot.faults import EMAIL_TAKEN, GONE, Fault
from hub.connectors.hubspot.rows import Rows
from hub.connectors.hubspot.schema import Schemas, plain
from hub.connectors.outcomes import UNANSWERED, already, left_open

Row = Mapping[str, str | None]


class RecordState:
    """Reads records by id or key, at most 100 at once, in the canonical text of a pull."""

    def __init__(self, portal: Portal, schemas: Schemas) -> None:
        self._portal, self._schemas = portal, schemas

    def compared(self, chunk: Sequence[Change]) -> tuple[list[Change], list[Outcome]]:
        """The updates or deletes whose records still say what they said when planned; outcomes of
        the rest. The delete of what is gone goes on, but not that of what was merged: HubSpot would
        take it for the record that is left."""
        rows = self._by_id(chunk, {change.id: change.record_id or "" for change in chunk})
        ready, judged = [], []
        for change in chunk:
            outcome = _compared(change, rows.get(change.record_id or ""))
            if outcome is None:
                ready.append(change)
            else:
                judged.append(outcome)
        return ready, judged

    def after_silence(
        self, changes: Sequence[Change], records: Mapping[str, str]
    ) -> Iterator[Outcome]:
        """Outcomes of changes that an answer passed over: by what their records say now."""
        with left_open(f"{len(changes)} changes that an answer passed over"):
            now = self._now(changes, records)
        for change in changes:
            yield _after_silence(change, now.get(change.id))

    def written_already(
        self, changes: Sequence[Change], records: Mapping[str, str]
    ) -> dict[str, str]:
        """Change id → id of its record, for the changes whose records say all that is to be
        written; links apart."""
        now = self._now(changes, records)
        return {
            change.id: str(now[change.id][RECORD_ID])
            for change in changes
            if change.id in now and _says(now[change.id], change.fields)
        }

    def after_conflict(self, taken: Sequence[tuple[Change, Fault, str]]) -> Iterator[Outcome]:
        """Outcomes of creates that met a record of somebody's, given with each: ours, or not."""
        changes = [change for change, _, _ in taken]
        key = key_of(changes[0])[0]
        rows = self._by_id(changes, {change.id: held for change, _, held in taken}, key)
        for change, fault, held in taken:
            row = rows.get(held)
            if row is not None and row.get(key) == key_of(change)[1]:
                yield Outcome(change.id, "applied", held)
            else:
                yield Outcome(
                    change.id,
                    "skipped",
                    held,
                    EMAIL_TAKEN,
                    f"{fault.said} It is not the hub's: its {key} is "
                    f"{row.get(key) or 'empty' if row is not None else 'not to be seen'}.",
                    "nothing was written; the next sync reads the record and links it",
                )

    def _now(self, changes: Sequence[Change], records: Mapping[str, str]) -> dict[str, Row]:
        """Change id → its record now, by the record id in `records`, else by key."""
        told = [change for change in changes if change.id in records]
        keyed = [change for change in changes if change.id not in records]
        by_id = self._by_id(told, records) if told else {}
        by_key = self._by_key(keyed) if keyed else {}
        found = {change.id: by_id.get(records[change.id]) for change in told}
        found |= {change.id: by_key.get(key_of(change)[1]) for change in keyed}
        return {change_id: row for change_id, row in found.items() if row is not None}

    def _by_id(
        self, changes: Sequence[Change], records: Mapping[str, str], *more: str
    ) -> dict[str, Row]:
        rows = self._rows(changes, *more)
        wanted = list(dict.fromkeys(records[change.id] for change in changes))
        self._portal.calls.minimum += 1
        _, body = self._portal.read_records(changes[0].object, wanted, rows.asked)
        return {str(row[RECORD_ID]): row for row in rows.frame([body]).rows(named=True)}

    def _by_key(self, changes: Sequence[Change]) -> dict[str, Row]:
        key = key_of(changes[0])[0]
        rows = self._rows(changes, key)
        self._portal.calls.minimum += 1
        values = [key_of(change)[1] for change in changes]
        _, body = self._portal.read_by_key(changes[0].object, key, values, rows.asked)
        return {str(row[key]): row for row in rows.frame([body]).rows(named=True)}

    def _rows(self, changes: Sequence[Change], *more: str) -> Rows:
        shape = self._schemas.of(changes[0].object)
        names = dict.fromkeys(
            name
            for change in changes
            for name in plain([*change.fields, *compared_fields(change)])
            if name in change.fields or name in shape.properties
        )
        return Rows(ObjectSpec(shape.name, tuple(dict.fromkeys([*names, *more]))), shape)


def key_of(change: Change) -> tuple[str, str]:
    if change.key is None:
        raise ValueError(f"change {change.id} has no key")
    return change.key


def _compared(change: Change, row: Row | None) -> Outcome | None:
    """None when the update or delete may go on."""
    if row is None or row[IS_DELETED] == "true":
        merged = row is not None and row[MERGED_INTO]
        return _gone(change, row) if merged or change.op == "update" else None
    moved = changed_there(change, row)
    if moved is None and change.op == "update" and _says(row, change.fields):
        return already(change)
    return moved


def _after_silence(change: Change, row: Row | None) -> Outcome:
    if change.op == "update" and (row is None or row[IS_DELETED] == "true"):
        return _gone(change, row)
    if row is not None and _says(row, change.fields):
        return Outcome(change.id, "applied", row[RECORD_ID])
    named = change.record_id or " = ".join(key_of(change))
    return Outcome(
        change.id,
        "pending",
        change.record_id,
        UNANSWERED,
        f"the answer says nothing of {change.object} {named}, and it does not say what was sent.",
        "the next plan sends it again",
    )


def _gone(change: Change, row: Row | None) -> Outcome:
    into = row[MERGED_INTO] if row is not None else None
    message = f"merged into {into}" if into else "merged or deleted"
    return Outcome(change.id, "stale", change.record_id, "absent", message, GONE)


def _says(row: Row, fields: Mapping[str, str | None]) -> bool:
    """Whether a living record says all this; links apart."""
    told = {name: fields[name] for name in plain(list(fields))}
    return row[IS_DELETED] != "true" and says(row, told)
