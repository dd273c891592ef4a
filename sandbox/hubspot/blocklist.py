"""Addresses that may not come back after a privacy deletion, kept as fingerprints only."""

import hashlib

from sandbox.hubspot.db import Database
from sandbox.hubspot.uniques import EMAIL, key


class Blocklist:
    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, address: str) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO document VALUES ('blocked', 'contacts', ?, '')",
            (_fingerprint(address),),
        )

    def holds(self, address: str) -> bool:
        row = self._db.execute(
            "SELECT 1 FROM document WHERE kind = 'blocked' AND scope = 'contacts' AND name = ?",
            (_fingerprint(address),),
        ).fetchone()
        return row is not None


def _fingerprint(address: str) -> str:
    return hashlib.sha256(key(EMAIL, address).encode()).hexdigest()
