"""The fields of leads and deals, and what a value must be to be taken.

A field's name is its dotted place in the JSON of a record: `company.city`.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from sandbox.partner_api.errors import invalid

FieldType = Literal["string", "number", "boolean", "date", "datetime", "enum"]
OBJECTS = ("leads", "deals")
ID_PREFIX = {"leads": "L", "deals": "D"}
KEY = "external_ref"
_ENDLESS = 10**15


class Field(msgspec.Struct, frozen=True):
    """One field, as `GET /v1/OBJECT/fields` tells it."""

    name: str
    type: FieldType = "string"
    max_length: int | None = None
    values: tuple[str, ...] | None = None
    required: bool = False
    unique: bool = False
    read_only: bool = False


_STAMPS = (
    Field("id", read_only=True),
    Field("created_at", "datetime", read_only=True),
    Field("updated_at", "datetime", read_only=True),
)
_REGISTRATION = ("submitted", "approved", "rejected", "expired", "won", "lost")

STOCK: Mapping[str, tuple[Field, ...]] = {
    "leads": (
        *_STAMPS,
        Field("contact.first_name", max_length=80),
        Field("contact.last_name", max_length=80, required=True),
        Field("contact.email", max_length=254),
        Field("contact.phone", max_length=64),
        Field("company.name", max_length=255, required=True),
        Field("company.city", max_length=120),
        Field("company.country", max_length=60),
        Field("company.website", max_length=255),
        Field("product", max_length=120),
        Field("source", max_length=120),
        Field("status", "enum", values=("new", "working", "won", "lost")),
        Field("score", "number"),
        Field("opted_in", "boolean"),
        Field("partner.id", max_length=80),
        Field("partner.name", max_length=255),
        Field(KEY, max_length=80, unique=True),
        Field("activity.last_seen_at", "datetime", read_only=True),
    ),
    "deals": (
        *_STAMPS,
        Field("title", max_length=255, required=True),
        Field("account.name", max_length=255),
        Field("account.city", max_length=120),
        Field("stage", "enum", values=("open", "registered", "won", "lost")),
        Field("amount.value", "number"),
        Field("amount.currency", max_length=3),
        Field("close_date", "date"),
        Field("product", max_length=120),
        Field("closed", "boolean"),
        Field("registration.status", "enum", values=_REGISTRATION),
        Field("registration.protected_until", "date"),
        Field("registration.note", max_length=255),
        Field(KEY, max_length=80, unique=True),
    ),
}


def leaves(told: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested JSON by their dotted names."""
    for name, value in told.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The reverse of `leaves`."""
    root: dict[str, Any] = {}
    for name, value in values.items():
        *way, last = name.split(".")
        at = root
        for step in way:
            at = at.setdefault(step, {})
        at[last] = value
    return root


def check(field: Field, value: object) -> None:
    """Raise 422 unless the field takes the value; null is taken by all that are not required."""
    if field.read_only:
        raise invalid(field.name, "is read-only", "read_only")
    if value is None:
        if field.required:
            raise invalid(field.name, "is required", "required")
        return
    if field.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _ENDLESS:
            raise invalid(field.name, "must be a number")
    elif field.type == "boolean":
        if not isinstance(value, bool):
            raise invalid(field.name, "must be true or false")
    elif not isinstance(value, str):
        raise invalid(field.name, "must be a string")
    elif field.values is not None and value not in field.values:
        raise invalid(field.name, f"must be one of {', '.join(field.values)}")
    elif field.max_length is not None and len(value) > field.max_length:
        raise invalid(field.name, f"is longer than {field.max_length} characters")
    elif field.type in ("date", "datetime"):
        _check_moment(field, value)


def _check_moment(field: Field, value: str) -> None:
    form = r"\d{4}-\d\d-\d\d\Z" if field.type == "date" else r"\d{4}-\d\d-\d\dT"
    try:
        if re.match(form, value):
            _ = date.fromisoformat(value[:10]), datetime.fromisoformat(value)
            return
    except ValueError:
        pass
    raise invalid(field.name, f"must be an ISO 8601 {field.type}")
