"""What `hub.yaml` says of a Salesforce org."""

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.config import Strict, SystemBase
from hub.connectors.salesforce.cost import Bulk

_LAST_SOAP_VERSION = 64


class ClientCredentials(Strict):
    flow: Literal["client_credentials"] = "client_credentials"
    client_id: str
    client_secret: SecretStr


class RefreshToken(Strict):
    flow: Literal["refresh_token"]
    client_id: str
    client_secret: SecretStr | None = None
    refresh_token: SecretStr


class JwtBearer(Strict):
    """The key is given as `private_key` or lies in `private_key_file`, a path."""

    flow: Literal["jwt_bearer"]
    client_id: str
    username: str
    private_key: SecretStr | None = None
    private_key_file: str | None = None
    audience: str = "https://login.salesforce.com"

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if (self.private_key is None) == (self.private_key_file is None):
            raise ValueError("needs exactly one of `private_key` and `private_key_file`")
        return self


class SoapLogin(Strict):
    flow: Literal["soap"]
    username: str
    password: SecretStr
    security_token: SecretStr = SecretStr("")


class SalesforceSystem(SystemBase):
    kind: Literal["salesforce"]
    instance_url: str
    base_url: str | None = None
    auth: Annotated[
        ClientCredentials | RefreshToken | JwtBearer | SoapLogin, Field(discriminator="flow")
    ]
    api_version: str = "62.0"
    bulk: Bulk = "auto"
    auto_assign: bool = False
    duplicate_rules: Literal["block", "alert"] = "block"
    compare_before_write: bool = False

    @model_validator(mode="after")
    def _soap_login_ends_with_version_64(self) -> Self:
        major = self.api_version.partition(".")[0]
        if isinstance(self.auth, SoapLogin) and major.isdigit() and int(major) > _LAST_SOAP_VERSION:
            raise ValueError(
                f"the flow `soap` ends with API version {_LAST_SOAP_VERSION}.0: set `api_version` "
                "to that or less, or use the flow client_credentials or jwt_bearer"
            )
        return self
