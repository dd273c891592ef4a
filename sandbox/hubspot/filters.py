"""Search filters as SQL conditions over the columns of a record table.

Text ignores case, enumerations do not. A cleared property counts as unset.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, known_kind
from sandbox.hubspot.records import Raw, column
from sandbox.hubspot.schema import CONTACTS, ObjectType, Property
from sandbox.hubspot.times import iso
from sandbox.hubspot.uniques import EMAIL, key
from sandbox.hubspot.values import filter_moment, filter_number

ASSOCIATIONS = "associations."
OPERATORS = frozenset(
    (
        "EQ",
        "NEQ",
        "LT",
        "LTE",
        "GT",
        "GTE",
        "BETWEEN",
        "IN",
        "NOT_IN",
        "HAS_PROPERTY",
        "NOT_HAS_PROPERTY",
        "CONTAINS_TOKEN",
        "NOT_CONTAINS_TOKEN",
    )
)
_COMPARE = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_NEGATIVE = {"NEQ": "EQ", "NOT_IN": "IN", "NOT_CONTAINS_TOKEN": "CONTAINS_TOKEN"}


class Filter(msgspec.Struct, rename="camel"):
    property_name: str
    operator: str
    value: str | int | float | bool | None = None
    high_value: str | int | float | None = None
    values: list[str | int | float] | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of a WHERE clause with its parameters.

    `windowed` tells of a whole clause that it begins somewhere in time, so that an index helps.
    """

    sql: str
    parameters: tuple[Raw | float, ...] = ()
    windowed: bool = False

    def negated(self, *, unset: str) -> "Condition":
        """The opposite, where `unset` is the condition for a property without value."""
        return Condition(f"({unset} NOT coalesce({self.sql}, 0))", self.parameters)


def condition(call: Call, kind: ObjectType, one: Filter) -> Condition:
    """The SQL of one filter; 400 when its parts do not go together."""
    _check_parts(call, one)
    if one.property_name.startswith(ASSOCIATIONS):
        return _association(call, kind, one)
    definition = call.store.catalog.property(kind, one.property_name)
    if definition is None:
        if call.switches.unknown_filter_property == "no_rows":
            return Condition("0")
        raise _unknown(one.property_name)
    expression = _expression(kind, definition)
    if one.operator == "HAS_PROPERTY":
        return Condition(f"{expression} IS NOT NULL")
    if one.operator == "NOT_HAS_PROPERTY":
        return Condition(f"{expression} IS NULL")
    if one.operator in _NEGATIVE:
        positive = msgspec.structs.replace(one, operator=_NEGATIVE[one.operator])
        guard = "" if call.switches.negatives_match_unset else f"{expression} IS NOT NULL AND"
        return _positive(kind, definition, expression, positive).negated(unset=guard)
    return _positive(kind, definition, expression, one)


def _check_parts(call: Call, one: Filter) -> None:
    name, operator = one.property_name, one.operator
    if operator not in OPERATORS:
        raise validation(f"{operator!r} is not a valid filter operator")
    if operator == "BETWEEN" and (one.high_value is None or one.value is None):
        missing = "highValue" if one.high_value is None else "value"
        raise validation(f"Filter on {name} with operator BETWEEN requires a {missing}")
    if operator in {"IN", "NOT_IN"} and not one.values:
        raise validation(f"Filter on {name} with operator {operator} requires values")
    if operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        if one.value is not None and call.switches.has_property_with_value == "reject":
            raise validation(f"Filter on {name} with operator {operator} must not have a value")
    elif operator not in {"IN", "NOT_IN"} and one.value is None:
        raise validation(f"Filter on {name} with operator {operator} requires a value")


def _unknown(name: str) -> ApiError:
    return validation(
        f"There was a problem with the request. Property '{name}' does not exist.",
        {
            "message": f'Property "{name}" does not exist',
            "code": "PROPERTY_DOESNT_EXIST",
            "context": {"propertyName": [name]},
        },
    )


def _expression(kind: ObjectType, definition: Property) -> str:
    stored = column(kind, definition.name)
    if not stored.startswith('"'):
        return stored
    plain = f"nullif({stored}, '')"
    return f"CAST({plain} AS REAL)" if definition.type == "number" else plain


