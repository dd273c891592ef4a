"""X12 as segments: the delimiters are what the interchange header says, whatever it says.

The header has 16 elements; senders get their widths wrong, so it is taken apart by its own
separator and not by position.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from hub.connectors.feed.report import Source
from hub.errors import FeedUnreadable

_BLOCK = 1 << 16
_HEADER_ELEMENTS = 16
_HEADER_LENGTH = 106
_BLANKS = " \t\r\n\x1a"
_MARK = "\u00ef\u00bb\u00bf"

Segment = list[str]


@dataclass(frozen=True)
class Delimiters:
    element: str
    component: str
    terminator: str
    warning: str | None = None


def delimiters_of(text: str, file: str) -> Delimiters:
    """The delimiters of an interchange that begins with `ISA`. Raises FeedUnreadable."""
    element = text[3:4]
    parts = text.split(element, _HEADER_ELEMENTS)
    if len(parts) <= _HEADER_ELEMENTS or len(parts[-1]) < 2:
        raise FeedUnreadable(
            f"{file}: the interchange header ISA has {len(parts) - 1} of 16 elements.",
            remedy="have the interchange sent again, whole",
            rule="header_incomplete",
        )
    last = parts[-1]
    component, terminator = last[0], last[1]
    if last[1:3] == "GS" and not component.isalnum():
        terminator = component  # ISA16 was left out
    if terminator == "\r" and last[2:3] == "\n":
        terminator = "\n"
    length = len(element.join(parts[:-1])) + len(element) + 2
    warning = None
    if length != _HEADER_LENGTH:
        warning = f"the interchange header has {length} characters instead of {_HEADER_LENGTH}"
    return Delimiters(element, component, terminator, warning)


def opening(source: Source) -> str:
    """The first characters of a file, from `ISA` on."""
    with source.open() as file:
        text = file.read(4096).decode("latin-1")
    return text.removeprefix(_MARK).lstrip()


def segments(source: Source, delimiters: Delimiters) -> Iterator[list[Segment]]:
    """The segments of a file, some thousands at a time, each a list of its elements.

    Text is Latin-1, one character a byte; `as_text` makes of it what it was meant to be. Line ends,
    indents and doubled terminators between segments are no matter.
    """
    element = delimiters.element
    for told in texts(source, delimiters):
        yield [one.split(element) for one in told]


def texts(source: Source, delimiters: Delimiters) -> Iterator[list[str]]:
    """The segments of a file, some thousands at a time, not yet taken apart."""
    terminator, held, first = delimiters.terminator, "", True
    with source.open() as file:
        for block in iter(partial(file.read, _BLOCK), b""):
            text = held + _without_line_ends(block.decode("latin-1"), terminator)
            if first:
                text, first = text.removeprefix(_MARK), False
            told = text.split(terminator)
            held = told.pop()
            if terminator + " " in text or "\t" in text or text.startswith(" "):
                told = [one.strip(_BLANKS) for one in told]
            yield [one for one in told if one]
    rest = held.strip(_BLANKS)
    if rest:
        yield [rest]


def _without_line_ends(text: str, terminator: str) -> str:
    """Line ends mean nothing in X12, unless they end the segments."""
    for end in "\r\n":
        if end != terminator and end in text:
            text = text.replace(end, "")
    return text


def as_text(latin: str) -> str:
    """Latin-1 text as the UTF-8 or the Windows-1252 that its bytes are."""
    if latin.isascii():
        return latin
    told = latin.encode("latin-1")
    try:
        return told.decode("utf-8")
    except UnicodeDecodeError:
        return told.decode("cp1252", errors="replace")
