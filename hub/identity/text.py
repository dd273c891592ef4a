"""Folding of written text, so that the same words compare equal however they were typed."""

import re
from functools import cache, lru_cache

import polars as pl
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
    plain = _DOTTED.sub(r"\1", _in_ascii(text).casefold())
    return _UMLAUT_E.sub("", _NOT_WORD.sub(" ", plain).strip())


def folded(texts: pl.Expr) -> pl.Expr:
    """`fold` of a column. Only texts with other letters than ASCII are looked at one by one."""
    letters = pl.when(texts.str.len_bytes() != texts.str.len_chars()).then(texts)
    other = letters.map_batches(_each_in_ascii, return_dtype=pl.String)
    plain = pl.coalesce(other, texts.str.replace_all("['`]", "")).str.to_lowercase()
    for _ in range(2):
        # Of letters in a row every second dot is met; a mark that is no ASCII holds its place.
        plain = plain.str.replace_all(r"\b(\w)[\s\x1c-\x1f]?\.[\s\x1c-\x1f]?(\w)\b", "${1}¦${2}")
    words = plain.str.replace_all("¦", "", literal=True).str.replace_all("[^a-z0-9]+", " ")
    return words.str.strip_chars(" ").str.replace_all("([ao])e|(u)e([^aeiou]|$)", "${1}${2}${3}")


def _each_in_ascii(texts: pl.Series) -> pl.Series:
    return pl.Series([None if t is None else _in_ascii(t) for t in texts], dtype=pl.String)


def _in_ascii(text: str) -> str:
    known = text if text.isascii() else _glossed(_decoded_again(text))
    return anyascii(_MARKS.sub("", known))


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


def _joined(plain: str) -> str:
    """Abbreviations of two words written out, while their first is not taken for an `and` yet."""
    for short, full in _two_words().items():
        if short in plain:
            plain = re.sub(rf"\b{short}\b", full, plain)
    return plain


def words(text: str) -> list[str]:
    """The folded words without `and` and its sisters, which stand between two others."""
    return words_of(fold(text))


def words_of(plain: str) -> list[str]:
    """`words` of a text that is folded already."""
    every = _joined(plain).split()
    inner = [word for word in every[1:-1] if word not in _CONNECTORS]
    return [*every[:1], *inner, *every[1:][-1:]]
