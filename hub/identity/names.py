"""How two names relate: the same, mistyped, shortened, a sister's name, or somebody else's."""

from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from hub.identity.scripts import sounds_alike
from hub.identity.text import fold
from hub.identity.wordlists import abbreviations, word_list

Relation = Literal[
    "same", "slip", "short", "near", "extra", "branch", "stem", "different", "sounds", "script"
]  # fmt: skip
"""`slip`: letters swapped, dropped or doubled. `short`: abbreviated words. `near`: other letters.
`extra`: one name has more words. `branch`: it has words that name a part of a group or a country.
`stem`: they share a telling word, and each has others. `different`: nothing telling is shared.
`sounds`, `script`: one is written in another script, and they may be, or may not be, one name."""

_SEEN_THROUGH = ("near", "extra", "stem", "relative", "different")
"""What two scripts may make of one name."""

_ABBREVIATED = {fold(short): fold(full) for short, full in abbreviations().items()}
_PARTS = frozenset(fold(word) for word in word_list("parts") | word_list("countries"))
_COMMON = _PARTS | frozenset(fold(word) for word in word_list("trades"))


def core_words(tokens: list[str]) -> list[str]:
    """The words with common abbreviations written out."""
    return [_ABBREVIATED.get(word, word) for word in tokens]


def common_words() -> frozenset[str]:
    return _COMMON


def part_words() -> frozenset[str]:
    """Words that name a part of a group, or a country."""
    return _PARTS


def is_common(word: str) -> bool:
    """Whether a word tells a trade or a place in a group rather than a company."""
    return word in _COMMON


@lru_cache(maxsize=262_144)
def relation(left: str, right: str) -> Relation:
    """How two company names relate; both as `standardise` leaves them, in either order."""
    if left == right:
        return "same"
    if right < left:
        return relation(right, left)
    a, b = left.split(), right.split()
    if sorted(a) == sorted(b) or "".join(a) == "".join(b):
        return "same"
    rest_a, rest_b, shared = sorted(a), [], []
    for word in sorted(b):
        if word in rest_a:
            rest_a.remove(word)
            shared.append(word)
        else:
            rest_b.append(word)
    worst, telling = _align(rest_a, rest_b)
    telling = telling or any(not is_common(word) for word in shared)
    if not rest_a and not rest_b:
        return worst if telling or worst == "same" else "near"
    if not telling:
        return "different"
    if rest_a and rest_b:
        return "stem"
    return "branch" if _parts(rest_a + rest_b) else "extra"


def _align(rest_a: list[str], rest_b: list[str]) -> tuple[Relation, bool]:
    """Take out of both lists the words that are one word written differently.

    Returns the worst way they differ, and whether one of them tells the company.
    """
    worst: Relation = "same"
    telling = False
    pairs = sorted(
        (_RANK[how], x, y) for x in set(rest_a) for y in set(rest_b) if (how := word_relation(x, y))
    )
    for rank, x, y in pairs:
        if x in rest_a and y in rest_b:
            rest_a.remove(x)
            rest_b.remove(y)
            worst = max(worst, _NAMED[rank], key=_RANK.__getitem__)
            telling = telling or not (is_common(x) or is_common(y))
    return worst, telling


_NAMED: tuple[Relation, ...] = ("same", "slip", "short", "near")
_RANK: dict[Relation, int] = {name: rank for rank, name in enumerate(_NAMED)}


@lru_cache(maxsize=262_144)
def word_relation(x: str, y: str) -> Relation | None:
    """How two words may be one, written differently; None if they are two."""
    if min(len(x), len(y)) >= 4 and x[0] == y[0]:
        distance = OSA.distance(x, y, score_cutoff=2)
        if distance == 1:
            swapped = len(x) == len(y) and sorted(x) == sorted(y)
            return "slip" if swapped or len(x) != len(y) else "near"
        if distance == 2 and min(len(x), len(y)) >= 5 and OSA.distance(_no_e(x), _no_e(y)) <= 1:
            return "slip"
        if distance == 2 and min(len(x), len(y)) >= 8:
            return "near"
    return "short" if _short(x, y) else None


def _no_e(word: str) -> str:
    """Folding takes an `e` that a slip has put behind an `o` for half an umlaut."""
    return word.replace("e", "")


def _short(x: str, y: str) -> bool:
    """Whether one is the beginning of the other, or runs through it from first to last letter."""
    small, large = (x, y) if len(x) <= len(y) else (y, x)
    if len(small) < 2 or small[0] != large[0] or len(large) - len(small) < 2:
        return False
    if len(small) >= 3 and large.startswith(small):
        return True
    letters = iter(large)
    return len(small) >= 6 and all(letter in letters for letter in small)


def _parts(rest: list[str]) -> bool:
    return any(word in _PARTS for word in rest)


def across_scripts(how: str, left: str, right: str) -> str:
    """`how` two names relate, when one of them was written in another script."""
    if how not in _SEEN_THROUGH:
        return how
    return "sounds" if sounds_alike(left, right) else "script"


@lru_cache(maxsize=262_144)
def person_relation(left: str, right: str) -> str:
    """How two people's names relate, each `first|last` folded; either half may be empty."""
    if left == right:
        return "same" if all(left.split("|")) else "part"
    (first_a, last_a), (first_b, last_b) = left.split("|"), right.split("|")
    if first_a == last_b and last_a == first_b:
        return "same"
    last, first = _half(last_a, last_b), _half(first_a, first_b)
    if "different" in (last, first):
        return "different" if last == "different" else "relative"
    if "missing" in (last, first):
        return "part"
    return max(last, first, key=_HALVES.index)


_HALVES = ("same", "initial", "slip", "near")


def _half(x: str, y: str) -> str:
    if not x or not y:
        return "missing"
    if x == y:
        return "same"
    a, b = x.split(), y.split()
    small, large = sorted((a, b), key=len)
    if small and set(small) < set(large):
        return "initial"
    if small and large and small[0][0] == large[0][0] and 1 in (len(small[0]), len(large[0])):
        return "initial"
    how = word_relation(x, y)
    return how if how in ("slip", "near") else "different"
