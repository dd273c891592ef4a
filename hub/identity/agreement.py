"""Profiles made ready to be compared, and how pairs of them agree.

A number stands for each text, and what is looked at of a text (where a postal code begins, who
issued an account number) has a column of its own. So millions of pairs compare numbers; texts are
read only where letters count, and of two texts only once.
"""

from collections import defaultdict

import polars as pl

from hub.identity.fields import MISSING, Levels, company_fields, contact_fields
from hub.identity.keys import phone_tail
from hub.identity.legal_forms import LIMITED_ALIKE
from hub.identity.mentions import Entity
from hub.identity.model import Model
from hub.identity.relations import Names
from hub.identity.standardise import COLUMNS

_CHUNK = 400_000


def levels_of(model: Model) -> Levels:
    """The levels of each field by number; the first is `missing`, and any that weighs nothing."""
    return {field: [MISSING, *weights] for field, weights in model.weights.items()}


class Agreement:
    """Profiles ready to be compared; they go by their places in `profiles`, which holds the
    standardised columns and a `KIND_size` for each measured kind. Of the model only its bounds of
    rarity and the names of its levels matter."""

    def __init__(self, profiles: pl.DataFrame, entity: Entity, model: Model) -> None:
        levels = defaultdict(lambda: [MISSING], levels_of(model))
        self._sizes = {field: len(names) for field, names in levels_of(model).items()}
        numbers = ("phone", "mobile") if entity == "contact" else ("phone",)
        told = profiles.with_columns(phone_tail(pl.col(n)) for n in numbers)
        # One numbering for all columns: phones are compared with mobiles.
        text = pl.Categorical(pl.Categories.random())
        columns: list[pl.Expr | pl.Series] = [pl.col(n).cast(text) for n in COLUMNS[entity]]
        columns += [_rarity(kind, bounds) for kind, bounds in model.rarity.items()]
        if entity == "company":
            names = Names(told["name"])
            columns += [
                names.places(told["name"]).alias("named"),
                pl.col("postal").str.slice(0, 2).cast(text).alias("area"),
                pl.col("account").str.split("/").list.first().cast(text).alias("issuer"),
                pl.col("form").is_in(sorted(LIMITED_ALIKE)).alias("limited"),
            ]
            self._fields = company_fields(levels, names)
        else:
            self._fields = contact_fields(levels)
        ready = told.select(columns)
        self._sides = [ready.rename({n: f"{side}_{n}" for n in ready.columns}) for side in "lr"]

    def codes(self, left: pl.Series, right: pl.Series) -> pl.Series:
        """How the profiles at two places agree: a number per pair, the levels of its fields."""
        code, size = pl.lit(0, pl.Int64), 1
        for field, levels in self._sizes.items():
            code, size = code + pl.col(field).cast(pl.Int64) * size, size * levels
        parts = [pl.Series(dtype=pl.Int64)]
        for start in range(0, len(left), _CHUNK):
            places = (side.slice(start, _CHUNK) for side in (left, right))
            both = [side[at] for side, at in zip(self._sides, places, strict=True)]
            told = pl.concat(both, how="horizontal").select(**self._fields)
            parts.append(told.select(code=code)["code"])
        return pl.concat(parts)


def _rarity(kind: str, bounds: tuple[int, int]) -> pl.Expr:
    """Whether few, some or many profiles hold the value, as 0, 1 or 2; of two, the more counts."""
    size, (low, high) = pl.col(f"{kind}_size").fill_null(1), bounds
    few, some, many = (pl.lit(rank, pl.UInt8) for rank in range(3))
    told = pl.when(size <= low).then(few).when(size <= high).then(some).otherwise(many)
    return told.alias(f"{kind}_of")
