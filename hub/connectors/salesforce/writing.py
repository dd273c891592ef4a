"""Writing records: one outcome per change, by the API that takes the fewest calls.

Updates go by record id, creates are upserts by the hub's own external id. Both set absolute values,
so a request may be sent twice; after an answer that was lost the records are read first, and only
what they do not say yet is sent again.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from hub.connectors.comparing import COMPARED
from hub.connectors.contract import Change, Operation, Outcome
from hub.connectors.outcomes import grouped, one_each
from hub.connectors.salesforce.batches import ROWS_PER_CALL, write_in_batches
from hub.connectors.salesforce.client import Org
from hub.connectors.salesforce.comparing import moved_on, written_already
from hub.connectors.salesforce.config import SalesforceSystem
from hub.connectors.salesforce.faults import LOCKED
from hub.connectors.salesforce.ingest import ingest_calls, write_by_job
from hub.connectors.salesforce.jobs import JobRefused
from hub.connectors.salesforce.records import Row, outcome, row_of
from hub.connectors.salesforce.schema import Schemas

_ASSIGNED = frozenset({"Lead", "Case"})


class Writer:
    """Applies changes to one org."""

    def __init__(self, org: Org, schemas: Schemas, config: SalesforceSystem) -> None:
        self._org, self._schemas, self._config = org, schemas, config
        self._headers = {} if config.auto_assign else {"Sforce-Auto-Assign": "FALSE"}
        if config.duplicate_rules == "alert":
            self._headers["Sforce-Duplicate-Rule-Header"] = "allowSave=true"

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        return one_each(grouped(changes, _route), self._write)

    def calls(self, obj: str, rows: int, op: Operation) -> int:
        """The fewest calls that write so many changes of one object and operation."""
        return ingest_calls(op) if self._by_job_is_best(obj, rows, op) else _batch_calls(rows)

    def _write(self, group: Sequence[Change]) -> Iterator[Outcome]:
        with self._schemas.trusted(group[0].object):
            yield from self._group(group)

    def _group(self, group: Sequence[Change]) -> Iterator[Outcome]:
        shape = self._schemas.of(group[0].object)
        rows = []
        for change in group:
            row = row_of(change, shape)
            if isinstance(row, Outcome):
                yield row
            else:
                rows.append(row)
        if group[0].op in COMPARED:
            always = self._config.compare_before_write
            compared = [row for row in rows if always or row.change.compare]
            judged = moved_on(self._org, self._schemas, compared)
            yield from judged.values()
            rows = [row for row in rows if row.change.id not in judged]
        if group[0].op == "create":
            asked = [row for row in rows if row.change.compare]
            made = written_already(self._org, self._schemas, asked) if asked else {}
            for change_id, record_id in made.items():
                yield Outcome(change_id, "applied", record_id)
            rows = [row for row in rows if row.change.id not in made]
        for wave in _waves(rows):
            yield from self._wave(wave)

    def _wave(self, rows: Sequence[Row]) -> Iterator[Outcome]:
        """Rows of one kind, no two of one record. Those under one parent travel together: requests
        that touch it at the same time would lock each other out."""
        rows = sorted(rows, key=lambda row: row.parents)
        change = rows[0].change
        self._org.calls.minimum += self.calls(change.object, len(rows), change.op)
        if self._by_job_is_best(change.object, len(rows), change.op):
            yield from self._by_job(rows)
        else:
            yield from self._in_batches(rows)

    def _by_job(self, rows: Sequence[Row]) -> Iterator[Outcome]:
        """What a job cannot carry, or did not because of a lock, goes in batches."""
        left = {row.change.id: row for row in rows}
        with suppress(JobRefused):
            for row, answer in write_by_job(self._org, [row for row in rows if row.fits_csv]):
                if answer.code != LOCKED:
                    del left[row.change.id]
                    yield outcome(row.change, answer)
        yield from self._in_batches(list(left.values()))

    def _in_batches(self, rows: Sequence[Row]) -> Iterator[Outcome]:
        there = partial(written_already, self._org, self._schemas)
        for row, answer in write_in_batches(self._org, rows, self._headers, there):
            yield outcome(row.change, answer)

    def _by_job_is_best(self, obj: str, rows: int, op: Operation) -> bool:
        cheaper = self._config.bulk == "always" or ingest_calls(op) < _batch_calls(rows)
        return rows > 0 and cheaper and self._may_use_job(obj)

    def _may_use_job(self, obj: str) -> bool:
        """A job runs no assignment rule by itself, and does not know the header by which records
        are saved in spite of an alert."""
        config = self._config
        assigned = config.auto_assign and obj in _ASSIGNED
        return config.bulk != "never" and config.duplicate_rules != "alert" and not assigned


def _batch_calls(rows: int) -> int:
    return -(-rows // ROWS_PER_CALL)


def _route(change: Change) -> tuple[str, str, str]:
    return change.object, change.op, change.key[0] if change.key else ""


def _waves(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Rows in their order, no record twice in a wave: the second change to a record waits for a
    later request, which the APIs would refuse in the same one."""
    waves: list[list[Row]] = []
    seen: dict[str, int] = {}
    for row in rows:
        wave = seen.get(row.identity, 0)
        seen[row.identity] = wave + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(row)
    yield from waves