def _positive(kind: ObjectType, definition: Property, expression: str, one: Filter) -> Condition:
    if one.operator == "CONTAINS_TOKEN":
        return Condition(f"has_token({expression}, ?)", (_text(one.value),))
    if one.operator == "IN":
        return _any_of(definition, expression, [_text(value) for value in one.values or ()])
    if one.operator == "EQ":
        return _equal(kind, definition, expression, _text(one.value))
    folded = f"fold({expression})" if _is_text(definition) else expression
    if one.operator == "BETWEEN":
        low = _operand(definition, _text(one.value))
        high = _operand(definition, _text(one.high_value))
        return Condition(f"{folded} BETWEEN ? AND ?", (low, high))
    return Condition(
        f"{folded} {_COMPARE[one.operator]} ?", (_operand(definition, _text(one.value)),)
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_text(definition: Property) -> bool:
    return definition.type in {"string", "phone_number"}


def _operand(definition: Property, text: str) -> Raw | float:
    """What a column of this type is compared with; 400 for what cannot be compared with it."""
    operand: Raw | float = text.casefold() if _is_text(definition) else text
    if definition.name == "hs_object_id":
        operand = int(text) if text.isascii() and text.isdigit() else None
    elif definition.type == "number":
        operand = filter_number(text)
    elif definition.type in {"date", "datetime"}:
        operand = filter_moment(text)
        if operand is not None and definition.type == "date":
            operand = iso(int(operand))[:10]
    if operand is None:
        raise validation(f"{text!r} is not a valid {definition.type} for {definition.name}")
    return operand


def _equal(kind: ObjectType, definition: Property, expression: str, text: str) -> Condition:
    if definition.checkbox:
        return Condition(f"has_member({expression}, ?)", (text,))
    if not _is_text(definition):
        return Condition(f"{expression} = ?", (_operand(definition, text),))
    if definition.has_unique_value or (kind is CONTACTS and definition.name == EMAIL):
        return _by_index(kind, definition, expression, text)
    if text.isascii():
        return Condition(f"{expression} = ? COLLATE NOCASE", (text,))
    return Condition(f"fold({expression}) = ?", (text.casefold(),))


def _by_index(kind: ObjectType, definition: Property, expression: str, text: str) -> Condition:
    """Equality on a property that has an index; case still does not matter for the answer."""
    if definition.name == EMAIL:
        return Condition(
            f"(id IN (SELECT record_id FROM unique_value WHERE object = '{kind.name}' "
            f"AND property = '{EMAIL}' AND value = ?) AND fold({expression}) = ?)",
            (key(EMAIL, text), text.strip().casefold()),
        )
    return Condition(
        "id IN (SELECT record_id FROM unique_value INDEXED BY unique_value_caseless "
        f"WHERE object = '{kind.name}' AND property = '{definition.name}' "
        "AND value = ? COLLATE NOCASE)",
        (text,),
    )


def _any_of(definition: Property, expression: str, texts: Sequence[str]) -> Condition:
    if definition.checkbox:
        parts = " OR ".join([f"has_member({expression}, ?)"] * len(texts))
        return Condition(f"({parts})", tuple(texts))
    marks = ", ".join("?" * len(texts))
    if _is_text(definition):
        # The index holds lowercase text and IN looks values up as they are, capitals and all.
        return Condition(f"fold({expression}) IN ({marks})", tuple(texts))
    operands = tuple(_operand(definition, text) for text in texts)
    return Condition(f"{expression} IN ({marks})", operands)


def _association(call: Call, kind: ObjectType, one: Filter) -> Condition:
    """`associations.{objectType}`: records joined to given ones."""
    right = known_kind(one.property_name.removeprefix(ASSOCIATIONS), call.switches)
    joined = f"from_type = '{kind.name}' AND to_type = '{right.name}'"
    if one.operator in {"HAS_PROPERTY", "NOT_HAS_PROPERTY"}:
        word = "IN" if one.operator == "HAS_PROPERTY" else "NOT IN"
        return Condition(f"id {word} (SELECT from_id FROM link WHERE {joined})")
    if one.operator not in {"EQ", "IN", "NEQ", "NOT_IN"}:
        raise validation(f"{one.operator} cannot be used on {one.property_name}")
    texts = [_text(value) for value in one.values or (one.value,)]
    if not all(text.isascii() and text.isdigit() for text in texts):
        raise validation(f"{one.property_name} is compared with record ids only")
    word = "NOT IN" if one.operator in _NEGATIVE else "IN"
    marks = ", ".join("?" * len(texts))
    # Read from the far end: its few rows are found by the primary key of the mirrored link.
    mirrored = f"from_type = '{right.name}' AND to_type = '{kind.name}' AND from_id IN ({marks})"
    return Condition(
        f"id {word} (SELECT to_id FROM link WHERE {mirrored})", tuple(int(text) for text in texts)
    )
