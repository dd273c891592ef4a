"""A change as a row of a request, by whichever API it travels, and what is answered about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from hub.connectors.contract import REMOVALS, Change, Outcome
from hub.connectors.outcomes import rejected
from hub.connectors.salesforce.faults import row_rule
from hub.connectors.salesforce.schema import Shape

NULL_CELL = "#N/A"
_GONE = frozenset({"ENTITY_IS_DELETED", "NOT_FOUND"})
_LONGEST_CELL = 32_000
# Who owns a record and how it is laid out is nothing that many writers wait for each other on.
_NO_PARENTS = frozenset({"OwnerId", "RecordTypeId"})

Value = str | bool | int | Decimal | None


@dataclass(frozen=True)
class Row:
    """A change made ready. `texts` are its fields as canonical text, the key of a create among
    them; `values` the same as JSON. `parents` are the records a lock on which would stop it."""

    change: Change
    texts: Mapping[str, str | None]
    values: Mapping[str, Value]
    parents: tuple[str, ...]

    @property
    def fits_csv(self) -> bool:
        """Whether an upload can say it: no text that means null there, none that is too long."""
        told = [text for text in self.texts.values() if text is not None]
        return all(text != NULL_CELL and len(text) <= _LONGEST_CELL for text in told)

    @property
    def identity(self) -> str:
        """What two rows of one request must not share: ids by their 15 significant characters,
        keys without case, as the org compares them."""
        change = self.change
        if change.op == "create" and change.key is not None:
            return change.key[1].casefold()
        return (change.record_id or change.id)[:15]


class _Matched(msgspec.Struct):
    Id: str


class _Match(msgspec.Struct):
    record: _Matched


class _MatchResult(msgspec.Struct):
    matchRecords: list[_Match] = []  # noqa: N815 - the wire's name


class _Duplicates(msgspec.Struct):
    matchResults: list[_MatchResult] = []  # noqa: N815


class RowError(msgspec.Struct):
    statusCode: str = ""  # noqa: N815
    message: str = ""
    fields: list[str] = []
    duplicateResult: _Duplicates | None = None  # noqa: N815

    def text(self) -> str:
        """What was said, with the fields it is about and the records it may be the same as."""
        told = self.message
        if self.fields:
            told += f" ({', '.join(self.fields)})"
        results = self.duplicateResult.matchResults if self.duplicateResult is not None else []
        same = [match.record.Id for result in results for match in result.matchRecords]
        return f"{told} Candidates: {', '.join(same)}." if same else told


class RowAnswer(msgspec.Struct):
    """What became of one row."""

    success: bool
    id: str | None = None
    errors: list[RowError] = []

    @property
    def code(self) -> str:
        return self.errors[0].statusCode if self.errors else ""


def refused(code: str, message: str, fields: Iterable[str] = ()) -> RowAnswer:
    return RowAnswer(success=False, errors=[RowError(code, message, list(fields))])


def row_of(change: Change, shape: Shape) -> Row | Outcome:
    """The change as a row, or its rejection when no request could carry it."""
    if change.op == "create" and change.key is None:
        return rejected(change, "no_key", "a create without a key.", "name `create.key`")
    if change.op != "create" and not change.record_id:
        return rejected(change, "no_record", f"{change.op} without a record id.", "sync again")
    texts = dict(change.fields)
    if change.op == "create" and change.key is not None:
        texts[change.key[0]] = change.key[1]
    values: dict[str, Value] = {}
    for name, text in texts.items():
        field = shape.fields.get(name)
        if field is None:
            return rejected(
                change,
                "INVALID_FIELD",
                f"{shape.name} has no visible field {name}.",
                shape.remedy_for([name]),
            )
        try:
            values[name] = field.wire(text)
        except ValueError as err:
            return rejected(
                change, "bad_value", f"{name}: {err}.", "correct the value or its mapping"
            )
    return Row(change, texts, values, _parents(change, shape))


def _parents(change: Change, shape: Shape) -> tuple[str, ...]:
    told = {**change.before, **change.fields}
    lookups = sorted(
        name
        for name, text in told.items()
        if text and name not in _NO_PARENTS and name in shape.fields
        if shape.fields[name].type == "reference"
    )
    return tuple(str(told[name]) for name in lookups)


def outcome(change: Change, answer: RowAnswer) -> Outcome:
    if answer.success:
        return Outcome(change.id, "applied", answer.id or change.record_id)
    if change.op in REMOVALS and answer.code in _GONE:
        return Outcome(change.id, "applied", change.record_id)
    own_record = change.op != "create" and not any(error.fields for error in answer.errors)
    status, remedy = row_rule(answer.code, own_record=own_record)
    messages = "; ".join(error.text() for error in answer.errors)
    return Outcome(change.id, status, change.record_id, answer.code, messages, remedy)
