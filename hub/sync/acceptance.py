"""What a CRM would refuse for certain, found before anything is sent: judged by the fields as last
described."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from hub.connectors.contract import FieldShape

NOT_ACCEPTED = "value_not_accepted"
CHANGED_THERE = "changed_there"
MISSING_REFERENCE, HIDDEN_RECORD = "missing_reference", "hidden_record"
NOT_YET = frozenset({MISSING_REFERENCE, HIDDEN_RECORD})
"""Codes of what can be sent as soon as something outside of it is there."""
_SHOWN_CHOICES = 20


@dataclass(frozen=True)
class Refusal:
    """Why a change is not sent, in the words of an outcome.

    `blocked`: it cannot be. It counts as `rejected` when its CRM would refuse it for certain, and
    as `skipped` when something outside of it is missing (`NOT_YET`). `skip`: it need not, or must
    not, be.
    """

    message: str
    remedy: str
    code: str = NOT_ACCEPTED
    kind: Literal["blocked", "skip"] = "blocked"

    @property
    def outcome(self) -> str:
        return "rejected" if self.kind == "blocked" and self.code not in NOT_YET else "skipped"


def without_reference(name: str, entity: str, hub_id: str | None, target: str) -> Refusal:
    """A record that must hang on another one, which is not in that system."""
    missing = "nothing" if hub_id is None else f"{entity} {hub_id}, which has no record"
    return Refusal(
        f"{name} must name a record of {target}, and stands for {missing} there.",
        f"make the {entity} in {target}, or match it with a record there; it is planned again then",
        MISSING_REFERENCE,
    )


def not_shown(record_id: str) -> Refusal:
    """A record that our user does not see, so that it cannot be written either."""
    return Refusal(
        f"{record_id} is not shown to our user, so it cannot be written.",
        "share the record with the hub's user; see `gone` in the src_ tables",
        HIDDEN_RECORD,
    )


def left_alone(fields: Iterable[str]) -> Refusal:
    """These fields were changed in their system, and the mapping's rule for that is `flag`."""
    return Refusal(
        f"changed in its system, and left as it is: {', '.join(fields)}.",
        "correct the value on one side, or let `drift` in the mapping say `reassert` or `accept`",
        CHANGED_THERE,
        "skip",
    )


def refusal(
    values: Mapping[str, str | None], shapes: Mapping[str, FieldShape], references: Iterable[str]
) -> Refusal | None:
    """The first reason why these values (field → text, None clears) would be refused, if any.

    Fields that were not described are the system's to judge, and so are `references`, which hold
    the ids of records.
    """
    known = {n: v for n, v in values.items() if n in shapes}
    for name, value in known.items():
        reason = _refused(shapes[name], None if name in references else value)
        if reason is not None:
            return reason
    return None


def _refused(shape: FieldShape, value: str | None) -> Refusal | None:
    if not shape.writable:
        return Refusal(
            f"{shape.name} cannot be written by our user.",
            "grant edit access to the field (`hub provision`), or take it out of the mapping's "
            "`push`",
        )
    if value is None:
        return None
    if shape.length is not None and len(value) > shape.length:
        return Refusal(
            f"{shape.name}: {len(value)} characters, at most {shape.length} are accepted: "
            f"'{value[: shape.length]}…'.",
            "make the field longer, or shorten the value at its source",
        )
    if shape.choices is None or not shape.restricted:
        return None
    told = value.split(";") if shape.kind == "choices" else [value]
    unknown = [choice for choice in told if choice and choice not in shape.choices]
    if not unknown:
        return None
    return Refusal(
        f"{shape.name}: '{unknown[0]}' is not accepted; accepted: {_listed(shape.choices)}.",
        "add the value to the field's list (`hub provision`), or translate it with `map` in the "
        "mapping",
    )


def _listed(choices: tuple[str, ...]) -> str:
    more = len(choices) - _SHOWN_CHOICES
    shown = ", ".join(choices[:_SHOWN_CHOICES]) or "none"
    return f"{shown} and {more} more" if more > 0 else shown
