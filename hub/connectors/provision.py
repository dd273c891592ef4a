"""What a system must have so that the hub can work on it, and the promise of a connector that can
make it so.

Nothing that is there is ever changed in kind, taken away or made smaller: what stands in the way is
named as a conflict with its remedy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from hub.connectors.contract import FieldKind, FieldShape

Action = Literal["create", "grant", "extend", "present", "conflict"]
KEY_LENGTH = 80
"""Characters of a key field that is made: twice what a hub id takes."""


@dataclass(frozen=True)
class WantedField:
    """An outside field that a mapping names.

    `length` is the most characters that may come; `choices` the values of a list. A `key` holds hub
    ids and must be unique. `writes`: the hub writes it, always or only when it makes a record.
    """

    name: str
    label: str
    kind: FieldKind
    length: int | None = None
    choices: tuple[str, ...] = ()
    key: bool = False
    writes: bool = False


@dataclass(frozen=True)
class WantedObject:
    """An outside object that a mapping names; `pipelines` are id → stage → what the stage means."""

    name: str
    fields: tuple[WantedField, ...]
    updates: bool = False
    creates: bool = False
    pipelines: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Item:
    """One thing that is there, is to be made, or stands in the way."""

    object: str
    name: str
    action: Action
    detail: str
    remedy: str = ""


@dataclass(frozen=True)
class ProvisionPlan:
    """All items of one system; `calls` is what carrying it out costs. `steps` are the connector's
    own."""

    items: tuple[Item, ...]
    calls: int = 0
    steps: Any = None

    @property
    def conflicts(self) -> list[Item]:
        return [item for item in self.items if item.action == "conflict"]

    @property
    def to_do(self) -> list[Item]:
        return [item for item in self.items if item.action not in ("present", "conflict")]


class Provisioner(Protocol):
    """Looks at what is there, and makes what is missing."""

    def plan(self, wanted: Sequence[WantedObject]) -> ProvisionPlan:
        """What there is to do. Writes nothing."""
        ...

    def carry_out(self, plan: ProvisionPlan) -> None:
        """Make what the plan says, conflicts left aside. Raises HubError when the system refuses.

        A plan with nothing to do makes no call.
        """
        ...


@runtime_checkable
class Provisionable(Protocol):
    """A connector whose system can be provisioned."""

    def provisioner(self) -> Provisioner: ...


def misfit(wanted: WantedField, shape: FieldShape) -> str | None:
    """Why the field that is there cannot serve, if so: its kind, its length, or its uniqueness.

    A field that is only read may be of any kind: what it says is checked row by row.
    """
    if wanted.key and shape.kind != "text":
        return f"is of kind {shape.kind}, a key must be text"
    if wanted.key and not shape.unique:
        return "is not unique, a key must be"
    if wanted.key and shape.length is not None and shape.length < (wanted.length or 0):
        return f"takes {shape.length} characters, a key needs {wanted.length}"
    if wanted.writes and not _takes(shape, wanted):
        return f"is of kind {shape.kind}, {wanted.kind} is written to it"
    return None


def missing_choices(wanted: WantedField, shape: FieldShape) -> list[str]:
    """What is written, or told as a code, and is not on the field's closed list."""
    if not shape.restricted or shape.choices is None or not wanted.writes:
        return []
    return [choice for choice in wanted.choices if choice not in shape.choices]


_TAKEN: Mapping[FieldKind, frozenset[FieldKind]] = {
    "text": frozenset({"text", "choice", "choices", "reference"}),
    "choice": frozenset({"text", "choice", "choices"}),
    "choices": frozenset({"text", "choices"}),
    "number": frozenset({"text", "number"}),
    "boolean": frozenset({"text", "boolean"}),
    "date": frozenset({"text", "date", "datetime"}),
    "datetime": frozenset({"text", "datetime"}),
    "reference": frozenset({"text", "reference"}),
    "other": frozenset(),
}


def _takes(shape: FieldShape, wanted: WantedField) -> bool:
    return shape.kind in _TAKEN[wanted.kind]
