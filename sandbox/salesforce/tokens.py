"""What every OAuth flow ends in: the app it is for, the token it gives, the refusal it gets."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from sandbox.salesforce.org import Org
from sandbox.salesforce.store import ORG_ID


class TokenError(Exception):
    """A refusal of the token endpoint: HTTP 400 with one JSON object, not an array."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class App:
    client_id: str
    secret: str
    name: str
    run_as: str | None
    flows: tuple[str, ...]


def find_app(org: Org, client_id: str) -> App | None:
    row = org.store.db.execute("SELECT * FROM _app WHERE client_id = ?", (client_id,)).fetchone()
    return App(row[0], row[1], row[2], row[3], tuple(row[4].split())) if row else None


def success(org: Org, app: App, user_id: str) -> dict[str, str]:
    """What a granted request is answered with. There is no `expires_in`: a 401 tells."""
    now = org.now()
    identity = f"{org.base_url}/id/{ORG_ID}/{user_id}"
    issued_at = str(int(now.timestamp() * 1000))
    digest = hmac.new(app.secret.encode(), (identity + issued_at).encode(), hashlib.sha256)
    return {
        "access_token": org.sessions.issue(user_id, app.client_id, now),
        "signature": base64.b64encode(digest.digest()).decode(),
        "scope": "api",
        "instance_url": org.base_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }
