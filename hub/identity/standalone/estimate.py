"""Weights from the rows themselves, without labels, by expectation maximisation.

Pairs are a mixture of some that are the same and many that are not. How often each level of
agreement occurs in either part is what it weighs (Fellegi and Sunter): among the same it is told by
candidates, among others by candidates too, and by pairs drawn at random where the rows say enough
of each other. Where they do not, the shipped weights stay, or are moved only as far as many pairs
agree on it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from hub.identity.mentions import Entity
from hub.identity.model import NATS, Model

PAIRS = "pairs"
LEAST = 300
"""With fewer candidate pairs nothing can be told from them: the shipped model stands."""

_ROUNDS = 100
_STILL = 0.005
_PRIOR_SPREAD = 1.0
"""How far, in nats, a weight of other people's data may well be from the shipped one."""
_PRIOR_PAIRS = 20
"""How many pairs the shipped weights count for among the same."""
_SMOOTHING = 0.5
_SISTERS = -6.0
"""Levels shipped below this tell sisters apart: firms of one group, or people of one family. Those
agree in much else and look the same to any statistics: half of such a weight stays at least."""
_PARTS = -9.5
"""Levels shipped below this are words like Holding: only a number of the firm's own outweighs them,
never all the rest together."""
_NUMBERS = 6.0
"""Fields that ship with a level this heavy are such numbers."""
_EVIDENCE: dict[Entity, tuple[str, ...]] = {
    "company": ("domain", "phone", "place", "tax", "duns", "account"),
    "contact": ("mail", "phone", "company", "street", "postal", "born", "national"),
}
_ENOUGH = 2, 0.5
"""So many fields beside the name must be known on both sides of such a share of the pairs."""

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Numbers = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True)
class _Field:
    """One field: its levels from the worst to the best, and which one each pattern has (-1: none).

    `told` has the same of the pairs drawn at random.
    """

    name: str
    levels: tuple[str, ...]
    at: Numbers
    told: Numbers
    shipped: Floats


def estimate(
    patterns: pl.DataFrame,
    background: Callable[[], pl.DataFrame],
    shipped: Model,
    entity: Entity,
) -> Model:
    """The shipped model with weights that fit the rows at hand, or itself if they say too little.

    Both frames have a level column per field of the model and `pairs`, how many pairs agree so:
    `patterns` of the candidates, `background` of all others (it is costly, so that it is only made
    when needed). Vetoes stay as they are.
    """
    if patterns[PAIRS].sum() < LEAST:
        return shipped
    rich = _rich(patterns, entity)
    if entity == "contact" and not rich:
        # Namesakes are many: with little beside the name, the likeliest split is by name.
        return shipped
    told = background() if rich else patterns.clear()
    fields = [_field(patterns, told, name, shipped) for name in shipped.weights]
    return _Fit(patterns, told, fields, shipped).carry_out()


def _rich(patterns: pl.DataFrame, entity: Entity) -> bool:
    fields, share = _ENOUGH
    pairs = patterns[PAIRS].to_numpy()
    known = [
        float(pairs[(patterns[name] != "missing").to_numpy()].sum()) for name in _EVIDENCE[entity]
    ]
    return sum(one >= share * float(pairs.sum()) for one in known) >= fields


def _field(patterns: pl.DataFrame, told: pl.DataFrame, name: str, shipped: Model) -> _Field:
    by_level = {
        level: weight / NATS
        for level, weight in sorted(shipped.weights[name].items(), key=lambda item: item[1])
        if (name, level) not in shipped.vetoes
    }
    numbers = {level: number for number, level in enumerate(by_level)}
    at, beside = (
        frame[name].replace_strict(numbers, default=-1, return_dtype=pl.Int64).to_numpy()
        for frame in (patterns, told)
    )
    return _Field(name, tuple(by_level), at, beside, np.array(list(by_level.values())))


