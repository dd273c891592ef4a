"""Folding of written text, so that the same words compare equal however they were typed."""

import re
from functools import lru_cache

from anyascii import anyascii

from hub.identity.wordlists import word_list

_UMLAUT_E = re.compile(r"(?<=[aou])e(?![aeiou])|(?<=[ao])e")
_DOTTED = re.compile(r"\b(\w)\s?\.\s?(?=\w\b)")
_MARKS = re.compile(r"['’`´]")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CONNECTORS = word_list("connectors")


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Lower-case ASCII words, one space between.

    Both ways to write an umlaut without its key meet here (`Müller`, `Mueller`, `Muller`), and so
    do `S.A.R.L.` and `SARL`.
    """
    plain = _DOTTED.sub(r"\1", anyascii(_MARKS.sub("", text)).casefold())
    return _UMLAUT_E.sub("", _NOT_WORD.sub(" ", plain).strip())


def words(text: str) -> list[str]:
    """The folded words without `and` and its sisters."""
    return [word for word in fold(text).split() if word not in _CONNECTORS]
