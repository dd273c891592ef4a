"""Folding of written text, so that the same words compare equal however they were typed."""

import re
from functools import cache, lru_cache

from anyascii import anyascii

from hub.identity.wordlists import abbreviations, glosses, word_list

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
    known = text if text.isascii() else _glossed(_decoded_again(text))
    plain = _DOTTED.sub(r"\1", anyascii(_MARKS.sub("", known)).casefold())
    return _UMLAUT_E.sub("", _NOT_WORD.sub(" ", plain).strip())


@cache
def _glosses() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, glosses()), key=len, reverse=True)))


def _glossed(text: str) -> str:
    """Legal forms and trades of other scripts as those firms put them in English."""
    return _glosses().sub(lambda found: f" {glosses()[found[0]]} ", text)


def _decoded_again(text: str) -> str:
    """UTF-8 that somebody read as Latin-1 (`MÃ¼ller`), put right; other text as it is."""
    if "Ã" not in text and "Â" not in text:
        return text
    for encoding in ("latin-1", "cp1252"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return text


@cache
def _two_words() -> dict[str, str]:
    table = abbreviations()
    return {fold(short): fold(full) for short, full in table.items() if "-" in short}


def _joined(folded: str) -> str:
    """Abbreviations of two words written out, while their first is not taken for an `and` yet."""
    for short, full in _two_words().items():
        if short in folded:
            folded = re.sub(rf"\b{short}\b", full, folded)
    return folded


def words(text: str) -> list[str]:
    """The folded words without `and` and its sisters, which stand between two others."""
    folded = _joined(fold(text)).split()
    inner = [word for word in folded[1:-1] if word not in _CONNECTORS]
    return [*folded[:1], *inner, *folded[1:][-1:]]
