"""Reports that come by e-mail: the attachments of the messages in a folder."""

import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from fnmatch import fnmatch
from functools import lru_cache
from io import BytesIO
from typing import IO

import msgspec

from hub.connectors.feed.files import Drop, DroppedFile
from hub.connectors.filesystem import Options

_BETWEEN = "#"
_KEPT_MESSAGES = 64


class MailDrop(Drop):
    """The attachments whose names match, of the messages (RFC 5322, `.eml`) that a path names.

    An attachment is a file `MESSAGE#NAME`; the second of one name in a message is `MESSAGE#2-NAME`.
    It bears the stamp of its message, which never changes once it was stored.
    """

    def __init__(
        self, system: str, report: str, url: str, attachment: str, options: Options | None = None
    ) -> None:
        super().__init__(system, report, url, options)
        self._attachment = attachment
        self._attached = lru_cache(maxsize=_KEPT_MESSAGES)(self._read)

    def files(self) -> Iterator[DroppedFile]:
        for message in super().files():
            for name in self._attached(message):
                yield msgspec.structs.replace(
                    message,
                    name=f"{message.name}{_BETWEEN}{name}",
                    path=f"{message.path}{_BETWEEN}{name}",
                )

    def open(self, file: DroppedFile) -> IO[bytes]:
        message = msgspec.structs.replace(
            file, name=file.name.rpartition(_BETWEEN)[0], path=_message(file.path)
        )
        return BytesIO(self._attached(message)[file.path.rpartition(_BETWEEN)[2]])

    def stamp(self, file: DroppedFile) -> str | None:
        return super().stamp(msgspec.structs.replace(file, path=_message(file.path)))

    def _read(self, message: DroppedFile) -> dict[str, bytes]:
        with super().open(message) as told:
            parsed = BytesParser(policy=email.policy.default).parse(told)
        found: dict[str, bytes] = {}
        for name, content in _attachments(parsed):
            if fnmatch(name.casefold(), self._attachment.casefold()):
                again = sum(known == name or known.endswith(f"-{name}") for known in found)
                found[f"{again + 1}-{name}" if again else name] = content
        return found


def _message(path: str) -> str:
    return path.rpartition(_BETWEEN)[0]


def _attachments(message: EmailMessage) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each attached file, also of those in forwarded messages."""
    for part in message.walk():
        name = part.get_filename()
        content = part.get_payload(decode=True)
        if name and isinstance(content, bytes):
            yield name.replace("/", "_").replace(_BETWEEN, "_"), content
