"""EDIFACT as segments: delimiters from UNA, the usual ones, or line ends where nothing else is.

`?` releases the character after it. A file whose segments end with line ends only is no EDIFACT
by the book and common all the same.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from hub.connectors.feed.report import Source

_BLOCK = 1 << 16
_USUAL = ":+.? '"
_HELD = "\x00\x01\x02\x03"

Segment = list[list[str]]


@dataclass(frozen=True)
class ServiceString:
    component: str
    element: str
    decimal: str
    release: str
    terminator: str
    length: int = 0


def service_string(source: Source) -> ServiceString:
    """The delimiters of a file that begins with UNA or UNB."""
    with source.open() as file:
        text = file.read(8192).decode("latin-1").removeprefix("\u00ef\u00bb\u00bf")
    start = len(text) - len(text.lstrip())
    bare = text[start:]
    told = bare[3:9] if bare.startswith("UNA") else _USUAL
    length = start + 9 if bare.startswith("UNA") else start
    component, element, decimal, release, _, terminator = tuple(told)
    lines = re.findall(r"(?:^|\n)([A-Z]{3})\+", bare)
    if terminator not in bare[9:] and len(lines) > 1:
        terminator = "\n"
    return ServiceString(component, element, decimal, release, terminator, length)


def segments(source: Source, marks: ServiceString) -> Iterator[list[Segment]]:
    """The segments of a file, some thousands at a time: elements, each a list of components."""
    for told in texts(source, marks):
        whole = "".join(told)
        if marks.release in whole or any(kept in whole for kept in _HELD):
            yield [parts(one, marks) for one in told]
        else:
            element, component = marks.element, marks.component
            yield [[e.split(component) for e in one.split(element)] for one in told]


def texts(source: Source, marks: ServiceString) -> Iterator[list[str]]:
    """The segments of a file, some thousands at a time, for `parts` to take apart."""
    held, first = "", True
    with source.open() as file:
        for block in iter(partial(file.read, _BLOCK), b""):
            text = held + block.decode("latin-1")
            if first:
                text, first = text.removeprefix("\u00ef\u00bb\u00bf")[marks.length :], False
            safe = _released(text, marks) if marks.release in text else text
            told = safe.split(marks.terminator)
            held = _put_back(told.pop(), marks)
            yield [one for one in map(str.strip, told) if one]
    rest = held.strip()
    if rest:
        yield [_released(rest, marks)]


def _released(text: str, marks: ServiceString) -> str:
    """Released delimiters as characters that no file holds."""
    r = marks.release
    if r == " ":
        return text
    for told, kept in zip(
        (r, marks.terminator, marks.element, marks.component), _HELD, strict=True
    ):
        text = text.replace(r + told, kept)
    return text


def _put_back(text: str, marks: ServiceString) -> str:
    """The text as it was: its release may stand before a character yet to come."""
    for told, kept in zip(
        (marks.release, marks.terminator, marks.element, marks.component), _HELD, strict=True
    ):
        text = text.replace(kept, marks.release + told)
    return text


def parts(one: str, marks: ServiceString) -> Segment:
    """One of the `texts` taken apart, its released characters put back."""
    told = [element.split(marks.component) for element in one.split(marks.element)]
    if any(kept in one for kept in _HELD) or marks.release in one:
        return [[_plain(text, marks) for text in element] for element in told]
    return told


def _plain(text: str, marks: ServiceString) -> str:
    if marks.release != " ":
        text = text.replace(marks.release, "")
    for told, kept in zip(
        (marks.release, marks.terminator, marks.element, marks.component), _HELD, strict=True
    ):
        text = text.replace(kept, told)
    return text
