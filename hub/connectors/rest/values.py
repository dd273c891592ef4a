"""Values between JSON and canonical text, by the kind of their field. Nothing is guessed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import msgspec

from hub.connectors.contract import FieldKind
from hub.connectors.rest.places import ABSENT
from hub.connectors.text import canonical_number, canonical_time, parsed_time

Unit = Literal["iso", "seconds", "milliseconds"]
_SECONDS = {"seconds": Decimal(1), "milliseconds": Decimal(1000)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encoder = msgspec.json.Encoder(decimal_format="number", order="sorted")


def text_of(value: Any, kind: FieldKind, unit: Unit = "iso") -> str | None:
    """A JSON value as canonical text; what is not of its kind is passed on as told."""
    if value is None or value is ABSENT:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind == "choices" and isinstance(value, list):
        return ";".join(text_of(one, "text") or "" for one in value)
    if isinstance(value, dict | list):
        return _encoder.encode(value).decode()
    if kind == "datetime":
        return _time(value, unit)
    if isinstance(value, str):
        return canonical_number(value) if kind == "number" else value
    return canonical_number(str(value))


def _time(value: Any, unit: Unit) -> str:
    told = str(value)
    try:
        if unit == "iso":
            return canonical_time(parsed_time(told))
        return canonical_time(_EPOCH + timedelta(seconds=float(Decimal(told) / _SECONDS[unit])))
    except (ValueError, OverflowError, InvalidOperation):
        return told


def json_of(text: str | None, kind: FieldKind, unit: Unit = "iso") -> Any:
    """Canonical text as the JSON value to send. Raises ValueError when it is not of its kind."""
    if text is None:
        return None
    if kind == "number":
        return _number(text)
    if kind == "boolean":
        if text not in ("true", "false"):
            raise ValueError(f"{text!r} is neither true nor false")
        return text == "true"
    if kind == "choices":
        return text.split(";") if text else []
    if kind == "datetime" and unit != "iso":
        return moment(text, unit)
    return text


def moment(text: str, unit: Unit) -> str | int:
    """A canonical time as the system writes times."""
    if unit == "iso":
        return text
    passed = parsed_time(text) - _EPOCH
    return passed // timedelta(milliseconds=1 if unit == "milliseconds" else 1000)


def encoded(document: Any) -> bytes:
    return _encoder.encode(document)


def _number(text: str) -> int | Decimal:
    try:
        return int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    except InvalidOperation as err:
        raise ValueError(f"{text!r} is no number") from err
