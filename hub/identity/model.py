"""The scoring model: how much each level of agreement weighs, read from the YAML beside this file.

Weights are kept in whole hundredths of a nat, so that sums are exact in any order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any, Literal

import polars as pl
import yaml

from hub.identity.mentions import Entity

NATS = 100
_RARITY = re.compile("_(rare|some|common)$")
Scored = Entity | Literal["deal"]
"""What has weights of its own in a model file."""


@dataclass(frozen=True)
class Model:
    """What one entity is scored by; `weights` is field → level → hundredths of a nat."""

    version: str
    bias: int
    keep_above: int
    caps: dict[str, int]
    rarity: dict[str, tuple[int, int]]
    weights: dict[str, dict[str, int]]
    vetoes: frozenset[tuple[str, str]]

    @property
    def hopeful(self) -> "Model":
        """The same with every value taken for as rare as it weighs most: what a pair scores at
        most, before anybody has counted who shares its values."""
        return replace(self, weights={f: _as_rare(levels) for f, levels in self.weights.items()})

    def cap(self, kind: pl.Expr) -> pl.Expr:
        """How many profiles may hold a key of this kind for it to bring candidates."""
        return kind.replace_strict(self.caps, default=self.caps["default"], return_dtype=pl.Int64)


def _as_rare(levels: Mapping[str, int]) -> dict[str, int]:
    """Levels that differ in rarity alone (`same_rare`, `same_some`, `same_common`) weigh the most
    of them."""
    most: dict[str, int] = {}
    for level, weight in levels.items():
        stem = _RARITY.sub("", level)
        most[stem] = max(most.get(stem, weight), weight)
    return {level: most[_RARITY.sub("", level)] for level in levels}


@cache
def load_model(entity: Scored) -> Model:
    """The model shipped with this version of the hub."""
    text = resources.files(__package__).joinpath("model.yaml").read_text("utf-8")
    return parse_model(yaml.safe_load(text), entity)


def parse_model(whole: Mapping[str, Any], entity: Scored) -> Model:
    """The part of a model file about one entity; raises KeyError where it has no such part."""
    part: dict[str, Any] = whole[entity]
    levels = {
        (field, level): weight
        for field, by_level in part["fields"].items()
        for level, weight in by_level.items()
    }
    return Model(
        version=whole["version"],
        bias=_hundredths(part["bias"]),
        keep_above=_hundredths(whole["keep_above"]),
        caps=whole["caps"],
        rarity={kind: (low, high) for kind, (low, high) in part["rarity"].items()},
        weights={
            field: {level: 0 if w == "veto" else _hundredths(w) for level, w in by_level.items()}
            for field, by_level in part["fields"].items()
        },
        vetoes=frozenset(at for at, weight in levels.items() if weight == "veto"),
    )


def _hundredths(nats: float) -> int:
    return round(nats * NATS)
