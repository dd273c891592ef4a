"""What `hub.yaml` says of a system that speaks JSON over HTTP.

Places in JSON are written dotted (`company.city`) or as JSON pointers (`/company/city`); an empty
text is the whole document.
"""

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from hub.config import Strict, SystemBase
from hub.connectors.contract import FieldKind


class ApiKey(Strict):
    scheme: Literal["api_key"]
    header: str = "X-Api-Key"
    key: SecretStr


class Bearer(Strict):
    scheme: Literal["bearer"]
    token: SecretStr


class Basic(Strict):
    scheme: Literal["basic"]
    username: str
    password: SecretStr


class ClientCredentials(Strict):
    scheme: Literal["client_credentials"]
    token_url: str
    client_id: str
    client_secret: SecretStr
    scope: str | None = None
    send: Literal["form", "basic"] = "form"


Auth = Annotated[ApiKey | Bearer | Basic | ClientCredentials, Field(discriminator="scheme")]


class ByPage(Strict):
    style: Literal["page"]
    page_param: str = "page"
    size_param: str = "per_page"
    first: int = 1
    size: int = Field(default=100, ge=1)
    total: str | None = None


class ByOffset(Strict):
    style: Literal["offset"]
    offset_param: str = "offset"
    size_param: str = "limit"
    size: int = Field(default=100, ge=1)
    total: str | None = None


class ByCursor(Strict):
    style: Literal["cursor"]
    cursor_param: str = "cursor"
    next: str
    size_param: str = "limit"
    size: int = Field(default=100, ge=1)


class ByLink(Strict):
    style: Literal["link"]
    size_param: str = "limit"
    size: int = Field(default=100, ge=1)


Paging = Annotated[ByPage | ByOffset | ByCursor | ByLink, Field(discriminator="style")]


class Quota(Strict):
    limit_header: str = "X-RateLimit-Limit"
    remaining_header: str = "X-RateLimit-Remaining"


class ErrorPlaces(Strict):
    message: str = "error.message"
    code: str = "error.code"


class RestField(Strict):
    path: str
    kind: FieldKind = "text"
    unit: Literal["iso", "seconds", "milliseconds"] = "iso"
    length: int | None = None
    choices: tuple[str, ...] | None = None
    required: bool = False
    unique: bool = False
    writable: bool = True
    volatile: bool = False


class Modified(Strict):
    path: str
    param: str
    inclusive: bool = True
    sorted: bool = True
    unit: Literal["iso", "seconds", "milliseconds"] = "iso"


class DeletedField(Strict):
    """Deleted records are in the list, marked by a value that is neither null nor false."""

    path: str
    params: dict[str, str] = Field(default_factory=dict)
    merged_into: str | None = None


class DeletedList(Strict):
    """Deleted records are in a list of their own."""

    list: str
    records: str | None = None
    id: str | None = None
    at: str
    param: str | None = None
    merged_into: str | None = None


class Described(Strict):
    """Where the system tells its fields, and how it calls what it tells of each."""

    path: str
    records: str = ""
    name: str = "name"
    type: str = "type"
    kinds: dict[str, FieldKind] = Field(default_factory=dict)
    length: str | None = None
    choices: str | None = None
    required: str | None = None
    unique: str | None = None
    read_only: str | None = None


class Named(Strict):
    """How records are asked for by id: several in a parameter, or one by one at a path."""

    param: str | None = None
    size: int = Field(default=100, ge=1)
    path: str | None = None
    record: str = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.param is None) == (self.path is None):
            raise ValueError("needs exactly one of `param` and `path`")
        if self.path is not None and "{id}" not in self.path:
            raise ValueError("`path` must hold {id}")
        return self


def _with_id(path: str) -> str:
    if "{id}" not in path:
        raise ValueError("must hold {id}")
    return path


class Update(Strict):
    method: Literal["PATCH", "PUT", "POST"] = "PATCH"
    path: str
    body: str = ""

    @field_validator("path")
    @classmethod
    def _holds_the_id(cls, path: str) -> str:
        return _with_id(path)


class Delete(Strict):
    """How a record is taken away. Where the system can, people there should find it in a bin."""

    method: Literal["DELETE", "POST", "PATCH", "PUT"] = "DELETE"
    path: str

    @field_validator("path")
    @classmethod
    def _holds_the_id(cls, path: str) -> str:
        return _with_id(path)


class Create(Strict):
    """Creates are idempotent by their key: the key is in `path` (an upsert there), or records can
    be found by it (`find`, the name of a parameter of the list)."""

    method: Literal["POST", "PUT", "PATCH"] = "POST"
    path: str
    body: str = ""
    id: str | None = None
    find: str | None = None
    idempotency_header: str | None = None

    @property
    def is_upsert(self) -> bool:
        return "{key}" in self.path

    @model_validator(mode="after")
    def _can_be_repeated(self) -> Self:
        if self.is_upsert == (self.find is not None):
            raise ValueError("needs exactly one of {key} in `path` and `find`")
        return self


def _short_field_form(raw: Any) -> Any:
    return {"path": raw} if isinstance(raw, str) else raw


class RestObject(Strict):
    """One kind of record: where it is listed, and what its JSON looks like."""

    path: str
    params: dict[str, str] = Field(default_factory=dict)
    records: str = ""
    id: str = "id"
    fields: dict[str, RestField]
    absent_is_empty: bool = True
    modified: Modified | None = None
    deleted: DeletedField | DeletedList | None = None
    named: Named | None = None
    describe: Described | None = None
    update: Update | None = None
    create: Create | None = None
    delete: Delete | None = None
    paging: Paging | None = None

    @field_validator("fields", mode="before")
    @classmethod
    def _expand(cls, raw: Any) -> Any:
        if isinstance(raw, dict):
            return {name: _short_field_form(field) for name, field in raw.items()}
        return raw

    @model_validator(mode="after")
    def _deletions_need_a_time(self) -> Self:
        if isinstance(self.deleted, DeletedList) and self.modified is None:
            raise ValueError("`deleted.list` needs `modified`: without it each pull is a full one")
        return self


def an_address(url: str) -> str:
    """An address without the slash at its end."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("must be an http or https address")
    return url.rstrip("/")


class RestSystem(SystemBase):
    kind: Literal["rest"]
    base_url: str
    auth: Auth
    paging: Paging
    quota: Quota | None = None
    errors: ErrorPlaces = ErrorPlaces()
    longest_wait_seconds: float = Field(default=60, ge=0)
    objects: dict[str, RestObject]

    _address = field_validator("base_url")(an_address)
