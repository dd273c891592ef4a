"""What `hub.yaml` says of a distributor's reports: where they are dropped, how they are spelt."""

from typing import ClassVar, Literal, Self

from pydantic import Field, field_validator, model_validator

from hub.config import Strict, SystemBase
from hub.connectors.rest.config import Auth, Paging, an_address


class Asked(Strict):
    """An HTTP interface that tells the lines of a report as JSON; `records` is where in an answer.

    `{month}` in the report's path or in `params` is the last whole month, as 2026-03.
    """

    base_url: str
    auth: Auth
    paging: Paging
    records: str = ""
    params: dict[str, str] = Field(default_factory=dict)

    _address = field_validator("base_url")(an_address)


class FeedReport(Strict):
    """`path` names files, or the messages whose attachments of the name `attachment` are the
    files, or what is asked for below the address of `rest`."""

    path: str
    profile: str
    due: str | None = None
    attachment: str | None = None
    rest: Asked | None = None

    @model_validator(mode="after")
    def _comes_one_way(self) -> Self:
        if self.attachment is not None and self.rest is not None:
            raise ValueError("takes `attachment` or `rest`, not both")
        return self


class FeedSystem(SystemBase):
    """A drop folder holds what was dropped last: that it holds no row says nothing of a loss."""

    silence_is_a_loss: ClassVar[bool] = False

    kind: Literal["feed"]
    reports: dict[str, FeedReport]
    settle_seconds: float = Field(default=0, ge=0)
