"""What `hub.yaml` says of a distributor's reports: where they are dropped, how they are spelt."""

from datetime import date
from typing import ClassVar, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from hub.config import Strict, SystemBase
from hub.connectors.feed.due import DueRule, holidays_of
from hub.connectors.filesystem import Options, without_password
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
    files, or what is asked for below the address of `rest`. `options` are what its file system is
    opened with: user, secrets, keys. Without `due` none is missed.

    `since` is the first day of which reports are expected, that of the first report if it is left
    out; `until` the last. `grace_days` may pass after a report was due before it counts as late.
    """

    path: str
    options: Options = Field(default_factory=dict)
    profile: str
    due: str | None = None
    attachment: str | None = None
    rest: Asked | None = None
    holidays: str | None = None
    time_zone: str | None = None
    grace_days: int = Field(default=0, ge=0)
    since: date | None = None
    until: date | None = None

    _no_password = field_validator("path")(without_password)

    @field_validator("due")
    @classmethod
    def _is_a_rule(cls, due: str | None) -> str | None:
        if due is not None:
            DueRule.read(due)
        return due

    @field_validator("holidays")
    @classmethod
    def _is_a_place(cls, place: str | None) -> str | None:
        if place is not None:
            holidays_of(place)
        return place

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, zone: str | None) -> str | None:
        try:
            ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError) as err:
            raise ValueError(f"no such time zone: {zone}") from err
        return zone

    @model_validator(mode="after")
    def _comes_one_way(self) -> Self:
        if self.attachment is not None and self.rest is not None:
            raise ValueError("takes `attachment` or `rest`, not both")
        if self.options and self.rest is not None:
            raise ValueError("takes `options` for files only: with `rest`, use its `auth`")
        return self


class FeedSystem(SystemBase):
    """A drop folder holds what was dropped last: that it holds no row says nothing of a loss."""

    silence_is_a_loss: ClassVar[bool] = False

    kind: Literal["feed"]
    reports: dict[str, FeedReport]
    settle_seconds: float = Field(default=0, ge=0)
