"""How many pairs of company names relate, in columns.

`names.relation` says what is meant. Most pairs need no look at letters: they are the same words, or
none of the words that only one has is a way to write a word that only the other has. Words are few
and pairs are many, so that is looked up once for two words.
"""

from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import polars as pl

from hub.identity.names import Relation, common_words, part_words, relation, word_relation

_USUAL, _WIDTH = 4, 8
"""How many words most names have at most; and so many are bits of a byte: names of more are read
one by one."""
_PORTION = 16_384
"""So many pairs stay in the processor's cache."""
RELATION = pl.Enum(get_args(Relation))
_SAME, _BRANCH, _EXTRA, _STEM, _DIFFERENT = (
    get_args(Relation).index(told) for told in ("same", "branch", "extra", "stem", "different")
)
_MISSING, _OPEN = 254, 255

Numbers = np.ndarray[tuple[int, ...], np.dtype[Any]]


class Names:
    """Distinct names taken apart into words: numbers of words and of first letters, place by place,
    and a bit per word for what kind of word it is."""

    def __init__(self, names: pl.Series) -> None:
        self._names = names.drop_nulls().unique().sort()
        table = pl.DataFrame({"name": self._names}).with_row_index("at")
        split = table.with_columns(word=pl.col("name").str.split(" "))
        each = split.select("at", "word").explode("word")
        each = each.with_columns(place=pl.int_range(pl.len()).over("at"))
        self._spelling = each["word"].unique().sort()
        kinds = pl.DataFrame({"word": self._spelling}).select(
            "word",
            number=pl.int_range(pl.len(), dtype=pl.Int32),
            initial=pl.col("word").str.slice(0, 1).rank("dense").cast(pl.Int16),
            telling=~pl.col("word").is_in(sorted(common_words())),
            part=pl.col("word").is_in(sorted(part_words())),
        )
        words = pl.col("word")
        whole = split.select(
            ordered=words.list.sort().list.join(" ").rank("dense"),
            glued=pl.col("name").str.replace_all(" ", "", literal=True).rank("dense"),
            many=(words.list.len() > _WIDTH) | (words.list.n_unique() < words.list.len()),
        )
        self._ordered, self._glued, self._many = (whole[n].to_numpy() for n in whole.columns)
        kept = each.filter(pl.col("place") < _WIDTH).join(kinds, on="word")

        def placed(what: str, nothing: int) -> Numbers:
            found = np.full((_WIDTH, table.height), nothing, kept[what].to_numpy().dtype)
            found[kept["place"].to_numpy(), kept["at"].to_numpy()] = kept[what].to_numpy()
            return found

        self._number, self._initial = placed("number", -1), placed("initial", 0)
        self._words, self._telling, self._part = (
            np.packbits(kind, axis=0, bitorder="little")[0]
            for kind in (self._number >= 0, placed("telling", 0), placed("part", 0))
        )
        self._written_alike: dict[int, bool] = {}

    def places(self, names: pl.Series) -> pl.Series:
        """The number of each name here; null where it is missing."""
        return names.replace_strict(
            self._names, range(self._names.len()), default=None, return_dtype=pl.Int32
        )

    def relations(self, left: pl.Series, right: pl.Series) -> pl.Series:
        """`relation` of each pair of numbers of names, null where one is missing."""
        a, b = (side.fill_null(-1).to_numpy() for side in (left, right))
        decided = np.where((a < 0) | (b < 0), _MISSING, _SAME).astype(np.uint8)
        asked = np.flatnonzero((decided == _SAME) & (a != b))
        wide = self._words >> _USUAL != 0
        long = wide[a[asked]] | wide[b[asked]]
        for width, those in ((_USUAL, asked[~long]), (_WIDTH, asked[long])):
            for at in (those[n : n + _PORTION] for n in range(0, len(those), _PORTION)):
                decided[at] = self._decided(a[at], b[at], width)
        self._read(decided, a, b)
        found = pl.Series(decided)
        return found.set(found == _MISSING, None).cat.to(RELATION)

    def _read(self, decided: Numbers, a: Numbers, b: Numbers) -> None:
        """Put what the letters say where pairs are open; two names are read once."""
        at = np.flatnonzero(decided == _OPEN)
        pairs, which = np.unique(_paired(a[at], b[at]), return_inverse=True)
        told = [relation(x, y) for x, y in _spelled(self._names, pairs)]
        decided[at] = pl.Series(told, dtype=RELATION).to_physical().to_numpy()[which]

    def _decided(self, a: Numbers, b: Numbers, width: int) -> Numbers:
        """What pairs of two names are by their first `width` words, which are all; `_OPEN` where
        letters have to be read."""
        shared_a, shared_b = self._shared(a, b, width)
        rest_a, rest_b = self._words[a] & ~shared_a, self._words[b] & ~shared_b
        same = (self._ordered[a] == self._ordered[b]) | (self._glued[a] == self._glued[b])
        many = self._many[a] | self._many[b]
        two_rests = (rest_a != 0) & (rest_b != 0)
        open_ones = np.flatnonzero(two_rests & ~same & ~many)
        ends = a[open_ones], b[open_ones], rest_a[open_ones], rest_b[open_ones]
        many[open_ones[self._written(*ends, width)]] = True
        parts = (rest_a & self._part[a]) | (rest_b & self._part[b])
        return np.select(
            [same, many, shared_a & self._telling[a] == 0, two_rests, parts != 0],
            [_SAME, _OPEN, _DIFFERENT, _STEM, _BRANCH],
            _EXTRA,
        ).astype(np.uint8)

    def _shared(self, a: Numbers, b: Numbers, width: int) -> tuple[Numbers, Numbers]:
        """Which words of either name the other has, too."""
        shared_a, shared_b = np.zeros(len(a), np.uint8), np.zeros(len(b), np.uint8)
        words_b = [words[b] for words in self._number[:width]]
        for i, words in enumerate(self._number[:width]):
            one = words[a]
            for j, other in enumerate(words_b):
                equal = (one == other).view(np.uint8)
                shared_a |= equal << i
                shared_b |= equal << j
        # Where neither has a word there, both have none.
        return shared_a & self._words[a], shared_b & self._words[b]

    def _written(
        self, a: Numbers, b: Numbers, rest_a: Numbers, rest_b: Numbers, width: int
    ) -> Numbers:
        """Which pairs have a word in one rest that may be a word of the other, written
        differently."""
        pairs: list[Numbers] = [np.empty(0, np.intp)]
        codes: list[Numbers] = [np.empty(0, np.int64)]
        for at, i, j in self._begin_alike(a, b, rest_a, rest_b, width):
            pairs.append(at)
            codes.append(_paired(self._number[i][a[at]], self._number[j][b[at]]))
        distinct, which = np.unique(np.concatenate(codes), return_inverse=True)
        known = self._written_alike
        new = np.array([code for code in distinct.tolist() if code not in known], dtype=np.int64)
        for code, (x, y) in zip(new.tolist(), _spelled(self._spelling, new), strict=True):
            known[code] = word_relation(x, y) is not None
        alike = np.array([known[code] for code in distinct.tolist()], dtype=np.bool_)
        return np.unique(np.concatenate(pairs)[alike[which]])

    def _begin_alike(
        self, a: Numbers, b: Numbers, rest_a: Numbers, rest_b: Numbers, width: int
    ) -> Iterator[tuple[Numbers, int, int]]:
        """Pairs, and the places of two words of their rests that have one first letter."""
        letters_b = [
            np.where(rest_b >> j & 1, letters[b], -1)
            for j, letters in enumerate(self._initial[:width])
        ]
        for i, letters in enumerate(self._initial[:width]):
            one = np.where(rest_a >> i & 1, letters[a], 0)
            for j, other in enumerate(letters_b):
                at = np.flatnonzero(one == other)
                if len(at):
                    yield at, i, j


def _paired(a: Numbers, b: Numbers) -> Numbers:
    """Two numbers as one."""
    return a.astype(np.int64) << 32 | b


def _spelled(texts: pl.Series, pairs: Numbers) -> Iterator[tuple[str, str]]:
    """The texts that two numbers stand for."""
    return zip(*(texts.gather(end) for end in (pairs >> 32, pairs & 0xFFFFFFFF)), strict=True)
