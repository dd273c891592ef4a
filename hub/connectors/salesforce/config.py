"""What `hub.yaml` says of a Salesforce org."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from hub.config import Strict, SystemBase
from hub.connectors.salesforce.cost import Bulk


class ClientCredentials(Strict):
    flow: Literal["client_credentials"] = "client_credentials"
    client_id: str
    client_secret: SecretStr


class RefreshToken(Strict):
    flow: Literal["refresh_token"]
    client_id: str
    client_secret: SecretStr | None = None
    refresh_token: SecretStr


class SalesforceSystem(SystemBase):
    kind: Literal["salesforce"]
    instance_url: str
    auth: Annotated[ClientCredentials | RefreshToken, Field(discriminator="flow")]
    api_version: str = "62.0"
    bulk: Bulk = "auto"
    auto_assign: bool = False
    duplicate_rules: Literal["block", "alert"] = "block"
    compare_before_write: bool = False
