"""What a connector promises: preflight, pull in batches with a cursor, apply with one outcome each.

A connector knows one kind of outside system and nothing of the warehouse. Rows travel as text:
each value is what the system said, written canonically (numbers as plain decimals, booleans as
`true`/`false`, times as ISO 8601 UTC with `Z`), because hashing, archiving and validating text is
the same for every system.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import polars as pl

RECORD_ID = "record_id"
MODIFIED_AT = "modified_at"
IS_DELETED = "is_deleted"
RESERVED = (RECORD_ID, MODIFIED_AT, IS_DELETED)

Severity = Literal["ok", "warning", "error"]
OutcomeStatus = Literal["applied", "rejected", "skipped", "stale", "pending"]
Operation = Literal["create", "update"]


@dataclass(frozen=True)
class Finding:
    """One line of a preflight: what was looked at, how it stands, and what to do about it."""

    subject: str
    severity: Severity
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class ObjectSpec:
    """What to pull of one object: its name there, and the outside fields the mapping needs."""

    name: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Batch:
    """Rows in the order they were read, and the cursor that resumes after them.

    `rows` has only String columns: the three RESERVED ones and one per field of the spec. A null is
    a value the system left empty. `origin` names the file a feed's rows came from. `cursor` is
    opaque to everyone but the connector; None repeats the cursor the pull began with.
    """

    rows: pl.DataFrame
    cursor: str | None
    origin: str | None = None


@dataclass(frozen=True)
class Change:
    """One record to write. `fields` are outside field names with canonical text, None clears.

    `key` is the (field, value) upsert key of a create. A field named `associations/…` is a link to
    the record id it holds.
    """

    id: str
    object: str
    op: Operation
    fields: Mapping[str, str | None]
    record_id: str | None = None
    key: tuple[str, str] | None = None
    before: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of one change; `message` is the system's own, `remedy` ours."""

    change_id: str
    status: OutcomeStatus
    record_id: str | None = None
    code: str = ""
    message: str = ""
    remedy: str = ""


@dataclass
class CallMeter:
    """API calls of one connector: used, the computed minimum for the work done, and the quota.

    The minimum is added by the connector next to the work it stands for, from counts of rows and
    the documented page and batch sizes, never from the number of calls it happened to make.
    """

    used: int = 0
    minimum: int = 0
    writes: int = 0
    quota_used: int | None = None
    quota_limit: int | None = None

    def restart(self) -> None:
        """Begin a new account; the quota stays as last seen."""
        self.used = self.minimum = self.writes = 0


class Connector(Protocol):
    """One configured outside system. Close it when done: it holds connections."""

    system: str
    calls: CallMeter
    rows_per_write: int

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        """Credentials, objects, fields and permissions, each with a remedy. Writes nothing."""
        ...

    def pull(self, spec: ObjectSpec, cursor: str | None) -> Iterator[Batch]:
        """Rows changed since `cursor` (None: all rows), oldest change first within a batch.

        Rows may be repeated (overlap), never missed. Raises StopSync or RetryLater errors.
        """
        ...

    def fetch(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        """The named records as they are now, past any search index; unknown ones are left out.

        The batches carry no cursor: they say nothing of other records.
        """
        ...

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Write in the largest batches the API takes; exactly one outcome per change.

        Creates are idempotent by their key: applying the same change twice makes one record.
        """
        ...

    def close(self) -> None: ...
