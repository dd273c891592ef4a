"""What must be so of a partner's own system in `hub.yaml` before anything is written to it."""

from collections.abc import Collection, Iterator

from hub.config import Agreement, Settings
from hub.mappings.schema import ObjectMapping
from hub.sync.assigned import ALWAYS, SHARED

_ENTITY = "assigned_lead"
_READ = (_ENTITY, "opportunity")
_Fault = tuple[str, str, str]
"""Key, message, remedy."""


def agreement_faults(settings: Settings) -> Iterator[_Fault]:
    """The faults of all partners' systems and of their mappings, by the keys they stand under."""
    for system, config in settings.systems.items():
        is_partners = config.role == "partner"
        if is_partners:
            yield from _of_agreement(f"systems.{system}.agreement", config.agreement)
        for obj, mapping in settings.mappings[system].items():
            for key, message, remedy in _of_mapping(mapping, is_partners=is_partners):
                yield f"mappings.{system}.{obj}.{key}", message, remedy


def _of_agreement(at: str, agreement: Agreement) -> Iterator[_Fault]:
    for key, named in (("fields", agreement.fields or ()), ("masked", agreement.masked)):
        for name in (n for n in named if n not in SHARED and n not in ALWAYS):
            yield f"{at}.{key}", f"an assigned lead has no column '{name}'.", _one_of(SHARED)
    for name in (n for n in ALWAYS if n in agreement.masked):
        yield f"{at}.masked.{name}", "what says which lead it is cannot be masked.", "take it out"


def _of_mapping(mapping: ObjectMapping, *, is_partners: bool) -> Iterator[_Fault]:
    push = mapping.push
    if not is_partners:
        if mapping.source == _ENTITY or (push is not None and push.entity == _ENTITY):
            yield (
                "source",
                f"`{_ENTITY}` is how a lead stands in a partner's own system.",
                "set `role: partner` and `partner`, or use `lead`",
            )
        return
    if mapping.source not in _READ:
        yield (
            "source",
            f"no {mapping.source} of a partner's own system is read: others would be told of it.",
            _one_of(_READ),
        )
    if push is None:
        return
    if push.entity != _ENTITY:
        yield (
            "push.entity",
            f"a partner's own system can be told nothing of a {push.entity}.",
            f"use `{_ENTITY}`, or take `push` out",
        )
    if mapping.source != _ENTITY:
        yield "source", f"`push` of `{_ENTITY}` needs its records.", f"use `source: {_ENTITY}`"
    created = push.create.fields if push.create is not None else {}
    for within, fields in (("push.fields", push.fields), ("push.create.fields", created)):
        for field in (name for name, rule in fields.items() if rule.ref is not None):
            yield (
                f"{within}.{field}",
                "a partner's system is told of no other records.",
                "leave `ref` out",
            )


def _one_of(names: Collection[str]) -> str:
    return f"use one of: {', '.join(sorted(names))}"
