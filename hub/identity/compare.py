"""Which level of agreement two profiles reach, field by field, and what that sums up to.

A score depends on the two profiles, the sizes of the blocks of their shared values, and the model;
on nothing else, so it can be made again at any time and comes out the same.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl
from rapidfuzz.distance import OSA

from hub.identity.keys import phone_tail
from hub.identity.mentions import Entity
from hub.identity.model import NATS, Model
from hub.identity.names import across_scripts, person_relation
from hub.identity.relations import Names

_CHUNK = 400_000
_MISSING = "missing"


def score(
    pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model
) -> pl.DataFrame:
    """(left, right, score in hundredths, veto, one level column per field) of (left, right) pairs.

    `profiles` holds the standardised columns and a `KIND_size` for each measured kind.
    """
    return weigh(levels(pairs, profiles, entity, model), model)


def levels(
    pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model
) -> pl.DataFrame:
    """What `score` returns, not weighed yet, pair by pair as given: of the model only its bounds of
    rarity matter."""
    return pl.concat(_leveled(pairs, profiles, entity, model))


@dataclass(frozen=True)
class Patterns:
    """`of` has the number of each pair's pattern; `table` a row per pattern: a level per field."""

    of: pl.Series
    table: pl.DataFrame


def patterns(pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model) -> Patterns:
    """`levels` of many pairs in little room: combinations of levels are few, pairs are millions."""
    codes = coded(pairs, profiles, entity, model)
    distinct = codes.unique().sort()
    return Patterns(distinct.search_sorted(codes).cast(pl.UInt32), decoded(distinct, model))


def coded(pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model) -> pl.Series:
    """`levels` of each pair as one number, which `decoded` takes apart."""
    code, size = pl.lit(0, pl.Int64), 1
    for field, names in _levels_of(model).items():
        place = pl.col(field).replace_strict(
            names, range(len(names)), default=0, return_dtype=pl.Int64
        )
        code, size = code + place * size, size * len(names)
    told = _leveled(pairs, profiles, entity, model)
    return pl.concat([part.select(code=code)["code"] for part in told])


def decoded(codes: pl.Series, model: Model) -> pl.DataFrame:
    """A level per field of each code; a level that weighs nothing is `missing`."""
    rest, columns = pl.col("code"), {}
    for field, names in _levels_of(model).items():
        columns[field] = (rest % len(names)).replace_strict(
            range(len(names)), names, return_dtype=pl.String
        )
        rest = rest // len(names)
    return pl.DataFrame({"code": codes}).select(**columns)


def _levels_of(model: Model) -> dict[str, list[str]]:
    return {field: [_MISSING, *weights] for field, weights in model.weights.items()}


def _leveled(
    pairs: pl.DataFrame, profiles: pl.DataFrame, entity: Entity, model: Model
) -> Iterator[pl.DataFrame]:
    """The levels in portions, at least one."""
    numbers = ("phone", "mobile") if entity == "contact" else ("phone",)
    told = profiles.with_columns(phone_tail(pl.col(n)) for n in numbers)
    if entity == "company":
        names = Names(told["name"])
        told = told.with_columns(named=names.places(told["name"]))
        fields = _company(model, names)
    else:
        fields = _contact(model)
    place = told.select("profile").with_row_index("at")
    left, right = (told.rename({c: f"{side}_{c}" for c in told.columns}) for side in "lr")
    for start in range(0, max(pairs.height, 1), _CHUNK):
        part = pairs.slice(start, _CHUNK).select("left", "right")
        at = part.join(place, left_on="left", right_on="profile", maintain_order="left").join(
            place, left_on="right", right_on="profile", suffix="_right", maintain_order="left"
        )
        yield pl.concat([part, left[at["at"]], right[at["at_right"]]], how="horizontal").select(
            "left", "right", **fields
        )


def weigh(leveled: pl.DataFrame, model: Model) -> pl.DataFrame:
    """The levels with `score` and `veto`."""
    weights = [
        pl.col(field).replace_strict(weights, default=0, return_dtype=pl.Int64)
        for field, weights in model.weights.items()
    ]
    vetoed = [
        pl.when(pl.col(field) == level).then(pl.lit(field)) for field, level in sorted(model.vetoes)
    ]
    return leveled.with_columns(
        score=pl.sum_horizontal(weights) + model.bias,
        veto=pl.coalesce(*vetoed, pl.lit(None, pl.String)),
    )


