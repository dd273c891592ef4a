"""How often pairs of records agree in which way: what weights are estimated from."""

import numpy as np
import polars as pl

from hub.identity.blocks import candidates, measured
from hub.identity.compare import levels
from hub.identity.mentions import ROW, Entity
from hub.identity.model import Model, load_model
from hub.identity.standalone.estimate import PAIRS
from hub.identity.standalone.memory import Memory

ENDS = ("left", "right")
Rarity = dict[str, tuple[int, int]]
_SAMPLE = 20_000
_SEED = 7


class Sample:
    """The distinct profiles of records with their candidates and sizes, which no weight changes.

    `profiles` has one row per record: ROW, `profile`, and the standardised columns.
    """

    def __init__(self, profiles: pl.DataFrame, entity: Entity) -> None:
        self.entity = entity
        self.mentions = profiles.select(*ROW, "profile")
        distinct = profiles.unique("profile", maintain_order=True)
        memory = Memory(distinct, entity)
        shipped = load_model(entity)
        self.sized = measured(memory, distinct["profile"], shipped)
        self.pairs = candidates(memory, distinct["profile"], shipped)
        shared = self.mentions.group_by("profile").agg(rows=pl.len()).filter(pl.col("rows") > 1)
        self._compared: tuple[Rarity, pl.DataFrame, pl.DataFrame] | None = None
        self.own = shared.select(left="profile", right="profile", rows="rows").sort("left")

    def compared(self, model: Model) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Levels of the candidates, and of the profiles that several rows share with themselves.

        They are told once: models of one kind differ in their weights, not in what is rare.
        """
        if self._compared is None or self._compared[0] != model.rarity:
            told = self._levels(self.pairs, model), self._levels(self.own, model)
            self._compared = dict(model.rarity), *told
        return self._compared[1:]

    def patterns(self, model: Model) -> pl.DataFrame:
        """How often each combination of levels occurs among pairs that may be the same."""
        between, within = self.compared(model)
        # Many equal rows say one thing many times: each counts as often as it has a neighbour.
        shared = within.join(self.own, on=ENDS).with_columns((pl.col("rows") - 1.0).alias(PAIRS))
        once = between.with_columns(pl.lit(1.0).alias(PAIRS))
        fields = (*model.weights, PAIRS)
        return _counted(pl.concat([once.select(fields), shared.select(fields)]))

    def background(self, model: Model) -> pl.DataFrame:
        """The same of all other pairs, as far as a sample tells."""
        drawn = self._drawn()
        apart = drawn.join(self.pairs, on=ENDS, how="anti")
        every = self.sized.height * (self.sized.height - 1) / 2
        each = pl.lit(every / max(drawn.height, 1)).alias(PAIRS)
        return _counted(self._levels(apart, model).select(*model.weights, each))

    def _drawn(self) -> pl.DataFrame:
        """Pairs of profiles by chance, the same ones for the same rows."""
        profiles, chance = self.sized["profile"].sort(), np.random.default_rng(_SEED)
        one, other = (profiles.gather(chance.integers(0, len(profiles), _SAMPLE)) for _ in ENDS)
        pairs = pl.DataFrame({"left": one, "right": other}).select(
            left=pl.min_horizontal(ENDS), right=pl.max_horizontal(ENDS)
        )
        return pairs.filter(pl.col("left") != pl.col("right")).unique(maintain_order=True)

    def levels(self, pairs: pl.DataFrame, model: Model) -> pl.DataFrame:
        """A level per field of each of (left, right) pairs, in their order."""
        ordered = pairs.with_row_index("at").join(self._levels(pairs, model), on=ENDS)
        return ordered.sort("at").select(*model.weights)

    def _levels(self, pairs: pl.DataFrame, model: Model) -> pl.DataFrame:
        return levels(pairs, self.sized, self.entity, model)


def _counted(levels: pl.DataFrame) -> pl.DataFrame:
    fields = [name for name in levels.columns if name != PAIRS]
    return levels.group_by(fields).agg(pl.col(PAIRS).sum()).sort(fields)
