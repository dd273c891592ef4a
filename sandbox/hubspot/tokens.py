"""Bearer tokens of an account: static ones of private apps, short-lived ones of OAuth apps."""

import msgspec

from sandbox.hubspot.db import Database
from sandbox.hubspot.demo import OAuthApp

ACCESS_TOKEN_SECONDS = 1800


class Grant(msgspec.Struct, kw_only=True):
    """What a bearer token may do. `expires_at` is epoch milliseconds, None for static tokens."""

    token: str
    app_id: int
    scopes: list[str]
    expires_at: int | None = None

    @property
    def oauth(self) -> bool:
        return self.expires_at is not None


class Install(msgspec.Struct, kw_only=True):
    """An OAuth app installed in the account, found by its refresh token."""

    client_id: str
    client_secret: str
    refresh_token: str
    app_id: int
    scopes: list[str]


class Tokens:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._grants: dict[str, Grant] = {}

    def _save(self, kind: str, name: str, body: msgspec.Struct) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO document VALUES (?, '', ?, ?)",
            (kind, name, msgspec.json.encode(body)),
        )

    def _load(self, kind: str, name: str) -> bytes | None:
        row = self._db.execute(
            "SELECT body FROM document WHERE kind = ? AND scope = '' AND name = ?", (kind, name)
        ).fetchone()
        return bytes(row[0]) if row is not None else None

    def grant(self, token: str) -> Grant | None:
        known = self._grants.get(token)
        if known is None:
            body = self._load("grant", token)
            if body is None:
                return None
            known = self._grants[token] = msgspec.json.decode(body, type=Grant)
        return known

    def put(self, grant: Grant) -> None:
        self._grants[grant.token] = grant
        self._save("grant", grant.token, grant)

    def revoke(self, token: str) -> None:
        """A static token set to "expire now": from here on it is unknown."""
        self._grants.pop(token, None)
        self._db.execute("DELETE FROM document WHERE kind = 'grant' AND name = ?", (token,))

    def expire_oauth(self, at: int) -> int:
        """End every OAuth access token at a moment; returns how many there were."""
        bodies = self._db.execute("SELECT body FROM document WHERE kind = 'grant'").fetchall()
        grants = [msgspec.json.decode(body, type=Grant) for (body,) in bodies]
        ended = [grant for grant in grants if grant.expires_at is not None]
        for grant in ended:
            grant.expires_at = min(at, grant.expires_at or at)
            self.put(grant)
        return len(ended)

    def install(self, app: OAuthApp) -> None:
        self._save(
            "install",
            app.refresh_token,
            Install(
                client_id=app.client_id,
                client_secret=app.client_secret,
                refresh_token=app.refresh_token,
                app_id=app.app_id,
                scopes=list(app.scopes),
            ),
        )

    def installed(self, refresh_token: str) -> Install | None:
        body = self._load("install", refresh_token)
        return msgspec.json.decode(body, type=Install) if body is not None else None

    def uninstall(self, refresh_token: str) -> None:
        self._db.execute(
            "DELETE FROM document WHERE kind = 'install' AND name = ?", (refresh_token,)
        )

    def uninstall_app(self, app_id: int) -> None:
        """Every refresh token of an app, as when a person disconnects it."""
        bodies = self._db.execute("SELECT body FROM document WHERE kind = 'install'").fetchall()
        for install in (msgspec.json.decode(body, type=Install) for (body,) in bodies):
            if install.app_id == app_id:
                self.uninstall(install.refresh_token)

    def issue(self, install: Install, now: int) -> Grant:
        """A new access token of an installed app."""
        return self.issue_for_app(install.app_id, install.scopes, now)

    def issue_for_app(self, app_id: int, scopes: list[str], now: int) -> Grant:
        """A new access token; its name is a sequence, so runs repeat exactly."""
        number = self._db.next_value("access_token", 1)
        grant = Grant(
            token=f"oauth-{app_id}-{number:08d}",
            app_id=app_id,
            scopes=scopes,
            expires_at=now + ACCESS_TOKEN_SECONDS * 1000,
        )
        self.put(grant)
        return grant
