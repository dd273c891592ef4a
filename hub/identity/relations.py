"""How many pairs of company names relate, in columns.

`names.relation` says what is meant. Most pairs need no look at letters: they are the same words, or
none of the words that only one has is a way to write a word that only the other has. Words are few
and pairs are many, so that is looked up once for two words.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl

from hub.identity.names import common_words, part_words, relation, word_relation

_WIDTH = 7
"""Names of more words are read one by one."""
_PORTION = 50_000
_TOLD = (None, "same", "different", "stem", "branch", "extra", None)
_MISSING, _SAME, _DIFFERENT, _STEM, _BRANCH, _EXTRA, _OPEN = range(len(_TOLD))

Matrix = np.ndarray[tuple[int, ...], np.dtype[Any]]


class Names:
    """Distinct names as matrices, a row each: numbers of words, of first letters, and kinds."""

    def __init__(self, names: pl.Series) -> None:
        self._names = names.drop_nulls().unique().sort()
        table = pl.DataFrame({"name": self._names}).with_row_index("at")
        split = table.with_columns(word=pl.col("name").str.split(" "))
        each = split.select("at", "word").explode("word")
        each = each.with_columns(place=pl.int_range(pl.len()).over("at"))
        self._spelling = each["word"].unique().sort()
        kinds = pl.DataFrame({"word": self._spelling}).select(
            "word",
            number=pl.int_range(1, pl.len() + 1, dtype=pl.Int32),
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
        at, place = kept["at"].to_numpy(), kept["place"].to_numpy()
        for name, kind in (
            *(("number", np.int32), ("initial", np.int16)),
            *(("telling", np.bool_), ("part", np.bool_)),
        ):
            matrix = np.zeros((table.height, _WIDTH), kind)
            matrix[at, place] = kept[name].to_numpy()
            setattr(self, f"_{name}", matrix)

    _number: Matrix
    _initial: Matrix
    _telling: Matrix
    _part: Matrix

    def places(self, names: pl.Series) -> pl.Series:
        """The number of each name here; null where it is missing."""
        return names.replace_strict(
            self._names, range(self._names.len()), default=None, return_dtype=pl.Int32
        )

    def relations(self, left: pl.Series, right: pl.Series) -> pl.Series:
        """`relation` of each pair of numbers of names, null where one is missing."""
        a, b = (side.fill_null(-1).to_numpy() for side in (left, right))
        found = [np.empty(0, dtype=np.int8), *self._related(a, b)]
        decided = np.concatenate(found)
        told = pl.Series(decided).replace_strict(range(len(_TOLD)), _TOLD, return_dtype=pl.String)
        places = np.flatnonzero(decided == _OPEN)
        if not len(places):
            return told
        pairs = zip(*(self._names.gather(side[places]) for side in (a, b)), strict=True)
        return told.scatter(places, pl.Series([relation(x, y) for x, y in pairs]))

    def _related(self, a: Matrix, b: Matrix) -> Iterator[Matrix]:
        for start in range(0, len(a), _PORTION):
            yield self._decided(a[start : start + _PORTION], b[start : start + _PORTION])

    def _decided(self, a: Matrix, b: Matrix) -> Matrix:
        """What each pair is by its words; `_OPEN` where letters have to be read."""
        words_a, words_b = self._number[a], self._number[b]
        equal = (words_a[:, :, None] == words_b[:, None, :]) & (words_a > 0)[:, :, None]
        shared = equal.any(axis=2)
        rest_a, rest_b = ~shared & (words_a > 0), ~equal.any(axis=1) & (words_b > 0)
        same = (self._ordered[a] == self._ordered[b]) | (self._glued[a] == self._glued[b])
        many = self._many[a] | self._many[b]
        looked_at = ~same & ~many & (a >= 0) & (b >= 0)
        written = self._written(a, b, rest_a & looked_at[:, None], rest_b)
        telling = (shared & self._telling[a]).any(axis=1)
        parts = (rest_a & self._part[a]).any(axis=1) | (rest_b & self._part[b]).any(axis=1)
        return np.select(
            [
                (a < 0) | (b < 0),
                same,
                many | written,
                ~telling,
                rest_a.any(axis=1) & rest_b.any(axis=1),
                parts,
            ],
            [_MISSING, _SAME, _OPEN, _DIFFERENT, _STEM, _BRANCH],
            _EXTRA,
        ).astype(np.int8)

    def _written(self, a: Matrix, b: Matrix, rest_a: Matrix, rest_b: Matrix) -> Matrix:
        """Where a word of one rest may be a word of the other, written differently."""
        letters_a = np.where(rest_a, self._initial[a], 0)
        letters_b = np.where(rest_b, self._initial[b], -1)
        pair, i, j = np.nonzero(letters_a[:, :, None] == letters_b[:, None, :])
        codes = self._number[a[pair], i].astype(np.int64) << 32 | self._number[b[pair], j]
        distinct, at = np.unique(codes, return_inverse=True)
        ends = (self._spelling.gather(side - 1) for side in (distinct >> 32, distinct & 0xFFFFFFFF))
        related = [word_relation(x, y) is not None for x, y in zip(*ends, strict=True)]
        found = np.zeros(len(a), dtype=np.bool_)
        found[pair[np.array(related, dtype=np.bool_)[at]]] = True
        return found
