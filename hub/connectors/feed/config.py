"""What `hub.yaml` says of a distributor's reports: where they are dropped, how they are spelt."""

from typing import ClassVar, Literal

from pydantic import Field

from hub.config import Strict, SystemBase


class FeedReport(Strict):
    path: str
    profile: str
    due: str | None = None


class FeedSystem(SystemBase):
    """A drop folder holds what was dropped last: that it holds no row says nothing of a loss."""

    silence_is_a_loss: ClassVar[bool] = False

    kind: Literal["feed"]
    reports: dict[str, FeedReport]
    settle_seconds: float = Field(default=0, ge=0)
