"""What a connector promises: preflight, pull in batches with a cursor, apply with one outcome each.

A connector knows one kind of outside system and nothing of the warehouse. Rows travel as text:
each value is what the system said, written canonically (numbers as plain decimals, booleans as
`true`/`false`, times as ISO 8601 UTC with `Z`), because hashing, archiving and validating text is
the same for every system.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import polars as pl

from hub.config import SystemBase
from hub.errors import QuotaSpent

RECORD_ID = "record_id"
MODIFIED_AT = "modified_at"
IS_DELETED = "is_deleted"
MERGED_INTO = "merged_into"
RESERVED = (RECORD_ID, MODIFIED_AT, IS_DELETED, MERGED_INTO)

Severity = Literal["ok", "warning", "error"]
OutcomeStatus = Literal["applied", "rejected", "skipped", "stale", "pending"]
Operation = Literal["create", "update", "delete", "erase"]
REMOVALS: frozenset[Operation] = frozenset(("delete", "erase"))
Write = tuple[str, Operation]
"""An object, and what is done to records of it."""
FieldKind = Literal[
    "text", "number", "boolean", "date", "datetime", "choice", "choices", "reference", "other"
]


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
class FieldShape:
    """A field as the system describes it to our user.

    `length` is the most characters a text takes, `choices` the values a choice takes; both None
    when the system does not say. `restricted`: other values than `choices` are refused. `required`:
    a new record needs a value. `formula`: the system computes it. `choices_by_record_type`: record
    type id → those of the choices that a record of this type takes; None when all do, or when
    nobody asked. `scale`: the decimals
    that a number keeps, None when the system does not say.
    """

    name: str
    kind: FieldKind
    length: int | None = None
    choices: tuple[str, ...] | None = None
    restricted: bool = False
    required: bool = False
    unique: bool = False
    writable: bool = True
    formula: bool = False
    choices_by_record_type: Mapping[str, tuple[str, ...]] | None = None
    scale: int | None = None


@dataclass(frozen=True)
class Batch:
    """Rows in the order they were read, and the cursor that resumes after them.

    `rows` has only String columns: the four RESERVED ones and one per field of the spec. A null is
    a value the system left empty. A row with `is_deleted` = `true` tells that the record is gone;
    `merged_into` then names the record it was merged into, at the end of all merges, if it was.
    `origin` names the file a feed's rows came from. `cursor` is
    opaque to everyone but the connector; None repeats the cursor the pull began with.
    `faults` are those that reading itself found: `row` (position in `rows`), `column`, `rule`,
    `value`, `message`; such rows are held back like those that the checks refuse.
    """

    rows: pl.DataFrame
    cursor: str | None
    origin: str | None = None
    faults: pl.DataFrame | None = None


@dataclass(frozen=True)
class Change:
    """One record to write. `fields` are outside field names with canonical text, None clears.

    `key` is the (field, value) upsert key of a create. A field named `associations/…` is a link to
    the record id it holds. A `delete` takes the record away so that people there can bring it back,
    if their system knows such a thing; an `erase` takes it away for good, if it can. Neither has
    fields. Of a record that is not there any more both are `applied`. With
    `compare` an update or delete is sent only if its record still says `before`: what somebody has
    changed since the plan was made is left alone, and `stale`; what says already all that is to be
    written is `applied` and not written again. An `erase` goes whatever the record says. A create
    has `compare` when an earlier attempt was not answered: a connector that can looks for the key
    first, and for what is there the same holds.
    """

    id: str
    object: str
    op: Operation
    fields: Mapping[str, str | None]
    record_id: str | None = None
    key: tuple[str, str] | None = None
    before: Mapping[str, str | None] = field(default_factory=dict)
    compare: bool = False


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
    `share` is the part of the quota that may be used up before the connector must stop by itself.
    """

    used: int = 0
    minimum: int = 0
    writes: int = 0
    quota_used: int | None = None
    quota_limit: int | None = None
    share: float = 1.0

    def spend(self, *, write: bool = False) -> None:
        """Account for a call about to be made. Raises QuotaSpent when our share is used up."""
        if self.quota_used is not None and self.quota_limit is not None:
            allowed = int(self.quota_limit * self.share)
            if self.quota_used >= allowed:
                raise QuotaSpent(
                    f"{self.quota_used} of {self.quota_limit} calls are used, "
                    f"{allowed} are the share of the hub.",
                    remedy="wait until the allowance is renewed, or raise `quota_share`; the next "
                    "run goes on where this one stopped",
                )
            self.quota_used += 1
        self.used += 1
        self.writes += write

    def restart(self) -> None:
        """Begin a new account; the quota stays as last seen."""
        self.used = self.minimum = self.writes = 0


class Connector(Protocol):
    """One configured outside system. Close it when done: it holds connections."""

    system: str
    calls: CallMeter
    rows_per_apply: int
    """Changes worth handing over at once: more of them would save no call."""

    config_model: ClassVar[type[SystemBase]]
    """The settings of a system of this kind, as they stand in `hub.yaml`."""

    def preflight(self, specs: Sequence[ObjectSpec]) -> list[Finding]:
        """Credentials, objects, fields and permissions, each with a remedy. Writes nothing."""
        ...

    def describe(self, obj: str) -> Sequence[FieldShape]:
        """All fields of an object that our user can see, in no particular order.

        Asked of the system once per connector, by the same call a pull needs anyway.
        """
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

    def present(self, spec: ObjectSpec) -> Iterator[pl.Series]:
        """The ids of all records our user can see now, in Series of String, each id once."""
        ...

    def trace(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[Batch]:
        """What became of records that are not `present`, as rows without a cursor.

        A row flagged deleted (and merged, if so) for each that the system says is gone; the record
        itself for each that is there after all. About those that are left out the system says
        nothing to our user: they may be hidden from us, or gone too long for anybody to know.
        """
        ...

    def volatile_fields(self, spec: ObjectSpec) -> tuple[str, ...]:
        """Fields of the spec that can change without the record appearing in an increment."""
        ...

    def volatile(self, spec: ObjectSpec, record_ids: Sequence[str]) -> Iterator[pl.DataFrame]:
        """`record_id` and the volatile fields as they are now, of at least the named records.

        Text as in a Batch; a record that is not there is left out, or told as one without values.
        """
        ...

    def opening_calls(self, writes: Collection[Write], *, anew: bool) -> int:
        """The calls it takes before these can be written: signing in, asking for fields. Of a
        session that begins `anew`, or of this one, which may have asked before."""
        ...

    def write_calls(self, obj: str, rows: int, op: Operation = "create") -> int:
        """The fewest calls that write so many changes of one object and operation, handed over
        at once."""
        ...

    def compare_calls(self, obj: str, rows: int, *, asked: bool) -> int:
        """The calls that reading so many records just before their update or delete takes: none
        unless the changes ask for it (`asked`), or the settings of the system do for all."""
        ...

    def apply(self, changes: Sequence[Change]) -> Iterator[Outcome]:
        """Write in the largest batches the API takes; exactly one outcome per change.

        Creates are idempotent by their key: applying the same change twice makes one record.
        """
        ...

    def close(self) -> None: ...
