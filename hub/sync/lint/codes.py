"""Codes of the hub that a mapping translates: each is known, and what is written is read back as
the same."""

from collections.abc import Iterator

from hub.checks.codes import code_list
from hub.config import Settings
from hub.mappings.schema import ObjectMapping
from hub.models.sources import SOURCES
from hub.sync.columns import PUSHED
from hub.sync.lint.faults import Fault, one_of
from hub.sync.lint.names import field_key

RULE = "unknown_code"


def code_faults(settings: Settings) -> Iterator[Fault]:
    for system, objects in settings.mappings.items():
        for obj, mapping in objects.items():
            key = f"mappings.{system}.{obj}"
            yield from _read(key, mapping)
            yield from _written(key, mapping)
            yield from _read_back(key, mapping)


def _read(key: str, mapping: ObjectMapping) -> Iterator[Fault]:
    """Translations of what is read into codes that the column does not take."""
    for column, values in mapping.values.items():
        allowed = code_list(SOURCES[mapping.source].name, column)
        wrong = sorted(set(values.values()) - set(allowed)) if allowed is not None else []
        if wrong:
            at = next((f for f, r in mapping.fields.items() if r.column == column), None)
            where = f"values.{column}" if at is None else f"fields.{at}.values"
            yield Fault(
                RULE,
                f"{key}.{where}",
                f"'{wrong[0]}' is no code of {mapping.source}.{column}: rows with it would wait in "
                "quarantine.",
                one_of(allowed or ()),
            )


def _written(key: str, mapping: ObjectMapping) -> Iterator[Fault]:
    """Translations of what is written from codes that the column does not hold, or not of all."""
    push = mapping.push
    created = push.create.fields if push is not None and push.create is not None else {}
    fields = {"push.create.fields": created, "push.fields": push.fields if push else {}}
    for within, rules in fields.items():
        for field, rule in rules.items():
            if push is None or rule.column is None or not rule.map:
                continue
            column = PUSHED[push.entity][rule.column]
            allowed = code_list(column.table.name, column.name)
            if allowed is None:
                continue
            at = f"{key}.{field_key(mapping, field, within)}.map"
            wrong = sorted(set(rule.map) - set(allowed))
            if wrong:
                said = f"'{wrong[0]}' is no code of {rule.column}: it would never be written."
                yield Fault(RULE, at, said, one_of(allowed))
            missing = [code for code in allowed if code not in rule.map]
            if missing and rule.blank_out == "clear":
                said = f"no value for {', '.join(missing)}: the field would be emptied."
                yield Fault(RULE, at, said, "translate each code, or set `blank_out: keep`")


def _read_back(key: str, mapping: ObjectMapping) -> Iterator[Fault]:
    """A shared field that says what the hub wrote must mean what the hub meant."""
    for field, column in mapping.shared.items():
        rules = mapping.push.fields if mapping.push is not None else {}
        read = mapping.values.get(column, {})
        for code, said in rules[field].map.items():
            if read.get(said, said) != code:
                yield Fault(
                    "not_read_back",
                    f"{key}.{field_key(mapping, field, 'push.fields')}.map",
                    f"'{code}' is written as '{said}', which is read as '{read.get(said, said)}'.",
                    "let `values` turn it back into the same code",
                )
