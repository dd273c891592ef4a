"""How the portal refuses: a status and `{"error": {"code", "message", …}}`."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class ApiError(Exception):
    """Ends a request; `more` are further keys of the error."""

    status: int
    code: str
    message: str
    more: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        return {"error": {"code": self.code, "message": self.message, **self.more}}


def not_found(obj: str, record_id: str) -> ApiError:
    return ApiError(404, "not_found", f"There is no {obj} {record_id}.")


def bad_request(code: str, message: str) -> ApiError:
    return ApiError(400, code, message)


def invalid(name: str, message: str, code: str = "invalid_value") -> ApiError:
    """A body that names a field wrongly, or gives it a value it does not take."""
    return ApiError(422, code, f"{name}: {message}", {"field": name})
