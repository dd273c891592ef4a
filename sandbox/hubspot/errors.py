"""HubSpot's error bodies: one exception for every refusal, and the shapes it takes on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

import msgspec


class Detail(TypedDict, total=False):
    """One entry of `errors[]`."""

    message: str
    code: str
    context: Mapping[str, Sequence[str]]


@dataclass(slots=True, eq=False)
class ApiError(Exception):
    """A refusal with everything the body will say. An empty field is left out of the body."""

    status: int
    message: str
    category: str = ""
    sub_category: str = ""
    errors: Sequence[Detail] = ()
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, correlation_id: str) -> dict[str, object]:
        body: dict[str, object] = {"status": "error", "message": self.message}
        body["correlationId"] = correlation_id
        optional = {
            "category": self.category,
            "subCategory": self.sub_category,
            "errors": self.errors,
            "context": self.context,
            "links": self.links,
        }
        body.update({key: value for key, value in optional.items() if value})
        body.update(self.extra)
        return body

    def entry(self, context: Mapping[str, Sequence[str]], *, full: bool) -> dict[str, object]:
        """This refusal as one entry of a 207; `full` adds the keys the spec calls required."""
        entry: dict[str, object] = {"status": "error", "category": self.category or "ERROR"}
        if self.sub_category:
            entry["subCategory"] = self.sub_category
        entry["message"] = self.message
        entry["context"] = {**self.context, **context}
        if full:
            entry["links"] = self.links
            entry["errors"] = self.errors
        return entry


@dataclass(frozen=True, slots=True)
class BadValue:
    """One property value that cannot be stored, in the words of the live API."""

    name: str
    code: str
    message: str


def validation(message: str, *details: Detail, **context: Sequence[str]) -> ApiError:
    return ApiError(400, message, "VALIDATION_ERROR", errors=details, context=context)


class InvalidValues(ApiError):
    """Every bad value of one request at once, in both forms: embedded JSON and `errors[]`."""

    def __init__(self, values: Sequence[BadValue], portal_id: int) -> None:
        embedded = [
            {
                "isValid": False,
                "message": bad.message,
                "error": bad.code,
                "name": bad.name,
                "localizedErrorMessage": bad.message,
                "portalId": portal_id,
            }
            for bad in values
        ]
        details: list[Detail] = [
            {"message": bad.message, "code": bad.code, "context": {"propertyName": [bad.name]}}
            for bad in values
        ]
        text = msgspec.json.encode(embedded).decode()
        super().__init__(
            400, f"Property values were not valid: {text}", "VALIDATION_ERROR", errors=details
        )
        self.values = tuple(values)


def missing_record(record_id: str, *, with_category: bool) -> ApiError:
    """404 for a well-formed id that nothing answers to, and for one that is no id at all."""
    if not record_id.isascii() or not record_id.isdigit():
        return ApiError(
            404,
            "Object not found.  objectId are usually numeric.",
            "OBJECT_NOT_FOUND",
            context={"id": [record_id]},
        )
    return ApiError(404, "resource not found", "OBJECT_NOT_FOUND" if with_category else "")


def missing_scopes(required: Sequence[str]) -> ApiError:
    detail: Detail = {
        "message": "One or more of the following scopes are required.",
        "context": {"requiredGranularScopes": list(required)},
    }
    return ApiError(
        403,
        "This app hasn't been granted all required scopes to make this call. "
        "Read more about required scopes here: https://developers.hubspot.com/scopes.",
        "MISSING_SCOPES",
        errors=[detail],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def unreadable(detail: str, column: int = 1) -> ApiError:
    """Body that is no JSON, or JSON of the wrong shape. The live answer often has no category."""
    return ApiError(400, f"Invalid input JSON on line 1, column {column}: {detail}")
