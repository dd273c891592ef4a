"""What every cursor has in common: the text it is stored as, and where a completed pull leaves it.

A cursor is the connector's own; the hub stores its text and gives it back.
"""

from datetime import timedelta
from typing import Self

import msgspec

from hub.connectors.text import canonical_time, parsed_time
from hub.errors import StopSync


class StoredCursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """The base of a connector's cursor; all its fields have defaults, those of a first pull."""

    @classmethod
    def read(cls, text: str | None, system: str) -> Self:
        """The cursor that was stored; a new one for None. Raises StopSync when it is no such."""
        if text is None:
            return cls()
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as err:
            raise StopSync(
                f"{system}: the stored cursor cannot be read.", remedy="run `hub sync --full`"
            ) from err

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


def earlier(moment: str, by: timedelta) -> str:
    """A time as the sources write it, that much earlier, in canonical spelling."""
    return canonical_time(parsed_time(moment) - by)


def watermark(reached: str, overlap: timedelta, since: str | None) -> str:
    """Where the next pull begins after one that read all there was until `reached`: an overlap
    earlier, and never before where this one began."""
    found = earlier(reached, overlap)
    return max(found, since or found)
