"""The envelope of an EDIFACT file, looked at before a line of it is taken."""

from dataclasses import dataclass, field

from hub.connectors.feed.edi.edifact import Segment, ServiceString, parts, texts
from hub.connectors.feed.report import Source
from hub.errors import FeedUnreadable

REPORTS = {"SLSRPT": "pos", "INVRPT": "inventory"}


@dataclass
class Message:
    """UNH to UNT: type, reference, and whether its count of segments is right."""

    type: str
    version: str
    reference: str
    segments: int = 1
    said: int | None = None


@dataclass
class Interchange:
    sender: str
    receiver: str
    reference: str
    syntax: str
    messages: list[Message] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def look(source: Source, marks: ServiceString) -> Interchange:
    """Read the envelope of a file. Raises FeedUnreadable when its end is missing."""
    found: Interchange | None = None
    one: Message | None = None
    ended = False
    for several in texts(source, marks):
        for told in several:
            if one is not None:
                one.segments += 1
            if not told.startswith("UN"):
                continue
            segment = parts(told, marks)
            tag = segment[0][0]
            if tag == "UNB" and found is None:
                found = Interchange(
                    part(segment, 2), part(segment, 3), part(segment, 5), part(segment, 1)
                )
            elif found is None:
                continue
            elif tag == "UNB" and one is not None:
                # Counted as a segment of the message, it can make up for one that was lost.
                found.warnings.append(f"UNB stands within message {one.reference}")
            elif tag == "UNH":
                if one is not None:
                    raise _cut(source.name, f"message {one.reference} has no UNT")
                one = Message(
                    part(segment, 2), ":".join(segment[2][1:]) if len(segment) > 2 else "",
                    part(segment, 1),
                )  # fmt: skip
                found.messages.append(one)
            elif tag == "UNT" and one is not None:
                said = part(segment, 1)
                one.said = int(said) if said.isdecimal() else None
                one = None
            elif tag == "UNZ":
                ended = True
                if part(segment, 2) != found.reference:
                    found.warnings.append(
                        f"UNZ names interchange {part(segment, 2)}, UNB {found.reference}"
                    )
    if found is None:
        raise _cut(source.name, "no interchange header UNB")
    if one is not None:
        raise _cut(source.name, f"message {one.reference} has no UNT")
    if not ended:
        raise _cut(source.name, "the interchange has no end UNZ")
    return found


def part(segment: Segment, element: int, component: int = 0) -> str:
    """A component of a segment; empty when it is not there."""
    if element >= len(segment) or component >= len(segment[element]):
        return ""
    return segment[element][component].strip()


def _cut(file: str, what: str) -> FeedUnreadable:
    return FeedUnreadable(
        f"{file}: {what}: the file is cut off.",
        remedy="have the interchange sent again, whole; nothing of it was taken",
        rule="truncated",
    )
