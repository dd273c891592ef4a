"""What `hub.yaml` says of a distributor's drop folder."""

from typing import ClassVar, Literal

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