class _Fit:
    """The pairs at hand, so that the rounds need not pass them on."""

    def __init__(
        self, patterns: pl.DataFrame, told: pl.DataFrame, fields: list[_Field], shipped: Model
    ) -> None:
        self.fields, self.shipped = fields, shipped
        self.counts = patterns[PAIRS].to_numpy().astype(np.float64)
        self.others = told[PAIRS].to_numpy().astype(np.float64)
        self.vetoed = np.zeros(len(self.counts), dtype=bool)
        for name, level in shipped.vetoes:
            self.vetoed |= (patterns[name] == level).to_numpy()
        self.first = self._same(shipped.bias / NATS, [field.shipped for field in fields])

    def carry_out(self) -> Model:
        same, weights = self.first, [field.shipped for field in self.fields]
        bias = self.shipped.bias / NATS
        for _ in range(_ROUNDS):
            bias = self._bias(same)
            fitted = self._apart(bias, [self._weights(field, same) for field in self.fields])
            pairs = zip(fitted, weights, strict=True)
            moved = max(float(np.abs(new - old).max()) for new, old in pairs)
            weights, same = fitted, self._same(bias, fitted)
            if moved < _STILL:
                break
        return _model(self.shipped, bias, self.fields, weights)

    def _same(self, bias: float, weights: list[Floats]) -> Floats:
        """How likely each pattern is one of pairs that are the same."""
        total = np.full(len(self.counts), bias)
        for field, weight in zip(self.fields, weights, strict=True):
            total += np.where(field.at >= 0, weight[field.at], 0.0)
        return np.where(self.vetoed, 0.0, 1 / (1 + np.exp(-total)))

    def _bias(self, same: Floats) -> float:
        yes = float((self.counts * same).sum()) + _SMOOTHING
        no = float((self.counts * (1 - same)).sum() + self.others.sum()) + _SMOOTHING
        told = float(np.log(yes / no))
        if self.others.size:
            return told
        return float(_pulled(told, 1 / yes + 1 / no, self.shipped.bias / NATS))

    def _weights(self, field: _Field, same: Floats) -> Floats:
        """Log of how much more often a level is reached by the same than by others."""
        size, known = len(field.levels), field.at >= 0

        def count(pairs: Floats) -> Floats:
            counted = np.bincount(field.at[known], pairs[known], size).astype(np.float64)
            return np.add(counted, _SMOOTHING, dtype=np.float64)

        m: Floats = count(self.counts * same)
        u: Floats = count(self.counts * (1 - same))
        spread: Floats = np.reciprocal(m) + np.reciprocal(u)
        if self.others.size:
            alike: Floats = count(self.counts * (1 - self.first)) * np.exp(field.shipped)
            m += alike * (_PRIOR_PAIRS / float(alike.sum()))
            heard = field.told >= 0
            u += np.bincount(field.told[heard], self.others[heard], size)
        told: Floats = np.log(m / m.sum()) - np.log(u / u.sum())
        if not self.others.size:
            told = ascending(_pulled(told, spread, field.shipped), 1 / spread)
        return self._held(field, told, same)

    def _held(self, field: _Field, told: Floats, same: Floats) -> Floats:
        """What tells sisters apart is not given up, nor made up for by a bias that rose."""
        risen = max(self._bias(same) - self.shipped.bias / NATS, 0.0)
        held: Floats = np.minimum(told, field.shipped / 2 - risen)
        return np.where(field.shipped <= _SISTERS, held, told)

    def _apart(self, bias: float, weights: list[Floats]) -> list[Floats]:
        """The weights with the parts of a group held apart whatever else agrees."""
        best = [
            0.0 if field.shipped.max() >= _NUMBERS else max(float(weight.max()), 0.0)
            for field, weight in zip(self.fields, weights, strict=True)
        ]
        held = []
        for at, (field, weight) in enumerate(zip(self.fields, weights, strict=True)):
            most = -(bias + sum(best[:at]) + sum(best[at + 1 :])) - 1.0
            apart: Floats = np.minimum(weight, most)
            held.append(np.where(field.shipped <= _PARTS, apart, weight))
        return held


def _pulled(told: Floats | float, spread: Floats | float, prior: Floats | float) -> Floats:
    """The mean of two independent beliefs, by how sure each is; `spread` is what was told's."""
    held = 1 / _PRIOR_SPREAD**2
    return np.asarray((told / spread + prior * held) / (1 / spread + held), dtype=np.float64)


def ascending(values: Floats, weights: Floats) -> Floats:
    """The nearest values in ascending order: neighbours out of order become their mean."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((float(value), float(weight), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, wa, na), (b, wb, nb) = blocks[-2:]
            blocks[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return np.concatenate([np.full(count, value) for value, _, count in blocks])


def _model(shipped: Model, bias: float, fields: list[_Field], weights: list[Floats]) -> Model:
    fitted = {
        field.name: {
            **shipped.weights[field.name],
            **dict(zip(field.levels, (round(float(w) * NATS) for w in weight), strict=True)),
        }
        for field, weight in zip(fields, weights, strict=True)
    }
    told = repr((round(bias * NATS), fitted)).encode()
    digest = hashlib.blake2b(told, digest_size=4).hexdigest()
    version = f"{shipped.version}+{digest}"
    return replace(shipped, version=version, bias=round(bias * NATS), weights=fitted)
