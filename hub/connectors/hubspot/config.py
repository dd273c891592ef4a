"""What `hub.yaml` says of a HubSpot account."""

from typing import Literal

from pydantic import Field, SecretStr

from hub.config import Strict, SystemBase
from hub.connectors.hubspot.paths import Paths


class BearerToken(Strict):
    access_token: SecretStr


class HubSpotSystem(SystemBase):
    kind: Literal["hubspot"]
    auth: BearerToken
    base_url: str = "https://api.hubapi.com"
    paths: Paths = "v3"
    association_batch: int = Field(default=1000, ge=1, le=1000)
    search_lag_seconds: int = Field(default=30, ge=0)
    compare_before_write: bool = False
