"""Property values: what a write may say, and what is stored for it.

A raw value is epoch milliseconds for a moment and the text of the wire for everything else.
"""

import re
from decimal import Decimal, InvalidOperation

from sandbox.hubspot.errors import BadValue
from sandbox.hubspot.records import Raw
from sandbox.hubspot.schema import Property
from sandbox.hubspot.times import DAY_MS, clock_text, iso, millis_of

MAX_TEXT = 65_536
_EMAIL = re.compile(r"[^@\s;,<>]+@[^@\s;,<>.]+(\.[^@\s;,<>.]+)+")
_MILLIS = re.compile(r"-?\d+")
_SECONDS = re.compile(r"\d{9,10}")
_DAY_LENGTH = len("2026-01-02")


class Refused(ValueError):
    """A value that cannot be stored; carries what the API says of it."""

    def __init__(self, name: str, code: str, message: str) -> None:
        super().__init__(message)
        self.bad = BadValue(name, code, message)


def unknown_property(name: str) -> BadValue:
    return BadValue(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')


def read_only_property(name: str) -> BadValue:
    return BadValue(
        name,
        "READ_ONLY_VALUE",
        f'"{name}" is a read only property; its value cannot be set.',
    )


def parse(definition: Property, text: str, before: Raw, *, lowercase_emails: bool) -> Raw:
    """What is stored when a client writes `text` over `before`. Empty text clears (None)."""
    if text == "":
        return None
    name = definition.name
    if definition.type == "number":
        return _number(name, text)
    if definition.type == "datetime":
        return _moment(name, text)
    if definition.type == "date":
        return _date(name, text)
    if definition.type == "bool":
        return _option(definition, text.lower())
    if definition.type == "enumeration":
        return (
            _members(definition, text, before) if definition.checkbox else _option(definition, text)
        )
    return _text(name, text, lowercase_emails=lowercase_emails)


def _text(name: str, text: str, *, lowercase_emails: bool) -> str:
    if name == "email":
        text = text.strip()
        if not _EMAIL.fullmatch(text):
            raise Refused(name, "INVALID_EMAIL", f"Email address {text} is invalid")
        return text.lower() if lowercase_emails else text
    if len(text) > MAX_TEXT:
        raise Refused(name, "VALUE_TOO_LONG", f"{name} is longer than {MAX_TEXT} characters")
    return text


def _number(name: str, text: str) -> str:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Refused(name, "INVALID_INTEGER", f"{text} was not a valid number.")
    stripped = text.strip()
    return format(number, "f") if "e" in stripped.lower() else stripped


def _moment(name: str, text: str) -> int:
    try:
        return millis_of(text.strip())
    except (ValueError, OverflowError):
        raise Refused(name, "INVALID_LONG", f"{text} was not a valid long.") from None


def _date(name: str, text: str) -> str:
    try:
        millis = millis_of(text.strip())
        day = iso(millis)[:10]
    except (ValueError, OverflowError):
        raise Refused(name, "INVALID_DATE", f"{text} was not a valid date.") from None
    if millis % DAY_MS:
        raise Refused(name, "INVALID_DATE", f"{text} is at {clock_text(millis)} UTC, not midnight!")
    return day


def normalized(definition: Property, text: str) -> str | None:
    """Epoch milliseconds for a date or moment in a form that only dated paths take, else None.

    Such are: seconds in place of milliseconds, a date that is not at midnight (it loses its time of
    day), ISO 8601 where a plain day is meant, a moment without `Z`.
    """
    stripped = text.strip()
    if definition.type not in {"date", "datetime"}:
        return None
    try:
        millis = millis_of(stripped)
    except (ValueError, OverflowError):
        return None
    if _SECONDS.fullmatch(stripped):
        millis *= 1000
    elif _usual(definition, stripped):
        return None
    return str(millis - millis % DAY_MS if definition.type == "date" else millis)


def _usual(definition: Property, text: str) -> bool:
    """Whether every generation of paths takes this form of a date or moment."""
    is_millis = _MILLIS.fullmatch(text) is not None
    if definition.type == "datetime":
        return is_millis or text.endswith("Z")
    return len(text) == _DAY_LENGTH or (is_millis and int(text) % DAY_MS == 0)


def _option(definition: Property, text: str) -> str:
    if definition.external_options or any(text == choice.value for choice in definition.options):
        return text
    raise _not_allowed(definition, text)


def _members(definition: Property, text: str, before: Raw) -> str:
    """A set of options. A leading `;` adds to what is there instead of replacing it."""
    members = [member for member in text.split(";") if member]
    for member in members:
        _option(definition, member)
    present = str(before or "").split(";") if text.startswith(";") else []
    return ";".join(dict.fromkeys(member for member in [*present, *members] if member))


def _not_allowed(definition: Property, text: str) -> Refused:
    allowed = ", ".join(choice.value for choice in definition.options)
    return Refused(
        definition.name,
        "INVALID_OPTION",
        f"{text} was not one of the allowed options: [{allowed}]",
    )


def filter_number(text: str) -> float | None:
    """A search operand for a number column; None when it is no number."""
    try:
        return float(text)
    except ValueError:
        return None


def filter_moment(text: str) -> int | None:
    """A search operand for a moment: epoch milliseconds as text, or ISO 8601."""
    try:
        return int(text) if _MILLIS.fullmatch(text) else millis_of(text)
    except (ValueError, OverflowError):
        return None
