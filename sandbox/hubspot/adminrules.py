"""What an admin demands of writes in the settings, and how the dated paths hold clients to it.

Conditionally required properties, properties required on creation, the permission to edit
associations: v3 and v4 paths ignore all of them, so the same body passes there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from sandbox.hubspot.admin import AdminRules, Conditional
from sandbox.hubspot.errors import ApiError, Detail
from sandbox.hubspot.http import Call
from sandbox.hubspot.records import Raw
from sandbox.hubspot.schema import ObjectType


class Warned(TypedDict):
    """One entry of `warnings` in the answer to a write on a dated path."""

    category: str
    message: str
    context: dict[str, str]


@dataclass(slots=True)
class Manner:
    """How one record is being written: by which generation of paths, and what there is to tell."""

    dated: bool = False
    warnings: list[Warned] = field(default_factory=list)

    def normalized(self, name: str, raw: str, stored: str) -> None:
        """Note that something else is stored than what was sent."""
        self.warnings.append(
            {
                "category": "PROPERTY_VALUE_NORMALIZED",
                "message": f"{name} was normalized",
                "context": {"propertyName": name, "rawValue": raw, "normalizedValue": stored},
            }
        )


def require_properties(
    rules: AdminRules,
    kind: ObjectType,
    sent: Mapping[str, Raw],
    before: Mapping[str, Raw] | None,
    *,
    stored_counts: bool,
) -> None:
    """400 with every property that is missing by the rules; `before` is None for a new record.

    Whether a value that the record has already is enough, or the request must carry it, is what
    `stored_counts` says.
    """
    missing: list[Detail] = []
    if before is None:
        for name in rules.required_on_create.get(kind.name, ()):
            if sent.get(name) in (None, ""):
                told = f"A value for {name} must be provided"
                missing.append(_detail("MISSING_REQUIRED_PROPERTY", told, name))
    held = {**(before or {}), **sent} if stored_counts else sent
    for rule in rules.conditional:
        if rule.object == kind.name and str(sent.get(rule.property)) in rule.values:
            missing.extend(_conditional(rule, held))
    if missing:
        told = "The property values provided are invalid"
        raise ApiError(400, told, "VALIDATION_ERROR", errors=missing)


def _conditional(rule: Conditional, held: Mapping[str, Raw]) -> Sequence[Detail]:
    return [
        _detail(
            "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
            f"{name} is required because of a conditional property rule based on [{rule.property}]",
            name,
        )
        for name in rule.required
        if held.get(name) in (None, "")
    ]


def _detail(code: str, message: str, name: str) -> Detail:
    return {"code": code, "message": message, "context": {"propertyName": [name]}}


def controlled(rules: AdminRules, kind: ObjectType) -> set[str]:
    """Properties whose stored value a conditional rule may ask for."""
    return {
        name for rule in rules.conditional if rule.object == kind.name for name in rule.required
    }


def require_association_editing(call: Call) -> None:
    """400, not 403, when the user behind an OAuth token may not edit associations."""
    oauth = call.grant is not None and call.grant.oauth
    if call.dated and oauth and call.store.admin.rules.associations_locked:
        raise ApiError(400, "Missing 'Edit Associations' permission.", "VALIDATION_ERROR")
