"""The errors the API answers with. One exception; the body differs by the resource it left from."""

from collections.abc import Mapping, Sequence

ErrorBody = dict[str, object]

_STATUS = {
    "INVALID_SESSION_ID": 401,
    "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS": 403,
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "METHOD_NOT_ALLOWED": 405,
    "GONE": 410,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}


class ApiError(Exception):
    """A refusal with its error code. `fields` is None where the real body carries no such key,
    `extra` is what else stands beside the code."""

    def __init__(
        self,
        code: str,
        message: str,
        fields: Sequence[str] | None = None,
        status: int | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
        self.extra = dict(extra or {})
        self.status = status if status is not None else _STATUS.get(code, 400)

    def body(self) -> list[ErrorBody]:
        """The array a single-row resource answers with."""
        error: ErrorBody = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [{**self.extra, **error}]

    def row_errors(self) -> list[ErrorBody]:
        """The `errors` of one row in a collections answer, which name the code differently."""
        fields = list(self.fields or ())
        error = {"statusCode": self.code, "message": self.message, "fields": fields}
        return [{**self.extra, **error}]


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    """An unknown path, object, external id field or record."""
    return ApiError("NOT_FOUND", message)


def no_such_column(sobject_name: str, name: str) -> ApiError:
    """A field that does not exist, or that the caller may not see: nobody can tell which."""
    return ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject_name}")


def deleted() -> ApiError:
    """A write to a record that lies in the recycle bin."""
    return ApiError("ENTITY_IS_DELETED", "entity is deleted", [])
