"""Access tokens: issued by the token endpoint and SOAP login, checked on every data call."""

import secrets
from datetime import datetime, timedelta

from sandbox.salesforce.store import ORG_ID, SalesforceStore


class Sessions:
    """Sessions persist in the store; the ones in use are kept at hand."""

    def __init__(self, store: SalesforceStore) -> None:
        self._store = store
        self._known: dict[str, tuple[str, datetime]] = {}

    def issue(self, user_id: str, client_id: str | None, now: datetime) -> str:
        token = f"{ORG_ID[:15]}!AQ{secrets.token_urlsafe(66)}"
        self._store.db.execute(
            "INSERT INTO _session VALUES (?,?,?,?,0)", (token, user_id, client_id, now.isoformat())
        )
        return token

    def user_of(self, token: str, now: datetime, lifetime: timedelta) -> str | None:
        """Whose session this is, or None when it is unknown, revoked or too old."""
        known = self._known.get(token)
        if known is None:
            row = self._store.db.execute(
                "SELECT user_id, issued_at FROM _session WHERE token = ? AND NOT revoked", (token,)
            ).fetchone()
            if row is None:
                return None
            known = self._known[token] = (row[0], datetime.fromisoformat(row[1]))
        user_id, issued_at = known
        return user_id if now < issued_at + lifetime else None

    def expire_all(self) -> int:
        """End every session at once; returns how many were alive."""
        self._known.clear()
        return self._store.db.execute("UPDATE _session SET revoked = 1 WHERE NOT revoked").rowcount

    def revoke_all(self) -> None:
        """End every session and every refresh grant: apps have to be let in again."""
        self.expire_all()
        self._store.db.execute("UPDATE _grant SET revoked = 1")

    def revoke(self, token: str) -> bool:
        """End one session or refresh grant; False for a token nobody issued."""
        self._known.pop(token, None)
        ended = 0
        for table in ("_session", "_grant"):
            ended += self._store.db.execute(
                f"UPDATE {table} SET revoked = 1 WHERE token = ?", (token,)
            ).rowcount
        return ended > 0