def evidence(scored: pl.DataFrame, model: Model) -> pl.Series:
    """JSON per pair: field → [level, log-odds], the fields that said something."""
    fields = []
    for field, weights in model.weights.items():
        written = {
            level: f'"{field}":["{level}",{weight / NATS}]' for level, weight in weights.items()
        }
        fields.append(pl.col(field).replace_strict(written, default=None, return_dtype=pl.String))
    inside = pl.concat_str(fields, separator=",", ignore_nulls=True)
    return scored.select(pl.concat_str(pl.lit("{"), inside, pl.lit("}"))).to_series()


def _company(model: Model, names: Names) -> dict[str, pl.Expr]:
    postal_l, postal_r = pl.col("l_postal"), pl.col("r_postal")
    begins_alike = postal_l.str.slice(0, 2) == postal_r.str.slice(0, 2)
    return {
        "name": _rare("word", _names(names), model, ("same", "slip", "short")),
        "form": pl.when(_alike_forms()).then(pl.lit(_MISSING)).otherwise(_equal("form")),
        "domain": _rare("domain", _equal("domain"), model),
        "phone": _rare("phone", _equal("phone"), model),
        "place": pl.when(_known("postal"))
        .then(
            pl.when((postal_l == postal_r) & _same("street"))
            .then(pl.lit("street"))
            .when(postal_l == postal_r)
            .then(pl.lit("postal"))
            .when(begins_alike)
            .then(pl.lit("near"))
            .otherwise(pl.lit("far"))
        )
        .when(_same("city"))
        .then(pl.lit("city"))
        .when(_known("city"))
        .then(pl.lit("elsewhere"))
        .otherwise(pl.lit(_MISSING)),
        "country": _equal("country"),
        "tax": _equal("tax"),
        "duns": _equal("duns"),
        "account": pl.when(_same_issuer() & (pl.col("l_account") != pl.col("r_account")))
        .then(pl.lit("differs"))
        .when(_same("account"))
        .then(pl.lit("same"))
        .otherwise(pl.lit(_MISSING)),
    }


def _alike_forms() -> pl.Expr:
    limited = ["ltd", "co", "pvt_ltd"]
    return (
        (pl.col("l_form") != pl.col("r_form"))
        & pl.col("l_form").is_in(limited)
        & pl.col("r_form").is_in(limited)
    )


def _same_issuer() -> pl.Expr:
    issuers = [pl.col(f"{side}_account").str.split("/").list.first() for side in "lr"]
    return issuers[0] == issuers[1]


def _contact(model: Model) -> dict[str, pl.Expr]:
    shared = pl.col("l_shared_box").is_not_null()
    return {
        "person": _rare("person", _persons(), model),
        "mail": pl.when(~_known("mail"))
        .then(pl.lit(_MISSING))
        .when(_same("mail") & shared)
        .then(pl.lit("same_shared"))
        .when(_same("mail"))
        .then(pl.lit("same"))
        .when(_same("mail_domain"))
        .then(pl.lit("differs_inside"))
        .when(_known("mail_domain"))
        # Another firm, and so another mail domain: that is one fact, told by the company.
        .then(pl.when(_equal("company") != "differs").then(pl.lit("elsewhere")))
        .otherwise(pl.lit("differs"))
        .fill_null(_MISSING),
        "phone": _phones(model),
        "company": pl.when(_known("company"))
        .then(_equal("company"))
        .when(_same("mail_domain"))
        .then(pl.lit("domain"))
        .when(_same("employer"))
        .then(pl.lit("employer"))
        .otherwise(pl.lit(_MISSING)),
        "street": _close("street"),
        "city": _equal("city"),
        "postal": _close("postal"),
        "country": _equal("country"),
        "born": _close("born"),
        "national": _close("national"),
    }


