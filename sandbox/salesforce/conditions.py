"""Conditional requests on rows: dates for every object, entity tags on Account only.

Dates compare whole seconds with LastModifiedDate; a failed write condition is 412 and a read that
would bring nothing new is 304. Deletes, collections and bulk jobs take no conditions.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.values import parse_instant

TAGGED_OBJECT = "Account"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the caller's headers demand of the row as it stands."""

    unmodified_since: datetime | None = None
    modified_since: datetime | None = None
    match: str | None = None
    none_match: str | None = None


def conditions(headers: Mapping[str, str]) -> Conditions:
    """The conditions of a request, or a bad request where a date cannot be read."""
    return Conditions(
        http_date(headers.get("if-unmodified-since"), "If-Unmodified-Since"),
        http_date(headers.get("if-modified-since"), "If-Modified-Since"),
        headers.get("if-match"),
        headers.get("if-none-match"),
    )


def http_date(value: str | None, header: str) -> datetime | None:
    """The moment of a conditional header; a value that is no HTTP date is a bad request."""
    if value is None:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        raise ApiError("INVALID_HEADER_VALUE", f"Bad value for {header}: {value}") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def check_write(asked: Conditions, sobject: SObject, row: Mapping[str, object]) -> None:
    """PRECONDITION_FAILED unless the row is still what the caller believes it to be."""
    modified = _modified(row)
    changed = asked.unmodified_since is not None and modified > asked.unmodified_since
    tag = entity_tag(sobject, row)
    if changed or (tag is not None and asked.match not in (None, "*", tag)):
        raise ApiError(
            "PRECONDITION_FAILED",
            "Failed precondition: the resource is not in the state the request is conditional on",
            status=412,
        )


def nothing_new(asked: Conditions, sobject: SObject, row: Mapping[str, object]) -> bool:
    """Whether a read may be answered by 304."""
    tag = entity_tag(sobject, row)
    if asked.none_match is not None and tag is not None:
        return asked.none_match in ("*", tag)
    return asked.modified_since is not None and _modified(row) <= asked.modified_since


def validators(sobject: SObject, row: Mapping[str, object]) -> dict[str, str]:
    """The headers a later conditional request can be made with."""
    headers = {"Last-Modified": format_datetime(_modified(row), usegmt=True)}
    tag = entity_tag(sobject, row)
    if tag is not None:
        headers["ETag"] = tag
    return headers


def entity_tag(sobject: SObject, row: Mapping[str, object]) -> str | None:
    if sobject.name != TAGGED_OBJECT:
        return None
    state = f"{row['Id']}{row['LastModifiedDate']}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'


def _modified(row: Mapping[str, object]) -> datetime:
    moment = parse_instant(str(row["LastModifiedDate"]))
    if moment is None:
        raise ValueError(f"unreadable LastModifiedDate of {row['Id']}")
    return moment.astimezone(UTC)
