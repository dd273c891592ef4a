"""What an object looks like in its system: as stored text, and how two looks at it differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from hub.connectors.contract import FieldShape

Event = Literal[
    "field_new",
    "field_vanished",
    "type_changed",
    "length_changed",
    "rules_changed",
    "choice_new",
    "choice_vanished",
]
Shapes = Mapping[str, FieldShape]
"""Field name → its shape."""

_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(list[FieldShape])
_RULES = ("required", "unique", "restricted", "formula")


@dataclass(frozen=True)
class Drift:
    """One thing about a field that is no longer as it was; a new or vanished choice is `after` or
    `before`."""

    field: str
    event: Event
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        told = {"field_new": "is new", "field_vanished": "is gone or hidden"}.get(self.event)
        if told is None and self.event == "choice_new":
            told = f"has the new choice '{self.after}'"
        if told is None and self.event == "choice_vanished":
            told = f"has lost the choice '{self.before}'"
        return f"{self.field} {told or f'was {self.before}, is {self.after}'}"


def shapes_of(described: Iterable[FieldShape]) -> dict[str, FieldShape]:
    return {shape.name: shape for shape in described}


def encoded(shapes: Shapes) -> str:
    """Canonical text: equal shapes give equal text."""
    return _ENCODER.encode([shapes[name] for name in sorted(shapes)]).decode()


def decoded(text: str) -> dict[str, FieldShape]:
    return shapes_of(_DECODER.decode(text))


def differences(before: Shapes, after: Shapes) -> list[Drift]:
    """What changed, in the order of the fields' names."""
    found: list[Drift] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None and new is not None:
            found.append(Drift(name, "field_new", None, _told(new)))
        elif new is None and old is not None:
            found.append(Drift(name, "field_vanished", _told(old), None))
        elif old is not None and new is not None and old != new:
            found.extend(_changed(old, new))
    return found


def touching(drifts: Iterable[Drift], fields: Sequence[str]) -> tuple[Drift, ...]:
    """Those of the named fields."""
    named = frozenset(fields)
    return tuple(drift for drift in drifts if drift.field in named)


def _changed(old: FieldShape, new: FieldShape) -> Iterator[Drift]:
    if old.kind != new.kind:
        yield Drift(new.name, "type_changed", old.kind, new.kind)
    if old.length != new.length:
        yield Drift(new.name, "length_changed", _length(old), _length(new))
    if _rules(old) != _rules(new):
        yield Drift(new.name, "rules_changed", _rules(old), _rules(new))
    if old.choices is not None and new.choices is not None:
        for choice in (c for c in new.choices if c not in old.choices):
            yield Drift(new.name, "choice_new", None, choice)
        for choice in (c for c in old.choices if c not in new.choices):
            yield Drift(new.name, "choice_vanished", choice, None)


def _told(shape: FieldShape) -> str:
    return shape.kind if shape.length is None else f"{shape.kind}({shape.length})"


def _length(shape: FieldShape) -> str:
    return "unknown" if shape.length is None else str(shape.length)


def _rules(shape: FieldShape) -> str:
    rules = [name for name in _RULES if getattr(shape, name)]
    return ", ".join([*rules, "writable" if shape.writable else "read only"])
