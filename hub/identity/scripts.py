"""One name in two scripts: what every way to write it in Latin letters keeps.

`Παπαδόπουλος` is Papadopoulos to its owner and Papadopoylos to a table of letters, and Arabic
leaves vowels out. Consonants are what they have in common; letters that only some romanisations
write go with the vowels.
"""

from functools import lru_cache

import polars as pl
from rapidfuzz.distance import OSA

_LATIN_ENDS = 0x370
_VIETNAMESE = range(0x1E00, 0x1F00)
_SOUNDS = {
    "sh": "s", "zh": "z", "ch": "c", "kh": "k", "gh": "g", "ph": "f", "th": "t", "dh": "d",
    "ts": "c", "tz": "c", "ks": "x", "dj": "j", "q": "k",
}  # fmt: skip
_UNSTEADY = "aeiouyhw"
_SHORTEST = 3
"""A name of fewer consonants could be anybody's."""
_LETTERS_A_SLIP = 5
"""For so many consonants one may differ."""


def in_another_script(text: str) -> bool:
    """Whether most of the letters are not Latin ones."""
    if text.isascii():
        return False
    letters = [ord(letter) for letter in text if letter.isalpha()]
    foreign = sum(letter >= _LATIN_ENDS and letter not in _VIETNAMESE for letter in letters)
    return foreign * 2 > len(letters)


def consonants(folded: pl.Expr) -> pl.Expr:
    """The consonants of each word: those of some words are the same where names sound alike."""
    steady = folded.str.replace_many(list(_SOUNDS), list(_SOUNDS.values()))
    return steady.str.replace_all(f"[{_UNSTEADY}]", "")


@lru_cache(maxsize=65_536)
def _consonants(folded: str) -> str:
    for written, sound in _SOUNDS.items():
        folded = folded.replace(written, sound)
    single = "".join(a for a, b in zip(folded, f"{folded[1:]} ", strict=True) if a != b)
    return "".join(letter for letter in single if letter not in f"{_UNSTEADY} ")


def sounds_alike(left: str, right: str) -> bool:
    """Whether two folded names may be one name that was brought into Latin letters twice."""
    a, b = _consonants(left), _consonants(right)
    if min(len(a), len(b)) < _SHORTEST:
        return a == b and len(a) > 1
    return OSA.distance(a, b) <= max(len(a), len(b)) // _LETTERS_A_SLIP
