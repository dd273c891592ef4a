"""Field values on their way in: from JSON to what a column holds, or the error the platform gives.

Columns hold what the API shows: instants as `2026-05-28T21:10:08.000+0000`, so pages need no
conversion and comparing text compares time. Only booleans differ (0/1 in the table).
"""

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.ids import to_long
from sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field

SqlValue = str | int | float | None

_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s,;<>()]{2,}\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_INT_LIMIT = 2**31


def stamp(moment: datetime) -> str:
    """An instant as the API writes it, cut to the whole second it falls in."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


def parse_instant(text: str) -> datetime | None:
    """An aware instant from any ISO form that names its zone; None for everything else."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def column_value(field: Field, value: object, *, trim: bool = True) -> SqlValue:
    """What to store for a JSON value; ApiError where the platform would refuse it."""
    if value is None or value == "":
        return None
    kind = field.type
    if kind in TEXT_TYPES or kind in ("picklist", "multipicklist"):
        return _text(field, value, trim=trim)
    if kind == "boolean":
        return _boolean(field, value)
    if kind in NUMBER_TYPES:
        return _number(field, value)
    if not isinstance(value, str):
        raise _unreadable(field, value)
    if kind == "date":
        return _date(field, value)
    if kind == "datetime":
        moment = parse_instant(value)
        if moment is None:
            raise _unreadable(field, value)
        return stamp(moment)
    return reference(field, value)


def reference(field: Field, value: str) -> str:
    """An id in its long form. Whether it points at something is asked elsewhere."""
    long_id = to_long(value)
    if long_id is None:
        raise wrong_id(field, value)
    return long_id


def wrong_id(field: Field, value: str) -> ApiError:
    return ApiError(
        "MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name]
    )


def _text(field: Field, value: object, *, trim: bool) -> str | None:
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, int | float | Decimal):
        value = str(value)
    if not isinstance(value, str):
        raise _unreadable(field, value)
    text = value.strip() if trim else value
    if not text:
        return None
    if field.restricted:
        _check_choices(field, text)
    if len(text) > field.length:
        raise ApiError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text} (max length={field.length})",
            [field.name],
        )
    if field.type == "email" and not _EMAIL.match(text):
        raise ApiError(
            "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", [field.name]
        )
    return _picked(field, text)


def _check_choices(field: Field, text: str) -> None:
    known = {choice.value.lower() for choice in field.values}
    chosen = text.split(";") if field.type == "multipicklist" else [text]
    for choice in chosen:
        if choice.lower() not in known:
            raise ApiError(
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                f"{field.label}: bad value for restricted picklist field: {choice}",
                [field.name],
            )


def _picked(field: Field, text: str) -> str:
    """Picklist values take the spelling of the definition, multi-select ones its order too."""
    if not field.values:
        return text
    spelling = {choice.value.lower(): choice.value for choice in field.values}
    if field.type == "picklist":
        return spelling.get(text.lower(), text)
    chosen = {spelling.get(part.lower(), part): None for part in text.split(";") if part}
    rank = {choice.value: place for place, choice in enumerate(field.values)}
    return ";".join(sorted(chosen, key=lambda part: rank.get(part, len(rank))))


def _boolean(field: Field, value: object) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return int(value.lower() == "true")
    raise _unreadable(field, value)


def _number(field: Field, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _unreadable(field, value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _unreadable(field, value) from None
    if not number.is_finite():
        raise _unreadable(field, value)
    if field.type == "int":
        whole = int(number)
        if whole != number or abs(whole) >= _INT_LIMIT:
            raise _unreadable(field, value)
        return whole
    if abs(number) >= Decimal(10) ** (field.precision - field.scale):
        raise ApiError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {value}",
            [field.name],
        )
    return float(round_half_up(number, field.scale))


def round_half_up(number: Decimal, scale: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)


def _date(field: Field, value: str) -> str:
    day = value[:10]
    if not _DATE.match(day) or (len(value) > 10 and parse_instant(value) is None):
        raise _unreadable(field, value)
    try:
        return date.fromisoformat(day).isoformat()
    except ValueError:
        raise _unreadable(field, value) from None


class UnreadableError(ApiError):
    """A JSON value of the wrong kind. The platform names its place, which only the reader of the
    request body knows, so the message is completed there."""

    def __init__(self, field: Field, message: str) -> None:
        super().__init__("JSON_PARSER_ERROR", message)
        self.field = field

    def located(self, body: bytes) -> ApiError:
        """The same error pointing at the field in this request body."""
        text = body.decode(errors="replace")
        match = re.search(rf'"{re.escape(self.field.name)}"\s*:\s*', text, re.IGNORECASE)
        at = match.end() if match is not None else 0
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        return ApiError(self.code, f"{self.message} at [line:{line}, column:{column}]")


def _unreadable(field: Field, value: object) -> UnreadableError:
    if isinstance(value, bool):
        token, shown = ("VALUE_TRUE" if value else "VALUE_FALSE"), str(value).lower()
    elif isinstance(value, int):
        token, shown = "VALUE_NUMBER_INT", str(value)
    elif isinstance(value, float):
        token, shown = "VALUE_NUMBER_FLOAT", str(value)
    elif isinstance(value, str):
        token, shown = "VALUE_STRING", value
    else:
        token, shown = ("START_ARRAY" if isinstance(value, list) else "START_OBJECT"), ""
    return UnreadableError(
        field,
        f"Cannot deserialize instance of {field.type} from {token} value {shown} "
        "or request may be missing a required field",
    )
