"""How often pairs of records agree in which way: what weights are estimated from."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from hub.identity.agreement import Agreement
from hub.identity.batch import Batch
from hub.identity.cluster import Links, group_rows
from hub.identity.compare import Patterns, decoded, levels, patterns_of, weigh
from hub.identity.graph import FORBIDDEN
from hub.identity.mentions import ROW, Entity
from hub.identity.model import Model, load_model
from hub.identity.standalone.estimate import PAIRS

_NAMING: dict[Entity, tuple[str, ...]] = {
    "company": ("name", "domain", "tax", "duns"),
    "contact": ("person", "mail", "phone", "mobile"),
}
"""Rows in which none of these stands speak of nobody: each is a cluster of its own."""


def names_somebody(entity: Entity) -> pl.Expr:
    """Whether a standardised row names anybody."""
    return pl.any_horizontal(pl.col(name).is_not_null() for name in _NAMING[entity])


ENDS = ("left", "right")
_SAMPLE = 20_000
_SEED = 7


class Sample:
    """The distinct profiles of records with their candidates and sizes, which no weight changes.

    `profiles` has one row per record: ROW, `profile`, and the standardised columns. In `mentions`,
    `pairs` and `own`, profiles go by their places in the order of their hashes.
    """

    def __init__(self, profiles: pl.DataFrame, entity: Entity) -> None:
        self.entity = entity
        batch = Batch(profiles.unique("profile"), entity)
        shipped = load_model(entity)
        self.sized, self.pairs = batch.sized(shipped), batch.places(shipped)
        place = self.sized.select(hash="profile").with_row_index("profile")
        self.mentions = profiles.select(*ROW, hash="profile").join(place, on="hash").drop("hash")
        shared = self.mentions.group_by("profile").agg(rows=pl.len()).filter(pl.col("rows") > 1)
        self.own = shared.select(left="profile", right="profile", rows="rows").sort("left")
        self._compared: _Compared | None = None

    @property
    def candidates(self) -> int:
        """How many pairs of profiles are compared."""
        return self.pairs.height

    def compared(self, model: Model) -> "_Compared":
        """How the candidates agree, and the profiles that several rows share with themselves.

        They are told once: models of one kind differ in their weights, not in what is rare.
        """
        kind = {name: list(weights) for name, weights in model.weights.items()}, model.rarity
        if self._compared is None or self._compared.kind != kind:
            agreement = Agreement(self.sized, self.entity, model)
            each = (patterns_of(agreement.codes(*_ends(p)), model) for p in (self.pairs, self.own))
            self._compared = _Compared(kind, agreement, *each)
        return self._compared

    def patterns(self, model: Model) -> pl.DataFrame:
        """How often each combination of levels occurs among pairs that may be the same."""
        told = self.compared(model)
        # Many equal rows say one thing many times: each counts as often as it has a neighbour.
        once = _how_often(told.between, pl.Series([1.0]).new_from_index(0, self.pairs.height))
        return counted(pl.concat([once, _how_often(told.within, self.own["rows"] - 1.0)]))

    def background(self, model: Model) -> pl.DataFrame:
        """The same of all other pairs, as far as a sample tells."""
        chosen = drawn(pl.int_range(self.sized.height, dtype=pl.UInt32, eager=True))
        apart = chosen.join(self.pairs, on=ENDS, how="anti")
        every = self.sized.height * (self.sized.height - 1) / 2
        each = pl.lit(every / max(chosen.height, 1)).alias(PAIRS)
        codes = self.compared(model).agreement.codes(*_ends(apart))
        return counted(decoded(codes, model).with_columns(each))

    def levels(self, pairs: pl.DataFrame, model: Model) -> pl.DataFrame:
        """A level per field of each of (left, right) pairs of profiles, in their order."""
        return levels(pairs, self.sized, self.entity, model).select(*model.weights)

    def clusters(self, model: Model) -> pl.DataFrame:
        """(row, group, inside, anywhere) of every row that names somebody: the best score with
        another row of its group, and with any other."""
        told = self.compared(model)
        known = _weighed(self.pairs, told.between, model)
        compared = [known, _weighed(self.own, told.within, model)]

        def compare(asked: pl.DataFrame) -> pl.DataFrame:
            pairs = asked.select(pl.col(ENDS).cast(pl.UInt32))
            found = patterns_of(told.agreement.codes(*_ends(pairs)), model)
            compared.append(_weighed(pairs, found, model))
            return compared[-1].with_columns(pl.col("score").fill_null(FORBIDDEN))

        linked = known.filter(pl.col("score") > 0)
        busy = pl.concat([linked["left"], linked["right"], self.own["left"]]).unique()
        together = self.mentions.filter(pl.col("profile").is_in(busy.implode()))
        groups = group_rows(together, linked, Links((), ()), compare).select("record_id", "group")
        rows = self.mentions.join(groups, on="record_id", how="left")
        row = pl.col("record_id").cast(pl.Int64)
        # A row of no group is one of its own.
        rows = rows.select("profile", row=row, group=pl.coalesce("group", -1 - row))
        best = _best(compared, rows.select("profile", "group").unique(), self.sized.height)
        return rows.join(best, on=["profile", "group"], how="left").drop("profile")


@dataclass(frozen=True)
class _Compared:
    """What one kind of models makes of the candidates and of the profiles of several rows."""

    kind: tuple[dict[str, list[str]], dict[str, tuple[int, int]]]
    agreement: Agreement
    between: Patterns
    within: Patterns


def _ends(pairs: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    return pairs["left"], pairs["right"]


def drawn(profiles: pl.Series) -> pl.DataFrame:
    """Pairs of profiles by chance, the same ones for the same profiles."""
    ordered, chance = profiles.sort(), np.random.default_rng(_SEED)
    one, other = (ordered.gather(chance.integers(0, len(ordered), _SAMPLE)) for _ in ENDS)
    pairs = pl.DataFrame({"left": one, "right": other}).select(
        left=pl.min_horizontal(ENDS), right=pl.max_horizontal(ENDS)
    )
    return pairs.filter(pl.col("left") != pl.col("right")).unique(maintain_order=True)


def _weighed(pairs: pl.DataFrame, told: Patterns, model: Model) -> pl.DataFrame:
    weight = weigh(told.table, model).select(score=pl.when(pl.col("veto").is_null()).then("score"))[
        "score"
    ]
    return pairs.select("left", "right", score=weight.gather(told.of))


def _best(compared: list[pl.DataFrame], places: pl.DataFrame, profiles: int) -> pl.DataFrame:
    """(profile, group, inside, anywhere)"""
    # A profile without a group, told by a number below 0, has nobody inside.
    shared = places.filter(pl.col("group") >= 0)
    group, several = np.full(profiles, -1), np.zeros(profiles, dtype=np.bool_)
    group[shared["profile"].to_numpy()] = shared["group"].to_numpy()
    several[shared.filter(pl.col("profile").is_duplicated())["profile"].to_numpy()] = True
    anywhere, inside = np.full(profiles, FORBIDDEN), []
    for frame in compared:
        met = frame.drop_nulls("score")
        one, other = (met[end].to_numpy() for end in ENDS)
        for at in (one, other):
            np.maximum.at(anywhere, at, met["score"].to_numpy())
        near = (group[one] == group[other]) & (group[one] >= 0) | several[one] | several[other]
        met = met.filter(pl.Series(near))
        for end in ENDS:
            met = met.join(shared.rename({"profile": end}), on=end, suffix="_right")
        met = met.filter(pl.col("group") == pl.col("group_right"))
        inside += [met.select("group", "score", profile=end) for end in ENDS]
    best = pl.concat(inside).group_by("profile", "group").agg(inside=pl.col("score").max())
    told = pl.Series(anywhere)
    beside = pl.lit(told.set(told == FORBIDDEN, None)).gather("profile")
    return places.join(best, on=["profile", "group"], how="left").with_columns(anywhere=beside)


def _how_often(told: Patterns, times: pl.Series) -> pl.DataFrame:
    counted = pl.DataFrame({"of": told.of, PAIRS: times}).group_by("of").agg(pl.col(PAIRS).sum())
    return told.table.with_row_index("of").join(counted, on="of").drop("of")


def counted(levels: pl.DataFrame) -> pl.DataFrame:
    """Each combination of levels once, with the sum of its pairs."""
    fields = [name for name in levels.columns if name != PAIRS]
    return levels.group_by(fields).agg(pl.col(PAIRS).sum()).sort(fields)
