"""What differs between one partner's portal and the next, and conveniences for tests."""

from dataclasses import dataclass
from typing import Literal

Auth = Literal["api_key", "bearer", "basic", "oauth"]
Paging = Literal["page", "offset", "cursor", "link"]
Deletes = Literal["field", "endpoint", "none"]


@dataclass(frozen=True)
class Switches:
    """The portal's settings. Frozen: the control route replaces them as a whole."""

    auth: Auth = "api_key"
    token_seconds: float = 3_600.0
    paging: Paging = "cursor"
    max_page: int = 100
    since_inclusive: bool = True
    deletes: Deletes = "field"
    quota_limit: int = 10_000
    quota_headers: bool = True
    enforce_quota: bool = False
    retry_after: float = 3_600.0
    forbidden: tuple[str, ...] = ()
    """Objects that our user may no longer see: 403."""
