"""The text of a file, block by block: its encoding decided by its bytes, its line ends made one.

A byte-order mark decides; then text that is UTF-8 throughout is UTF-8; then it is Windows-1252, in
which every office program of the trade writes when it does not write UTF-8.
"""

import codecs
import io
from collections.abc import Iterator
from functools import partial

from hub.connectors.feed.report import Source
from hub.errors import FeedUnreadable

_BLOCK = 8 << 20
_MOST_LINES_OF_A_CELL = 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_FALLBACK = "cp1252"


def encoding_of(source: Source, told: str | None) -> str:
    """The encoding of a file: by its mark, as `told`, or by what its bytes can be."""
    with source.open() as file:
        start = file.read(4096)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        if told is not None:
            return told
        half = len(start) // 2
        if half and start[1::2].count(0) > half * 0.7:
            return "utf-16-le"
        if half and start[0::2].count(0) > half * 0.7:
            return "utf-16-be"
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            decoder.decode(start)
            for block in iter(partial(file.read, _BLOCK), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _FALLBACK
    return "utf-8"


def blocks(source: Source, encoding: str) -> Iterator[str]:
    """The text in blocks that end with a line, and not within a quoted cell of a few lines.

    Lines end with `\\n`. Raises FeedUnreadable where a byte does not fit the encoding.
    """
    held = ""
    for text in _decoded(source, encoding):
        held += text
        cut = _last_whole_line(held)
        if cut:
            yield held[:cut]
            held = held[cut:]
    if held:
        yield f"{held}\n"


def ends_with_line(source: Source) -> bool:
    """Whether the last line of a file is ended, as nearly all programs do."""
    with source.open() as file:
        if not file.seekable():
            return True
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 4))
        return bool({*file.read()} & {10, 13})


def first_lines(source: Source, encoding: str, most: int) -> list[str]:
    """The first lines of a file, without their ends."""
    text = ""
    for block in _decoded(source, encoding, 1 << 16):
        text += block
        if text.count("\n") > most:
            break
    return text.split("\n")[:most]


def _decoded(source: Source, encoding: str, size: int = _BLOCK) -> Iterator[str]:
    decode = codecs.getincrementaldecoder(encoding)(
        "replace" if encoding == _FALLBACK else "strict"
    )
    lines = io.IncrementalNewlineDecoder(decode, translate=True)
    done = 0
    with source.open() as file:
        try:
            for block in iter(partial(file.read, size), b""):
                text = lines.decode(block)
                done += len(block)
                yield text.removeprefix("\ufeff") if done == len(block) else text
            yield lines.decode(b"", final=True)
        except UnicodeDecodeError as err:
            raise FeedUnreadable(
                f"{source.name}: byte {done + err.start} is not {encoding}.",
                remedy="set `encoding` in the profile to the file's, or have it sent again",
            ) from err


def _last_whole_line(text: str) -> int:
    """Where to cut: after the last line end outside quotes; 0 when there is none."""
    cut = text.rfind("\n") + 1
    if not cut or '"' not in text or text.count('"', 0, cut) % 2 == 0:
        return cut
    at = cut
    for _ in range(_MOST_LINES_OF_A_CELL):
        at = text.rfind("\n", 0, at - 1) + 1
        if not at:
            break
        if text.count('"', 0, at) % 2 == 0:
            return at
    return cut
