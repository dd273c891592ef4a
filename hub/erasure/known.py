"""By what an erased person is known again: keyed hashes of addresses, of name with phone, of
records and of hub ids. A phone alone is nobody's: colleagues share it."""

import hmac
import re
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import Connection, select

from hub.models.erasure import erased, erasure_key

ERASED_TEXT = "[erased]"
_ADDRESS = re.compile(r"[^\s<>\"'(),;:|\\\[\]{}=]+@[^\s<>\"'(),;:|\\\[\]{}=]+")
_PHONE_DIGITS = 8

Said = Mapping[str, str | None]


def mail_key(text: str | None) -> str | None:
    """An address without what does not make it another one: case, width, a `+` part, the spelling
    of its domain."""
    folded = unicodedata.normalize("NFKC", text or "").strip().strip(".").casefold()
    local, at, domain = folded.rpartition("@")
    if not at or not local or not domain:
        return None
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return f"{local.partition('+')[0] or local}@{domain}"


def person_keys(row: Said) -> set[str]:
    """Name with phone, of each phone; empty for a row without either."""
    names = [row.get("first_name"), row.get("last_name")]
    words = unicodedata.normalize("NFKC", " ".join(n for n in names if n)).casefold().split()
    phones = (re.sub(r"\D", "", row.get(n) or "")[-_PHONE_DIGITS:] for n in ("phone", "mobile"))
    name = " ".join(sorted(words))
    return {f"{name}|{phone}" for phone in phones if name and len(phone) == _PHONE_DIGITS}


def record_key(system: str, source: str, record_id: str) -> str:
    return f"{system}|{source}|{record_id}"


@dataclass(frozen=True)
class Known:
    """The hashes of all who were erased."""

    key: bytes
    digests: frozenset[str]

    def digest(self, kind: str, value: str) -> str:
        return hmac.digest(self.key, f"{kind}|{value}".encode(), "sha256").hex()

    def holds(self, kind: str, value: str | None) -> bool:
        return value is not None and self.digest(kind, value) in self.digests

    def is_erased(self, system: str, source: str, record_id: str | None, row: Said) -> bool:
        """Whether a row of a person, by the hub's columns, speaks of an erased one."""
        return (
            self.holds("mail", mail_key(row.get("email")))
            or self.holds("record", record_id and record_key(system, source, record_id))
            or any(self.holds("person", key) for key in person_keys(row))
            or self.holds("hub_id", row.get("hub_key"))
            or any(
                self.holds("record", record_key(system, "contact", reference))
                for name in ("contact_record_id", "converted_contact_record_id")
                if (reference := row.get(name))
            )
        )

    def scrubbed(self, text: str) -> str:
        """The text with the addresses of erased people taken out."""
        return _ADDRESS.sub(self._without, text) if "@" in text else text

    def _without(self, match: re.Match[str]) -> str:
        return ERASED_TEXT if self.holds("mail", mail_key(match[0])) else match[0]


def known_people(conn: Connection) -> Known | None:
    """All who were erased; None when nobody was."""
    key = conn.scalar(select(erasure_key.c.key))
    if key is None:
        return None
    return Known(bytes.fromhex(key), frozenset(conn.scalars(select(erased.c.digest))))
