"""One API call and its reply, free of the web server, so that composite can make calls too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.org import Org

MAX_VERSION = 67
OLDEST_VERSION = 31
RETIRED_VERSIONS = range(21, 31)


def check_version(major: int, minor: str = "0") -> None:
    """Retired versions are gone, others outside the range never were."""
    if major in RETIRED_VERSIONS:
        raise ApiError("UNSUPPORTED_API_VERSION", f"API version {major}.0 is retired", status=410)
    if not OLDEST_VERSION <= major <= MAX_VERSION or minor != "0":
        raise not_found()


@dataclass(frozen=True, slots=True)
class Call:
    """A request below `/services/data/vNN.0/`. Header names are lower case, `params` come from
    the path, percent-decoded."""

    method: str
    version: int
    user_id: str
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}.0"

    def json(self) -> object:
        """The body as JSON, or the platform's parser error."""
        kind = self.headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if kind != "application/json":
            raise ApiError(
                "UNSUPPORTED_MEDIA_TYPE",
                f"Content-Type header specified in HTTP request is not supported: {kind}",
            )
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ApiError("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None

    def json_object(self) -> dict[str, object]:
        body = self.json()
        if not isinstance(body, dict):
            raise ApiError(
                "JSON_PARSER_ERROR",
                "Can not deserialize: expected a JSON object at [line:1, column:1]",
            )
        return body

    def flag(self, header: str) -> bool | None:
        """A TRUE/FALSE header, None when it is absent."""
        value = self.headers.get(header)
        return None if value is None else value.strip().lower() != "false"


@dataclass(frozen=True, slots=True)
class Reply:
    """`rows` counts the records the answer carries or the write touched, for the request log.
    `csv` is an answer that is no JSON: bulk data."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0
    csv: bytes | None = None


Handler = Callable[[Org, Call], Reply]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` below the version, e.g. `sobjects/{object}/{id}`; fixed words ignore case."""

    method: str
    path: str
    handler: Handler