def _phones(model: Model) -> pl.Expr:
    """The best agreement among the numbers of both; a mobile is one person's own."""
    mobiles = pl.col("l_mobile") == pl.col("r_mobile")
    crossed = [
        pl.col(f"l_{a}") == pl.col(f"r_{b}")
        for a, b in (("phone", "phone"), ("phone", "mobile"), ("mobile", "phone"))
    ]
    any_same = pl.any_horizontal([one.fill_null(False) for one in crossed])
    return (
        pl.when(mobiles)
        .then(pl.lit("mobile"))
        .when(any_same)
        .then(pl.concat_str(pl.lit("same_"), _bucket("phone", model)))
        .otherwise(pl.lit(_MISSING))
    )


def _known(column: str) -> pl.Expr:
    return pl.col(f"l_{column}").is_not_null() & pl.col(f"r_{column}").is_not_null()


def _same(column: str) -> pl.Expr:
    return (pl.col(f"l_{column}") == pl.col(f"r_{column}")).fill_null(False)


def _equal(column: str) -> pl.Expr:
    left, right = pl.col(f"l_{column}"), pl.col(f"r_{column}")
    return (
        pl.when(left == right)
        .then(pl.lit("same"))
        .when(left != right)
        .then(pl.lit("differs"))
        .otherwise(pl.lit(_MISSING))
    )


def _close(column: str) -> pl.Expr:
    """Numbers that are the same, differ by a slip of the fingers, or altogether."""
    return _each_pair((f"l_{column}", f"r_{column}"), _closeness)


def _closeness(left: str, right: str) -> str:
    if left == right:
        return "same"
    return "slip" if OSA.distance(left, right, score_cutoff=1) <= 1 else "differs"


def _rare(
    kind: str, level: pl.Expr, model: Model, told_apart: Sequence[str] = ("same",)
) -> pl.Expr:
    """Levels told apart by how many profiles hold the value."""
    return (
        pl.when(level.is_in(told_apart))
        .then(pl.concat_str(level, pl.lit("_"), _bucket(kind, model)))
        .otherwise(level)
    )


def _bucket(kind: str, model: Model) -> pl.Expr:
    low, high = model.rarity[kind]
    size = pl.max_horizontal(f"l_{kind}_size", f"r_{kind}_size").fill_null(1)
    return (
        pl.when(size <= low)
        .then(pl.lit("rare"))
        .when(size <= high)
        .then(pl.lit("some"))
        .otherwise(pl.lit("common"))
    )


def _names(names: Names) -> pl.Expr:
    """The relation of two companies' names."""

    def related(both: pl.Series) -> pl.Series:
        told = both.struct.unnest()
        found = names.relations(told["l_named"], told["r_named"]).fill_null(_MISSING)
        at = (told["crossed"] & (found != _MISSING)).arg_true()
        if at.is_empty():
            return found
        ends = zip(
            *(side.gather(at) for side in (found, told["l_name"], told["r_name"])), strict=True
        )
        return found.scatter(at, pl.Series([across_scripts(*one) for one in ends]))

    ends = ("l_name", "r_name", "l_named", "r_named", _crossed())
    return pl.struct(*ends).map_batches(related, return_dtype=pl.String)


def _persons() -> pl.Expr:
    """The relation of two people's names."""

    def related(left: str, right: str, crossed: bool) -> str:
        found = person_relation(left, right)
        return across_scripts(found, left, right) if crossed else found

    return _each_pair(("l_person", "r_person", _crossed()), related)


def _crossed() -> pl.Expr:
    """Whether the names are written in two scripts."""
    return (pl.col("l_script").is_null() != pl.col("r_script").is_null()).alias("crossed")


def _each_pair(ends: Sequence[str | pl.Expr], how: Callable[..., str]) -> pl.Expr:
    """What `how` makes of two values and what else it takes; of each distinct pair only once."""

    def made(both: pl.Series) -> pl.Series:
        frame = both.struct.unnest()
        distinct = frame.unique()
        found = [
            _MISSING if x is None or y is None else how(x, y, *beside)
            for x, y, *beside in distinct.iter_rows()
        ]
        table = distinct.with_columns(level=pl.Series(found, dtype=pl.String))
        return frame.join(
            table, on=frame.columns, how="left", nulls_equal=True, maintain_order="left"
        ).get_column("level")

    return pl.struct(*ends).map_batches(made, return_dtype=pl.String)
