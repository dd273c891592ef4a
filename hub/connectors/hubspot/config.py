"""What `hub.yaml` says of a HubSpot account."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, SecretStr, Tag

from hub.config import Strict, SystemBase
from hub.connectors.hubspot.paths import Paths


class BearerToken(Strict):
    flow: Literal["token"] = "token"
    access_token: SecretStr


class InstalledApp(Strict):
    """An OAuth app that somebody has installed in the account."""

    flow: Literal["refresh_token"]
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr


def _flow(given: Any) -> str:
    """A token needs no `flow` beside it."""
    told = given.get("flow") if isinstance(given, dict) else getattr(given, "flow", None)
    return str(told or "token")


Auth = Annotated[
    Annotated[BearerToken, Tag("token")] | Annotated[InstalledApp, Tag("refresh_token")],
    Discriminator(_flow),
]


class HubSpotSystem(SystemBase):
    kind: Literal["hubspot"]
    auth: Auth
    base_url: str = "https://api.hubapi.com"
    paths: Paths = "v3"
    association_batch: int = Field(default=1000, ge=1, le=1000)
    search_lag_seconds: int = Field(default=30, ge=0)
    archived_minutes: float = Field(default=60, ge=0)
    compare_before_write: bool = False
