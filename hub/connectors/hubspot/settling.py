"""What the answer to a batch says of each change in it, also when it refuses the batch as a whole.

Whether an answer is 200 or 207 does not matter: every input must be found in `results` or `errors`.
"""

import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

from hub.connectors.contract import Change
from hub.connectors.hubspot.client import BatchAnswer, Written
from hub.connectors.hubspot.faults import Fault, RequestRefused, is_verdict
from hub.connectors.hubspot.schema import linked

Told = Written | Fault | None
"""The record as written, why it was not, or nothing at all."""
Send = Callable[[Sequence[Change]], BatchAnswer]

_WORD = re.compile(r"[^\s=,;\[\]()]+")
_LEAST_TELLING = 3


def settled(
    chunk: Sequence[Change], send: Send, records: Mapping[str, str]
) -> Generator[tuple[Change, Told], None, bool]:
    """Each change with what was said of it; returns whether the batch was taken as a whole.

    `records` are the record ids that the changes go to, by change id. A refused batch is parted:
    the rows that the refusal names stand aside, without such a hint it is halved, until each row
    that spoils a request has been refused alone.
    """
    try:
        answer = send(chunk)
    except RequestRefused as refused:
        yield from _parted(chunk, send, records, refused.fault)
        return False
    yield from _matched(chunk, answer, records)
    return True


def _parted(
    chunk: Sequence[Change], send: Send, records: Mapping[str, str], fault: Fault
) -> Iterator[tuple[Change, Told]]:
    if len(chunk) == 1:
        yield chunk[0], fault
        return
    named = _named(fault, chunk, records)
    if is_verdict(fault) and 0 < len(named) < len(chunk):
        for change in named:
            yield change, fault
        yield from settled(_without(chunk, named), send, records)
        return
    suspects = named or _suspects(fault, chunk)
    if not 0 < len(suspects) < len(chunk):
        suspects = list(chunk[len(chunk) // 2 :])
    accepted = yield from settled(_without(chunk, suspects), send, records)
    if accepted and len(suspects) > 1:
        # The fault is among these: they need not be sent together to be refused once more.
        yield from _parted(suspects, send, records, _nameless(fault))
    else:
        yield from settled(suspects, send, records)


def _without(chunk: Sequence[Change], named: Sequence[Change]) -> list[Change]:
    ids = {change.id for change in named}
    return [change for change in chunk if change.id not in ids]


def _nameless(fault: Fault) -> Fault:
    """The fault without its hints: they have been followed already."""
    return Fault(category=fault.category)


def _matched(
    chunk: Sequence[Change], answer: BatchAnswer, records: Mapping[str, str]
) -> Iterator[tuple[Change, Told]]:
    """Results come in any order and one error may stand for many inputs: match by trace id, else
    by record id, else by key."""
    told: dict[str, Written | Fault] = {}
    by_record = {record_id: change_id for change_id, record_id in records.items()}
    by_key = {change.key: change.id for change in chunk if change.key is not None}
    ids = {change.id for change in chunk}
    for written in answer.results:
        names = [written.objectWriteTraceId, by_record.get(written.id)]
        names += [by_key.get((name, value or "")) for name, value in written.properties.items()]
        for name in names:
            if name in ids:
                told[name] = written
                break
    for fault in answer.errors:
        for change in _named(fault, chunk, records):
            told.setdefault(change.id, fault)
    left = [change for change in chunk if change.id not in told]
    nameless = [fault for fault in answer.errors if not _named(fault, chunk, records)]
    if nameless and len(left) == 1:
        told[left[0].id] = nameless[0]
    for change in chunk:
        yield change, told.get(change.id)


def _named(fault: Fault, chunk: Sequence[Change], records: Mapping[str, str]) -> list[Change]:
    """The changes that a fault names by trace id or by record."""
    traced = set(fault.context.get("objectWriteTraceId", []))
    if found := [change for change in chunk if change.id in traced]:
        return found
    told = set(fault.ids)
    return [change for change in chunk if records.get(change.id, _key_value(change)) in told]


def _suspects(fault: Fault, chunk: Sequence[Change]) -> list[Change]:
    """The changes with a value that the fault speaks of: a hint, no verdict."""
    contexts = [fault.context, *(detail.context for detail in fault.errors)]
    words = {
        word
        for context in contexts
        for texts in context.values()
        for text in texts
        for word in _WORD.findall(text)
    }
    said = f"{fault.message} {fault.said}"
    return [change for change in chunk if _is_meant(change, words, said)]


def _is_meant(change: Change, words: set[str], said: str) -> bool:
    identity = {change.record_id, _key_value(change)}
    identity |= {change.fields[name] for name in linked(list(change.fields))}
    values = [value for value in change.fields.values() if value and len(value) >= _LEAST_TELLING]
    return bool(identity & words) or any(
        re.search(rf"(?<!\w){re.escape(value)}(?!\w)", said) for value in values
    )


def _key_value(change: Change) -> str | None:
    return change.key[1] if change.key is not None else None
